# What this kernel says of its capture kernel (memory reserved, loaded, forbidden), and what to do
# where it says no, on the distribution at hand. Reads sysfs and /proc, changes nothing. Sourced
# after common.sh. Loading is scripts/load's.

# kernel_value FILE: of /sys/kernel, 0 where this kernel has no such file.
kernel_value() { cat "/sys/kernel/$1" 2>/dev/null || echo 0; }
reserved_bytes() { kernel_value kexec_crash_size; }
is_loaded() { [ "$(kernel_value kexec_crash_loaded)" = 1 ]; }

# reserved_ranges: START-END of each in /proc/iomem, as root sees it.
reserved_ranges() { sed -n 's/^ *\([0-9a-f]*-[0-9a-f]*\) : Crash kernel$/\1/p' /proc/iomem; }

# recommended_size TARGET...: what crashkernel= should say for targets of these kinds; measured, see
# docs/performance.md. Memory of the machine does not matter: the capture needs the same for 64 TiB.
recommended_size() {
    if [ "$(uname -m)" = aarch64 ]; then
        echo 256M
    elif [[ " $* " == *" "@(nfs|ssh)://* ]]; then
        echo 192M
    else
        echo 128M
    fi
}

# how_to_reserve SIZE: what makes this machine boot with crashkernel=SIZE; one sentence.
how_to_reserve() {
    local argument=crashkernel=$1 packaged=/etc/default/grub.d/kdump-init.cfg
    if [ -e /boot/firmware/cmdline.txt ]; then
        echo "add $argument to the line in /boot/firmware/cmdline.txt, then reboot"
    elif command -v grubby >/dev/null; then
        echo "run: grubby --update-kernel=ALL --args=$argument; then reboot"
    elif [ -e $packaged ] && command -v update-grub >/dev/null; then
        echo "set $argument in $packaged, run update-grub, then reboot"
    elif [ -e /etc/default/grub ] && command -v update-grub >/dev/null; then
        echo "add $argument to GRUB_CMDLINE_LINUX_DEFAULT in /etc/default/grub, run update-grub," \
            "then reboot"
    elif [ -e /etc/default/grub ]; then
        local config=/boot/grub/grub.cfg
        [ ! -e /boot/grub2/grub.cfg ] || config=/boot/grub2/grub.cfg
        echo "add $argument to GRUB_CMDLINE_LINUX_DEFAULT in /etc/default/grub, run" \
            "$(command -v grub2-mkconfig >/dev/null && echo grub2-mkconfig || echo grub-mkconfig)" \
            "-o $config, then reboot"
    elif [ -e /etc/kernel/cmdline ]; then
        echo "add $argument to /etc/kernel/cmdline, run kernel-install for $(uname -r), then reboot"
    elif [ -e /boot/extlinux/extlinux.conf ]; then
        echo "add $argument to the append line in /boot/extlinux/extlinux.conf" \
            "(or U_BOOT_PARAMETERS in /etc/default/u-boot and u-boot-update), then reboot"
    elif command -v fw_setenv >/dev/null; then
        echo "add $argument to U-Boot's bootargs with fw_setenv, then reboot"
    else
        echo "add $argument to the kernel's command line where the boot loader keeps it, then reboot"
    fi
}

# next_boot_reserves: crashkernel= was added to GRUB's configuration since this boot.
next_boot_reserves() {
    local booted_at file
    booted_at=$(sed -n 's/^btime //p' /proc/stat)
    for file in /boot/grub/grub.cfg /boot/grub2/grub.cfg /boot/loader/entries/*.conf; do
        [ -r "$file" ] && [ "$(stat -c %Y "$file")" -gt "${booted_at:-0}" ] || continue
        ! grep -q '^[^#]*\bcrashkernel=' "$file" || return 0
    done
    return 1
}

# why_not_armable TARGET...: one sentence why no capture kernel can be loaded at all, with what to
# do; nothing where one can. What only kexec itself can find out is why_kexec_failed's.
why_not_armable() {
    local size reserved booted
    size=$(recommended_size "$@")
    reserved=$(reserved_bytes)
    booted=$(grep -o '\bcrashkernel=[^ ]*' /proc/cmdline | tail -1) || booted=""
    if [ ! -e /sys/kernel/kexec_crash_size ]; then
        echo "this kernel, $(uname -r), was built without CONFIG_KEXEC or CONFIG_CRASH_DUMP:" \
            "boot one that has them"
    elif [ "$(cat /proc/sys/kernel/kexec_load_disabled 2>/dev/null)" = 1 ]; then
        echo "kernel.kexec_load_disabled is set, until the next boot: take it out of" \
            "$(files_with kexec_load_disabled), then reboot"
    elif [ "$reserved" = 0 ] && [ -z "$booted" ] && next_boot_reserves; then
        echo "memory for the capture kernel is reserved from the next boot on: reboot"
    elif [ "$reserved" = 0 ] && [ -z "$booted" ]; then
        echo "no memory is reserved for a capture kernel: $(how_to_reserve "$size")"
    elif [ "$reserved" = 0 ]; then
        echo "this kernel was booted with $booted and reserves nothing (the range does not fit this" \
            "machine's memory, no room was found, or it was freed; 'dmesg | grep -i crash' may tell):" \
            "$(how_to_reserve "$size")"
    fi
}

# files_with NAME: where sysctl gets the name from.
files_with() {
    local found
    found=$(grep -ls "$1" /etc/sysctl.conf /etc/sysctl.d/* /usr/lib/sysctl.d/* /run/sysctl.d/* |
        tr '\n' ' ') || :
    found=${found% }
    echo "${found:-whatever sets it}"
}

# why_too_small KERNEL IMAGE TARGET...: a sentence where the reservation holds both and little else.
# The image lies there packed and unpacked; 64 MiB is what the smallest kernels need beside it.
why_too_small() {
    local reserved packed unpacked needed
    reserved=$(reserved_bytes)
    unpacked=$(zstd -dc -- "$2" 2>/dev/null | wc -c) || unpacked=0
    packed=$(stat -L -c %s -- "$1" "$2" | awk '{n += $1} END {print n}')
    needed=$((packed + unpacked + (64 << 20)))
    [ "$reserved" -lt $needed ] || return 0
    echo "$((reserved >> 20)) MiB are reserved and the capture may need $((needed >> 20)):" \
        "$(how_to_reserve "$(larger "$(recommended_size "${@:3}")" $(((needed >> 20) + 16)))")"
}

# larger SIZE MIB: 128M or what is more, in steps of 32.
larger() {
    local mib=${1%M}
    [ "$mib" -ge "$2" ] || mib=$((($2 + 31) / 32 * 32))
    echo "${mib}M"
}

# locked_down_to: integrity or confidentiality, by Secure Boot or lockdown=; nothing where it is not.
locked_down_to() {
    sed -n 's/.*\[\(integrity\|confidentiality\)\].*/\1/p' /sys/kernel/security/lockdown 2>/dev/null || :
}
is_locked_down() { [ -n "$(locked_down_to)" ]; }

# why_kexec_failed KERNEL WORDS: kexec's own words, made a sentence.
why_kexec_failed() {
    local kernel=$1 words=$2
    case $words in
        *"Required key not available"* | *"Key was rejected"* | *"Bad message"* | *"not properly signed"*)
            echo "$kernel is not signed by a key that this machine trusts, and Secure Boot asks for" \
                "that: boot the distribution's signed kernel, or enrol the key of yours with mokutil"
            ;;
        *"Operation not permitted"*)
            if is_locked_down; then
                echo "this kernel is locked down ($(locked_down_to), by Secure Boot or lockdown=) and" \
                    "loads no capture kernel but one signed by a key that it trusts, which $kernel is" \
                    "not: boot the distribution's signed kernel, or enrol the key of yours with mokutil"
            else
                echo "kexec may not load $kernel: $(tail -1 <<<"$words"); a container or a security" \
                    "module forbids it"
            fi
            ;;
        *"Could not find a free area of memory"* | *"locate_hole"* | *"Cannot allocate memory"* | \
            *"No space"* | *"Cannot assign requested address"*)
            echo "$(($(reserved_bytes) >> 20)) MiB are reserved, too few for $kernel and its image:" \
                "$(how_to_reserve "$(larger "$(recommended_size)" $((($(reserved_bytes) >> 20) + 32)))")"
            ;;
        *) echo "kexec refused $kernel: $(tail -1 <<<"$words"); dmesg may say more" ;;
    esac
}

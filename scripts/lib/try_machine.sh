# The machine of `kdump-init test`: what its initramfs holds, whether KVM is any good, and its console
# as it comes. Sourced after common.sh, initramfs.sh and machine.sh. What it does is try_init.sh's.

# pack_try_initramfs FILE KERNEL_ROOT VERSION KERNEL CAPTURE CMDLINE DISKS MODULE...: the image that
# panics and reads. DISKS: lines for try_init.sh. A MODULE that this kernel lacks is built in, or not
# needed.
pack_try_initramfs() {
    local file=$1 root=$2 version=$3 kernel=$4 capture=$5 cmdline=$6 disks=$7 tree program module
    local present=()
    shift 7
    tree=$(mktemp -d "${file%/*}/tree.XXXXXX")
    mkdir -p "$tree"/{bin,boot,proc,sys,dev,mnt,tmpfs,etc/try}
    for program in bash mount umount insmod kexec head cat sleep sync; do
        add_program "$tree" "$(command -v "$program")"
    done
    add_program "$tree" "$binary"
    install -m 755 "$scripts/lib/try_init.sh" "$tree/init"
    cp -- "$kernel" "$tree/boot/vmlinuz"
    cp -- "$capture" "$tree/boot/capture.img"
    printf '%s' "$cmdline" >"$tree/boot/cmdline"
    printf '%s' "$disks" >"$tree/etc/try/disks"
    printf '%s-test\n' "$(uname -n | cut -d. -f1)" >"$tree/etc/hostname"
    for module; do
        ! has_module "$root" "$version" "$module" || present+=("$module")
    done
    add_modules "$tree" "$root" "$version" "${present[@]}"
    pack_initramfs "$tree" "$file" 3
    rm -rf "$tree"
}

# working_accelerator KERNEL INITRAMFS: KVM where it really runs this kernel, else TCG. There are
# machines, virtual ones mostly, whose /dev/kvm is there and whose guests hang.
working_accelerator() {
    local output=""
    if [ -w /dev/kvm ]; then
        output=$(ACCELERATOR=kvm run_guest 20 512M "$1" "$2" "$(guest_arguments probe)" </dev/null 2>&1) || :
    fi
    if [[ $output == *"try: it works"* ]]; then echo kvm; else echo tcg,thread=multi; fi
}

# guest_arguments DO [CRASHKERNEL]: of the first kernel.
guest_arguments() {
    echo "console=$(guest_console) panic=5 sysrq_always_enabled try.do=$1${2:+ crashkernel=$2}"
}

# boot_and_watch FILE ARGUMENTS: the test's machine with its disks; its console, to FILE. A machine that
# hangs is a result too.
boot_and_watch() {
    local status=0
    run_guest "$timeout" "${memory}M" "$kernel" "$work/first.img" "$2" "${disks[@]}" </dev/null 2>&1 |
        watch "$1" || status=$?
    case $status in
        0) ;;
        124 | 137) say "the machine has not ended after $timeout s (--timeout)" ;;
        *) say "QEMU ended with status $status" ;;
    esac
}

# network_options: QEMU's, of a machine that reaches the stand-ins alone, or the network of this one.
network_options() {
    local net=user,id=n0
    [ $real_servers = yes ] || net+=,restrict=on$stand_in_forwards
    echo "-netdev $net -device virtio-net-pci,netdev=n0"
}

# watch FILE: copies a console from standard input to FILE and shows the lines that tell the story,
# or all of them where show_all is yes. Writes to FILE.times when the panic was and when it ended, in
# milliseconds.
watch() {
    local line file=$1 panic_ms=""
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line%$'\r'}
        printf '%s\n' "$line" >&3
        case $line in
            *"Kernel panic"*) [ -n "$panic_ms" ] || panic_ms=${EPOCHREALTIME//[.,]/} ;;
            *"0.000000] Linux version"*) line="[    0.000000] Linux version${line##*Linux version}" ;;
            kdump:* | "try: "* | *"Out of memory"* | *"reboot: "*) ;;
            *) [ "$show_all" = yes ] || continue ;;
        esac
        printf '  %s\n' "${line:0:118}"
    done 3>"$file"
    printf '%s %s\n' "${panic_ms:-0}" "${EPOCHREALTIME//[.,]/}" >"$file.times"
}

# value_in JSON KEY: a number or a word of report.json, in one line; the first of that name.
value_in() { grep -oE "\"$2\": (\"[^\"]*\"|[^,}]*)" <<<"$1" | head -n 1 | sed -E 's/^"[^"]*": "?//; s/[" ]*$//'; }

#!/bin/bash
# /init of the machine that `kdump-init test` boots in QEMU. try.do=probe: only ends, to see whether
# the accelerator works; panic: loads the capture kernel, fills some memory and panics; read: prints
# what the capture left on the disks, looked at by a healthy kernel. lib/try_machine.sh packs it
# with all it runs; its lines begin with "try:".

export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
exec </dev/console >/dev/console 2>&1

finish() {
    echo "try: $*"
    sync
    echo o >/proc/sysrq-trigger
    sleep 60
}

# value_of NAME: of a kernel argument.
value_of() {
    local argument
    for argument in $(</proc/cmdline); do
        [ "${argument%%=*}" != "$1" ] || printf '%s' "${argument#*=}"
    done
}

# Text, code and what nothing can compress, as a busy machine has them.
fill_memory() {
    local n
    mount -t tmpfs -o size=50% tmpfs /tmpfs
    for n in 1 2 3 4; do
        head -c 4M /dev/urandom >"/tmpfs/random$n"
        cat /bin/* /boot/vmlinuz >"/tmpfs/code$n"
    done
}

panic() {
    local how output
    # The file-based system call first, as scripts/load does.
    for how in -s -c; do
        output=$(kexec -p $how /boot/vmlinuz --initrd=/boot/capture.img \
            --command-line="$(</boot/cmdline)" 2>&1) && break
        [ $how = -s ] || finish "kexec: $output"
    done
    echo "try: the capture kernel is loaded, filling memory"
    fill_memory
    echo "try: panic"
    echo c >/proc/sysrq-trigger
    sleep 60
}

# tell DIRECTORY NUMBER: of one crash on a file system; NUMBER is its target's.
tell() {
    local name=${1%/} report=""
    [ ! -r "$name/report.json" ] || report=$(<"$name/report.json")
    echo "try-found: $2 ${name##*/}"
    echo "try-report: $2 ${report//$'\n'/ }"
    verify "$name" "$2"
}

verify() {
    local status=0
    kdump-init verify "$1" || status=$?
    echo "try-verified: $2 $status"
}

# One line a disk in /etc/try/disks: the target's number, node, type, and the directory of the URL.
read_disks() {
    local number node type directory found
    while read -r module parameters; do
        insmod "/$module" $parameters
    done </etc/kdump-init/modules
    while read -r number node type directory; do
        if [ "$type" = raw ]; then
            verify "/dev/$node" "$number"
            continue
        fi
        mount -t "$type" -o ro "/dev/$node" /mnt || continue
        for found in "/mnt$directory"/*/; do
            [ ! -e "$found/kdump-init.log" ] && [ ! -e "$found/vmcore-dmesg.txt" ] ||
                tell "$found" "$number"
        done
        umount /mnt
    done </etc/try/disks
}

read -r host </etc/hostname
echo "$host" >/proc/sys/kernel/hostname
case $(value_of try.do) in
    probe) finish "it works" ;;
    panic) panic ;;
    read)
        read_disks
        finish "all disks are read"
        ;;
esac
finish "nothing to do"

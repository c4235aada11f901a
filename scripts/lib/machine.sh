# A machine in QEMU: its disks, what its initramfs is made of, its boot. Sourced after common.sh;
# used by `kdump-init test`, the demo and the tests. Which kernel it boots and what that does are
# the caller's.

# On a busy machine TCG's timer is so late that a kernel gives its IO-APIC up and panics; guests
# under KVM skip that check by themselves.
guest_patience=no_timer_check

# new_disk FILE SIZE: an empty disk.
new_disk() {
    rm -f "$1"
    truncate -s "$2" "$1"
}

# run_guest SECONDS MEMORY KERNEL_IMAGE INITRAMFS ARGUMENTS DISK...: boots and waits for the
# guest's end. The serial console is standard input and output. Status 124: the deadline came.
# Variables of the caller change the machine: GUEST_ARCHITECTURE, MACHINE, CPU, SMP, MONITOR,
# ACCELERATOR, and QEMU_OPTIONS, further words for QEMU.
# TCG, because guests under nested KVM were seen to hang; no five-level paging unless asked
# for with CPU=max, because most machines have four.
run_guest() {
    local seconds=$1 memory=$2 image=$3 initramfs=$4 arguments=$5 disk n=0 drives=() machine=()
    shift 5
    for disk; do
        drives+=(-drive "file=$disk,format=raw,if=none,id=d$n,cache=unsafe"
            -device "virtio-blk-pci,drive=d$n")
        n=$((n + 1))
    done
    case ${GUEST_ARCHITECTURE:-amd64} in
        amd64) machine=(qemu-system-x86_64 -machine "${MACHINE:-q35}" -cpu "${CPU:-max,la57=off}") ;;
        arm64) machine=(qemu-system-aarch64 -machine "${MACHINE:-virt,gic-version=3}"
            -cpu "${CPU:-cortex-a72}") ;;
        *) die "no QEMU machine for $GUEST_ARCHITECTURE" ;;
    esac
    # shellcheck disable=SC2086  # one word an option
    timeout -k 5 "$seconds" "${machine[@]}" -accel "${ACCELERATOR:-tcg,thread=multi}" -m "$memory" \
        -smp "${SMP:-2}" -nographic -nodefaults -serial stdio -monitor "${MONITOR:-none}" -no-reboot \
        -kernel "$image" -initrd "$initramfs" -append "$arguments $guest_patience" \
        "${drives[@]}" \
        ${QEMU_OPTIONS-}
}

# guest_console: the serial console's name in the guest.
guest_console() {
    case ${GUEST_ARCHITECTURE:-amd64} in
        arm64) printf 'ttyAMA0\n' ;;
        *) printf 'ttyS0\n' ;;
    esac
}

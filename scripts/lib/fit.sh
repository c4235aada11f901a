# Images that cannot work in the memory reserved here: those that certainly do not fit, and those like
# one that was seen to die. What only may be too small is why_too_small's (reservation.sh). Sourced after
# common.sh, capture_kernel.sh and reservation.sh.

# One line a death of a capture kernel for lack of memory, which `kdump-init test` has seen: the kernel's
# hash, MiB reserved, bytes of the image, when and how.
deaths=/var/lib/kdump-init/deaths
# The test packs drivers of QEMU's devices, which the machine's own image lacks.
test_drivers_bytes=$((1 << 20))

# crash_bytes: the memory of the capture kernel, with what lies below 4 GiB where crashkernel=,high
# reserved both; 0 where that is unknown: only root sees addresses.
crash_bytes() {
    local range bytes=0
    for range in $(reserved_ranges); do
        bytes=$((bytes + 16#${range#*-} - 16#${range%-*} + 1))
    done
    [ "$bytes" -gt 4096 ] || bytes=0
    echo "$bytes"
}

# kernel_bytes KERNEL: at least so much the kernel occupies while it unpacks its initramfs. Of the
# running one all between its code and the end of its bss; of another one its compressed size.
kernel_bytes() {
    local first last running
    running=$(kernel_file "$(uname -r)" 2>/dev/null) || running=""
    first=$(sed -n 's/^ *\([0-9a-f]*\)-[0-9a-f]* : Kernel code$/\1/p' /proc/iomem)
    last=$(sed -n 's/^ *[0-9a-f]*-\([0-9a-f]*\) : Kernel bss$/\1/p' /proc/iomem)
    if [ "$1" -ef "$running" ] && [[ $first$last == *[1-9a-f]* ]]; then
        echo $((16#$last - 16#$first + 1))
    else
        stat -L -c %s -- "$1"
    fi
}

packed_bytes() { stat -L -c %s -- "$1"; }

# unpacked_bytes IMAGE: 0 where it is not zstd, as mkinitramfs packs.
unpacked_bytes() { { zstd -dc -- "$1" 2>/dev/null || :; } | wc -c; }

kernel_hash() { sha256sum -- "$1" | cut -c1-32; }

# why_never_fits KERNEL IMAGE [CMDLINE]: one sentence where the image cannot work; nothing where it may.
# The kernel unpacks into a tmpfs, which holds half of the memory that the kernel has left then
# (init/do_mounts.c, mm/shmem.c), the packed image still being there; an argument may change that. A
# 64th of memory describes the rest, and x86 uses the first MiB as well.
why_never_fits() {
    local kernel=$1 image=$2 cmdline=${3-} reserved packed unpacked room
    reserved=$(crash_bytes)
    [ "$reserved" != 0 ] || return 0
    packed=$(packed_bytes "$image") unpacked=$(unpacked_bytes "$image")
    room=$((reserved + (1 << 20) - $(kernel_bytes "$kernel") - packed - reserved / 64))
    [ "$room" -gt 0 ] || room=0
    [[ " $cmdline" == *" "@(root|rootfstype|initramfs_options)=* ]] || room=$((room / 2))
    if [ "$unpacked" -gt "$room" ]; then
        echo "the image cannot work here: it unpacks to $(mib_up "$unpacked") MiB, and of the" \
            "$((reserved >> 20)) MiB that are reserved the kernel has at most $((room >> 20)) for that:" \
            "$(reserve_more $((reserved + 2 * (unpacked - room))))"
    else
        seen_to_die "$kernel" $((reserved >> 20)) $((packed + unpacked))
    fi
}

# reserve_more BYTES: how, so that beside so much there is some for the capture.
reserve_more() { how_to_reserve "$(larger "$(recommended_size)" $((($1 >> 20) + 32)))"; }
mib_up() { echo $((($1 + (1 << 20) - 1) >> 20)); }

# seen_to_die KERNEL MIB BYTES: a sentence where this kernel has died of no less memory with no larger
# an image.
seen_to_die() {
    local hash of mib bytes when how
    [ -r "$deaths" ] || return 0
    hash=$(kernel_hash "$1")
    while read -r of mib bytes when how; do
        [ "$of" = "$hash" ] && [ "$2" -le "$mib" ] && [ $(($3 + test_drivers_bytes)) -ge "$bytes" ] ||
            continue
        echo "the image cannot work here: on $when 'kdump-init test' saw this kernel die with" \
            "crashkernel=${mib}M and an image of this size ($how): $(reserve_more $((mib << 20)))"
        return
    done <"$deaths"
}

# record_test KERNEL MIB IMAGE HOW: what a test has seen with that reservation. HOW: how the kernel
# died; empty: it captured, which outdates deaths with no less memory and no larger an image.
record_test() {
    local hash of mib bytes rest size kept=""
    [ -w "${deaths%/*}" ] || return 0
    hash=$(kernel_hash "$1") size=$(($(packed_bytes "$3") + $(unpacked_bytes "$3")))
    while [ -r "$deaths" ] && read -r of mib bytes rest; do
        [ "$of" = "$hash" ] && [ "$mib" -ge "$2" ] && [ "$bytes" -le $((size + test_drivers_bytes)) ] ||
            kept+="$of $mib $bytes $rest"$'\n'
    done < <(cat "$deaths" 2>/dev/null)
    [ -z "$4" ] || kept+="$hash $2 $size $(date -u +%Y-%m-%d) $4"$'\n'
    printf '%s' "$kept" >"$deaths.new"
    mv -f "$deaths.new" "$deaths"
}

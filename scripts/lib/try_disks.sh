# Stand-ins for disks that targets name: small images with the file system and the name by which the
# capture looks for it. The real disks are looked at, never written, and not read beyond what blkid
# needs. Sourced after common.sh, devices.sh and machine.sh.

stand_in_partition_at=1048576  # bytes
# No dump of a test's machine is larger; and xfs takes no less than 300 MiB.
stand_in_most=$((4 << 30)) stand_in_least=$((320 << 20))

# make_stand_in URL FILE NUMBER: the image for the fs: or raw: target; NUMBER counts QEMU's disks from
# 0. Sets stand_in_type (of file system, raw), stand_in_node (in the guest), stand_in_directory,
# stand_in_url (the capture's target argument; "" where what mkinitramfs packs is right) and
# stand_in_text, for people.
make_stand_in() {
    local url=$1 file=$2 number=$3 node name real="" size size_of=$1
    split_target "$url"
    node=$(device_node "$target_device")
    name=$target_device stand_in_url="" stand_in_directory=$target_directory
    stand_in_node=vd$(printf '%b' "\\x$(printf %x $((97 + number)))")
    [ -z "$node" ] || name=$(stable_name "$target_scheme" "$target_device" "$node" 2>/dev/null)
    if [ "$target_scheme" = raw ]; then
        stand_in_type=raw
    else
        [ -z "$node" ] || real=$(blkid_value "$node" TYPE)
        stand_in_type=${real:-$(guessed_type "$name")}
    fi
    size=$(stand_in_size "$node")
    new_disk "$file" "$size"
    stand_in_text="$stand_in_type, $((size >> 20)) MiB, $name"
    case $name in
        UUID=*) make_file_system "$file" "$stand_in_type" "${name#*=}" "" ;;
        LABEL=*) make_file_system "$file" "$stand_in_type" "" "${name#*=}" ;;
        PARTUUID=* | PARTLABEL=*)
            make_file_system "$file" "$stand_in_type" "" ""
            put_into_partition "$file" "$name"
            stand_in_node+=1
            ;;
        *)
            make_file_system "$file" "$stand_in_type" "" ""
            stand_in_url=$target_scheme:/dev/$stand_in_node$target_rest
            stand_in_text+=" as /dev/$stand_in_node"
            ;;
    esac
    [ -n "$node" ] || stand_in_text+="; the real one is not on this machine"
}

# guessed_type NAME: of a file system that is not on this machine.
guessed_type() {
    if [[ $1 =~ ^UUID=[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}$ ]]; then echo vfat; else echo ext4; fi
}

# stand_in_size NODE: what is free on the real file system if it is mounted, else all of it; a full
# disk shows in the test.
stand_in_size() {
    local node=$1 size=$stand_in_most mounted real=""
    if [ -n "$node" ]; then
        mounted=$(findmnt -n -o TARGET --source "$node" 2>/dev/null | head -n 1) || :
        [ -z "$mounted" ] || real=$(df -B1 --output=avail -- "$mounted" 2>/dev/null | tail -n 1) || :
        [ -n "$real" ] || real=$(blockdev --getsize64 "$node" 2>/dev/null) || :
    fi
    [ -z "$real" ] || [ "$real" -ge "$size" ] || size=$real
    [ "$size" -ge $stand_in_least ] || size=$stand_in_least
    # Whole MiB: partitions and file systems like it so.
    echo $((size >> 20 << 20))
}

# make_file_system FILE TYPE UUID LABEL: nothing for raw.
make_file_system() {
    local file=$1 type=$2 uuid=$3 label=$4
    case $type in
        ext2 | ext3 | ext4)
            need_commands mke2fs=e2fsprogs
            mke2fs -q -F -t "$type" ${uuid:+-U "$uuid"} ${label:+-L "$label"} "$file"
            ;;
        xfs)
            need_commands mkfs.xfs=xfsprogs
            mkfs.xfs -q -f ${uuid:+-m uuid="$uuid"} ${label:+-L "$label"} "$file"
            ;;
        btrfs)
            need_commands mkfs.btrfs=btrfs-progs
            mkfs.btrfs -q -f ${uuid:+-U "$uuid"} ${label:+-L "$label"} "$file"
            ;;
        vfat)
            need_commands mkfs.vfat=dosfstools
            mkfs.vfat -F 32 ${uuid:+-i "${uuid//-/}"} ${label:+-n "$label"} "$file" >/dev/null
            ;;
        raw) ;;
        *) die "no stand-in with a file system of type $type" ;;
    esac
}

# put_into_partition FILE NAME: FILE becomes a disk whose first partition has that PARTUUID or
# PARTLABEL and holds what FILE held.
put_into_partition() {
    local file=$1 name=$2 sectors kind=${2%%=*} value=${2#*=}
    need_commands sfdisk=fdisk
    sectors=$(($(stat -c %s "$file") / 512))
    mv "$file" "$file.partition"
    new_disk "$file" $(((sectors * 512) + 2 * stand_in_partition_at))
    case $kind in
        PARTUUID) kind=uuid ;;
        *) kind=name ;;
    esac
    printf 'label: gpt\nstart=%d, size=%d, %s="%s"\n' $((stand_in_partition_at / 512)) "$sectors" \
        "$kind" "$value" | sfdisk -q "$file"
    dd if="$file.partition" of="$file" bs=1M seek=$((stand_in_partition_at >> 20)) \
        conv=notrunc,sparse status=none
    rm "$file.partition"
}

# stand_in_modules: what a kernel needs to mount those of disk_lines.
stand_in_modules() {
    local number node type directory
    while read -r number node type directory; do
        [ -z "$type" ] || [ "$type" = raw ] || file_system_modules "$type"
    done <<<"$disk_lines"
}

# test_targets_line: kernel arguments for all targets where one of them has another name in the test,
# for those of the command line replace all that are packed; else nothing.
test_targets_line() {
    local number=0 line
    [ -n "${test_targets[*]}" ] || return 0
    while read -r line; do
        [[ $line == rd.kdump.target=* ]] || continue
        [ -z "${test_targets[number]}" ] || line=rd.kdump.target=${test_targets[number]}
        printf '%s ' "$line"
        number=$((number + 1))
    done < <(zstd -qdc "$work/capture.img" | cpio --quiet -i --to-stdout etc/kdump-init/cmdline)
}

# What lies under a block device of this machine, down to its disks: which modules that needs, and
# the list by which kdump-init makes arrays of mdraid, LUKS volumes and logical volumes again
# (targets/storage/stack/storage_stack.h has its grammar). Sourced after devices.sh. Knows nothing of archives.

# Where the volume keys of LUKS lie in the image, and the list.
luks_directory=etc/kdump-init/luks
storage_list=etc/kdump-init/storage

# add_storage TREE DEVICE NODE: appends what NODE is made of to the tree's list, for the target whose
# URL says DEVICE, and its modules to the arrays `wanted` and `welcome`.
add_storage() {
    local tree=$1 device=$2 node=$3 path
    storage_steps=()
    path=$(sysfs_of_node "$node")
    add_layers "$tree" "$path"
    [ ${#storage_steps[@]} -gt 0 ] || return 0
    mkdir -p "$tree/etc/kdump-init"
    printf '%s\n' "target ${device// /%20}" "${storage_steps[@]}" >>"$tree/$storage_list"
}

# sysfs_of_node NODE
sysfs_of_node() {
    local numbers
    numbers=$(stat -L -c '%Hr:%Lr' -- "$1")
    readlink -e "/sys/dev/block/$numbers" || die "$1: no /sys/dev/block/$numbers"
}

# node_of_sysfs PATH: a / in a device's name is a ! there.
node_of_sysfs() {
    local name=${1##*/}
    printf '/dev/%s\n' "${name//!//}"
}

# add_layers TREE PATH: of the device by its path in /sys/devices, the lowest first.
add_layers() {
    local tree=$1 path=$2 lower aliases step
    [ ! -e "$path/partition" ] || path=${path%/*}
    for lower in "$path"/slaves/*; do
        [ ! -e "$lower" ] || add_layers "$tree" "$(readlink -e "$lower")"
    done
    step=""
    case ${path##*/} in
        md*) array_step "$path" ;;
        dm-*) mapper_step "$tree" "$path" ;;
        *)
            aliases=$(aliases_above "$path")
            mapfile -t -O "${#welcome[@]}" welcome <<<"$aliases"
            ;;
    esac
    # Two volumes of one group lie on the same devices.
    [ -z "$step" ] || [[ " ${storage_steps[*]} " == *" $step "* ]] || storage_steps+=("$step")
}

# member_uuids PATH: of what the device is made of, a line each.
member_uuids() {
    local lower uuid
    for lower in "$1"/slaves/*; do
        uuid=$(blkid_value "$(node_of_sysfs "$(readlink -e "$lower")")" UUID)
        [ -n "$uuid" ] || die "${1##*/}: ${lower##*/} has no UUID to find it by"
        printf '%s\n' "$uuid"
    done
}

# array_step PATH: sets `step`.
array_step() {
    local path=$1 name=${1##*/} version level uuids
    version=$(cat "$path/md/metadata_version")
    level=$(cat "$path/md/level")
    case $version in
        1.0 | 1.1 | 1.2) ;;
        *) die "$name: metadata '$version' are not assembled by the capture kernel, only mdraid's" \
            "own of version 1 are; choose a target on another disk" ;;
    esac
    case $level in
        raid4 | raid5 | raid6) wanted+=(raid456) ;;
        raid0 | raid1 | raid10 | linear) wanted+=("$level") ;;
        *) die "$name: level '$level' of mdraid is not known here" ;;
    esac
    uuids=$(member_uuids "$path")
    step="md $name $version ${uuids%%$'\n'*} $(wc -l <<<"$uuids")"
}

# mapper_step TREE PATH: sets `step`; "" for multipath, of which one path is enough.
mapper_step() {
    local tree=$1 path=$2 uuid name
    uuid=$(cat "$path/dm/uuid") name=$(cat "$path/dm/name")
    case $uuid in
        CRYPT-LUKS[12]-*)
            wanted+=(dm_crypt)
            crypt_step "$tree" "$path" "$name"
            ;;
        LVM-*)
            wanted+=(dm_mod)
            volume_step "$path" "$name" "$uuid"
            ;;
        mpath-* | part*-mpath-*)
            say "$name: multipath is not set up in the capture kernel, which uses one path of the disk" ;;
        *) die "$name: a device-mapper device of a kind that the capture kernel does not make" \
            "(${uuid:-no UUID})" ;;
    esac
}

mapper_table() { dmsetup table "$1" || die "dmsetup cannot show the table of $1"; }

volume_step() {
    local path=$1 name=$2 id=${3:36} table type uuids
    need_commands dmsetup=dmsetup
    table=$(mapper_table "$name")
    while read -r _ _ type _; do
        case $type in
            linear | striped) ;;
            *) die "$name: a logical volume with parts of type $type; the capture kernel makes" \
                "linear and striped ones (docs/storage.md)" ;;
        esac
    done <<<"$table"
    [ ${#id} = 32 ] && [[ $(cat "$path"/slaves/*/dm/uuid 2>/dev/null) != *"${3:0:36}"* ]] ||
        die "$name: a logical volume that is made of others (a thin pool, a mirror, a snapshot);" \
            "the capture kernel makes linear and striped ones (docs/storage.md)"
    uuids=$(member_uuids "$path")
    id=${id:0:6}-${id:6:4}-${id:10:4}-${id:14:4}-${id:18:4}-${id:22:4}-${id:26:6}
    step="lvm $name $id ${uuids//$'\n'/ }"
}

# crypt_step TREE PATH NAME: the volume key itself is packed: unlocking a key slot may take 1 GiB of
# memory, which a capture kernel has not.
crypt_step() {
    local tree=$1 path=$2 name=$3 device uuid table key_file packed cipher iv offset options sector=512
    device=$(node_of_sysfs "$(readlink -e "$path"/slaves/*)")
    uuid=$(member_uuids "$path")
    key_file=$(luks_key_file "$device")
    [ -n "$key_file" ] ||
        die "$device is a LUKS device under the target; name the file that unlocks it:" \
            "--luks-key $device=FILE (what that means: docs/storage.md)"
    need_commands dmsetup=dmsetup cryptsetup=cryptsetup-bin
    table=$(mapper_table "$name")
    read -r _ _ _ cipher _ iv _ offset options <<<"$table"
    [[ $options != *integrity:* ]] || die "$name: LUKS with integrity is not made by the capture kernel"
    [[ ! $options =~ sector_size:([0-9]+) ]] || sector=${BASH_REMATCH[1]}
    add_cipher_modules "$cipher"
    install -d -m 700 "$tree/$luks_directory"
    packed=$luks_directory/$uuid
    pack_volume_key "$device" "$key_file" "$tree/$packed"
    step="crypt $name $uuid $cipher $iv $offset $sector /$packed"
}

# luks_key_file NODE: what --luks-key names for it; nothing if it does not.
luks_key_file() {
    local pair node
    for pair in "${luks_keys[@]}"; do
        node=$(device_node "${pair%=/*}")
        [ -z "$node" ] || [ "$(sysfs_of_node "$node")" != "$(sysfs_of_node "$1")" ] ||
            printf '/%s\n' "${pair##*=/}"
    done
}

# pack_volume_key NODE KEY_FILE INTO: in hexadecimal.
pack_volume_key() {
    local device=$1 key_file=$2 into=$3 scratch
    [ -r "$key_file" ] || die "--luks-key: $key_file cannot be read"
    scratch=$(mktemp -d)
    # The names that every cryptsetup has; 2.4 and later call it the volume key.
    if ! cryptsetup luksDump --batch-mode --dump-master-key --master-key-file "$scratch/key" \
        --key-file "$key_file" "$device" >/dev/null; then
        rm -rf "$scratch"
        die "--luks-key: $key_file does not unlock $device; add it to a key slot:" \
            "cryptsetup luksAddKey $device $key_file"
    fi
    install -m 600 /dev/null "$into"
    od -An -v -tx1 "$scratch/key" | tr -d ' \n' >"$into"
    rm -rf "$scratch"
}

# add_cipher_modules CIPHER: what the kernel would ask modprobe for, such as xts and aes for
# aes-xts-plain64, and what serves this machine for it: an accelerated one that another has not.
add_cipher_modules() {
    local word module words
    read -ra words <<<"${1//[-:(),]/ }"
    for word in "${words[@]}"; do
        case $word in
            capi | plain | plain64 | plain64be | null | random | eboiv) continue ;;
        esac
        welcome+=("crypto-$word" "crypto-$word-all")
        while read -r module; do welcome+=("$module"); done < <(awk -v word="$word" '
            $1 == "name" { names = " " $3 " "; gsub(/[(),]/, " ", names) }
            $1 == "module" && $3 != "kernel" && index(names, " " word " ") { print $3 }' /proc/crypto)
    done
}

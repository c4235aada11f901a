# From places as administrators write them to target URLs: a directory of this machine, an NFS
# export, a user at a server. What is mounted where is findmnt's word; nothing is mounted or asked
# over the network. Sourced by config.sh.

place_url="" place_problem=""  # what the functions here found, or why not (status 1)

# mount_of DIRECTORY COLUMN: of the file system that the directory, or what there is of it, lies on.
mount_of() { findmnt -n -r -v -f -o "$2" -T "$1" 2>/dev/null || :; }

# unescaped TEXT: findmnt writes odd bytes as \x20.
unescaped() { printf '%b\n' "$1"; }

# find_place DIRECTORY [IN]: the file system that DIRECTORY of this machine lies on; with IN, that of
# IN, and DIRECTORY counts from its root.
find_place() {
    local directory there type root at source
    place_url="" place_problem=""
    place_problem=$(directory_problem "$1")
    [ -z "$place_problem" ] || return 1
    directory=$(realpath -m -- "$1")
    there=${2-$directory}
    while [ ! -e "$there" ]; do there=$(dirname -- "$there"); done
    type=$(mount_of "$there" FSTYPE) source=$(unescaped "$(mount_of "$there" SOURCE)")
    root=$(unescaped "$(mount_of "$there" FSROOT)") at=$(unescaped "$(mount_of "$there" TARGET)")
    if [ $# = 1 ]; then
        directory=${directory#"${at%/}"}
    fi
    directory=${root%/}/${directory#/}
    case $type in
        ext2 | ext3 | ext4 | xfs | btrfs | vfat)
            place_url=fs:$(percent_encode "$(device_name "$source")"):$(percent_encode "$directory")
            ;;
        nfs | nfs4)
            nfs_place "$source" "${directory#"${root%/}"}" "$(mount_of "$there" OPTIONS)"
            ;;
        *)
            place_problem="$1 lies on ${source:-nothing} of type ${type:-unknown}, which a capture kernel"
            place_problem+=" cannot mount"
            return 1
            ;;
    esac
}

# device_name NODE: UUID=… of the file system on it, else NODE.
device_name() {
    local uuid
    uuid=$(findmnt -n -r -f -o UUID -S "$1" 2>/dev/null) || :
    [ -n "$uuid" ] || uuid=$(blkid -o value -s UUID -- "$1" 2>/dev/null) || :
    printf '%s\n' "${uuid:+UUID=}${uuid:-$1}"
}

# device_place DEVICE DIRECTORY: DIRECTORY counts from where the device is mounted; of btrfs that may
# be a subvolume, and the capture mounts the whole.
device_place() {
    local device=$1 root="" reason
    place_url="" place_problem=""
    case $device in
        UUID=?* | LABEL=?* | PARTUUID=?* | PARTLABEL=?* | /dev/?*) ;;
        *)
            place_problem="$(printable "$device"): expected UUID=, LABEL=, PARTUUID=, PARTLABEL= or /dev/…"
            return 1
            ;;
    esac
    reason=$(directory_problem "$2")
    [ -z "$reason" ] || { place_problem=$reason && return 1; }
    [ "$(findmnt -n -r -f -o FSTYPE -S "$device" 2>/dev/null)" != btrfs ] ||
        root=$(unescaped "$(findmnt -n -r -f -v -o FSROOT -S "$device")")
    place_url=fs:$(percent_encode "$device"):$(percent_encode "${root%/}$(tr -s / <<<"$2")")
}

# directory_problem DIRECTORY: why it cannot be one of a target; nothing if it can.
directory_problem() {
    [[ $1 == /* ]] || { echo "$(printable "$1"): the path must begin with /"; return; }
    [[ $1 != *[[:cntrl:]]* ]] || { echo "$(printable "$1"): an unprintable character"; return; }
    [[ $1/ != */../* ]] || echo "$(printable "$1"): no .. in a path"
}

# server_host HOST: in a URL's form.
server_host() {
    local host=$1
    host=${host#[} host=${host%]}
    [[ $host != *:* ]] || host="[${host//%/%25}]"
    printf '%s\n' "$host"
}

# nfs_place HOST:/EXPORT DIRECTORY [MOUNT-OPTIONS]: of its options as a mount of this machine has them,
# those that decide whether the server answers at all.
nfs_place() {
    local host exported option mounted=${3-} query="" port=""
    place_url="" place_problem=""
    if [[ ! $1 =~ ^(\[[^]]+\]|[^]:/@[:space:]]+):(/.*)$ ]]; then
        place_problem="$(printable "$1"): expected HOST:/EXPORT (an IPv6 address in brackets)"
        return 1
    fi
    host=${BASH_REMATCH[1]} exported=${BASH_REMATCH[2]}
    place_problem=$(directory_problem "${2:-/}")
    [ -z "$place_problem" ] || return 1
    [[ ${2-} == @(|/) ]] || query="path=$(percent_encode "$(tr -s / <<<"$2")")"
    for option in ${mounted//,/ }; do
        case $option in
            vers=* | nfsvers=* | sec=* | mountport=*) query+=${query:+&}$option ;;
            port=*) [ "${option#*=}" = 2049 ] || port=:${option#*=} ;;
        esac
    done
    place_url="nfs://$(server_host "$host")$port$(percent_encode "$exported")${query:+?$query}"
}

# ssh_place USER@HOST PORT DIRECTORY KEY
ssh_place() {
    local user host=${1#*@} reason known_hosts
    user=${1%%@*}
    place_url="" place_problem=""
    if [[ $1 != ?*@?* ]] || [[ $1 == *[[:space:]/]* ]]; then
        place_problem="$(printable "$1"): expected USER@HOST"
        return 1
    fi
    reason=$(directory_problem "$3")
    [ -z "$reason" ] || { place_problem=$reason && return 1; }
    known_hosts=$(known_hosts_of "$host" "$2")
    place_url="ssh://$(percent_encode "$user")@$(server_host "$host")${2:+:$2}"
    place_url+="$(percent_encode "$(tr -s / <<<"$3")")?key=$(percent_encode "$4")"
    place_url+="&known_hosts=$(percent_encode "$known_hosts")"
}

# known_hosts_of HOST PORT: the file that knows the server, with its port or by its plain name: root's,
# or the machine's.
known_hosts_of() {
    local name=$1 file
    [ -z "$2" ] || [ "$2" = 22 ] || name="[$1]:$2"
    for file in /root/.ssh/known_hosts /etc/ssh/ssh_known_hosts; do
        if ssh-keygen -F "$name" -f "$file" >/dev/null 2>&1 ||
            ssh-keygen -F "$1" -f "$file" >/dev/null 2>&1; then
            printf '%s\n' "$file"
            return
        fi
    done
    echo /root/.ssh/known_hosts
}

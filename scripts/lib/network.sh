# What a target on a server needs in the image: the drivers of the interfaces that lead there, how
# the capture kernel finds these again (by MAC: it may name them otherwise), and the keys of SSH.
# Sourced after devices.sh. Knows nothing of archives.

# NIC drivers of ordinary machines, for an image that must boot on another one.
generic_nics=(virtio_net e1000 e1000e igb igc ixgbe i40e ice iavf r8169 tg3 bnx2 bnx2x bnxt_en
    mlx4_en mlx5_core cxgb4 qede sfc be2net enic ena gve vmxnet3 hv_netvsc xen-netfront fec
    8139cp 8139too forcedeth atlantic cdc_ether r8152 ax88179_178a)

# What is in every image with such a target: packets for DHCP, IPv6 where it is a module.
network_modules=(af_packet ipv6)

# Where kdump-init looks for the keys (targets/url/server_url.h).
ssh_directory=etc/kdump-init/ssh

# split_server URL: sets target_user, target_host (no brackets, decoded), target_port ("" if none)
# and target_options, the words behind the question mark.
split_server() {
    local url=$1 body=${1#*://} authority
    [[ $url == *://?*/* ]] || die "target '$url': expected ${url%%:*}://HOST/DIRECTORY"
    authority=${body%%/*} target_user="" target_port="" target_options=()
    [[ $authority != *@* ]] || { target_user=${authority%@*} && authority=${authority##*@}; }
    if [[ $authority =~ ^\[([^]]*)\](:([0-9]+))?$ || $authority =~ ^([^:]*)(:([0-9]+))?$ ]]; then
        target_host=$(percent_decode "${BASH_REMATCH[1]}")
        target_port=${BASH_REMATCH[3]}
    else
        die "target '$url': '$authority' is not HOST or HOST:PORT (an IPv6 address in brackets)"
    fi
    [[ $body != *\?* ]] || IFS='&' read -ra target_options <<<"${body#*\?}"
}

# target_option NAME: its value, decoded; nothing if it is not among target_options.
target_option() {
    local option
    for option in "${target_options[@]}"; do
        [ "${option%%=*}" != "$1" ] || percent_decode "${option#*=}"
    done
}

# nfs_modules: of the client, for the version that the target names or for all.
nfs_modules() {
    case $(target_option vers)$(target_option nfsvers) in
        3) echo nfsv3 ;;
        4*) echo nfsv4 ;;
        *) echo nfsv4 nfsv3 ;;
    esac
}

# set_nfs_parameters TREE: no delegations of directories. Clients that ask for them (seen: Linux 7.2)
# cannot open a directory of a server that answers the question wrongly (seen: nfs-ganesha 4.3).
set_nfs_parameters() {
    local list=$1/etc/kdump-init/modules module
    module=$(grep -o '^[^ ]*/nfsv4\.ko' "$list") || return 0
    modinfo -F parm "$1/$module" | grep -q '^directory_delegations:' || return 0
    sed -i "s|^$module\$|$module directory_delegations=N|" "$list"
}

# interface_to HOST: the interface by which this machine reaches it; nothing if it does not.
interface_to() {
    local address
    address=$(getent ahosts "${1%%%*}" | awk 'NR == 1 {print $1}') || :
    [ -n "$address" ] || return 0
    ip -o route get "$address" 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p'
}

# fence_nodes NAME[,NAME...]: the addresses of those that are not this machine, a line each. One that
# is not known now must not keep the others, and the dump, from being had.
fence_nodes() {
    local node address nodes
    IFS=, read -ra nodes <<<"$1"
    for node in "${nodes[@]}"; do
        address=$(getent ahosts "$node" | awk 'NR == 1 {print $1}') || :
        [ -n "$address" ] || {
            say "rd.kdump.fence: $node has no address here; it is left out, and may fence this machine"
            continue
        }
        [[ $(ip -o route get "$address" 2>/dev/null) == local* ]] || printf '%s\n' "$address"
    done
}

# ports_of INTERFACE: the interfaces with hardware that it is made of, itself where it has some.
ports_of() {
    local lower
    if [ -e "/sys/class/net/$1/device" ]; then
        printf '%s\n' "$1"
        return
    fi
    for lower in "/sys/class/net/$1"/lower_*; do
        [ ! -e "$lower" ] || ports_of "${lower##*/lower_}"
    done
}

all_ports() {
    local device
    for device in /sys/class/net/*/device; do
        [ ! -e "$device" ] || basename "${device%/device}"
    done
}

# stack_modules INTERFACE: what bonds, VLANs and bridges under it are made with.
stack_modules() {
    local path=/sys/class/net/$1 lower
    [ ! -d "$path/bonding" ] || echo bonding
    [ ! -d "$path/bridge" ] || echo bridge
    [ ! -e "/proc/net/vlan/$1" ] || echo 8021q
    for lower in "$path"/lower_*; do
        [ ! -e "$lower" ] || stack_modules "${lower##*/lower_}"
    done
}

# permanent_mac INTERFACE: a bond gives its ports another one.
permanent_mac() {
    local permanent
    permanent=$(ip -o link show dev "$1" | sed -n 's/.* permaddr \([0-9a-f:]*\).*/\1/p')
    printf '%s\n' "${permanent:-$(cat "/sys/class/net/$1/address")}"
}

# ip_arguments INTERFACE HOST: the ip= (and nameserver=) by which the capture kernel sets up the
# interface as it is set up here: DHCP where its address is a lease, else the address and the
# gateway by which HOST is reached.
ip_arguments() {
    local interface=$1 host=$2 mac line address gateway server
    mac=$(permanent_mac "$interface")
    line=$(ip -o -4 addr show dev "$interface" scope global | head -n 1)
    if [ -z "$line" ] && [ -n "$(ip -o -6 addr show dev "$interface" scope global)" ]; then
        echo "ip=$mac:auto6"
        return
    fi
    if [ -z "$line" ] || [[ $line == *" dynamic "* ]]; then
        echo "ip=$mac:dhcp"
        return
    fi
    address=$(awk '{print $4}' <<<"$line")
    gateway=$(ip -o -4 route show default dev "$interface" | sed -n 's/.* via \([^ ]*\).*/\1/p' | head -n 1)
    echo "ip=${address%/*}::$gateway:${address#*/}::$mac:none"
    [[ $host =~ [a-zA-Z] && $host != *:* ]] || return 0
    # A resolver on this machine's loopback is not in the capture kernel.
    while read -r server; do
        [[ $server == 127.* || $server == ::1 ]] || echo "nameserver=$server"
    done < <(sed -n 's/^nameserver  *\([^ ]*\).*/\1/p' /etc/resolv.conf)
}

# check_ssh_key KEY URL: ends the script unless the capture can use it without a person.
check_ssh_key() {
    local key=$1 url=$2 public make="ssh-keygen -t ed25519 -N ''"
    [ -r "$key" ] || die "target '$url': key '$key' cannot be read ($make -f $key makes one)"
    public=$(ssh-keygen -y -P '' -f "$key" 2>/dev/null) ||
        die "target '$url': $key is no private key without a passphrase; take it off" \
            "(ssh-keygen -p -N '' -f $key) or make one for kdump alone: $make -f FILE"
    case ${public%% *} in
        ssh-ed25519 | ecdsa-sha2-* | ssh-rsa) ;;
        sk-*)
            die "target '$url': $key is of a FIDO token (${public%% *}), which no person touches in a" \
                "capture; make one for kdump alone: $make -f FILE"
            ;;
        *) die "target '$url': $key is of type ${public%% *}; make another: $make -f FILE" ;;
    esac
}

# known_host_lines FILE HOST PORT URL: the lines of FILE that are of the server, with the port and by
# its plain name; ends the script where the capture could check no key or certificate with them.
known_host_lines() {
    local file=$1 host=$2 port=$3 url=$4 name=$2 scan own plain="" counted
    [ "$port" = 22 ] || name="[$host]:$port"
    scan="ssh-keyscan -p $port $host >>$file"
    [ -r "$file" ] || die "target '$url': known_hosts '$file' cannot be read; make it: $scan"
    own=$(host_lines "$file" "$name")
    [ "$name" = "$host" ] || plain=$(host_lines "$file" "$host")
    # As ssh does (net/ssh/known_hosts.h): keys of the plain name count where none has the port.
    counted=$own$'\n'$(grep '^@' <<<"$plain" || :)
    grep -q '^[^@]' <<<"$own" || counted+=$'\n'$plain
    grep -qv -e '^@revoked' -e '^$' <<<"$counted" ||
        die "target '$url': $file has no key of $name; compare fingerprints and add it: $scan"
    awk '$1 == "@cert-authority" {sub("^[^ \t]*[ \t]*", "")}
         !/^@/ && $2 ~ /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa)$/ {found = 1}
         END {exit !found}' <<<"$counted" ||
        die "target '$url': $file has no Ed25519, ECDSA or RSA key of $name; add the server's: $scan"
    printf '%s\n' "$own" "$plain" | awk '$0 != "" && !seen[$0]++'
}

# host_lines FILE NAME: FILE's lines of NAME, whatever their marker.
host_lines() { ssh-keygen -F "$2" -f "$1" 2>/dev/null | grep -v '^#' || :; }

# split_jump URL: sets jump_host and jump_port of the URL's ?jump=, "" where it has none.
split_jump() {
    local url=$1 option given="" value=""
    jump_host="" jump_port=""
    for option in "${target_options[@]}"; do
        [ "${option%%=*}" != jump ] || { given=yes && value=$(percent_decode "${option#jump}"); }
    done
    [ -n "$given" ] || return 0
    [[ $value =~ ^=[^:/,[:space:]]+@(\[([^]]*:[^]]*)\]|([^]:/,[:space:]]+))(:([0-9]+))?$ ]] ||
        die "target '$url': jump= must be USER@HOST[:PORT] (an IPv6 address in brackets)"
    jump_host=${BASH_REMATCH[2]}${BASH_REMATCH[3]} jump_port=${BASH_REMATCH[5]:-22}
}

# pack_ssh TREE URL: puts the target's keys and its server's and bastion's lines of known_hosts into
# the tree; sets packed_query to the options by which the capture finds them.
pack_ssh() {
    local url=$2 key known_hosts jump_key directory=$1/$ssh_directory packed option
    key=$(target_option key) known_hosts=$(target_option known_hosts)
    jump_key=$(target_option jump_key)
    [ -n "$key" ] && [ -n "$known_hosts" ] ||
        die "target '$url': name the files to pack: ?key=FILE&known_hosts=FILE"
    split_jump "$url"
    [ -n "$jump_host" ] || [ -z "$jump_key" ] || die "target '$url': jump_key= without jump="
    install -d -m 700 "$directory"
    # Assigned first: a failure inside a redirection would go unnoticed.
    packed=$(known_host_lines "$known_hosts" "$target_host" "${target_port:-22}" "$url")
    [ -z "$jump_host" ] ||
        packed+=$'\n'$(known_host_lines "$known_hosts" "$jump_host" "$jump_port" "$url")
    printf '%s\n' "$packed" >>"$directory/known_hosts"
    chmod 600 "$directory/known_hosts"
    packed_query=""
    pack_key "$directory" "$key" "$url"
    [ "$packed_key" = key ] || packed_query="key=/$ssh_directory/$packed_key"
    [ -n "$jump_host" ] || return 0
    for option in "${target_options[@]}"; do
        [[ $option != jump=* ]] || packed_query+=${packed_query:+&}$option
    done
    [ -n "$jump_key" ] || return 0
    pack_key "$directory" "$jump_key" "$url"
    packed_query+="&jump_key=/$ssh_directory/$packed_key"
}

# pack_key DIRECTORY KEY URL: KEY and its certificate, once; sets packed_key to their name there.
pack_key() {
    local directory=$1 key=$2 url=$3 n=1 valid
    check_ssh_key "$key" "$url"
    packed_key=key
    while [ -e "$directory/$packed_key" ] && ! same_key "$key" "$directory/$packed_key"; do
        n=$((n + 1))
        packed_key=key.$n
    done
    install -m 600 "$key" "$directory/$packed_key"
    [ -e "$key-cert.pub" ] || return 0
    install -m 600 "$key-cert.pub" "$directory/$packed_key-cert.pub"
    valid=$(ssh-keygen -L -f "$key-cert.pub" | sed -n 's/^ *Valid: from .* to //p')
    [ -z "$valid" ] ||
        say "target '$url': its user certificate is valid until $valid; pack a new image before then"
}

# same_key KEY KEY: the same file, and the same certificate beside it or none.
same_key() {
    cmp -s "$1" "$2" || return 1
    [ -e "$1-cert.pub" ] || [ -e "$2-cert.pub" ] || return 0
    cmp -s "$1-cert.pub" "$2-cert.pub"
}

# What a target on a server needs in the image: the drivers of the interfaces that lead there, how
# the capture kernel finds these again (by MAC: it may name them otherwise). Sourced after
# configuration.sh and devices.sh. Knows nothing of archives.

# NIC drivers of ordinary machines, for an image that must boot on another one.
generic_nics=(virtio_net e1000 e1000e igb igc ixgbe i40e ice iavf r8169 tg3 bnx2 bnx2x bnxt_en
    mlx4_en mlx5_core cxgb4 qede sfc be2net enic ena gve vmxnet3 hv_netvsc xen-netfront fec
    8139cp 8139too forcedeth atlantic cdc_ether r8152 ax88179_178a)

# What is in every image with such a target: packets for DHCP, IPv6 where it is a module.
network_modules=(af_packet ipv6)

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

# What a target on a server needs in the image: the drivers of the cards that lead there, and how the
# capture kernel reaches it (init/setup/network). Sourced after configuration.sh and devices.sh. Knows
# nothing of archives.

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

# read_network [URL...] [--fence NODES]: how this machine reaches the servers, as kdump-init-setup
# says it: sets the arrays network_cards, network_devices (their directories), stack_modules,
# network_arguments, network_hosts, fence_addresses and absent_servers. Status 1 where something was
# refused; standard error says what.
read_network() {
    local status=0 lines kind value
    network_cards=() network_devices=() stack_modules=() network_arguments=() network_hosts=()
    fence_addresses=() absent_servers=()
    lines=$("$setup_program" pack-network "$@") || status=$?
    while read -r kind value; do
        case $kind in
            card)
                network_cards+=("$value")
                [ ! -e "/sys/class/net/$value/device" ] ||
                    network_devices+=("$(readlink -e "/sys/class/net/$value/device")")
                ;;
            module) stack_modules+=("$value") ;;
            argument) network_arguments+=("$value") ;;
            host) network_hosts+=("$value") ;;
            fence) fence_addresses+=("$value") ;;
            note) say "$value" ;;
            absent) absent_servers+=("$value") ;;
        esac
    done <<<"$lines"
    return $status
}

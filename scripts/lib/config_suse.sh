# Reads /etc/sysconfig/kdump of SUSE, as kdump(5) of 2.1.9 has it. Sourced by config.sh.

# The values that the distribution's own file has; they say nothing that was chosen.
declare -gA suse_default=([KDUMP_CRASHKERNEL]=auto [KDUMP_CPUS]=32 [KDUMP_FREE_DISK_SIZE]=64
    [KDUMP_NET_TIMEOUT]=30 [KDUMP_NETCONFIG]=auto)

# read_suse FILE
read_suse() {
    local name value
    read_assignments "$1"
    for name in "${setting_order[@]}"; do
        at=${setting_line[$name]} value=${setting[$name]}
        if [ -z "$value" ] || [ "$value" = "${suse_default[$name]-}" ]; then
            explain "$name" "as it is by default"
        else
            read_suse_setting "$name" "$value"
        fi
    done
    # Fedora has a file of the same name, which says nothing of dumps.
    [ -n "${setting[KDUMP_SAVEDIR]-}" ] || config_means_something=no
}

# read_suse_setting NAME VALUE
read_suse_setting() {
    local name=$1 value=$2 word
    case $name in
        KDUMP_SAVEDIR) for word in $value; do add_suse_target "$word"; done ;;
        KDUMP_DUMPLEVEL) set_argument "$name" level "$value" ;;
        KDUMP_DUMPFORMAT) read_suse_format "$value" ;;
        KDUMP_KEEP_OLD_DUMPS) read_suse_keep "$value" ;;
        KDUMP_FREE_DISK_SIZE)
            refuse "$name" "no space is kept free; the dump is sized before it is written, and cut to what fits"
            ;;
        KDUMP_IMMEDIATE_REBOOT)
            if is_yes "$value"; then
                set_argument "$name" final reboot
            else
                set_argument "$name" final halt
                note "$name" "the machine halts after saving; there is no shell then"
            fi
            ;;
        KDUMP_CONTINUE_ON_ERROR)
            if is_yes "$value"; then
                set_argument "$name" failure reboot
            else
                set_argument "$name" failure shell
                pack_shell "$name"
            fi
            ;;
        KDUMP_NETCONFIG) read_suse_network "$value" ;;
        KDUMP_NET_TIMEOUT)
            [ "$value" = 0 ] && explain "$name" "no host is pinged" || set_argument "$name" timeout "$value"
            ;;
        KDUMP_PRESCRIPT) pack_hook "$name" pre "$value" ;;
        KDUMP_POSTSCRIPT) read_suse_post "$value" ;;
        KDUMP_REQUIRED_PROGRAMS) refuse "$name" "programs are packed only as KDUMP_PRESCRIPT and KDUMP_POSTSCRIPT" ;;
        KDUMP_COMMANDLINE_APPEND)
            for word in $value; do add_foreign_kernel_argument "$name" "$word"; done
            ;;
        KDUMP_COMMANDLINE)
            refuse "$name" "the command line is made by scripts/load; what else it needs belongs in" \
                "KDUMP_COMMANDLINE_APPEND"
            ;;
        MAKEDUMPFILE_OPTIONS)
            read -ra words <<<"$value"
            read_makedumpfile_options "$name" "${words[@]}"
            [ -z "$collector_level" ] || set_argument "$name" level "$collector_level"
            ;;
        KDUMP_SSH_IDENTITY) explain "$name" "$(printable "$value")" ;;
        KDUMP_HOST_KEY)
            refuse "$name" "the server's key is always checked, against /root/.ssh/known_hosts; add it there"
            ;;
        KDUMP_TRANSFER) refuse "$name" "nothing else transfers the dump; a program can run as KDUMP_POSTSCRIPT" ;;
        KDUMP_KERNELVER) refuse "$name" "the running kernel captures; scripts/load takes another --kernel" ;;
        KEXEC_OPTIONS) refuse "$name" "kexec needs none: kexec_file_load is used, or kexec_load where that is missing" ;;
        KDUMP_SMTP_* | KDUMP_NOTIFICATION_*)
            refuse "$name" "no mail is sent; the journal of the next boot names the dump"
            ;;
        KDUMP_FADUMP)
            ! is_yes "$value" && explain "$name" "kdump" ||
                refuse "$name" "firmware-assisted dumps are ppc64's, which kdump-init does not know"
            ;;
        KDUMP_AUTO_RESIZE)
            ! is_yes "$value" && explain "$name" "the reservation stays as it is" ||
                refuse "$name" "the reservation stays as it is; kdump-init status says whether it is enough"
            ;;
        KDUMP_CPUS) explain "$name" "one CPU; more would need more memory reserved" ;;
        KDUMP_CRASHKERNEL | KDUMP_UPDATE_BOOTLOADER)
            explain "$name" "crashkernel= is left to the boot loader; kdump-init status says whether it is enough"
            ;;
        KDUMP_VERBOSE | KDUMP_FADUMP_SHELL | FADUMP_COMMANDLINE_APPEND | KDUMPTOOL_FLAGS | KDUMP_COPY_KERNEL)
            explain "$name" "not needed"
            ;;
        *) refuse_unknown "$name" "kdump(5)" ;;
    esac
}

# add_suse_target URL: a path, or file: nfs: ssh: sftp: scp:.
add_suse_target() {
    local name=KDUMP_SAVEDIR url=$1 scheme=${1%%://*} rest host port="" directory user
    scheme=${scheme,,} rest=${url#*://}
    if [[ $url == /* ]]; then
        scheme=file rest=$url
    fi
    directory=/${rest#*/} host=${rest%%/*}
    case $scheme in
        file)
            find_place "$rest" && add_target "$name" "$place_url" || refuse_target "$name" "$place_problem"
            ;;
        nfs) nfs_place "$host:$directory" / && add_target "$name" "$place_url" || refuse_target "$name" "$place_problem" ;;
        ssh | sftp | scp)
            user=root
            [[ $host != *@* ]] || { user=${host%@*} && host=${host##*@}; }
            if [[ $user == *:* ]]; then
                refuse_target "$name" "$(printable "$url"): a key is needed, not a password: ssh-keygen -t" \
                    "ed25519 -N '' -f /root/.ssh/id_ed25519, then ssh-copy-id"
                return
            fi
            [[ ! $host =~ ^(.*[^:]|\[.*\]):([0-9]+)$ ]] || { port=${BASH_REMATCH[2]} host=${BASH_REMATCH[1]}; }
            ssh_place "$user@$host" "$port" "$directory" "$(suse_key)" &&
                add_target "$name" "$place_url" || refuse_target "$name" "$place_problem"
            ;;
        ftp | cifs | smb)
            refuse_target "$name" "$(printable "$url"): dumps go to a disk, to nfs:// or ssh://, not by $scheme"
            ;;
        *) refuse_target "$name" "$(printable "$url"): expected a path, file://, nfs://, ssh:// or sftp://" ;;
    esac
}

# suse_key: the first of KDUMP_SSH_IDENTITY, or of root's own keys that can be used.
suse_key() {
    local file
    for file in ${setting[KDUMP_SSH_IDENTITY]-}; do
        [[ $file == /* ]] || file=/root/.ssh/$file
        printf '%s\n' "$file"
        return
    done
    for file in /root/.ssh/id_{ed25519,ecdsa,rsa}; do
        [ ! -r "$file" ] || break
    done
    printf '%s\n' "$file"
}

read_suse_format() {
    case ${1,,} in
        compressed | lzo | snappy | zstd)
            explain KDUMP_DUMPFORMAT "compressed with zstd, as well as the target's speed allows"
            ;;
        elf) set_argument KDUMP_DUMPFORMAT format elf ;;
        raw)
            set_argument KDUMP_DUMPFORMAT format elf
            [ "${setting[KDUMP_DUMPLEVEL]-31}" != 31 ] || set_argument KDUMP_DUMPFORMAT level 0
            ;;
        none)
            refuse KDUMP_DUMPFORMAT "the log alone cannot be asked for; it is saved first, then the dump"
            ;;
        *) refuse KDUMP_DUMPFORMAT "$(printable "$1"): expected compressed, lzo, snappy, zstd, ELF or raw" ;;
    esac
}

# read_suse_keep N: of the old ones, so that N + 1 are there in the end; all of them with 0.
read_suse_keep() {
    local name=KDUMP_KEEP_OLD_DUMPS
    case $1 in
        0) explain "$name" "none is removed" ;;
        -1) set_argument "$name" keep 1 ;;
        *[!0-9]* | ????*) refuse "$name" "$(printable "$1"): expected a number" ;;
        *) set_argument "$name" keep $((10#$1 + 1)) ;;
    esac
}

# read_suse_network [DEVICE:]MODE[:force]: interfaces are packed by MAC, for the capture kernel's
# names are its own.
read_suse_network() {
    local name=KDUMP_NETCONFIG value=$1 device="" mode mac
    if [[ $value == *:force ]]; then
        value=${value%:force}
        config_arguments+=(rd.neednet=1)
        explain "$name" rd.neednet=1
    fi
    [[ $value != *:* ]] || device=${value%%:*}
    mode=${value##*:}
    case $mode in
        auto | static | default)
            explain "$name" "the way this machine reaches the server is packed"
            return
            ;;
        dhcp | dhcp4) mode=dhcp ;;
        dhcp6 | auto6) ;;
        *)
            refuse "$name" "$(printable "$value"): expected auto, or DEVICE:static, :dhcp4, :dhcp6, :auto6"
            return
            ;;
    esac
    mac=$(cat "/sys/class/net/$device/address" 2>/dev/null) || :
    config_arguments+=("ip=${device:+${mac:-$device}:}$mode")
    explain "$name" "ip=${device:+${mac:-$device}:}$mode"
}

# read_suse_post COMMAND: the sender of fence_kdump is known; the nodes are what is no option.
read_suse_post() {
    local word nodes="" options=""
    read -ra words <<<"$1"
    if [[ ${words[0]-} != */fence_kdump_send ]]; then
        pack_hook KDUMP_POSTSCRIPT post "$1"
        return
    fi
    set -- "${words[@]:1}"
    while [ $# -gt 0 ]; do
        word=$1
        shift
        case $word in
            -v | --verbose | --*=*) options+=" $word" ;;
            -*) options+=" $word ${1-}" && [ $# = 0 ] || shift ;;
            *) nodes+=" $word" ;;
        esac
    done
    set_fence_nodes KDUMP_POSTSCRIPT "$nodes"
    [ -z "$options" ] || set_fence_arguments KDUMP_POSTSCRIPT "$options"
}

# Reads /etc/kdump.conf of Fedora, RHEL and their kin: `directive value` lines, as kdump.conf(5) of
# kdump-utils 2026-03 has them, the deprecated ones too. Sourced by config.sh.

# read_fedora FILE: `path` and `sshkey` may stand behind the target that they belong to.
read_fedora() {
    local line name value at=0 path=/var/crash key=/root/.ssh/kdump_id_rsa
    local collector="" collector_at=0 root_target="" targets=() target entry
    while IFS= read -r line || [ -n "$line" ]; do
        at=$((at + 1))
        line=${line%$'\r'}
        [[ $line =~ ^[[:space:]]*(#.*)?$ ]] && continue
        read -r name value <<<"${line%%#*}"
        [[ $value != \"*\" ]] || { value=${value#\"} && value=${value%\"}; }
        if [ -z "$value" ]; then
            refuse "$(printable "$name")" "the value is missing"
            continue
        fi
        case $name in
            path) path=$value && explain path "$value" ;;
            sshkey) key=$value && explain sshkey "$value" ;;
            core_collector) collector=$value collector_at=$at ;;
            raw | nfs | nfs4 | ssh | ext2 | ext3 | ext4 | xfs | btrfs | minix | virtiofs | net)
                targets+=("$at $name $value") ;;
            dracut_args) read_dracut_arguments "$value" ;;
            failure_action | default) read_fedora_failure "$name" "$value" ;;
            *) read_fedora_directive "$name" "$value" ;;
        esac
    done <"$1"

    for target in "${targets[@]}"; do
        read -r at name value <<<"$target"
        add_fedora_target "$name" "$value" "$path" "$key"
    done
    if [ ${#targets[@]} = 0 ] && [ "$config_means_something" = yes ]; then
        at=$(line_of path)
        find_place "$path" && add_target path "$place_url" || refuse_target path "$place_problem"
    fi
    if [ -n "$root_target" ]; then
        at=$root_target
        find_place "$path" / && add_target dump_to_rootfs "$place_url" ||
            refuse dump_to_rootfs "$place_problem"
    fi
    at=$collector_at
    [ -z "$collector" ] || read_collector core_collector "$collector"
    at=0
    for entry in pre post; do
        for target in "${1%/*}/kdump/$entry.d"/*; do
            [ ! -f "$target" ] || pack_hook "kdump/$entry.d" "$entry" "$target"
        done
    done
    [ "$1" != /etc/kdump.conf ] || [ ! -r /etc/sysconfig/kdump ] || read_fedora_sysconfig
}

# line_of NAME: where it was explained last; 0 where it was not in the file.
line_of() {
    local entry line=0
    for entry in "${config_explained[@]}"; do
        [[ $entry != *$'\t'"$1"$'\t'* ]] || line=${entry%%$'\t'*}
    done
    printf '%s\n' "$line"
}

# add_fedora_target NAME VALUE PATH KEY
add_fedora_target() {
    local name=$1 value=$2 path=$3 key=$4
    [ "$name" != net ] || { [[ $value == *@* ]] && name=ssh || name=nfs; }
    case $name in
        raw)
            if [[ $value == /dev/?* ]]; then
                add_target raw "raw:$(percent_encode "$value")"
                note raw "a device that carries a signature, such as an old dump, is refused unless the" \
                    "target says ?force"
            else
                refuse_target raw "$(printable "$value"): expected /dev/…"
            fi
            ;;
        nfs | nfs4)
            nfs_place "$value" "$path" "$(findmnt -n -r -f -o OPTIONS -S "$value" 2>/dev/null || :)" &&
                add_target "$1" "$place_url" || refuse_target "$1" "$place_problem"
            ;;
        ssh) ssh_place "$value" "" "$path" "$key" && add_target "$1" "$place_url" || refuse_target "$1" "$place_problem" ;;
        minix | virtiofs)
            refuse_target "$name" "the capture mounts ext2, ext3, ext4, xfs, btrfs and vfat of a disk, and NFS"
            ;;
        *) device_place "$value" "$path" && add_target "$name" "$place_url" || refuse_target "$name" "$place_problem" ;;
    esac
}

# read_fedora_failure NAME VALUE
read_fedora_failure() {
    case $2 in
        dump_to_rootfs)
            root_target=$at
            explain "$1" "the root file system is the last target"
            ;;
        shell)
            set_argument "$1" failure shell
            pack_shell "$1"
            ;;
        *) set_argument "$1" failure "$2" ;;
    esac
}

# The directives that stand for themselves.
read_fedora_directive() {
    local name=$1 value=$2
    case $name in
        kdump_pre) pack_hook kdump_pre pre "$value" ;;
        kdump_post) pack_hook kdump_post post "$value" ;;
        kdump_emergency)
            refuse kdump_emergency "there is no emergency mode; kdump_post runs after a failed dump too"
            ;;
        extra_bins) refuse extra_bins "programs are packed only as hooks: kdump_pre, kdump_post" ;;
        extra_modules) pack_option extra_modules --add-modules "$value" ;;
        final_action) set_argument final_action final "$value" ;;
        fence_kdump_nodes) set_fence_nodes fence_kdump_nodes "$value" ;;
        fence_kdump_args) set_fence_arguments fence_kdump_args "$value" ;;
        auto_reset_crashkernel)
            explain "$name" "crashkernel= stays as it is; kdump-init status says whether it is enough"
            ;;
        force_rebuild | force_no_rebuild)
            explain "$name" "the image is packed anew when something that it is made of has changed"
            [ "$value" != 1 ] || note "$name" "has no effect; systemctl reload kdump-init packs at once"
            ;;
        link_delay | disk_timeout) set_argument "$name" timeout "$value" ;;
        options) refuse options "module options: write MODULE.OPTION=value into cmdline of kdump-init.conf" ;;
        blacklist) explain blacklist "only the modules that a target needs are packed" ;;
        debug_mem_level) explain debug_mem_level "the report has the memory that was used" ;;
        *) refuse "$(printable "$name")" "kdump.conf(5) has no such directive" ;;
    esac
}

# read_dracut_arguments VALUE: its --mount may be the target.
read_dracut_arguments() {
    local option value mount
    if ! scan_words "$1"; then
        refuse dracut_args "${scan_problem:-a quote is not closed}"
        return
    fi
    set -- "${words[@]}"
    while [ $# -gt 0 ]; do
        option=${1%%=*} value=${1#*=}
        [[ $1 == *=* ]] || { value=${2-} && [ $# = 1 ] || shift; }
        shift
        case $option in
            --mount)
                read -ra mount <<<"$value"
                targets+=("$at ${mount[2]:-ext4} ${mount[0]-}")
                ;;
            --add-drivers | --force-drivers) pack_option dracut_args --add-modules "$value" ;;
            --omit-drivers | --omit | -o)
                explain dracut_args "$option: only the modules that a target needs are packed"
                ;;
            *) refuse dracut_args "$(printable "$option"): the image is not dracut's (docs/guide.md has" \
                "the dracut module for that)" ;;
        esac
    done
}

# read_fedora_sysconfig: of /etc/sysconfig/kdump, what speaks of the capture kernel's command line.
read_fedora_sysconfig() {
    local word config_file=/etc/sysconfig/kdump
    read_assignments "$config_file"
    at=${setting_line[KDUMP_COMMANDLINE_APPEND]-0}
    for word in ${setting[KDUMP_COMMANDLINE_APPEND]-}; do
        add_foreign_kernel_argument KDUMP_COMMANDLINE_APPEND "$word"
    done
    at=${setting_line[KDUMP_COMMANDLINE]-0}
    [ -z "${setting[KDUMP_COMMANDLINE]-}" ] || refuse KDUMP_COMMANDLINE \
        "the command line is made by scripts/load; what else it needs belongs in KDUMP_COMMANDLINE_APPEND"
}

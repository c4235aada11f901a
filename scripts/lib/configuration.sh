# The configuration of this machine and the fields of target URLs, as kdump-init-setup reads them
# (init/setup). Sourced after common.sh.

# read_configuration [FILE [KIND]]: sets config_file, config_kind, config_force_rebuild and the arrays
# config_targets, config_arguments, config_kernel_arguments, config_pack_options, config_refused and
# config_notes. Status 2, with a message, where FILE cannot be read or is of an unknown kind.
read_configuration() {
    local status=0 assignments options=()
    [ -z "${2-}" ] || options=(--kind "$2")
    [ -z "${1-}" ] || options+=("$1")
    assignments=$("$setup_program" config --shell "${options[@]}") || status=$?
    [ "$status" -le 1 ] || return 2
    eval "$assignments"
}

# split_target URL: sets target_scheme, and of a disk target_device (decoded), target_directory and
# target_rest, the part of the URL behind the device; of a server target_user, target_host,
# target_port, target_directory, target_jump_host (of the bastion) and target_options (decoded).
split_target() {
    local assignments
    assignments=$("$setup_program" target "$1" 2>&1) || die "$assignments"
    eval "$assignments"
}

# target_option NAME: its value; nothing if it is not among target_options.
target_option() {
    local option
    for option in "${target_options[@]}"; do
        [ "${option%%=*}" != "$1" ] || printf '%s' "${option#*=}"
    done
}

# refused_lines: one sentence, where something in the configuration is refused; else nothing.
refused_lines() {
    case ${#config_refused[@]} in
        0) ;;
        1) echo "refused in the configuration: ${config_refused[0]}" ;;
        *) echo "${#config_refused[@]} lines of the configuration are refused, the first: ${config_refused[0]}" ;;
    esac
}

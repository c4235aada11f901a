# Reads /etc/kdump-init.conf: `key = value` lines. Its keys are described in kdump-init.conf(5), and as
# comments in scripts/system/etc/kdump-init.conf. Sourced by config.sh.

read_own() {
    local line key value at=0
    while IFS= read -r line || [ -n "$line" ]; do
        at=$((at + 1))
        # What editors of other systems leave.
        line=${line%$'\r'} line=${line#$'\xef\xbb\xbf'}
        [[ $line =~ ^[[:space:]]*(#.*)?$ ]] && continue
        if [[ ! $line =~ ^[[:space:]]*([A-Za-z_]+)[[:space:]]*=[[:space:]]*(.*)$ ]]; then
            refuse "$(printable "${line%%[=[:space:]]*}")" "expected key = value"
            continue
        fi
        key=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
        # A comment may follow; no value contains a # after white space.
        [[ ! $value =~ ^(.*[[:space:]])?#.*$ ]] || value=${value%%#*}
        value=${value%"${value##*[![:space:]]}"}
        [[ $value != \"*\" ]] || { value=${value#\"} && value=${value%\"}; }
        read_own_key "$key" "$value"
    done <"$1"
}

read_own_key() {
    local key=$1 value=$2 word
    if [ -z "$value" ] && [ "$key" != cmdline ]; then
        refuse "$key" "the value is missing"
        return
    fi
    case $key in
        target) read_own_target "$value" ;;
        level | format | compress | final | keep | timeout | stall | limit | retry | verify | shell_timeout)
            set_argument "$key" "$key" "$value"
            ;;
        failure)
            set_argument failure failure "$value"
            [ "$value" != shell ] || pack_shell failure
            ;;
        shell)
            case $value in
                yes) pack_shell shell ;;
                no) explain shell "no shell is packed" ;;
                *) refuse shell "expected yes or no" ;;
            esac
            ;;
        generic)
            case $value in
                yes) pack_option generic --all-drivers ;;
                no) explain generic "the drivers of this machine" ;;
                *) refuse generic "expected yes or no" ;;
            esac
            ;;
        network)
            for word in $value; do
                if is_network_argument "$word"; then
                    config_arguments+=("$word")
                    explain network "$word"
                else
                    refuse network "$(printable "$word"): expected ip=, nameserver=, vlan=, …"
                fi
            done
            ;;
        cmdline) for word in $value; do add_kernel_argument cmdline "$word"; done ;;
        modules) pack_option modules --add-modules "$value" ;;
        luks_key) read_own_luks_key "$value" ;;
        pre | post) pack_hook "$key" "$key" "$value" ;;
        fence_nodes) set_fence_nodes fence_nodes "$value" ;;
        fence_args) set_fence_arguments fence_args "$value" ;;
        *) refuse "$(printable "$key")" "no such key; kdump-init.conf(5) has them" ;;
    esac
}

# read_own_luks_key DEVICE=FILE: the device may be UUID=….
read_own_luks_key() {
    if [[ $1 == ?*=/* ]] && [ -f "/${1##*=/}" ]; then
        pack_option luks_key --luks-key "$1"
    else
        refuse luks_key "$(printable "$1"): expected DEVICE=FILE, a LUKS device and its key file"
    fi
}

read_own_target() {
    case $1 in
        *[[:space:]]*) refuse_target target "$(printable "$1"): white space is written %20" ;;
        fs:?*:/* | raw:?* | nfs://?*/* | ssh://?*@?*/*)
            if [[ $1 =~ ^[a-z]+://[^/]*:[^/@]*@ ]]; then
                refuse_target target "$(printable "$1"): a password has no place in a target; use key="
            else
                add_target target "$1"
            fi
            ;;
        *) refuse_target target "$(printable "$1"): expected fs:DEVICE:/DIRECTORY, raw:DEVICE," \
            "nfs://HOST/EXPORT or ssh://USER@HOST/DIRECTORY" ;;
    esac
}

# -- Shared with the translators of the other files.

# add_kernel_argument NAME WORD: a word for the capture kernel's own command line.
add_kernel_argument() {
    if is_network_argument "$2"; then
        config_arguments+=("$2")
    elif [[ $2 == rd.kdump.target=* ]]; then
        refuse "$1" "$(printable "$2"): a target is named by its own line"
        return
    elif [[ $2 == rd.kdump.*=* ]]; then
        set_argument "$1" "$(cut -d= -f1 <<<"${2#rd.kdump.}")" "${2#*=}"
        return
    else
        config_kernel_arguments+=("$2")
    fi
    explain "$1" "$(printable "$2")"
}

# pack_hook NAME pre|post FILE
pack_hook() {
    if [ -f "$3" ] && [ -x "$3" ]; then
        pack_option "$1" "--$2" "$3"
    else
        refuse "$1" "$(printable "$3"): is no executable file"
    fi
}

# set_fence_nodes NAME "NODE..."
set_fence_nodes() {
    local nodes
    read -ra nodes <<<"${2//,/ }"
    set_argument "$1" fence "$(IFS=, && printf '%s' "${nodes[*]}")"
}

# set_fence_arguments NAME ARGUMENTS: those of fence_kdump_send(8).
set_fence_arguments() {
    local words option value
    read -ra words <<<"$2"
    set -- "$1" "${words[@]}"
    local name=$1
    shift
    while [ $# -gt 0 ]; do
        option=$1 value=${2-}
        case $option in
            --*=*) value=${option#*=} option=${option%%=*} && shift ;;
            -v | --verbose) explain "$name" "$option: the capture's log has it" && shift && continue ;;
            *) [ $# -ge 2 ] || { refuse "$name" "$(printable "$option") has no value"; return; } && shift 2 ;;
        esac
        case $option in
            -p | --ipport) set_argument "$name" fence_port "$value" ;;
            -i | --interval) set_argument "$name" fence_interval "$value" ;;
            -f | --family)
                [ "$value" = auto ] && explain "$name" "-f auto: always so" ||
                    refuse "$name" "-f $(printable "$value"): the family follows from each node's address"
                ;;
            -c | --count)
                [ "$value" = 0 ] && explain "$name" "-c 0: always so" ||
                    refuse "$name" "-c $(printable "$value"): messages are sent until the capture ends"
                ;;
            *) refuse "$name" "$(printable "$option"): fence_kdump_send has no such option" ;;
        esac
    done
}

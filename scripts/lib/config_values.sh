# Values of kernel arguments: which ones the capture takes, and how text is written in a URL or
# shown. Sourced by config.sh. init/capture/kernel_arguments.cc and init/capture/values.cc are what it mirrors:
# there a bad value costs a warning in the moment of the crash, here it is reported before.

# value_problem KEY VALUE: why rd.kdump.KEY does not take VALUE; nothing if it does.
value_problem() {
    local key=$1 value=$2 level
    case $key in
        level)
            [[ $value =~ ^[0-9]+(,[0-9]+)*$ ]] || { echo "expected a number, or several with commas"; return; }
            for level in ${value//,/ }; do
                [ ${#level} -le 2 ] && [ "$((10#$level))" -le 31 ] || { echo "a level is 0 to 31"; return; }
            done
            ;;
        format) expect "$value" kdump elf ;;
        compress) [[ $value =~ ^(none|auto|zstd(:-?[0-9]{1,3})?)$ ]] || echo "expected zstd, zstd:LEVEL, none or auto" ;;
        failure) expect "$value" shell reboot halt poweroff ;;
        final) expect "$value" reboot halt poweroff ;;
        verify) expect "$value" auto all sample none ;;
        timeout | stall | limit | shell_timeout | hook_timeout | fence_interval) expect_number "$value" 1 86400 ;;
        keep) expect_number "$value" 0 9999 ;;
        retry) expect_number "$value" 0 86400 ;;
        fence_port) expect_number "$value" 1 65535 ;;
        fence) [[ $value =~ ^[^[:space:],]+(,[^[:space:],]+)*$ ]] || echo "expected names or addresses" ;;
    esac
}

# expect VALUE WORD...
expect() {
    [[ " ${*:2} " == *" $1 "* ]] && [ -n "$1" ] || echo "expected one of ${*:2}"
}

# expect_number VALUE LEAST MOST
expect_number() {
    [[ $1 =~ ^[0-9]{1,9}$ ]] && [ "$((10#$1))" -ge "$2" ] && [ "$((10#$1))" -le "$3" ] ||
        echo "expected a number from $2 to $3"
}

# percent_encode TEXT: for a field of a URL: what would end it, or the kernel's word.
percent_encode() {
    local text=$1 char
    text=${text//%/%25}
    for char in ' :20' $'\t:09' '?:3F' '&:26' '#:23' '":22' "':27" '\:5C'; do
        text=${text//"${char%:*}"/%${char##*:}}
    done
    printf '%s\n' "$text"
}

# printable TEXT: for a message: short, ASCII, without what may be the password of a URL, well-formed or
# not: what is between a colon, but that of ://, and an @.
printable() {
    local text
    text=$(sed -E 's#:(/?[^/@][^@]*)@#:***@#' <<<"$1")
    LC_ALL=C tr -c ' -~\n' '?' <<<"${text:0:80}"
}

# is_yes VALUE: as the shell-like files of the distributions have it.
is_yes() { [[ ${1,,} == @(yes|true|1|on) ]]; }

# is_network_argument WORD: one of the capture's network arguments (docs/network.md).
is_network_argument() {
    [[ $1 == @(ip|nameserver|vlan|bond|bridge|ifname|bootdev|rd.route|rd.neednet|rd.peerdns)=* ]]
}

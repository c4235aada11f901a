# Files of shell assignments, /etc/default and /etc/sysconfig, read without a shell: plain words,
# both quotes, backslashes, $NAME of an earlier assignment. What would have to be executed is
# refused by its line. Sourced by config.sh.

# What read_assignments found, by name; is_used: by a later one of them.
declare -gA setting=() setting_line=() setting_is_refused=() setting_is_used=()
setting_order=()

# read_assignments FILE
read_assignments() {
    local line more name number=0 depth=0
    setting=() setting_line=() setting_is_refused=() setting_is_used=() setting_order=()
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1)) at=$number
        line=${line%$'\r'}
        [[ $line =~ ^[[:space:]]*(#.*)?$ ]] && continue
        case ${line#"${line%%[![:space:]]*}"} in
            if[[:space:]]* | for[[:space:]]* | while[[:space:]]* | until[[:space:]]* | case[[:space:]]*)
                depth=$((depth + 1)) ;;
            fi* | done* | esac*) depth=$((depth - (depth > 0))) ;;
        esac
        if [[ ! $line =~ ^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z_0-9]*)=(.*)$ ]]; then
            refuse "$(printable "${line%%[[:space:];=]*}")" "is a shell command; only NAME=value is read"
            continue
        fi
        name=${BASH_REMATCH[2]} line=${BASH_REMATCH[3]}
        # A quoted value may go on over lines, as may one with a backslash at the end.
        until scan_words "$line"; do
            if [ -n "$scan_problem" ] || ! IFS= read -r more; then
                refuse_assignment "$name" "${scan_problem:-a quote is not closed}"
                continue 2
            fi
            number=$((number + 1)) line+=$'\n'$more
        done
        if [ $depth -gt 0 ]; then
            refuse_assignment "$name" "needs a shell: it is within if, for, while or case"
            continue
        fi
        if [ ${#words[@]} -gt 1 ]; then
            refuse_assignment "$name" "more than one word after =; quote the value"
            continue
        fi
        [ -n "${setting[$name]+set}" ] || setting_order+=("$name")
        setting[$name]=${words[0]-} setting_line[$name]=$at
    done <"$1"
}

# refuse_assignment NAME REASON: the values of some are secret, so no message shows any. A target that
# cannot be read must not become another one.
refuse_assignment() {
    case $1 in
        NFS | SSH | FTP | KDUMP_COREDIR | KDUMP_SAVEDIR)
            setting_is_refused[$1]=yes
            refuse_target "$@"
            ;;
        *) refuse "$@" ;;
    esac
}

# refuse_unknown NAME MAN-PAGE: but for one that others of the file are made of.
refuse_unknown() {
    if [ -n "${setting_is_used[$1]-}" ]; then
        explain "$1" "of other values"
    else
        refuse "$1" "$2 has no such variable"
    fi
}

# scan_words TEXT: splits it as a shell would, into the array words. Status 1: a quote is open, or
# scan_problem says what a shell would be needed for.
scan_words() {
    local text=$1 word="" open=no char rest quote=""
    words=() scan_problem=""
    while [ -n "$text" ]; do
        char=${text:0:1} rest=${text:1}
        case $quote$char in
            "'"[!\']* | '"'[!\"\\\$\`]*) word+=$char ;;
            "''" | '""') quote="" ;;
            "'" | '"') quote=$char open=yes ;;
            '\' | '"\')
                [ -n "$rest" ] || return 1
                [ -z "$quote" ] || [[ ${rest:0:1} == [\"\\\$\`$'\n'] ]] || word+='\'
                [ "${rest:0:1}" = $'\n' ] || { word+=${rest:0:1} && open=yes; }
                rest=${rest:1}
                ;;
            *'$')
                if [[ ! $rest =~ ^([A-Za-z_][A-Za-z_0-9]*|\{[A-Za-z_][A-Za-z_0-9]*\}) ]]; then
                    [[ $rest == [\(\{]* ]] && scan_problem="needs a shell: an expansion" && return 1
                    word+='$' open=yes
                else
                    char=${BASH_REMATCH[1]} rest=${rest:${#BASH_REMATCH[1]}}
                    char=${char#\{} char=${char%\}}
                    [ -n "${setting[$char]+set}" ] ||
                        { scan_problem="needs a shell: a variable that this file does not assign" && return 1; }
                    word+=${setting[$char]} open=yes setting_is_used[$char]=yes
                fi
                ;;
            *'`') scan_problem="needs a shell: a command in backquotes" && return 1 ;;
            [[:space:]])
                [ $open = no ] || words+=("$word")
                word="" open=no
                ;;
            '#')
                [ $open = no ] || { word+='#'; text=$rest; continue; }
                rest=${rest#*$'\n'}
                [[ $text == *$'\n'* ]] || rest=""
                ;;
            [\;\&\|\<\>\(\)]) scan_problem="needs a shell: '$char' outside of quotes" && return 1 ;;
            *) word+=$char open=yes ;;
        esac
        text=$rest
    done
    [ -z "$quote" ] || return 1
    [ $open = no ] || words+=("$word")
}

# What `kdump-init status` shows, gathered once (read_machine), as text of 80 columns or as JSON.
# Sourced by commands/status, after read_configuration.

read_machine() {
    armed=no problem="" lacking="" changed="" image_bytes="" image_time="" checked=""
    reserved=$(reserved_bytes)
    ranges=$(reserved_ranges | grep -v '^0*-0*$' | paste -sd' ') || ranges=""
    booted=$(grep -o '\bcrashkernel=[^ ]*' /proc/cmdline | paste -sd' ') || booted=""
    problem=$(why_not_armable "${config_targets[@]}")
    if is_loaded; then
        armed=yes problem=""
    elif [ ${#config_targets[@]} = 0 ]; then
        problem=${problem:-"no target is configured: see kdump-init.conf(5)"}
    elif [ -z "$problem" ]; then
        case $(systemctl is-active kdump-init.service 2>/dev/null) in
            activating | reloading) problem="kdump-init.service is about to pack and load it; wait a little" ;;
            inactive) problem="the service does not run: systemctl enable --now kdump-init" ;;
            *) problem="nothing is loaded: systemctl restart kdump-init; journalctl -u kdump-init shows the cause" ;;
        esac
    fi
    [ "$armed" = no ] || lacking=$(refused_lines)
    can_see=yes
    [ "$(id -u)" = 0 ] || { can_see=no && return 0; }
    [ "$armed" = no ] || [ ! -e "$degraded" ] || lacking=$(cat "$degraded")
    if [ -s "$image" ]; then
        image_bytes=$(stat -c %s "$image")
        image_time=$(stat -c %Y "$image")
        changed=$(changed_inputs) || changed=""
    fi
    checked=$(last_check_time)
    mapfile -t dumps < <(local_targets "${config_targets[@]}" | dumps_on 60 | head -3)
}

# plain TEXT: without what a terminal would obey.
plain() { LC_ALL=C tr -c ' -~\n' '?' <<<"$1"; }

# cut_to TEXT COLUMNS: plain, and not longer.
cut_to() {
    local text
    text=$(plain "$1")
    [ ${#text} -le "$2" ] || text=${text:0:$2-3}...
    printf '%s' "$text"
}

row() { printf '%-11s%s\n' "$1" "$(cut_to "$2" 69)"; }
rows() {
    local name=$1 line
    while IFS= read -r line; do
        row "$name" "$line"
        name=""
    done < <(fold -s -w 69 <<<"$(plain "$2")" | sed 's/ $//' | head -4)
}

age() {
    local seconds=$(($(date +%s) - $1))
    if [ $seconds -lt 120 ]; then
        echo "$seconds seconds ago"
    elif [ $seconds -lt 7200 ]; then
        echo "$((seconds / 60)) minutes ago"
    elif [ $seconds -lt 172800 ]; then
        echo "$((seconds / 3600)) hours ago"
    else
        echo "$((seconds / 86400)) days ago"
    fi
}

# argument NAME DEFAULT: of rd.kdump.NAME as it is configured.
argument() {
    local word value=$2
    for word in "${config_arguments[@]}"; do [[ $word != "rd.kdump.$1="* ]] || value=${word#*=}; done
    printf '%s\n' "$value"
}

# on_a_crash: one sentence.
on_a_crash() {
    local otherwise failure panic
    if [ "$armed" = no ]; then
        panic=$(cat /proc/sys/kernel/panic)
        case $panic in
            0) echo "nothing is saved, and the machine hangs until a person resets it (panic=0)" ;;
            -*) echo "nothing is saved; the machine reboots at once (panic=$panic)" ;;
            *) echo "nothing is saved; the machine reboots after $panic s (panic=$panic)" ;;
        esac
        return
    fi
    [[ " ${config_pack_options[*]} " == *" --shell "* ]] && otherwise=shell || otherwise=reboot
    failure=$(argument failure "$otherwise")
    echo "the log and a dump of level $(argument level 31) are saved on target 1$([ ${#config_targets[@]} -lt 2 ] ||
        echo " or the next that works"), then $(argument final reboot); if none works, $failure"
}

# dump_words LINE: of dumps_on.
dump_words() {
    local where state time host kernel bytes reason rest
    IFS=$'\x1f' read -r where state time host kernel bytes reason rest <<<"${1//$'\t'/$'\x1f'}"
    printf '%s  %s  %s  %s' "$time" "$(numfmt --to=iec-i --suffix=B "${bytes:-0}")" \
        "$([ "$state" != none ] && echo "$state" || echo "log only")" "$reason"
}

state_word() {
    if [ "$armed" = no ]; then
        echo "NOT ARMED"
    elif [ -n "$lacking" ]; then
        echo DEGRADED
    else
        echo ARMED
    fi
}

show_as_text() {
    local i result line
    row kdump-init "$(state_word), kernel $(uname -r)"
    row reserved "$((reserved >> 20)) MiB ${ranges:+at $ranges }(${booted:-no crashkernel=})"
    row loaded "$(is_loaded && echo yes || echo no)"
    [ -z "$problem$lacking" ] || rows "" "$problem$lacking"
    if [ "$can_see" = no ]; then
        row image "only root can see it"
    elif [ -z "$image_time" ]; then
        row image "none yet"
    else
        row image "$image, $(numfmt --to=iec-i --suffix=B "$image_bytes"), packed $(age "$image_time")"
        if [ -n "$changed" ]; then
            rows "" "CHANGED since: $changed; systemctl reload kdump-init packs it anew"
        else
            row "" "what it was made of has not changed since"
        fi
    fi
    row configured "${config_file:-nothing; defaults}"
    [ ${#config_refused[@]} = 0 ] || row "" "refused lines: ${#config_refused[@]}; kdump-init config shows them"
    for i in "${!config_targets[@]}"; do
        [ "$i" -lt 4 ] || { row "" "and $((${#config_targets[@]} - 4)) more" && break; }
        row "target $((i + 1))" "${config_targets[i]}"
        result=$([ "$can_see" = no ] || last_check_of "${config_targets[i]}")
        case $result in
            works) row "" "works, checked $checked" ;;
            fails*) rows "" "FAILED the check of $checked: ${result#fails }" ;;
            *) row "" "not checked yet" ;;
        esac
    done
    rows "a crash:" "$(on_a_crash)"
    [ "$can_see" = yes ] || return 0
    for line in "${dumps[@]}"; do row "dump" "$(dump_words "$line")"; done
}

json_pair() { printf '  "%s": %s,\n' "$1" "$2"; }
json_or_null() { if [ -n "$1" ]; then json_string "$1"; else printf null; fi; }

show_as_json() {
    local i result separator=""
    echo "{"
    json_pair armed "$([ "$armed" = yes ] && echo true || echo false)"
    json_pair degraded "$(json_or_null "$lacking")"
    json_pair kernel "$(json_string "$(uname -r)")"
    json_pair reserved_bytes "$reserved"
    json_pair reserved_at "$(json_or_null "$ranges")"
    json_pair crashkernel "$(json_or_null "$booted")"
    json_pair problem "$(json_or_null "$problem")"
    json_pair image_bytes "${image_bytes:-null}"
    json_pair image_time "$(json_or_null "${image_time:+$(date -u -d "@$image_time" +%Y-%m-%dT%H:%M:%SZ)}")"
    json_pair changed_since "$(json_or_null "$changed")"
    json_pair configuration "$(json_or_null "$config_file")"
    json_pair refused_lines "${#config_refused[@]}"
    json_pair checked "$(json_or_null "$checked")"
    json_pair on_a_crash "$(json_string "$(on_a_crash)")"
    printf '  "targets": ['
    for i in "${!config_targets[@]}"; do
        result=$([ "$can_see" = no ] || last_check_of "${config_targets[i]}")
        printf '%s\n    {"target": %s, "check": %s}' "$separator" "$(json_string "${config_targets[i]}")" \
            "$(json_or_null "$result")"
        separator=,
    done
    printf '\n  ]\n}\n'
}

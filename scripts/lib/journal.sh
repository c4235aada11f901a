# Messages and their priority: systemd's journal takes "<4>" at the beginning of a line for a warning;
# a person at a terminal does not want to see it. And the dumps that earlier boots have left: one
# line each, once. Sourced after common.sh and devices.sh.

warn() { printf '%s%s: %s\n' "${JOURNAL_STREAM:+<4>}" "${0##*/}" "$*" >&2; }
fail() { printf '%s%s: %s\n' "${JOURNAL_STREAM:+<3>}" "${0##*/}" "$*" >&2 && exit 1; }

# local_targets, remote_targets URL...: those that are this machine's own disks, and the servers, for
# which no boot waits.
local_targets() { printf '%s\n' "$@" | grep -E '^(fs|raw):' || :; }
remote_targets() { printf '%s\n' "$@" | grep -vE '^(fs|raw):' || :; }

# dumps_on SECONDS: of the targets on standard input, each with that timeout, as `kdump-init list --lines`
# has them: DIRECTORY<tab>complete|incomplete|none<tab>TIME<tab>HOST<tab>KERNEL<tab>BYTES<tab>REASON
# <tab>TITLE<tab>SIGNATURE, the last two of the crash report, empty if there is none.
dumps_on() {
    local url
    while IFS= read -r url; do
        timeout "$1" "$program" list --lines "$url" 2>/dev/null </dev/null || :
    done
}

# place_here URL: as a path of this machine where that file system is mounted, else as it is.
place_here() {
    local at=""
    (
        [[ $1 == fs:* ]] && split_target "$1" || exit 0
        at=$(findmnt -rn -o TARGET,FSROOT -S "$(device_node "$target_device")" | sed -n 's| /$||p' | head -1)
        [ -z "$at" ] || printf '%s\n' "${at%/}${target_rest#:}"
    ) 2>/dev/null | grep . || printf '%s\n' "$1"
}

# report_new_dumps FILE: of those on standard input, as dumps_on has them, the ones of this host that
# FILE does not name yet; then it does.
report_new_dumps() {
    local reported=$1 where state time host kernel bytes reason title signature line fresh=() mine
    mine=$(sed 's/[^A-Za-z0-9._-]//g; s/^[.-]*//; s/^\(.\{64\}\).*/\1/' /proc/sys/kernel/hostname)
    # Tabs next to each other would count as one: an empty field would vanish.
    while IFS=$'\x1f' read -r where state time host kernel bytes reason title signature; do
        [ "$host" = "${mine:-localhost}" ] || continue
        ! grep -qxF -- "$where $state" "$reported" 2>/dev/null || continue
        fresh+=("$where $state")
        where=$(place_here "$where")
        line="${reason:-an unknown reason}"
        [ -z "$signature" ] || line+=" ($title, signature $signature)"
        line="crash of $time ($kernel), $line: $(numfmt --to=iec-i --suffix=B "$bytes")"
        case $state in
            complete) say "a dump was saved: $where, $line, complete" ;;
            incomplete) warn "an INCOMPLETE dump was saved: $where, $line" ;;
            *) warn "no dump, only its log was saved: $where, $line" ;;
        esac
    done < <(head -100 | tr '\t' '\037')
    [ ${#fresh[@]} = 0 ] || printf '%s\n' "${fresh[@]}" >>"$reported"
}

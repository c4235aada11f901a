# How the toolchain's long work runs: steps that show their time and keep their output to
# themselves until one fails, and cache entries that are checked before they are trusted.
# Sourced after common.sh.

# step NAME COMMAND...: runs COMMAND, one line when it is done, its last lines when it fails.
step() {
    local name=$1 start=$SECONDS
    shift
    (
        # Not local: the trap runs when the function is gone.
        step_name=$name step_log=$(mktemp)
        trap step_ended EXIT
        exec 3>&2 >"$step_log" 2>&1
        "$@"
    )
    say "$name: $((SECONDS - start)) s"
}

step_ended() {
    local status=$?
    exec 2>&3
    if [ "$status" != 0 ]; then
        tail -n 30 "$step_log" >&2
        say "$step_name: failed"
    fi
    rm -f "$step_log"
}

# checked_cached NAME COMMAND...: cached, for entries that must be whole to be of use. Every
# file's checksum is kept with them; an entry that lost or changed one is made again.
checked_cached() {
    local name=$1 entry=$cache/$1
    shift
    mkdir -p "$cache"
    (
        flock 9
        if [ -e "$entry/.complete" ] && ! manifest_holds "$entry"; then
            say "$entry is damaged: making it again"
            rm -f "$entry/.complete"
        fi
    ) 9>"$cache/.$name.lock"
    cached "$name" with_manifest "$@"
}

with_manifest() {
    local into=${!#}
    "$@"
    (
        cd "$into"
        find . -type f ! -name manifest -print0 | sort -z | xargs -0 sha256sum >manifest
    )
}

manifest_holds() { (cd "$1" && sha256sum --check --strict --status manifest 2>/dev/null); }

# What a run of `kdump-init test` has shown, and its exit status. Sourced by commands/test, whose
# variables it reads, after events.sh.

# capture_console FILE: what came after the panic of the first kernel.
capture_console() { sed -n '/Kernel panic/,$p' "$1" | unfold_events; }

# check_panic FILE: ends the test where it did not come so far.
check_panic() {
    local output
    grep -q 'Kernel panic' "$1" && return
    output=$(grep -a '^try: ' "$1" | tail -n 1)
    tail -n 20 "$1" >&2
    keep=yes
    case $output in
        'try: kexec: '*)
            row verdict "A CRASH OF THIS KERNEL WOULD NOT BE SAVED: crashkernel=${crashkernel}M takes no capture kernel: ${output#try: }"
            exit 1
            ;;
    esac
    die "the first kernel has not panicked (${output:-it printed nothing}); its console: $1"
}

# results NUMBER: what is known of the target of that number: sets result_name, result_report (one
# line), result_verified (verify's exit status, "" if it was not run).
results() {
    local console=$work/console-after directory
    result_name="" result_report="" result_verified=""
    if [ -d "$work/served-$1" ]; then
        directory=$(find "$work/served-$1" -name kdump-init.log -printf '%h\n' | head -n 1)
        [ -n "$directory" ] || return 0
        result_name=${directory##*/}
        [ ! -r "$directory/report.json" ] || result_report=$(tr '\n' ' ' <"$directory/report.json")
        result_verified=0
        "$program" verify "$directory" || result_verified=$?
    elif [ -r "$console" ]; then
        result_name=$(sed -n "s/^try-found: $1 //p" "$console" | tail -n 1)
        result_report=$(sed -n "s/^try-report: $1 //p" "$console" | tail -n 1)
        result_verified=$(sed -n "s/^try-verified: $1 //p" "$console" | tail -n 1)
    fi
}

# verdict: says it, and ends the test.
verdict() {
    local number status=1 url last
    last=$(capture_console "$work/console" | grep -aE '^kdump: .*(saved|NOT SAVED|incomplete)' | tail -n 1) || :
    for ((number = 1; number <= ${#config_targets[@]}; number++)); do
        url=${config_targets[number - 1]}
        results "$number"
        if [ -z "$result_name$result_verified" ]; then
            row nothing "$url"
            continue
        fi
        [ "$status" = 0 ] || status=$(target_status "$url")
        tell_result "$url"
    done
    if [ "$real_servers" = yes ] && [ "$status" != 0 ] && [[ $last == *" saved "*"rebooting now"* ]]; then
        row saved "${last#*] }"
        row "" "on the real server, which was not looked at: kdump-init list does"
        status=0
    fi
    remember
    case $status in
        0) row verdict "a crash of this kernel would be saved" ;;
        3) row verdict "a crash of this kernel would be saved in part" ;;
        *) tell_failure "$last" ;;
    esac
    row "not shown" "this machine's own controllers, cards and servers: kdump-init check tries them"
    exit "$status"
}

# remember: for load and mkinitramfs, whether this machine's own kernel captured with that reservation or
# died of too little memory.
remember() {
    local how=""
    [ -z "$root" ] && [ "$(id -u)" = 0 ] || return 0
    if [ "$status" = 1 ]; then
        how=$(capture_console "$work/console" | grep -aoE -m 1 "$dies_of_memory") || return 0
    fi
    (umask 077 && mkdir -p "${deaths%/*}") && record_test "$kernel" "$crashkernel" "$work/capture.img" "$how"
}
dies_of_memory='System is deadlocked on memory|Initramfs unpacking failed: write error|Out of memory and no killable processes'

# target_status: of the result at hand; a raw device has no report.
target_status() {
    case $(value_in "$result_report" status):$result_verified in
        saved:0 | :0) echo 0 ;;
        incomplete:[03] | :3) echo 3 ;; # 0: cut short is the vmcore, not the dump
        *) echo 1 ;;
    esac
}

tell_result() {
    local status bytes peak panic_us end_us
    status=$(value_in "$result_report" status)
    bytes=$(value_in "$result_report" written) peak=$(value_in "$result_report" peak_rss_bytes)
    row "${status:-saved}" "${1%%\?*}${result_name:+/$result_name}"
    [ -z "$bytes" ] || row size "$((bytes >> 20)) MiB at level $(value_in "$result_report" level)"
    case $result_verified in
        0) row verified "structure, pages and checksums are sound" ;;
        3) row verified "sound, but marked incomplete" ;;
        *) row damaged "kdump-init verify says ${result_verified:-nothing}" ;;
    esac
    read -r panic_us end_us <"$work/console.times"
    row time "$(((end_us - panic_us + 500000) / 1000000)) s from the panic to the reboot, in QEMU"
    [ -z "$peak" ] || row memory "kdump-init used $(((peak + 1048575) >> 20)) MiB at most, of crashkernel=${crashkernel}M"
}

tell_failure() {
    keep=yes
    row verdict "A CRASH OF THIS KERNEL WOULD NOT BE SAVED: ${1:-the capture printed nothing}"
    printf '\nThe end of its console (%s):\n' "$work/console"
    capture_console "$work/console" | tail -n 40 | cut -c1-118
    for file in "$work"/sshd-*.log "$work"/nfs-*.log; do
        [ ! -e "$file" ] || { printf '\n%s:\n' "$file" && tail -n 5 "$file"; }
    done
}

# The last `kdump-init check` of the configured targets and what came of it: check.json and check.log
# in the state directory. Sourced after common.sh and capture_image.sh.

check_json=$state/check.json
check_log=$state/check.log

# json_string TEXT
json_string() {
    local text=$1
    text=${text//\\/\\\\}
    text=${text//\"/\\\"}
    printf '"%s"' "$(tr -d '\000-\037\177' <<<"$text")"
}

# check_targets: tries each, with a bound on each; a target a line in the JSON, for last_check_of.
check_targets() {
    local url result words separator="" new
    new=$(mktemp "$state/.check.XXXXXX")
    : >"$new.log"
    printf '{\n  "time": "%s",\n  "targets": [' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$new"
    for url in "${config_targets[@]}"; do
        result=true
        words=$(timeout -k 10 300 "$program" check "rd.kdump.target=$url" "${config_arguments[@]}" \
            2>&1) || result=false
        printf '%s\n' "$words" >>"$new.log"
        # "kdump: [   0.1s] FAILED URL: why (io)".
        words=$(sed -n 's/^kdump: \[[^]]*\] FAILED //p' <<<"$words" | head -n 1)
        words=${words#"$url: "}
        [ $result = true ] || [ -n "$words" ] || words="no answer within 300 s"
        printf '%s\n    {"works": %s, "target": %s, "words": %s}' "$separator" $result \
            "$(json_string "$url")" "$(json_string "$words")" >>"$new"
        separator=,
        [ $result = true ] || warn "target $url would not work: ${words:-see $check_log}"
    done
    printf '\n  ]\n}\n' >>"$new"
    mv -f "$new.log" "$check_log"
    mv -f "$new" "$check_json"
}

# last_check_of URL: "works" or "fails WORDS"; nothing: it was not tried.
last_check_of() {
    local line
    line=$(grep -F "\"target\": $(json_string "$1"), " "$check_json" 2>/dev/null) || return 0
    case $line in
        *'{"works": true,'*) echo works ;;
        *) sed 's/.*"words": "\(.*\)"}.*/fails \1/; s/\\\(["\\]\)/\1/g' <<<"$line" ;;
    esac
}
last_check_time() { sed -n 's/^  "time": "\(.*\)",$/\1/p' "$check_json" 2>/dev/null || :; }

# The capture image of an installed system, /var/lib/kdump-init/capture.img, and what it was made
# from: capture.inputs, a name and a hash a line, so that "changed" is a comparison. Made beside and
# renamed; one that cannot be made anew leaves the old one. Sourced after common.sh, configuration.sh,
# initramfs.sh, devices.sh, network.sh and capture_kernel.sh, after read_configuration.

state=/var/lib/kdump-init
image=$state/capture.img
inputs=$state/capture.inputs
# Why what is loaded is not what is configured; there where it is so.
degraded=$state/degraded

# make_state: the directory, for root alone.
make_state() { mkdir -p "$state" && chmod 700 "$state"; }

# image_inputs: what the image would be made from now; one line each, in no order that matters.
image_inputs() {
    local version url
    version=$(uname -r)
    input kernel "$version"
    # Also for a package that is upgraded in place.
    input_file kernel "$(kernel_file "$version" 2>/dev/null || :)"
    input_file modules "/lib/modules/$version/modules.dep"
    input_file program "$program"
    input_file setup "$setup_program"
    input scripts "$(cat "$scripts/mkinitramfs" "$scripts"/lib/*.sh | sha256sum)"
    [ -z "$config_file" ] || input_file configuration "$config_file"
    input arguments "${config_targets[*]} ${config_arguments[*]} ${config_pack_options[*]}"
    for url in "${config_targets[@]}"; do input "device-of:$url" "$(way_to "$url")"; done
    packed_files | while read -r file; do input_file "file:$file" "$file"; done
}

input() { printf '%s %s\n' "${1// /%20}" "$(sha256sum <<<"$2" | cut -c1-32)"; }
input_file() { input "$1" "$(sha256sum 2>/dev/null <"${2:-/dev/null}" || echo "not there")"; }

# packed_files: that the image takes from this machine: keys (DEVICE=FILE), known_hosts, hooks.
packed_files() {
    local url option
    for url in "${config_targets[@]}"; do
        [[ $url == ssh://*\?* ]] || continue
        (split_target "$url" && target_option known_hosts && echo &&
            for option in key jump_key; do
                file=$(target_option $option)
                [ -z "$file" ] || printf '%s\n' "$file" "$file-cert.pub"
            done) || :
    done
    for option in "${config_pack_options[@]}"; do
        [ -f "$option" ] || option=/${option##*=/}
        [[ $option != /* ]] || [ ! -f "$option" ] || printf '%s\n' "$option"
    done
}

# way_to URL: the devices of this machine that lead to the target; "absent" where there are none now.
way_to() {
    local found
    found=$(
        split_target "$1" 2>/dev/null
        if [[ $target_scheme == @(fs|raw) ]]; then
            node=$(device_node "$target_device")
            [ -n "$node" ] || exit 1
            readlink -e "/sys/dev/block/$(stat -L -c '%Hr:%Lr' -- "$node")"
            [ "$target_scheme" = raw ] || printf '%s\n' "$(blkid_value "$node" TYPE)"
        else
            read_network "$1" 2>/dev/null || exit 1
            [ ${#absent_servers[@]} = 0 ] || exit 1
            printf '%s\n' "${network_devices[@]}" "${network_arguments[@]}" "${network_hosts[@]}"
        fi
    ) || found=absent
    printf '%s\n' "${found:-absent}"
}

# changed_inputs: the names of what differs from what the image was made of; status 1, without
# output, where nothing does. A device that is away now (a server, a disk not found yet) is no
# change: the image knows it from before.
changed_inputs() {
    local now absent new gone
    if [ ! -s "$image" ] || [ ! -s "$inputs" ]; then
        echo "there was none"
        return
    fi
    now=$(image_inputs)
    absent=$(input x absent)
    new=$(grep -vxFf "$inputs" <<<"$now" | grep -v "^device-of:.* ${absent#* }\$") || :
    gone=$(grep -vxFf <(printf '%s\n' "$now") "$inputs" | grep -v '^device-of:') || :
    [ -n "$new$gone" ] || return 1
    printf '%s\n' "$new" "$gone" | sed 's/ .*//; /^$/d' | sort -u | paste -sd' '
}

# is_of_running_kernel: the image that is there has this kernel's modules.
is_of_running_kernel() {
    [ -s "$image" ] && grep -qxF "$(input kernel "$(uname -r)")" "$inputs" 2>/dev/null
}

# pack_image: capture.img anew, of all targets that can be packed; says which cannot, and why. Status 1:
# of none, and the old image is as it was. Sets why_not_packed where it is not what is configured.
pack_image() {
    local new url good=() now
    new=$(mktemp "$state/.capture.XXXXXX")
    now=$(image_inputs)
    why_not_packed=""
    if ! pack_into "$new" "${config_targets[@]}" 2>"$new.why"; then
        why_not_packed=$(tail -n 1 "$new.why")
        why_not_packed=${why_not_packed%; --anyway*}
        cat "$new.why" >&2
        for url in "${config_targets[@]}"; do pack_into "$new" "$url" 2>/dev/null && good+=("$url"); done
        if [ ${#good[@]} = 0 ] || ! pack_into "$new" "${good[@]}"; then
            rm -f "$new" "$new.why"
            return 1
        fi
        why_not_packed="only ${good[*]} could be packed: $why_not_packed"
        warn "packed without the targets that are refused above: only ${good[*]}"
        # Not what was asked for: the next start tries again.
        now=$(grep -v '^arguments ' <<<"$now")
    fi
    rm -f "$new.why"
    chmod 600 "$new"
    sync "$new"
    printf '%s\n' "$now" >"$new.inputs"
    # The old inputs would speak of the new image, were it named first.
    rm -f "$inputs"
    mv -f "$new" "$image"
    mv -f "$new.inputs" "$inputs"
}

# pack_into FILE URL...
pack_into() {
    local file=$1 options=() url
    shift
    for url; do options+=(--target "$url"); done
    [ ${#config_arguments[@]} = 0 ] || options+=(--cmdline "${config_arguments[*]}")
    (umask 077 && "$scripts/mkinitramfs" --binary "$program" "${config_pack_options[@]}" \
        "${options[@]}" -o "$file")
}

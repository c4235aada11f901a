# What kdump-init says, a line an event: a terminal's 80 columns fold long ones (init/capture/console.h).
# Sourced.

# unfold_events: from standard input to standard output; other lines pass as they are, without the
# carriage returns of a serial line.
unfold_events() {
    awk '
        { sub(/\r$/, "") }
        /^kdump: \[ *[0-9.]+s\]   / && event ~ /^kdump: \[/ {
            piece = $0
            sub(/^kdump: \[ *[0-9.]+s\]   /, "", piece)
            event = event (is_full ? "" : " ") piece
            is_full = length($0) == 79
            next
        }
        NR > 1 { print event; fflush() }
        { event = $0; is_full = length($0) == 79 }
        END { if (NR) print event }'
}

#!/usr/bin/env bash
# kdump-init beside OpenSSH's sftp: the same file to the same sshd on loopback and tmpfs, in turn, five
# times each; medians of wall time and of the client's CPU time. With the ciphers that each
# chooses by itself, and with one that both have.
#
#   scripts/dev/bench_ssh.sh KDUMP_INIT VMCORE [ROUNDS]
#
# kdump-init reads the vmcore and dumps it at level 0, ELF, uncompressed: nearly the file itself. What
# it leaves on the server is the file that sftp then puts.
. "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
for library in dev/kernel dev/servers; do . "$top/scripts/$library.sh"; done

binary=$(realpath "${1?see the first lines of scripts/dev/bench_ssh.sh}")
vmcore=$(realpath "${2?a vmcore}") rounds=${3-5}
need_packages openssh-client python3
KDUMP_INIT_SERVERS=$(unpacked_servers)
export KDUMP_INIT_SERVERS

work=$(mktemp -d /dev/shm/kdump-init-bench.XXXXXX)
server=""
trap '[ -z "$server" ] || kill "$server" || :; rm -rf "$work"' EXIT
cd "$work"
for key in host user; do ssh-keygen -q -t ecdsa -N '' -f "$key"; done
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d' ' -f1,2 host.pub)" >known_hosts

# serve CIPHERS_LINE: sshd with it instead of the one before.
serve() {
    [ -z "$server" ] || { kill "$server"; wait "$server" || :; } 2>/dev/null
    printf '%s\n' "Port $port" 'ListenAddress 127.0.0.1' "HostKey $work/host" \
        "AuthorizedKeysFile $work/user.pub" 'StrictModes no' 'UsePAM no' 'PidFile none' \
        'PermitRootLogin prohibit-password' 'Subsystem sftp internal-sftp' "$1" >config
    "$top/tests/run_server" sshd -D -e -f "$work/config" 2>log &
    server=$!
    until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        kill -0 "$server" || die "sshd: $(tail -n 1 log)"
        sleep 0.2
    done
}

by_kdump_init() {
    rm -rf "$work/crash"
    "$binary" dump "$vmcore" -d 0 --format elf --compress none \
        "ssh://$(id -un)@127.0.0.1:$port$work/crash?key=$work/user&known_hosts=$work/known_hosts"
}

by_sftp() {
    rm -f "$work/copy"
    sftp -q -F none -P "$port" -i "$work/user" -o "UserKnownHostsFile=$work/known_hosts" -b - \
        "$(id -un)@127.0.0.1" <<<"put $work/file $work/copy"
}

# timed NAME COMMAND...: a line "WALL CPU" to NAME.times.
timed() {
    local name=$1 TIMEFORMAT='%R %U %S'
    shift
    { time "$@" >"$name.out" 2>&1 || die "$name: $(tail -n 1 "$name.out")"; } 2>./time
    awk '{ print $1, $2 + $3 }' time >>"$name.times"
}

# median NAME COLUMN
median() { sort -n -k"$2,$2" "$1.times" | awk -v at=$((rounds / 2 + 1)) -v n="$2" 'NR == at { print $n }'; }

printf '%-34s %10s %8s %8s %9s %12s\n' '' bytes 'wall s' 'CPU s' 'MiB/s' 'CPU ns/byte'
for cipher in '' aes128-gcm@openssh.com chacha20-poly1305@openssh.com; do
    serve "${cipher:+Ciphers $cipher}"
    by_kdump_init >out 2>&1 || die "$(tail -n 1 out)"
    mv crash/*/vmcore file
    bytes=$(stat -c %s file)
    rm -f ./*.times
    for ((round = 0; round < rounds; round++)); do
        timed kdump-init by_kdump_init
        timed sftp by_sftp
    done
    for name in kdump-init sftp; do
        awk -v label="$name, ${cipher:-its own cipher}" -v bytes="$bytes" \
            -v wall="$(median "$name" 1)" -v cpu="$(median "$name" 2)" 'BEGIN {
            printf "%-34s %10d %8.2f %8.2f %9.0f %12.2f\n", substr(label, 1, 34), bytes, wall, cpu,
                   bytes / wall / 1048576, cpu / bytes * 1e9 }'
    done
done

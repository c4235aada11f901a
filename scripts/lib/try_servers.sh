# Stand-ins for servers that targets name: sshd or nfs-ganesha on loopback, and a machine that reaches
# nothing but them. Sourced after common.sh, network.sh and devices.sh. They save below
# $work/served-N; the sourcing script ends them with stop_stand_in_servers.

stand_in_host=10.0.2.100  # made up, in QEMU's user network
stand_in_servers=() stand_in_forwards=""

stop_stand_in_servers() {
    [ ${#stand_in_servers[@]} = 0 ] || kill "${stand_in_servers[@]}" 2>/dev/null || :
}

# make_stand_in_server URL NUMBER: starts it, and sets stand_in_url and stand_in_text.
make_stand_in_server() {
    local url=$1 number=$2 port
    split_target "$url"
    mkdir -p "$work/served-$number"
    port=$(free_port)
    case $target_scheme in
        ssh) serve_ssh "$number" "$port" "$url" ;;
        nfs) serve_nfs "$number" "$port" "$url" ;;
    esac
    forward_to "$port"
}

free_port() {
    local port
    for port in $(shuf -i 20000-32000 -n 50); do
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
    die "no free port on 127.0.0.1"
}

# forward_to PORT: connections of the guest to stand_in_host reach that port here, and nothing else
# does: neither a hook nor a fence message of the test leaves the machine.
forward_to() {
    cat >"$work/forward-$1" <<END
#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/$1
cat <&3 &
cat >&3
END
    chmod 755 "$work/forward-$1"
    stand_in_forwards+=",guestfwd=tcp:$stand_in_host:$1-cmd:$work/forward-$1"
}

# wait_for_port PORT PID LOG
wait_for_port() {
    local n
    for ((n = 0; n < 300; n++)); do
        kill -0 "$2" 2>/dev/null || break
        ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || return 0
        sleep 0.2
    done
    die "the stand-in has not come up: $(tail -n 3 "$3")"
}

serve_ssh() {
    local number=$1 port=$2 url=$3 key checked sshd host_key=$work/host_key
    key=$(target_option key)
    [ -n "$key" ] || die "target '$url': no ?key=FILE"
    sshd=$(command -v sshd) || sshd=/usr/sbin/sshd
    [ -x "$sshd" ] || die "target '$url': its stand-in is OpenSSH's server; install openssh-server" \
        "(no need to start it), or take the real one with --real-servers"
    [ -e "$host_key" ] || ssh-keygen -q -t ecdsa -N '' -f "$host_key"
    mkdir -p "$work/checked-$number"
    checked=$("$setup_program" pack-ssh "$url" "$work/checked-$number" 2>&1) || die "$checked"
    ssh-keygen -y -P '' -f "$key" >"$work/authorized-$number"
    printf '[%s]:%s %s\n' "$stand_in_host" "$port" "$(cut -d' ' -f1,2 "$host_key.pub")" \
        >"$work/known_hosts-$number"
    printf '%s\n' "ListenAddress 127.0.0.1:$port" "HostKey $host_key" 'StrictModes no' 'UsePAM no' \
        "AuthorizedKeysFile $work/authorized-$number" 'PidFile none' 'PasswordAuthentication no' \
        'PermitRootLogin prohibit-password' 'Subsystem sftp internal-sftp' >"$work/sshd-$number.conf"
    "$sshd" -D -e -f "$work/sshd-$number.conf" </dev/null >"$work/sshd-$number.log" 2>&1 &
    stand_in_servers+=($!)
    wait_for_port "$port" $! "$work/sshd-$number.log"
    stand_in_url="ssh://$(id -un)@$stand_in_host:$port$work/served-$number"
    stand_in_url+="?key=$key&known_hosts=$work/known_hosts-$number"
    stand_in_text="sshd on loopback, port $port, with the real key"
    [ -z "$(target_option jump)" ] || stand_in_text+=", without the jump"
}

serve_nfs() {
    local number=$1 port=$2 url=$3 option options=""
    command -v ganesha.nfsd >/dev/null || die "target '$url': its stand-in is nfs-ganesha (packages" \
        "nfs-ganesha and nfs-ganesha-vfs), or take the real server with --real-servers"
    for option in "${target_options[@]}"; do
        case $option in
            vers=3 | nfsvers=3) die "target '$url': the stand-in serves version 4; version 3 needs" \
                "--real-servers" ;;
            path=*) ;;
            *) options+="${options:+&}$option" ;;
        esac
    done
    cat >"$work/nfs-$number.conf" <<END
NFS_CORE_PARAM { Protocols = 4; Bind_addr = 127.0.0.1; NFS_Port = $port; Enable_NLM = false; Enable_RQUOTA = false; }
NFSV4 { Grace_Period = 1; RecoveryBackend = fs; RecoveryRoot = $work/nfs-$number; Only_Numeric_Owners = true; }
EXPORT { Export_Id = 1; Path = $work/served-$number; Pseudo = /stand-in; Access_Type = RW;
         Squash = No_Root_Squash; Transports = TCP; Protocols = 4; SecType = sys; FSAL { Name = VFS; } }
END
    mkdir -p "$work/nfs-$number"
    ganesha.nfsd -F -L "$work/nfs-$number.log" -f "$work/nfs-$number.conf" -p "$work/nfs-$number.pid" &
    stand_in_servers+=($!)
    wait_for_port "$port" $! "$work/nfs-$number.log"
    stand_in_url="nfs://$stand_in_host:$port/stand-in${options:+?$options}"
    stand_in_text="nfs-ganesha on loopback, port $port"
}

# Reads /etc/default/kdump-tools of Debian and Ubuntu, as kdump-tools.conf(5) and the comments in the file
# have it (1.8.1, 1.10.7). Sourced by config.sh.

# read_debian FILE
read_debian() {
    local name value arguments=yes
    read_assignments "$1"
    for name in "${setting_order[@]}"; do
        at=${setting_line[$name]} value=${setting[$name]}
        # An empty one is as good as none there.
        [ -z "$value" ] || read_debian_setting "$name" "$value"
    done
    add_debian_targets
    at=${setting_line[MAKEDUMP_ARGS]-0}
    read -ra words <<<"${setting[MAKEDUMP_ARGS]--c -d 31}"
    [ "$at" = 0 ] || read_makedumpfile_options MAKEDUMP_ARGS "${words[@]}"
    [ -z "${setting[KDUMP_COMPRESSION]-}" ] || collector_compresses=yes
    [ "$at" = 0 ] || set_collected MAKEDUMP_ARGS
    # A file that switches kdump-tools off says nothing about kdump-init.
    [ "${setting[USE_KDUMP]-1}" != 0 ] || config_means_something=no
}

# The remote ones exclude the local one; kdump-tools tries what is configured in this order.
add_debian_targets() {
    local directory=${setting[KDUMP_COREDIR]:-/var/crash} remote=no timeo
    if [ -n "${setting[NFS]-}" ]; then
        remote=yes at=${setting_line[NFS]}
        # It lies on the mount point, so the export itself takes the dumps.
        nfs_place "${setting[NFS]}" / && add_target NFS "$place_url" || refuse_target NFS "$place_problem"
    fi
    if [ -n "${setting[SSH]-}" ]; then
        remote=yes at=${setting_line[SSH]}
        ssh_place "${setting[SSH]}" "" "$directory" "${setting[SSH_KEY]:-/root/.ssh/kdump_id_rsa}" &&
            add_target SSH "$place_url" || refuse_target SSH "$place_problem"
    fi
    if [ -n "${setting[FTP]-}" ]; then
        remote=yes at=${setting_line[FTP]}
        refuse_target FTP "dumps go to ssh:// or nfs://, not to FTP, which sends them and the password readable"
    fi
    [ -z "${setting_is_refused[*]-}" ] || remote=yes
    if [ $remote = no ] && [ -n "${setting[KDUMP_COREDIR]-}" ]; then
        at=${setting_line[KDUMP_COREDIR]}
        find_place "$directory" && add_target KDUMP_COREDIR "$place_url" ||
            refuse_target KDUMP_COREDIR "$place_problem"
    fi
}

# read_debian_setting NAME VALUE
read_debian_setting() {
    local name=$1 value=$2 word
    case $name in
        USE_KDUMP)
            explain "$name" "$([ "$value" = 0 ] && echo "kdump-tools is off" || echo "is asked for by the service")"
            [ "$value" != 0 ] || note "$name" "is 0: kdump-tools is switched off; the rest is read all the same"
            ;;
        KDUMP_COREDIR | NFS | SSH | SSH_KEY | FTP | MAKEDUMP_ARGS) ;;
        FTP_USER | FTP_PASSWORD | FTP_PORT) explain "$name" "of FTP" ;;
        KDUMP_NUM_DUMPS) [ "$value" = 0 ] && explain "$name" "none is removed" || set_argument "$name" keep "$value" ;;
        KDUMP_FAIL_CMD) read_fail_command "$value" ;;
        KDUMP_CMDLINE_APPEND)
            for word in $value; do add_foreign_kernel_argument "$name" "$word"; done
            ;;
        KDUMP_CMDLINE)
            refuse "$name" "the command line is made by scripts/load; what else it needs belongs in" \
                "KDUMP_CMDLINE_APPEND"
            ;;
        KDUMP_KERNEL | KDUMP_INITRD)
            explain "$name" "the running kernel and an image of our own are loaded"
            [[ $value == /var/lib/kdump/* ]] ||
                note "$name" "$(printable "$value") is not used; scripts/load takes another --kernel"
            ;;
        KDUMP_KEXEC_ARGS)
            refuse "$name" "kexec needs none: kexec_file_load is used, or kexec_load where that is missing"
            ;;
        KDUMP_DUMP_DMESG)
            explain "$name" "the log is always saved, and first"
            [ "$value" != 0 ] || note "$name" "has no effect: the log is always saved, and first"
            ;;
        KDUMP_COMPRESSION) explain "$name" "pages are compressed one by one, so that readers need not unpack all" ;;
        HOSTTAG)
            explain "$name" "directories are named HOST-TIME"
            [ "$value" = hostname ] || note "$name" "directories are named by the host's name, not its address"
            ;;
        NFS_TIMEO | NFS_RETRANS | NFS_MOUNT_RETRY)
            explain "$name" "a step with the server takes rd.kdump.timeout (30 s) at most, then the next target is tried"
            ;;
        DEBUG_* | KDUMP_SYSCTL) explain "$name" "not needed" ;;
        *) refuse_unknown "$name" "kdump-tools.conf(5)" ;;
    esac
}

# read_fail_command COMMAND: a shell and reboot are what people write here.
read_fail_command() {
    case $1 in
        *bash* | *"/bin/sh"* | *sulogin*)
            set_argument KDUMP_FAIL_CMD failure shell
            pack_shell KDUMP_FAIL_CMD
            ;;
        reboot* | /sbin/reboot*) set_argument KDUMP_FAIL_CMD failure reboot ;;
        poweroff* | /sbin/poweroff* | "shutdown -h"*) set_argument KDUMP_FAIL_CMD failure poweroff ;;
        halt* | /sbin/halt*) set_argument KDUMP_FAIL_CMD failure halt ;;
        *) refuse KDUMP_FAIL_CMD "expected reboot, halt, poweroff or a shell; a program can run as a post hook" ;;
    esac
}

# A command line of makedumpfile, or of what is used in its place, in the capture's arguments.
# Sourced by config.sh. The options are those of makedumpfile(8) up to 1.7.9.

# What read_makedumpfile_options found; compression: yes, no.
collector_level="" collector_compresses=no collector_format=kdump

# read_collector NAME COMMAND: all of a core_collector line. A copy is a dump with every page, not
# compressed, in the form that /proc/vmcore has.
read_collector() {
    local name=$1 command
    read -ra words <<<"$2"
    command=${words[0]-}
    command=${command##*/}
    case $command in
        makedumpfile)
            read_makedumpfile_options "$name" "${words[@]:1}"
            set_collected "$name"
            ;;
        cp | dd | cat | scp)
            explain "$name" "$command: every page, as it is"
            set_argument "$name" level 0
            set_argument "$name" format elf
            ;;
        *)
            refuse "$name" "$(printable "$command"): only makedumpfile, cp, cat, dd and scp are understood;" \
                "the dump is made as by makedumpfile -l -d 31"
            ;;
    esac
}

# set_collected NAME: makedumpfile without -d leaves nothing out, and compresses only with an option.
set_collected() {
    set_argument "$1" level "${collector_level:-0}"
    if [ $collector_format = elf ]; then
        set_argument "$1" format elf
    elif [ $collector_compresses = no ]; then
        set_argument "$1" compress none
    fi
}

# read_makedumpfile_options NAME WORD...
read_makedumpfile_options() {
    local name=$1 word letter
    collector_level="" collector_compresses=no collector_format=kdump
    shift
    while [ $# -gt 0 ]; do
        word=$1
        shift
        case $word in
            --message-level | --num-threads | --cyclic-buffer | --splitblock-size | --work-dir | \
                --vtop | --kaslr | --exclude-threshold)
                explain "$name" "$word ${1-}: not needed"
                [ $# = 0 ] || shift
                ;;
            --message-level=* | --num-threads=* | --cyclic-buffer=* | --splitblock-size=* | --work-dir=* | \
                --non-cyclic | --non-mmap | --show-stats | --check-params | --exclude-unused-vm)
                explain "$name" "$word: not needed"
                ;;
            --split) explain "$name" "--split: one file is written, in as many threads as there are CPUs" ;;
            --config | --eppic)
                refuse "$name" "$word ${1-}: nothing is erased from a dump here; who may read it must not be many"
                [ $# = 0 ] || shift
                ;;
            --config=* | --eppic=*)
                refuse "$name" "$word: nothing is erased from a dump here; who may read it must not be many"
                ;;
            --xen* | --sadump | --diskset=*) refuse "$name" "$word: a Linux kernel's /proc/vmcore is read, nothing else" ;;
            --dump-dmesg) refuse "$name" "--dump-dmesg: the log is saved first, then the dump too" ;;
            --dry-run | --mem-usage | --reassemble | --diskset) refuse "$name" "$word: writes no dump" ;;
            --*) refuse "$name" "$(printable "$word"): makedumpfile(8) has no such option" ;;
            -?*)
                word=${word#-}
                while [ -n "$word" ]; do
                    letter=${word:0:1} word=${word:1}
                    if [[ $letter == [dxigLb] ]]; then
                        # The value: the rest of the word, or the next one.
                        [ -n "$word" ] || { word=${1-} && [ $# = 0 ] || shift; }
                        read_makedumpfile_letter "$name" "$letter" "$word"
                        word=""
                    else
                        read_makedumpfile_letter "$name" "$letter"
                    fi
                done
                ;;
            *) refuse "$name" "$(printable "$word"): files are named by the target" ;;
        esac
    done
}

# read_makedumpfile_letter NAME LETTER [VALUE]
read_makedumpfile_letter() {
    case $2 in
        d) collector_level=$3 ;;
        c | l | p | z)
            collector_compresses=yes
            explain "$1" "-$2: compressed with zstd, as well as the target's speed allows"
            ;;
        E) collector_format=elf ;;
        F) explain "$1" "-F: the file is an ordinary one also on a server; makedumpfile -R is not needed" ;;
        f | D | v | x | i | g | b | e) explain "$1" "-$2${3:+ $3}: not needed" ;;
        X) refuse "$1" "-X: Xen's pages are not classified; all of them are saved" ;;
        L) refuse "$1" "-L: the dump takes what room there is; name further levels instead, as -d 31,1" ;;
        R) refuse "$1" "-R: writes no dump" ;;
        *) refuse "$1" "-$(printable "$2"): makedumpfile(8) has no such option" ;;
    esac
}

# add_foreign_kernel_argument NAME WORD: from a command line that was made for another capture
# initramfs. What scripts/load says anyway, and what only that initramfs reads, is left out.
add_foreign_kernel_argument() {
    case $2 in
        nr_cpus=1 | maxcpus=1 | reset_devices | irqpoll | cgroup_disable=memory | acpi_no_memhotplug | \
            numa=off | transparent_hugepage=never | panic=10)
            explain "$1" "$2: always so"
            ;;
        nr_cpus=* | maxcpus=*) explain "$1" "$2: one CPU; more would need more memory reserved" ;;
        rd.kdump.* | rd.neednet=* | rd.route=* | rd.peerdns=*) add_kernel_argument "$1" "$2" ;;
        rd.* | systemd.* | udev.* | root=* | rootflags=* | rootfstype=* | init=* | resume=* | ro | rw | \
            quiet | splash | net_delay=* | initramfs_options=* | crashkernel=*)
            explain "$1" "$2: means nothing to kdump-init"
            ;;
        *) add_kernel_argument "$1" "$2" ;;
    esac
}

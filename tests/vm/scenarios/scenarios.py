"""What is tried in QEMU with kdump-init as PID 1, as data: the disk, the arguments, what is
done while it runs, and what must be true afterwards. How it is done is machine.py's.

{disk} in a target stands for the name by which the scenario's disk is looked for, {server} for the
URL of its server.
"""

import dataclasses

ENTER = "\r"
SYSRQ_OOM_KILL = "\x01b" + "f"  # a break on the serial line, which QEMU makes of ctrl-a b


@dataclasses.dataclass(frozen=True)
class Disk:
    fs: str = "ext4"            # "raw": nothing on it
    mib: int = 256
    by: str = "UUID"            # what {disk} becomes: UUID, LABEL, PARTUUID, PARTLABEL or node
    bytes_per_second: int = 0   # write speed; 0: as fast as it goes
    goes_wrong: str = ""        # of faulty_disk.FAULTS,
    after_mib: int = 0          # once so much has been written to it
    in_bay: bool = False        # QEMU's monitor can pull it out, as disk1, of the bus "bay"


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    says: tuple = ()            # regular expressions, found on the console in this order
    never: tuple = ()           # found nowhere on the console
    disk: Disk = Disk()
    targets: tuple = ("fs:{disk}:/crash",)
    arguments: str = ""         # further ones of kdump-init, on the kernel's command line
    packed: tuple = ()          # what mkinitramfs is given to pack, --target, --cmdline
    drivers: str = ""           # "all": mkinitramfs --all-drivers; else what the disk needs
    shell: bool = False         # mkinitramfs --shell
    builder: str = ""           # another one that packs: dracut, initramfs-tools (build_image)
    crash: bool = True          # False: the image is booted as an ordinary kernel
    panics: bool = False        # the capture kernel is meant to
    harm: str = ""              # "oops", "spin", "spin deaf": what a module does while the dump is written
    watchdog: bool = False      # a hardware watchdog that resets the machine
    pstore: str = ""            # "erst", "ramoops": the first kernel has it, and shows it afterwards
    crashkernel: str = "128M"
    memory: str = "512M"        # QEMU's -m
    qemu: tuple = ()            # further options of QEMU's
    unit_mib: int = 4           # size of the workload
    flavour: str = "amd64"      # of the kernel, and with it the architecture; see debian_kernel
    suite: str = ""             # "": this release's
    cpu: str = ""               # QEMU's; "": the architecture's own in machine.py
    server: str = ""            # of servers.START: on the host; the targets are then packed
    on_server: str = "saved"    # as result, which is of the disk
    server_does: tuple = ()     # (regular expression at which it does so, "freeze" or "restart")
    nic: str = ""               # QEMU's model; "": virtio where there is a server, else none
    lan: str = "user"           # its network: "user"; "empty": without any other host; "late",
                                # "bay": machine.nic_options
    plugged_in_at: str = ""     # regular expression at which a "late" card comes
    disk_hangs_at: str = ""     # regular expression at which the disk does not answer any more
    hardware_does: tuple = ()   # (regular expression, seconds later, command for QEMU's monitor:
                                # {image} is the file of the disk)
    wire: str = ""              # a bad one between the machine and its server: guest/wire-init's words
    machines: int = 1           # number of machines that panic at once, with one server
    typing: tuple = ()          # (regular expression to wait for, what is then typed)
    keep: int = 0               # there are old dumps (old_dumps.py): number that must remain with the new
    result: str = "saved"       # saved, incomplete, part (likewise, without a report), failed (no
                                # vmcore), second (likewise, then saved), log (no part of it), nothing, any
    level: int = 31             # of the dump that is found
    seconds: int = 400          # generous: the machine may be busy with other things
    quick: bool = True
    fault: bool = False         # for the table of faults (fault_table.py)


SAVED = r"kdump: .*saved .*; rebooting now"
NOT_SAVED = r"kdump: .*NOT SAVED: .*; rebooting now"
LOG_ON_CONSOLE = (r"=== BEGIN of the crashed kernel's log, its last 1\d\.\d KiB ===",
                  r"\n\| \[ *\d+\.\d+\] sysrq: Trigger a crash",
                  r"=== END of the crashed kernel's log ===")

SCENARIOS = (
    Scenario("ext4 by UUID with crashkernel=96M", crashkernel="96M", says=(SAVED,)),
    Scenario("xfs by LABEL", disk=Disk("xfs", 320, "LABEL"), says=(SAVED,)),
    Scenario("btrfs by PARTUUID", disk=Disk("btrfs", 320, "PARTUUID"), says=(SAVED,)),
    Scenario("vfat by PARTLABEL", disk=Disk("vfat", 256, "PARTLABEL"), says=(SAVED,)),
    Scenario("raw device", disk=Disk("raw", 256, "node"), targets=("raw:{disk}",), says=(SAVED,)),
    Scenario("a killed job leaves its part, the next one saves every page", fault=True,
             level=0, disk=Disk(bytes_per_second=4 << 20), arguments="rd.kdump.level=0",
             typing=((r"writing .*%", SYSRQ_OOM_KILL),),
             says=(r"kdump: .*killed", r"trying fs:.* once more, for every page", SAVED),
             result="second"),
    Scenario("a level that does not fit gives way to the next", fault=True, disk=Disk(mib=96),
             arguments="rd.kdump.level=0,31 rd.kdump.compress=none",
             says=(r"level 0: .*does not fit", r"level 31: ", SAVED)),
    Scenario("a full disk keeps as much as there is room for", fault=True, disk=Disk(mib=24),
             arguments="rd.kdump.level=0 rd.kdump.compress=none",
             says=(r"no level fits", r"INCOMPLETE", r"rebooting now"), result="incomplete", level=0),
    # The bitmaps of its dump are 48 MiB, nearly all holes.
    Scenario("a DIMM at 768 GiB, and a disk with room for the pages alone",
             memory="512M,slots=4,maxmem=900G",
             qemu=("-object", "memory-backend-ram,id=m1,size=128M",
                   "-device", "pc-dimm,memdev=m1,addr=0xC000000000,id=d1"),
             disk=Disk(mib=64), arguments="acpi_no_memhotplug", crashkernel="192M",
             says=(r"level 31: ", SAVED), never=(r"does not fit",), quick=False),
    Scenario("the oldest dumps are removed from a disk", keep=2, arguments="rd.kdump.keep=2",
             says=(r"saved ", r"oldest dumps of crash-test removed: 2, ", SAVED), quick=False),
    Scenario("the oldest dumps are removed from an NFS server", keep=1, server="nfs",
             targets=("{server}",), result="nothing", arguments="rd.kdump.keep=1",
             says=(r"saved ", r"oldest dumps of crash-test removed: 3, ", SAVED), quick=False),
    Scenario("a missing device ends in a reboot after its deadline", fault=True,
             targets=("fs:UUID=00000000-dead-beef-0000-000000000000:/",),
             arguments="rd.kdump.timeout=5", result="nothing",
             says=(r"BEGIN of the crashed kernel's log", r"\n\| .*sysrq: Trigger a crash",
                   r"END of the crashed kernel's log", NOT_SAVED)),
    Scenario("a garbage command line loses nothing", fault=True,
             arguments="rd.kdump.level=banana rd.kdump.frobnicate rd.kdump.= rd.kdump.target=zzz "
                       'rd.kdump.stall=-1 rd.kdump.format="a b" rd.kdump.compress=zstd:99999 '
                       "rd.kdump.final=\x7f ip=:::::::::::",
             says=(r"rd.kdump.level=banana", SAVED)),
    Scenario("the second target is tried when the first is broken", fault=True,
             targets=("fs:LABEL=nowhere:/", "fs:{disk}:/second"), arguments="rd.kdump.timeout=3",
             says=(r"trying the next target", SAVED)),
    Scenario("no target and no user: reboot after the shell's timeout", fault=True,
             targets=(),
             shell=True, arguments="rd.kdump.shell_timeout=4", result="nothing",
             says=(r"nowhere to save", r"press Enter", r"no key was pressed; rebooting now")),
    Scenario("booted without a crash", crash=False, result="nothing",
             says=(r"booted without a crash", r"rebooting now")),
    Scenario("Enter opens a shell that can save by hand", shell=True, disk=Disk(by="LABEL"),
             targets=("fs:LABEL=nowhere:/",), arguments="rd.kdump.timeout=3",
             typing=((r"press Enter", ENTER),
                     (r"kdump# ", "echo $((6*7)); sleep 100 & jobs; kill %1" + ENTER),
                     (r"\n42\r[\s\S]*Running[\s\S]*kdump# ",
                      "/init dump /proc/vmcore fs:{disk}:/by-hand; echo status $?" + ENTER),
                     (r"status 0[\s\S]*kdump# ", "exit" + ENTER)),
             says=(r"NOT SAVED", r"rebooting now")),
    Scenario("packed arguments, every driver, poweroff at the end", drivers="all",
             disk=Disk(by="LABEL"), targets=(), crashkernel="128M",
             packed=("--target", "fs:LABEL=KDUMPTEST:/crash",
                     "--cmdline", "rd.kdump.final=poweroff"),
             says=(r"saved .*; powering off now",), quick=False),
    Scenario("a hung disk cannot hang the machine", fault=True, disk=Disk(bytes_per_second=8192),
             arguments="rd.kdump.stall=5 rd.kdump.timeout=5",
             says=(NOT_SAVED,), result="any", quick=False),
    Scenario("a disk that stops answering is left behind, the next target taken", fault=True,
             server="ssh",
             disk=Disk(bytes_per_second=4 << 20, by="LABEL"), targets=("fs:{disk}:/", "{server}"),
             disk_hangs_at=r"writing .*%", result="any", level=0,
             arguments="rd.kdump.level=0 rd.kdump.compress=none rd.kdump.stall=10",
             says=(r"trying the next target", r"no sync and no unmount: something hangs", SAVED),
             seconds=900, quick=False),
    Scenario("the only disk stops answering: a reboot all the same", fault=True,
             disk_hangs_at=r"writing .*%",
             disk=Disk(bytes_per_second=4 << 20), result="any",
             arguments="rd.kdump.level=0 rd.kdump.compress=none rd.kdump.stall=10",
             says=(r"BEGIN of the crashed kernel's log", r"no sync and no unmount: something hangs",
                   NOT_SAVED), seconds=900, quick=False),
    Scenario("an ELF dump", arguments="rd.kdump.format=elf", says=(SAVED,), quick=False),
    Scenario("five-level page tables", cpu="max", says=(SAVED,), quick=False),
    Scenario("arm64", flavour="arm64", suite="trixie", crashkernel="192M", says=(SAVED,),
             seconds=900, quick=False),
    Scenario("arm64, pages of 16 KiB", flavour="arm64-16k", suite="trixie", cpu="neoverse-n1",
             memory="768M", crashkernel="192M", says=(SAVED,), seconds=900, quick=False),
    Scenario("arm64, every driver and a shell", flavour="arm64", suite="trixie", drivers="all",
             seconds=900,
             shell=True, crashkernel="256M", disk=Disk(by="LABEL"), targets=("fs:LABEL=nowhere:/",),
             arguments="rd.kdump.timeout=20",
             typing=((r"press Enter", ENTER),
                     (r"kdump# ", "/init dump /proc/vmcore fs:{disk}:/by-hand; echo status $?" + ENTER),
                     (r"status 0[\s\S]*kdump# ", "exit" + ENTER)),
             says=(r"NOT SAVED", r"rebooting now"), quick=False),
    Scenario("NFS: DHCP, newest version", server="nfs", targets=("{server}?path=/a/b",),
             result="nothing", says=(r"10.0.2.2:/crash/a/b/", SAVED)),
    Scenario("SSH: a key, SFTP, DHCP", server="ssh", targets=("{server}",), result="nothing",
             says=(SAVED,)),
    Scenario("SSH: a server that has ed25519 and curve25519-sha256 alone", server="curve25519 ssh",
             targets=("{server}",), result="nothing", says=(SAVED,)),
    Scenario("SSH: a server that allows mlkem768x25519-sha256 alone", server="mlkem ssh",
             targets=("{server}",), result="nothing", says=(SAVED,)),
    Scenario("SSH on 7.x", server="ssh", suite="trixie-backports", crashkernel="192M",
             targets=("{server}",), result="nothing", says=(SAVED,), quick=False),
    Scenario("NFS: static address on another card, version 4.0", server="nfs", nic="e1000",
             lan="user", targets=("{server}?vers=4.0",), result="nothing",
             arguments="ip=10.0.2.99::10.0.2.2:24::52:54:00:00:00:01:none",
             says=(SAVED,), quick=False),
    Scenario("NFS on 7.x: a version that does not work gives way to the next", fault=True,
             server="nfs",
             suite="trixie-backports", crashkernel="192M", targets=("{server}",), result="nothing",
             says=(r"mounts by version 4.2 but fails with it: read ", SAVED),
             quick=False),
    Scenario("NFS: the dump is the one that is written locally", server="nfs", shell=True,
             disk=Disk(by="LABEL"), targets=("fs:LABEL=nowhere:/", "{server}?path=/nowhere/x"),
             arguments="rd.kdump.timeout=5 rd.neednet=1 rd.kdump.target=fs:LABEL=nowhere:/",
             typing=((r"press Enter", ENTER),
                     (r"kdump# ", "/init dump --compress zstd:0 /proc/vmcore {server}; echo status $?" + ENTER),
                     (r"status 0[\s\S]*kdump# ",
                      "/init dump --compress zstd:0 /proc/vmcore fs:{disk}:/; echo status $?" + ENTER),
                     (r"status 0[\s\S]*kdump# ", "exit" + ENTER)),
             says=(r"NOT SAVED", r"rebooting now"), quick=False),
    Scenario("NFS: a server that stops answering gives way to the next target", fault=True,
             server="nfs",
             targets=("{server}", "fs:{disk}:/"), disk=Disk(mib=640, by="LABEL"),
             server_does=(r"writing .*%", "freeze"), on_server="any", level=0,
             arguments="rd.kdump.level=0 rd.kdump.compress=none rd.kdump.timeout=8 "
                       "rd.kdump.stall=20",
             says=(r"FAILED .*(no progress|stopped answering)", r"trying the next target", SAVED),
             quick=False),
    Scenario("NFS: no such server, then a disk", fault=True, server="nfs", disk=Disk(by="LABEL"),
             targets=("nfs://10.0.2.2:9/crash", "fs:{disk}:/"), on_server="nothing",
             says=(r"FAILED nfs://10.0.2.2:9/crash: .*refused", r"trying the next target", SAVED),
             quick=False),
    Scenario("NFS: no server assigns an address", fault=True,
             server="nfs", lan="empty", targets=("{server}",),
             result="nothing", on_server="nothing", arguments="rd.kdump.timeout=10",
             says=(r"DHCP", NOT_SAVED), quick=False),
    Scenario("NFS: two machines of one name at once", server="nfs", machines=2,
             targets=("{server}",), result="nothing", says=(SAVED,), quick=False),
    Scenario("NFS 3, its mount service found by the port mapper", server="nfs3",
             targets=("{server}?vers=3",), result="nothing", says=(SAVED,), quick=False),
    Scenario("SSH: dropbear has no SFTP", server="dropbear", targets=("{server}",),
             result="nothing", says=(SAVED,), quick=False),
    Scenario("SSH: 1 MiB is full, then a disk", fault=True,
             server="small ssh", disk=Disk(by="LABEL"),
             targets=("{server}", "fs:{disk}:/"), on_server="any",
             says=(r"trying the next target", SAVED), quick=False),
    Scenario("a disk that fills up midway keeps its part, a server takes the whole", fault=True,
             server="ssh", disk=Disk(mib=640, by="LABEL", bytes_per_second=8 << 20),
             targets=("fs:{disk}:/crash", "{server}"), result="part", level=0,
             packed=("--pre", "tests/vm/guest/hook-fills-disk"),
             arguments="rd.kdump.level=0 rd.kdump.compress=none",
             says=(r"No space left", r"trying the next target", SAVED), seconds=900, quick=False),
    Scenario("the log goes to every target that can be reached, the dump to the first", fault=True,
             server="ssh", disk=Disk(by="LABEL"), result="log",
             targets=("fs:LABEL=nowhere:/", "{server}", "fs:{disk}:/crash"),
             arguments="rd.kdump.timeout=3",
             says=(r"trying the next target", r"saved ssh:", r"the log goes to fs:", r"log saved",
                   SAVED), quick=False),
    Scenario("SSH: a server that stops answering gives way to the next target", fault=True,
             server="ssh", targets=("{server}", "fs:{disk}:/"), disk=Disk(mib=640, by="LABEL"),
             server_does=(r"writing .*%", "freeze"), on_server="any", level=0,
             arguments="rd.kdump.level=0 rd.kdump.compress=none rd.kdump.timeout=8 "
                       "rd.kdump.stall=20",
             says=(r"has accepted no data for \d+ of 20 s", r"trying the next target", SAVED),
             quick=False),
    Scenario("SSH: a server that is killed and comes back", fault=True,
             server="ssh", targets=("{server}",),
             result="nothing", level=0, server_does=(r"writing .*%", "restart"),
             arguments="rd.kdump.level=0 rd.kdump.compress=none",
             says=(r"connecting again", r"is back; resending", SAVED), quick=False),
    Scenario("SSH: a card that is plugged in late and renamed", fault=True,
             server="ssh", lan="late",
             targets=("{server}",), result="nothing", arguments="ifname=late0:52-54-00-00-00-01 "
             "ip=late0:dhcp", plugged_in_at=r"waiting for interface",
             says=(r"late0", SAVED), quick=False),
    Scenario("SSH: packets that are late and lost", fault=True, server="ssh", targets=("{server}",),
             wire="guest.netem=delay,10ms,loss,1%", seconds=900, result="nothing", says=(SAVED,),
             quick=False),
    Scenario("NFS: packets that are late and lost", fault=True, server="nfs", targets=("{server}",),
             wire="guest.netem=delay,10ms,loss,1%", seconds=900, result="nothing", says=(SAVED,),
             quick=False),
    Scenario("hooks that hang and fail lose nothing",
             packed=("--pre", "tests/vm/guest/hook-hangs", "--post", "tests/vm/guest/hook-fails"),
             arguments="rd.kdump.hook_timeout=3",
             says=(r"pre hook 00-hook-hangs: begun in pre for fs:", r"not done after 3s, ended",
                   r"post hook 00-hook-fails: hook: 0 saved in fs:", r"exited with status 3", SAVED)),
    Scenario("a cluster gets messages while a dump is saved to a disk", server="fence_kdump",
             disk=Disk(by="LABEL"), targets=("fs:{disk}:/crash",), on_server="nothing",
             packed=("--cmdline", "rd.kdump.fence=10.0.2.2"),
             arguments="{server} rd.kdump.fence_interval=1",
             says=(r"fence_kdump: sending to 1 of 1 nodes", SAVED), quick=False),
    Scenario("2 GiB full of everything with crashkernel=96M", memory="2G", unit_mib=100,
             crashkernel="96M", disk=Disk(mib=1024), says=(SAVED,), quick=False),
    Scenario("an image by dracut", builder="dracut", disk=Disk(by="LABEL"), targets=(), level=23,
             crashkernel="160M", says=(SAVED,), quick=False),
    Scenario("an image by initramfs-tools", builder="initramfs-tools", disk=Disk(by="LABEL"),
             targets=(), level=23, crashkernel="192M", says=(SAVED,), quick=False),
)

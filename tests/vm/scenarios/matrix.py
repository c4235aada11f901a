"""The kernel matrix as data: which kernels crash, on which machine, with what in their memory.
A row is a real panic; run_matrix.py makes it and holds our dump against the kernel's own word.

A kernel is a flavour and a suite of Debian (debian_kernel's): the newest there, found by name.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Kernel:
    flavour: str = "amd64"
    suite: str = ""             # "": of this machine's own release
    series: str = ""            # "6.18", or OTHERS; "": the suite's newest
    passing: bool = False       # Debian's archive may drop it; then its rows are skipped


OTHERS = "others"               # a row for each series that the suite has besides its newest's

BULLSEYE = Kernel(suite="bullseye", passing=True)
BOOKWORM = Kernel()
TRIXIE = Kernel(suite="trixie")
BACKPORTS = Kernel(suite="trixie-backports")
ARM64, ARM64_16K = Kernel("arm64", "trixie"), Kernel("arm64-16k", "trixie")
ARM64_BACKPORTS = Kernel("arm64", "trixie-backports")
ARM64_16K_BACKPORTS = Kernel("arm64-16k", "trixie-backports")
OLDER_BACKPORTS = Kernel(suite="trixie-backports", series=OTHERS, passing=True)


@dataclasses.dataclass(frozen=True)
class Row:
    kernel: Kernel
    variant: str                # its name in the table
    memory: str = "512M"
    machine: str = ""           # QEMU's; "": as run_guest has it
    cpu: str = ""
    cpus: int = 2
    qemu: str = ""              # further options of QEMU
    arguments: str = ""         # of the crashing kernel and of first-init
    disk: str = ""              # a further one, /dev/vdd: "empty", or a file system's name
    monitor: tuple = ()         # (what the guest asks for, commands of QEMU's monitor)
    drops: tuple = ()           # classes that must not be empty, or the variant did not come about
    quick: bool = False


# Where addresses may lie above 4 GiB the capture kernel sets 64 MiB aside for bounce buffers.
ROOMY = "crashkernel=192M"
HOT_ADDED = dict(monitor=(
    ("hotplug", ("object_add memory-backend-ram,id=hot0,size=384M",
                 "device_add pc-dimm,id=dimm0,memdev=hot0")),))
NUMA = dict(
    qemu="-object memory-backend-ram,id=m0,size=384M -object memory-backend-ram,id=m1,size=384M "
         "-numa node,nodeid=0,memdev=m0,cpus=0 -numa node,nodeid=1,memdev=m1,cpus=1",
    memory="768M")
# pc has 3 GiB in one piece; q35 splits them, and no aligned 1 GiB is left free in either part.
HUGE_1G = dict(machine="pc", memory="3G", drops=("user",),
               arguments="hugepagesz=1G hugepages=1 guest.with=hugetlb1g guest.unit=32")
BALLOON = dict(qemu="-device virtio-balloon-pci,id=balloon0", arguments="guest.balloon=1",
               monitor=(("balloon", ("balloon 440",)),), drops=("offline",))
VIRTIO_MEM = dict(
    memory="512M,slots=2,maxmem=2G",
    qemu="-object memory-backend-ram,id=vmem0,size=256M "
         "-device virtio-mem-pci,id=vm0,memdev=vmem0,requested-size=180M",
    arguments=f"{ROOMY} guest.hotplug=online", drops=("offline",))
XFS = dict(disk="xfs", arguments="guest.files=xfs:/dev/vdd guest.tmpfs=huge=always")
SWAP = dict(disk="empty", arguments="guest.swap=/dev/vdd guest.with=swap,ksm")
ZSWAP = dict(disk="empty", arguments="guest.swap=/dev/vdd guest.with=swap zswap.enabled=1")
ZRAM = dict(arguments="guest.swap=zram guest.with=swap")
POISON = dict(arguments="guest.poison=1 hugepages=6", drops=("hwpoison",))
FIVE_LEVELS = dict(cpu="max")
# Debian's arm64 kernels are built for addresses of 52 bits, which run_guest's CPU lacks; so does
# this one, which has pages of 16 KiB.
ADDRESSES_47 = dict(cpu="neoverse-n1", memory="768M")
ADDRESSES_52 = dict(cpu="max,pauth-impdef=on")  # signs pointers in a way that is quick to emulate
ADDRESSES_52_16K = {**ADDRESSES_47, **ADDRESSES_52}
# Of 128 MiB the kernel's 49 and the 64 of its contiguous memory area leave the copier nothing.
ROOM = dict(memory="1G", arguments="crashkernel=256M")


def hot_added(how, more=""):
    return {**HOT_ADDED, "memory": "512M,slots=2,maxmem=4G",
            "arguments": f"{ROOMY} guest.hotplug={how} {more}"}


ROWS = (
    Row(BOOKWORM, "the ordinary guest", quick=True),
    Row(TRIXIE, "the ordinary guest", quick=True),
    Row(BACKPORTS, "the ordinary guest", quick=True),

    Row(TRIXIE, "five-level paging", **FIVE_LEVELS),
    Row(BACKPORTS, "five-level paging", **FIVE_LEVELS),
    Row(BOOKWORM, "machine pc, 1 CPU", machine="pc", cpus=1),
    Row(BACKPORTS, "machine pc, 4 CPUs, nokaslr", machine="pc", cpus=4, arguments="nokaslr"),
    Row(BOOKWORM, "two NUMA nodes, a hole in the second", **NUMA, arguments="memmap=64M$0x1c000000"),
    Row(BACKPORTS, "two NUMA nodes, a hole in the second", **NUMA,
        arguments="memmap=64M$0x1c000000"),
    Row(BOOKWORM, "memory hot-added, movable", **hot_added("movable")),
    Row(TRIXIE, "memory hot-added, a part of it never online", **hot_added("mixed")),
    Row(BACKPORTS, "memory hot-added, which holds its own struct pages",
        **hot_added("mixed", "memory_hotplug.memmap_on_memory=1")),
    Row(TRIXIE, "virtio-mem, partly plugged", **VIRTIO_MEM),
    Row(BACKPORTS, "virtio-mem, partly plugged", **VIRTIO_MEM),
    Row(BOOKWORM, "hugetlb of 1 GiB and 2 MiB, every struct page", **HUGE_1G),
    Row(BOOKWORM, "hugetlb of 1 GiB and 2 MiB, their struct pages freed",
        **{**HUGE_1G, "arguments": HUGE_1G["arguments"] + " hugetlb_free_vmemmap=on"}),
    Row(TRIXIE, "hugetlb of 1 GiB and 2 MiB, their struct pages freed",
        **{**HUGE_1G, "arguments": HUGE_1G["arguments"] + " hugetlb_free_vmemmap=on"}),
    Row(BACKPORTS, "hugetlb of 1 GiB and 2 MiB, their struct pages freed",
        **{**HUGE_1G, "arguments": HUGE_1G["arguments"] + " hugetlb_free_vmemmap=on"}),
    Row(BOOKWORM, "large folios of xfs and tmpfs", **XFS),
    Row(TRIXIE, "large folios of xfs and tmpfs", **XFS),
    Row(BACKPORTS, "large folios of xfs and tmpfs", **XFS),
    Row(BOOKWORM, "a balloon", **BALLOON),
    Row(TRIXIE, "a balloon", **BALLOON),
    Row(BACKPORTS, "a balloon", **BALLOON),
    Row(BOOKWORM, "poisoned pages", **POISON),
    Row(TRIXIE, "poisoned pages", **POISON),
    Row(BACKPORTS, "poisoned pages", **POISON),
    Row(BOOKWORM, "swap and KSM", **SWAP),
    Row(TRIXIE, "swap through zswap", **ZSWAP),
    Row(BACKPORTS, "swap and KSM", **SWAP),
    Row(BACKPORTS, "swap in zram", **ZRAM),
    Row(BOOKWORM, "a log that wrapped", arguments="guest.log=4000"),
    Row(BACKPORTS, "a log that wrapped", arguments="guest.log=4000"),
    Row(TRIXIE, "slub_debug=FZPU, page_owner=on", arguments="slub_debug=FZPU page_owner=on"),
    Row(BACKPORTS, "page_poison=1, init_on_free=1, slub_debug=FZPU",
        arguments="page_poison=1 init_on_free=1 slub_debug=FZPU page_owner=on"),
    Row(BACKPORTS, "6 GiB, 4 CPUs", memory="6G", cpus=4, arguments=f"{ROOMY} guest.unit=64"),

    Row(ARM64, "addresses of 48 bits"),
    Row(ARM64, "addresses of 52 bits", **ADDRESSES_52),
    Row(ARM64_16K, "addresses of 47 bits", **ADDRESSES_47),
    Row(ARM64_16K, "addresses of 52 bits", **ADDRESSES_52_16K),
    Row(ARM64_BACKPORTS, "addresses of 48 bits", **ROOM),
    Row(ARM64_16K_BACKPORTS, "addresses of 52 bits", **ADDRESSES_52, **ROOM),

    Row(BULLSEYE, "the ordinary guest"),
    Row(BULLSEYE, "poisoned pages", **POISON),
    Row(BULLSEYE, "hugetlb of 1 GiB and 2 MiB, every struct page", **HUGE_1G),
    Row(OLDER_BACKPORTS, "the ordinary guest"),
)

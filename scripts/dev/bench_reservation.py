#!/usr/bin/python3
"""The smallest crashkernel= that works, for a kernel and a target: a panic in QEMU a step, found
between what works and what does not, in steps of 4 MiB; and the seconds from panic to reboot.
Building stones are tests/vm's: machines, servers, the product's own packer. A capture works if
kdump-init reported saved, and the dump is on the target.

usage: bench_reservation.py --binary FILE [--only TEXT]
"""

import argparse
import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import bench_document
from bench_document import TOP

sys.path.insert(0, str(TOP / "tests/vm"))
from machines import machine  # noqa: E402
from machines import servers  # noqa: E402
from machines.images import Kernel  # noqa: E402
from machines.machine import Failure  # noqa: E402
from scenarios.run_scenarios import CAPTURE, PANIC  # noqa: E402
from scenarios.scenarios import SAVED, Disk  # noqa: E402

STEP_MIB = 4
LARGEST_MIB = 256
SECONDS = 900  # a guest that has not ended by then hangs, however busy the machine: a failed step
MEMORY, UNIT_MIB = "512M", 4


@dataclasses.dataclass(frozen=True)
class Case:
    kernel: str        # for the table
    suite: str         # of Debian's kernel; "": this release's
    target: str        # disk, nfs or ssh
    guess_mib: int     # where the search begins

    def name(self):
        return f"{self.kernel} {self.target}"


CASES = tuple(Case(kernel, suite, target, guess)
              for kernel, suite, guesses in (("6.1", "", (88, 88, 84)),
                                             ("6.12", "trixie", (96, 100, 96)),
                                             ("7.2", "trixie-backports", (112, 128, 124)))
              for target, guess in zip(("disk", "nfs", "ssh"), guesses))
MODULES = {"disk": "virtio_pci virtio_blk ext4", "nfs": "virtio_pci virtio_net",
           "ssh": "virtio_pci virtio_net"}


@dataclasses.dataclass
class Found:
    smallest_mib: int
    refused: str        # what happened one step below
    seconds: float      # from the panic to the reboot, at the smallest
    image_kib: int


class Bench:
    """One case: its kernel's files, its image, its machines."""

    def __init__(self, case, binary, work):
        self.case, self.work = case, work
        root = machine.shell_function(TOP, "debian_kernel", "amd64",
                                      *([case.suite] if case.suite else [])).strip()
        self.kernel = Kernel(root)
        self.binary = binary
        self.tried = {}

    def pack(self, target):
        image = self.work / "capture.img"
        machine.run(str(TOP / "scripts/mkinitramfs"), "--kernel", self.kernel.version,
                    "--root", self.kernel.root, "--binary", self.binary, "--modules",
                    MODULES[self.case.target], "--target", target, "-o", str(image))
        return image

    def panic(self, reserved_mib):
        """Seconds from panic to reboot; Failure where nothing was saved."""
        work = self.work / f"{reserved_mib}M"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        if self.case.target == "disk":
            disk = work / "disk.img"
            by, _ = machine.make_disk(Disk(mib=512, by="LABEL"), disk)
            seconds = self.run(work, reserved_mib, self.pack(f"fs:{by}:/crash"), [(disk, 0)], ())
            listing = subprocess.run(["debugfs", "-R", "rdump /crash " + str(work), str(disk)],
                                     capture_output=True, text=True, check=False).stderr
        else:
            server, url = servers.START[self.case.target](work)
            try:
                seconds = self.run(work, reserved_mib, self.pack(url), [],
                                   machine.nic_options("virtio-net-pci", "user", 1))
            finally:
                server.stop()
            listing = ""
        dumps = [path for path in work.rglob("vmcore") if path.stat().st_size > 1 << 20]
        if len(dumps) != 1:
            raise Failure(f"{len(dumps)} dumps where one was to be {listing.strip()}")
        for path in work.rglob("*"):
            if path.is_file() and path.suffix != ".log":
                path.unlink()
        return seconds

    def run(self, work, reserved_mib, image, disks, more):
        tools = work / "tools.ext4"
        machine.shell_function(TOP, "tools_disk", tools, self.kernel.kexec, self.kernel.image,
                               image, f"console={self.kernel.console} {CAPTURE}")
        panicked = []
        text = machine.run_qemu(
            self.kernel.architecture, MEMORY, "", self.kernel.image, self.kernel.first,
            f"panic=5 crashkernel={reserved_mib}M guest.unit={UNIT_MIB}", [(tools, 0), *disks],
            [(re.escape(PANIC), lambda: panicked.append(time.monotonic()))], SECONDS,
            work / "console.log", more)
        seconds = time.monotonic() - panicked[0]
        output = text[text.index(PANIC) + len(PANIC):]
        if not re.search(SAVED, output):
            raise Failure(why_not(output))
        return seconds

    def works(self, reserved_mib):
        """(seconds, "") or (None, why)."""
        try:
            found = (self.panic(reserved_mib), "")
        except Failure as failure:
            found = (None, str(failure))
        self.tried[reserved_mib] = found
        print(f"{self.case.name()} crashkernel={reserved_mib}M: "
              + (f"saved, {found[0]:.0f} s" if found[0] is not None else found[1]), flush=True)
        return found[0] is not None


def why_not(output):
    for pattern in (r"Kernel panic - not syncing: ([^\r\n]*)", r"(Out of memory)[^\r\n]*",
                    r"(NOT SAVED: [^\r\n]*)", r"(Initramfs unpacking failed[^\r\n]*)"):
        if match := re.search(pattern, output):
            return match.group(1)[:80]
    return "the capture kernel was silent" if len(output) < 200 else "ended without a word"


def smallest(works, guess):
    """The least multiple of the step that works, all larger ones being taken to work as well: out
    from the guess in growing strides, then halves."""
    stride = STEP_MIB
    if works(guess):
        good, bad = guess, guess - stride
        while bad > 0 and works(bad):
            stride *= 2
            good, bad = bad, bad - stride
    else:
        bad, good = guess, guess + stride
        while not works(good):
            if good >= LARGEST_MIB:
                raise Failure(f"{good}M does not work either")
            stride *= 2
            bad, good = good, good + stride
    while good - bad > STEP_MIB:
        middle = (good + bad) // 2 // STEP_MIB * STEP_MIB
        if works(middle):
            good = middle
        else:
            bad = middle
    return good


def search(case, binary, work):
    work.mkdir()
    bench = Bench(case, binary, work)
    found = smallest(bench.works, case.guess_mib)
    below = bench.tried.get(found - STEP_MIB, (None, "not tried"))[1]
    size = (work / "capture.img").stat().st_size >> 10
    return Found(found, below, bench.tried[found][0], size)


def section(case, found, load):
    """Cases that were not tried now keep their rows."""
    head = ("kernel, target", "smallest `crashkernel=`", "what happens 4 MiB below",
            "panic to reboot, s", "image, KiB", "on")
    known = bench_document.rows_of_section("reservation")
    today = time.strftime("%Y-%m-%d", time.gmtime())
    known[case.name()] = (case.name(), f"{found.smallest_mib}M", found.refused,
                          f"{found.seconds:.0f}", found.image_kib, today)
    rows = [known[each.name()] for each in CASES if each.name() in known]
    return (load.sentence("scripts/bench --reservation")
            + f" Guests of {MEMORY} in QEMU without KVM, 2 CPUs, one panic a step.\n\n"
            + bench_document.table(head, rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    load = bench_document.Load()
    work = pathlib.Path(tempfile.mkdtemp(prefix="kdump-init-reservation."))
    failed = False
    for case in CASES:
        if options.only in case.name():
            try:
                found = search(case, options.binary, work / case.name().replace(" ", "-"))
            except Failure as failure:
                print(f"{case.name()}: {failure}, {work}", flush=True)
                failed = True
                continue
            bench_document.write_section("reservation", section(case, found, load))
    if failed:
        return 1
    shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())

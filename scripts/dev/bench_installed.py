#!/usr/bin/python3
"""Seconds from panic to reboot on a Debian 12 that is really installed, kdump-init's package beside
Debian's kdump-tools: two machines in QEMU, disks of one image, each armed as its package arms it.
Median of some panics; the clock stops at the reset of the machine, which QEMU reports.

usage: bench_installed.py --repeat N
"""

import argparse
import dataclasses
import json
import pathlib
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time

import bench_document
from bench_document import TOP

sys.path.insert(0, str(TOP / "tests/vm"))
from machines.installed_machine import BOOT, Guest, install, make_delivery, new_disk, reboot  # noqa: E402

PANIC = "Kernel panic - not syncing"
LOADED = "until grep -q 1 /sys/kernel/kexec_crash_loaded; do sleep 1; done"


@dataclasses.dataclass(frozen=True)
class Program:
    package: str
    begins: str   # what its first word in the capture kernel looks like
    saved: str    # and what it says when the dump is there
    image: str    # the capture initramfs


PROGRAMS = (Program("kdump-init", r"kdump: \[", r"kdump: \[ *[0-9.]+s\] saved ",
                    "/var/lib/kdump-init/capture.img"),
            Program("kdump-tools", r"kdump-tools\[\d+\]: ", r"kdump-tools\[\d+\]: .*saved vmcore",
                    "/var/lib/kdump/initrd.img"))


@dataclasses.dataclass
class Panic:
    """Seconds since the panic."""
    begins: float
    saved: float
    reset: float


class Resets:
    """When the machine was reset, by QEMU's word."""

    def __init__(self, path):
        self.path, self.at, self.changed = path, [], threading.Condition()

    def options(self):
        return ["-qmp", f"unix:{self.path},server=on,wait=off"]

    def listen(self):
        connected = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + 60
        while True:
            try:
                connected.connect(str(self.path))
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        connected.sendall(b'{"execute":"qmp_capabilities"}\n')
        threading.Thread(target=self._read, args=(connected.makefile("r"),), daemon=True).start()

    def _read(self, lines):
        for line in lines:
            if json.loads(line).get("event") == "RESET":
                with self.changed:
                    self.at.append(time.monotonic())
                    self.changed.notify_all()

    def next_after(self, moment, seconds):
        with self.changed:
            if not self.changed.wait_for(lambda: self.at and self.at[-1] > moment, seconds):
                raise RuntimeError(f"the machine was not reset within {seconds} s, {self.path}")
            return next(at for at in self.at if at > moment)


class Machine:
    """An installed Debian that one of the programs has armed."""

    def __init__(self, program, work):
        self.program, self.found = program, []
        work.mkdir()
        image, disk = new_disk(work)
        self.resets = Resets(work / "qmp")
        delivery = make_delivery(image, work, program.package)
        self.guest = Guest(disk, delivery, work, self.resets.options())

    def arm(self):
        guest = self.guest
        self.resets.listen()
        guest.boots()
        # The ordinary initramfs is not the subject, and takes many minutes without KVM.
        guest.run("sed -i s/=yes/=no/ /etc/initramfs-tools/update-initramfs.conf", recorded=False)
        install(guest)
        reboot(guest)
        self.reserved = int(guest.run("cat /sys/kernel/kexec_crash_size", recorded=False)) >> 20
        self.image = int(guest.run(f"{LOADED}; stat -Lc %s {self.program.image}", BOOT, recorded=False)) >> 10

    def panic(self):
        guest, moments = self.guest, []
        guest.run(LOADED, BOOT, recorded=False)
        guest.console.type("echo c > /proc/sysrq-trigger\n")
        for pattern in (PANIC, self.program.begins, self.program.saved):
            guest.wait_for(pattern, BOOT)
            moments.append(time.monotonic())
        moments.append(self.resets.next_after(moments[0], BOOT))
        guest.boots()
        self.found.append(Panic(*(moment - moments[0] for moment in moments[1:])))
        print(f"{self.program.package}: {self.found[-1]}", flush=True)

    def row(self):
        """The cells of its row."""
        sizes = self.guest.run("find /var/crash -type f -size +1M -printf '%s\\n'", recorded=False).split()
        if len(sizes) != len(self.found):
            raise RuntimeError(f"{self.program.package}: {len(self.found)} panics left {len(sizes)} dumps")
        return (self.program.package, f"{self.reserved}M", self.image,
                *(f"{self.median(field.name):.0f}" for field in dataclasses.fields(Panic)),
                f"{statistics.median(map(int, sizes)) / 1e6:.1f}")

    def median(self, name):
        return statistics.median(getattr(each, name) for each in self.found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, required=True)
    repeat = parser.parse_args().repeat
    work = pathlib.Path(tempfile.mkdtemp(prefix="kdump-init-installed."))
    machines = []
    try:
        for program in PROGRAMS:
            machines.append(Machine(program, work / program.package))
            machines[-1].arm()
        load = bench_document.Load()
        for _ in range(repeat):
            for each in machines:
                each.panic()
        rows = [each.row() for each in machines]
    finally:
        for each in machines:
            each.guest.stop()
    head = ("package", "reserved", "image, KiB", "panic to its first word, s", "to the dump saved, s",
            "to the reset, s", "dump, MB")
    ratio = machines[0].median("reset") / machines[1].median("reset")
    bench_document.write_section(
        "reboot", load.sentence(f"scripts/bench --reboot --repeat {repeat}")
        + " Guests of 1024M in QEMU without KVM, 2 CPUs.\n\n" + bench_document.table(head, rows)
        + f"\n\n- panic to reset, kdump-init's to kdump-tools': {ratio:.2f}; goal: under 15 s "
        + f"where kdump-tools takes 53, 0.28: {'met' if ratio <= 15 / 53 else '**not met**'}")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()

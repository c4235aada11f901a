#!/usr/bin/python3
"""Cuts the power of machines that are saving a dump, at random moments, and looks at what is left.

A kernel boots, panics and starts kdump-init; there the machine is frozen, once a file system.
Each cut thaws a copy and kills it at a random moment. Its disk had a cache that forgets: what was
written since the last flush is there, or not, or torn. Then the file system's own recovery runs,
and a file called vmcore must be a whole dump, a dmesg or dump that was reported saved must be
there. From the log of the writes of one undisturbed run further moments are tried without a
machine (--replays).

usage: power_cuts.py [CUTS] [--fs ext4,xfs,vfat] [--replays N] [--seed N] [--binary FILE]

Needs root, for loop mounts. Prints a line a cut that failed, one a file system, and the sum.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from oracles import dump_formats
from machines import machine
from scenarios import scenarios
from machines import write_log
from oracles.check_tree import PANIC, check_dump
from machines.images import Kernel, Packer
from machines.machine import Failure
from scenarios.run_scenarios import CAPTURE

TOP = pathlib.Path(__file__).resolve().parents[3]
SPEED = 6 << 20  # bytes a second of the disk: so that a moment falls into the writing
BOOT_S, RUN_S = 600, 300
FSCK = {"ext4": ["e2fsck", "-f", "-n"], "xfs": ["xfs_repair", "-n"], "vfat": ["fsck.vfat", "-n"]}


class Frozen:
    """A machine whose capture kernel has just started kdump-init, and its disk as it was then."""

    def __init__(self, packer, fs, work):
        self.work, self.fs = work, fs
        self.before, self.state, self.tools = work / "before", work / "state", work / "tools"
        disk = scenarios.Disk(fs, 320 if fs == "xfs" else 128, "LABEL")
        machine.make_disk(disk, self.before)
        scenario = scenarios.Scenario("", disk=disk)
        cmdline = f"console={packer.kernel.console} {CAPTURE} rd.kdump.target=fs:LABEL=" \
                  f"{machine.LABEL}:/crash rd.kdump.level=1"
        machine.prepare("tools_disk", self.tools, packer.kernel.kexec,
                               packer.kernel.image, packer.image(scenario, ()), cmdline)
        self.boot = ["-kernel", packer.kernel.image, "-initrd", packer.kernel.first, "-append",
                     f"console={packer.kernel.console} panic=5 crashkernel=128M guest.unit=4 "
                     "no_timer_check"]
        with Running(self, self.before, work / "boot") as running:
            running.console.wait_for(r"kdump: .*kdump-init .* on Linux", 0,
                                     time.monotonic() + BOOT_S)
            running.freeze(self.state)


class Running:
    """QEMU on a disk, with a log of its writes, from the boot or from a frozen state."""

    def __init__(self, frozen, disk, name, thaw=False):
        self.log, self.monitor = name.with_suffix(".writes"), machine.socket_path()
        guest = machine.ARCHITECTURES["amd64"]
        self.log.write_bytes(b"")
        command = [*guest.qemu, "-accel", "tcg,thread=multi", "-cpu", guest.cpu, "-m", "512M",
                   "-smp", "2", "-display", "none", "-nodefaults", "-no-reboot", "-serial", "stdio",
                   "-qmp", f"unix:{self.monitor},server=on,wait=off", *frozen.boot,
                   "-drive", f"file={frozen.tools},format=raw,if=none,id=d0,readonly=on",
                   "-device", "virtio-blk-pci,drive=d0",
                   "-object", f"throttle-group,id=speed,x-bps-write={SPEED}",
                   "-blockdev", json.dumps({
                       "driver": "throttle", "throttle-group": "speed", "node-name": "d1", "file": {
                           "driver": "blklogwrites",
                           "file": {"driver": "raw", "file": {
                               "driver": "file", "filename": str(disk),
                               "cache": {"direct": False, "no-flush": True}}},
                           "log": {"driver": "raw", "file": {
                               "driver": "file", "filename": str(self.log),
                               "cache": {"direct": False, "no-flush": True}}}}}),
                   "-device", "virtio-blk-pci,drive=d1"]
        if thaw:
            command += ["-incoming", f"exec:cat {frozen.state}"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.console = machine.Console(self.process, name.with_suffix(".console"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.console.reader.join(10)

    def ask(self, *commands):
        """QMP: the answers to the commands."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(60)
            deadline = time.monotonic() + 60
            while monitor.connect_ex(str(self.monitor)):  # it has only just been started
                if time.monotonic() > deadline:
                    raise Failure("QEMU does not listen")
                time.sleep(0.1)
            lines = monitor.makefile("rw")
            lines.readline()  # its greeting
            answers = []
            for command in ({"execute": "qmp_capabilities"}, *commands):
                lines.write(json.dumps(command) + "\n")
                lines.flush()
                while "return" not in (answer := json.loads(lines.readline())):
                    if "error" in answer:
                        raise Failure(f"QEMU: {answer['error']['desc']}")
                answers.append(answer["return"])
        return answers[1:]

    def thaw(self):
        deadline = time.monotonic() + BOOT_S
        while self.ask({"execute": "query-status"})[0]["status"] == "inmigrate":
            if time.monotonic() > deadline:
                raise Failure("the machine could not be thawed")
            time.sleep(0.2)
        self.ask({"execute": "cont"})

    def freeze(self, state):
        self.ask({"execute": "stop"},
                 {"execute": "migrate-set-parameters", "arguments": {"max-bandwidth": 1 << 40}},
                 {"execute": "migrate", "arguments": {"uri": f"exec:cat >{state}"}})
        deadline = time.monotonic() + BOOT_S
        while self.ask({"execute": "query-migrate"})[0].get("status") != "completed":
            if time.monotonic() > deadline:
                raise Failure("the machine could not be frozen")
            time.sleep(0.5)


@dataclasses.dataclass
class Seen:
    """What all cuts of a file system came to."""
    cuts: int = 0
    whole: int = 0
    partial: int = 0
    only_dmesg: int = 0
    nothing: int = 0
    failures: int = 0

    def line(self, fs, kind):
        return (f"{fs}, {kind}: {self.cuts} power cuts; {self.whole} left a whole vmcore, "
                f"{self.partial} a vmcore-incomplete, {self.only_dmesg} only the dmesg, "
                f"{self.nothing} nothing; {self.failures} broke the promise")


def files_after_recovery(disk, fs, into):
    """Lets the file system recover as the next boot would, and copies what it holds."""
    into.mkdir()
    if fs == "vfat":
        # What one repair removes can leave something for the next.
        for _ in range(3):
            if not subprocess.run(["fsck.vfat", "-a", str(disk)], stdout=subprocess.DEVNULL,
                                  check=False).returncode:
                break
        if subprocess.run(["mcopy", "-i", str(disk), "-s", "-n", "::/crash", str(into)],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
            shutil.rmtree(into / "crash", ignore_errors=True)
    else:
        point = into.with_suffix(".mnt")
        point.mkdir(exist_ok=True)
        machine.run("mount", "-o", "loop", str(disk), str(point))
        try:
            shutil.copytree(point, into, dirs_exist_ok=True,
                            ignore=shutil.ignore_patterns("lost+found"))
        finally:
            machine.run("umount", str(point))
    machine.run(*FSCK[fs], str(disk))
    return sorted(path for path in into.rglob("*") if path.is_file())


def judge(disk, fs, console, work, seen):
    """Raises where a promise is broken."""
    tree = work / "tree"
    try:
        files = {path.name: path for path in files_after_recovery(disk, fs, tree)}
        found = ", ".join(sorted(files)) or "nothing"
        whole = files.get("vmcore")
        if whole:
            check_dump(whole, False)
        if "kdump: " in console and " saved fs:" in console and not whole:
            raise Failure(f"the dump was reported saved; found {found}")
        dmesg = files.get("vmcore-dmesg.txt")
        if dmesg and PANIC not in dmesg.read_text("ascii", "replace"):
            raise Failure("vmcore-dmesg.txt lacks the panic")
        if "vmcore-dmesg.txt saved" in console and not dmesg:
            raise Failure(f"the dmesg was reported saved; found {found}")
        seen.whole += whole is not None
        seen.partial += whole is None and "vmcore-incomplete" in files
        seen.only_dmesg += whole is None and "vmcore-incomplete" not in files and dmesg is not None
        seen.nothing += whole is None and "vmcore-incomplete" not in files and dmesg is None
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def choices(rng):
    """What becomes of writes that are not durable: nothing, all, or each as it happens."""
    how = rng.randrange(4)
    if how == 0:
        return lambda: 0.0
    if how == 1:
        return lambda: 1.0
    return lambda: rng.choice((0.0, 1.0, 1.0, rng.random()))


def try_cut(frozen, writes_path, writes, console, seen, rng, name):
    seen.cuts += 1
    disk = frozen.work / "disk"
    write_log.after_power_cut(frozen.before, writes_path, writes, choices(rng), disk)
    try:
        judge(disk, frozen.fs, console, frozen.work, seen)
    except (Failure, dump_formats.FormatError, OSError, ValueError) as error:
        seen.failures += 1
        kept = disk
        if seen.failures <= 3:  # disks are large
            kept = disk.rename(disk.with_name(f"failed-{name}"))
        print(f"FAILED {frozen.fs}, {name}: {error}, {kept}", flush=True)


def run_machine(frozen, name, log_bytes=None, more_s=0.0):
    """Thaws a copy; lets it end, or kills it shortly after its log of writes has the given size.
    Returns the log, the console's text, and the duration."""
    copy = frozen.work / "running"
    shutil.copyfile(frozen.before, copy)
    with Running(frozen, copy, frozen.work / name, thaw=True) as running:
        running.thaw()
        began = time.monotonic()
        while running.process.poll() is None:
            if log_bytes is not None and running.log.stat().st_size >= log_bytes:
                time.sleep(more_s)
                break
            if time.monotonic() - began > RUN_S:
                raise Failure("the capture did not end")
            time.sleep(0.02)
    copy.unlink()
    return running.log, running.console.text, time.monotonic() - began


def try_fs(fs, options, packer, work, rng):
    work.mkdir()
    frozen = Frozen(packer, fs, work)
    log, console, whole_s = run_machine(frozen, "undisturbed")
    if " saved fs:" not in console:
        raise Failure(f"{fs}: the undisturbed run did not save, {work}/undisturbed.console")
    writes = write_log.read_log(log)
    print(f"{fs}: an undisturbed run takes {whole_s:.1f} s and writes "
          f"{sum(write.size for write in writes) >> 20} MiB in {len(writes)} steps", flush=True)
    killed, replayed = Seen(), Seen()
    for i in range(options.cuts):
        # Every third one about the end, where the dump is synced and named.
        begin = 0.95 if i % 3 == 2 else 0.0
        cut_log, cut_console, _ = run_machine(frozen, "cut", rng.uniform(begin, 1) * log.stat().st_size,
                                           rng.uniform(0, 2))
        try_cut(frozen, cut_log, write_log.read_log(cut_log) if cut_log.stat().st_size else [],
                cut_console, killed, rng, f"cut {i}")
        if i % 10 == 9:
            print(killed.line(fs, "so far"), flush=True)
    for i in range(options.replays):
        end = rng.randrange(len(writes) + 1)
        try_cut(frozen, log, writes[:end], "", replayed, rng, f"replay {i}")
    print(killed.line(fs, "machines killed"), flush=True)
    if options.replays:
        print(replayed.line(fs, "from the log"), flush=True)
    frozen.state.unlink()
    return killed.cuts + replayed.cuts, killed.failures + replayed.failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cuts", type=int, nargs="?", default=20)
    parser.add_argument("--fs", default="ext4,xfs,vfat")
    parser.add_argument("--replays", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--binary", default=str(TOP / "build/kdump-init"))
    parser.add_argument("--work", type=pathlib.Path)
    options = parser.parse_args()
    work = options.work or pathlib.Path(tempfile.mkdtemp(prefix="kdump-init-cuts."))
    root = machine.prepare("debian_kernel")
    packer = Packer(Kernel(root), options.binary, work)
    print(f"seed {options.seed}, in {work}", flush=True)
    cuts = failures = 0
    for fs in options.fs.split(","):
        rng = random.Random(f"{options.seed} {fs}")
        try:
            tried, failed = try_fs(fs, options, packer, work / fs, rng)
        except Failure as error:
            print(f"FAILED {fs}: {error}", flush=True)
            tried, failed = 1, 1
        cuts, failures = cuts + tried, failures + failed
    if not failures:
        shutil.rmtree(work)
    print(f"{cuts - failures} passed, {failures} failed")
    return 1 if failures or not cuts else 0


if __name__ == "__main__":
    sys.exit(main())

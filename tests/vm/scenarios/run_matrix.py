#!/usr/bin/python3
"""Runs matrix.py's rows. In each a kernel really panics with a workload in its memory, and our dump
is compared with its raw vmcore: the pages that it leaves out with the kernel's /proc/kpageflags (the
vmcore's struct pages must explain each difference), the numbers of its report, every page's bytes,
libkdumpfile, the log with the kernel's dmesg, the crash report's stack with the trace in that.
Released makedumpfiles dump the same vmcore; the table shows which pages they lose or keep needlessly.
That fails no row, except on the kernel of Debian 12, where the page sets must be equal.

Prints "ok NAME (seconds)" or "FAILED NAME: why, log" a row, the table, and the sum.

usage: run_matrix.py --binary FILE --work DIR [--all] [--only TEXT] [--write-table FILE.md] [--resume]

--resume: without the rows that have passed before with this program, kernel and harness (results.py).
"""

import argparse
import collections
import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from oracles import check_crash_report, compare_dmesg
from oracles import compare_kpageflags
from oracles import compare_pages
from oracles import dump_formats
from scenarios import matrix
from scenarios import matrix_table
from oracles import read_with_libkdumpfile
from oracles.dump_formats import FormatError
from machines import machine
from machines.machine import Failure, socket_path
from results import Results
from oracles.struct_pages import KEEP, StructPages, excluded

LEVEL = 31


class Skipped(Exception):
    """Why a row could not be tried."""


def prepare(*words, log, **variables):
    """Runs a command of machines/prepare with these variables; returns its standard output."""
    done = subprocess.run([machine.PREPARE, *map(str, words)], env={**os.environ, **variables},
                          stdout=subprocess.PIPE, stderr=log, text=True, check=False)
    if done.returncode:
        raise Failure(f"{words[0]} failed")
    return done.stdout.strip()


class Monitor(threading.Thread):
    """Does in QEMU's monitor what the guest asks for on its console."""

    def __init__(self, wishes, console_path, socket_path):
        super().__init__(daemon=True)
        self.wishes, self.console_path, self.socket_path = wishes, console_path, socket_path
        self.stopped = threading.Event()

    def run(self):
        left = dict(self.wishes)
        while left and not self.stopped.wait(0.3):
            with contextlib.suppress(OSError):
                text = self.console_path.read_text("ascii", "replace")
                for wish in [name for name in left if f"guest: asks for {name}" in text]:
                    self.send(left.pop(wish))

    def send(self, commands):
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(10)
            monitor.connect(str(self.socket_path))
            for command in commands:
                monitor.sendall(command.encode() + b"\n")
                time.sleep(1)
            print("monitor:", monitor.recv(65536).decode("ascii", "replace"), flush=True)


def crash(row, root, work, log):
    """The directory of a vmcore and what was saved beside it."""
    if row.quick:
        return pathlib.Path(prepare("real_vmcore", row.memory, row.kernel.flavour, row.kernel.suite,
                                  log=log))
    disk, monitor = work / "disk.img", socket_path()
    variables = {"MACHINE": row.machine, "CPU": row.cpu, "SMP": str(row.cpus),
                 "QEMU_OPTIONS": row.qemu, "GUEST_ARGUMENTS": row.arguments,
                 "MONITOR": f"unix:{monitor},server=on,wait=off"}
    if row.disk:
        with open(disk, "wb") as file:
            file.truncate(512 << 20)
        if row.disk != "empty":
            subprocess.run([f"mkfs.{row.disk}", "-q", str(disk)], check=True, stdout=log, stderr=log)
        variables["GUEST_DISKS"] = str(disk)
    helper = Monitor(row.monitor, work / "console.log", monitor)
    helper.start()
    try:
        prepare("make_vmcore", row.memory, root, work, log=log, **variables)
    finally:
        helper.stopped.set()
        disk.unlink(missing_ok=True)
    return work


def dump(binary, vmcore, work):
    """Our dump and its report."""
    report = work / "report.json"
    done = subprocess.run([binary, "dump", str(vmcore), "-o", str(work / "ours"), "-d", str(LEVEL),
                           "--report", str(report)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    print(done.stdout)
    if done.returncode:
        raise Failure(f"kdump-init dump: status {done.returncode}")
    return dump_formats.KdumpFile(work / "ours"), json.loads(report.read_text())


# What a kernel is warned of whose image is kept whole.
IMAGE_WARNINGS = ("image is kept whole", "per-CPU areas are kept only if", "protected page frames of the kernel (image")


def check_report(report, counted, row, whole_image):
    """The classes that the report counts are those of the struct pages, page by page."""
    warnings = [line for line in report["warnings"]
                if not (whole_image and any(part in line for part in IMAGE_WARNINGS))]
    if warnings:
        raise Failure(f"warnings: {'; '.join(warnings)}")
    pages = {**report["pages"], KEEP: report["pages"]["other"] + report["pages"]["slab"]}
    for word, count in counted.items():
        if pages[word] != count:
            raise Failure(f"report.json has {pages[word]} pages of class {word}, not {count}")
    for word in row.drops:
        if not counted[word]:
            raise Failure(f"no page is {word}: the variant did not come about")


def others(row, raw, words, tools, work):
    """What each makedumpfile loses and keeps needlessly: version -> (lost, needless), None where
    it fails. One reads its own architecture's vmcores only."""
    if raw.machine == dump_formats.AARCH64:
        return {}
    ours, found = dump_formats.KdumpFile(work / "ours"), {}
    for version, command in tools.items():
        path = work / "theirs"
        path.unlink(missing_ok=True)
        done = subprocess.run([*command, "-d", str(LEVEL), raw.path, str(path)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, timeout=600)
        if done.returncode or not path.exists():
            print(f"makedumpfile {version}: {done.stdout[-2000:]}")
            found[version] = None
            continue
        theirs = dump_formats.KdumpFile(path)
        lost = [pfn for pfn in ours.ram.pfns()
                if pfn not in theirs.dumped and not excluded(words.get(pfn, KEEP), LEVEL)]
        needless = [pfn for pfn in theirs.dumped.pfns() if excluded(words.get(pfn, KEEP), LEVEL)]
        found[version] = (len(lost), len(needless))
        print(f"makedumpfile {version}: {len(lost)} kernel pages lost, {len(needless)} kept "
              f"needlessly; lost {lost[:8]}, kept {needless[:8]}")
        if row.kernel == matrix.BOOKWORM and version == "1.7.2" and (lost or needless):
            raise Failure("the page set is not makedumpfile 1.7.2's")
        path.unlink()
    return found


def check_kernel(root, directory, log):
    """What was fetched by a name that moves is what panicked: the kernel says so itself."""
    version = prepare("kernel_version", root, log=log)
    console = (directory / "console.log").read_text("ascii", "replace")
    if f"Linux version {version} " not in console:
        raise Failure(f"the console does not say 'Linux version {version}'")


def check_row(row, binary, program, tools, work, log):
    """What the table says of it."""
    # A kernel that one row alone uses does not stay in the cache.
    cache = {"KDUMP_INIT_CACHE": str(work / "cache")} if row.kernel.series else {}
    try:
        root = prepare("debian_kernel", row.kernel.flavour, row.kernel.suite, row.kernel.series,
                     log=log, **cache)
    except Failure as failure:
        raise Skipped("Debian's archive has it no more") if row.kernel.passing else failure
    directory = crash(row, root, work, log)
    check_kernel(root, directory, log)
    raw = dump_formats.ElfCore(str(directory / "vmcore"))
    pages = StructPages(raw)
    words, image = pages.words(), pages.image_kept_whole()
    # What of it the struct pages call free is kept by us alone.
    kept = words | {pfn: KEEP for pfn in image}
    before = compare_kpageflags.kernel_words(directory / "kpageflags")
    ours, report = dump(binary, directory / "vmcore", work)
    counted = collections.Counter(kept.get(pfn, KEEP) for pfn in ours.ram.pfns())
    check_report(report, counted, row, bool(image))
    comparison = compare_kpageflags.compare(ours, LEVEL, kept, before)
    compare_kpageflags.show(comparison)
    if comparison.unexplained:
        raise Failure(f"{len(comparison.unexplained)} pages are unexplained")
    if comparison.share_moved() > compare_kpageflags.MOST_MOVED:
        raise Failure(f"{comparison.share_moved():.0%} of the pages moved")
    if compare_pages.compare_kdump(ours, raw):
        raise Failure("a page differs from the vmcore's")
    read_with_libkdumpfile.main(str(work / "ours"), raw.path)
    compare_dmesg.main(binary, directory)
    found = check_crash_report.check(binary, directory / "vmcore", root)
    print(found.line())
    if found.problems:
        raise Failure(f"crash report: {'; '.join(found.problems)}")
    return matrix_table.Line(kernel=report["kernel"], variant=row.variant, counted=counted,
                             agreed=comparison.agreed.total(), moved=comparison.moved.total(),
                             silent=comparison.silent, program=program,
                             others=others(row, raw, words, tools, work))


def chosen_rows(options, log):
    """Those that were asked for; a row for other series of a suite becomes one a series."""
    for row in matrix.ROWS:
        if not (options.all or row.quick or options.only) \
                or options.only not in matrix_table.name_of(row):
            continue
        if row.kernel.series != matrix.OTHERS:
            yield row
            continue
        for series in prepare("other_kernel_series", row.kernel.flavour, row.kernel.suite,
                            log=log).split():
            yield dataclasses.replace(row, kernel=dataclasses.replace(row.kernel, series=series))


def pin_of(row, log):
    """PACKAGE=VERSION of the kernel; "" where Debian has it no more."""
    try:
        return prepare("kernel_pin", row.kernel.flavour, row.kernel.suite, row.kernel.series, log=log)
    except Failure:
        return ""


def makedumpfiles(log):
    """version -> command. Debian 12's is installed; trixie's runs with its own libraries."""
    unpacked = pathlib.Path(prepare("trixie_makedumpfile", log=log))
    libraries = ":".join(str(unpacked / at) for at in
                         ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"))
    trixie = [str(unpacked / "usr/lib64/ld-linux-x86-64.so.2"), "--library-path", libraries,
              str(unpacked / "usr/bin/makedumpfile")]
    return {version_of(command): command for command in (["makedumpfile"], trixie)}


def version_of(command):
    output = subprocess.run([*command, "-v"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False).stdout
    return output.split("version")[1].split()[0] if "version" in output else "that does not run"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--write-table", type=pathlib.Path)
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    results = Results("matrix", options.binary, options.resume)
    with open(options.work / "tools.log", "a") as log:
        tools = makedumpfiles(log)
        rows = list(chosen_rows(options, log))
    lines, failed = [], 0
    for number, row in enumerate(rows):
        name, started = matrix_table.name_of(row), time.monotonic()
        with open(options.work / "tools.log", "a") as log:
            inputs = (row, pin_of(row, log), *tools)
        found = results.passed(name, inputs)
        if found:
            lines.append(matrix_table.from_json(found["value"]))
            print(f"ok {name} (passed on {found['when']})", flush=True)
            continue
        work = options.work / f"row-{number:02}"
        work.mkdir(parents=True)
        why = skipped = None
        with open(work / "log", "w") as log, contextlib.redirect_stdout(log):
            try:
                lines.append(check_row(row, options.binary, results.program, tools, work, log))
            except Skipped as error:
                skipped = error
            except (Failure, FormatError, OSError, KeyError, ValueError,
                    subprocess.SubprocessError) as error:
                why = error
        if why:
            print(f"FAILED {name}: {why}, {work}/log", flush=True)
            results.forget(name, inputs)
            failed += 1
            for path in work.glob("vmcore") if failed > 1 else ():
                path.unlink()  # one is enough to look into
        elif skipped:
            print(f"skipped {name}: {skipped}", flush=True)
        else:
            print(f"ok {name} ({time.monotonic() - started:.0f} s)", flush=True)
            results.record(name, inputs, matrix_table.as_json(lines[-1]))
            shutil.rmtree(work)
    table = matrix_table.table(lines) if lines else ""
    print(table)
    if options.write_table and lines and not failed:
        matrix_table.write(options.write_table, lines)
    print(f"{len(lines)} passed, {failed} failed")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
"""Crashes each kernel in each way (crash_kinds.py) and holds the crash report of the vmcore against other
witnesses: the panicking stack and that of a hung task against the kernel's own Call Trace, the signature
against one made of the log's frames by rules written down independently, modules' build-ids against their
files, the title against what was caused.

A vmcore is kept in the cache directory, whichever program reads it: another program is judged at once.

usage: run_crashes.py --binary FILE --work DIR [--only TEXT] [--write-table FILE.md] [--resume]

--resume: without the rows that have passed before with this program, kernel and harness (results.py).
"""

import argparse
import contextlib
import dataclasses
import functools
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from oracles import check_crash_report
from scenarios import crash_kinds
from machines import machine
from machines.machine import Failure
from results import Results, TOP, one_program

sys.path.insert(0, str(TOP / "scripts/dev"))
import evidence


@dataclasses.dataclass(frozen=True)
class Line:
    kernel: str
    kind: str
    title: str
    signature: str
    source: str         # stack or log
    frames: int         # of the panicking stack, as the kernel logged them
    tasks: int
    blocked: int        # whose stacks are reported
    modules: int        # whose build-ids equal their files'
    program: str        # SHA-256


@functools.cache
def prepare(*words, log):
    """Once for the same words: asking apt takes long on a busy machine."""
    done = subprocess.run([machine.PREPARE, *map(str, words)], stdout=subprocess.PIPE, stderr=log, text=True,
                          check=False)
    if done.returncode:
        raise Failure(f"{words[0]} failed")
    return done.stdout.strip()


def name_of(kernel, kind):
    return f"{kernel.flavour} of {kernel.suite or 'this release'}, {kind.meaning}"


def check_row(kernel, kind, binary, program, log):
    root = prepare("debian_kernel", kernel.flavour, kernel.suite, log=log)
    directory = pathlib.Path(prepare("crash_vmcore", root, kernel.suite, kind.name, kind.sysctls,
                                     kind.arguments, kind.monitor, log=log))
    found = check_crash_report.check(binary, directory / "vmcore", root, directory / "kdump_crash.ko")
    print(found.line())
    report = found.report
    if not re.fullmatch(kind.title, report["signature"]["title"]):
        found.problems.append(f"the title is '{report['signature']['title']}', expected /{kind.title}/")
    if found.problems:
        raise Failure("; ".join(found.problems))
    return Line(kernel=report["kernel"], kind=kind.meaning, title=report["signature"]["title"],
                signature=report["signature"]["id"][:16], source=report["signature"]["source"],
                frames=found.frames, tasks=report["tasks"]["total"],
                blocked=len(report["tasks"]["blocked"]), modules=found.modules, program=program)


def table(lines):
    """Raises Mixed where they are of several programs."""
    one_program(line.program for line in lines)
    names = ("kernel", "kind", "title", "signature", "source", "frames", "tasks", "blocked", "modules")
    rows = ["| kernel | crash | title | signature 1- | from | frames as logged | tasks | stacks of blocked tasks "
            "| build-ids as in files |", "|---|---|---|---|---|--:|--:|--:|--:|"]
    rows += ["| " + " | ".join(str(getattr(line, name)) for name in names) + " |" for line in lines]
    return "\n".join(rows)


ABOUT = """A row is a kernel that crashed in QEMU in that way. Its panicking stack, and a hung task's, equal the
Call Trace that the kernel logged (names, offsets, sizes, modules); the signature equals the one that the
log's frames give; modules' build-ids equal those of their files. One way of crashing has one signature
where the same functions led to it. No hard lockup: QEMU without KVM has no performance counters that the
detector needs.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--write-table", type=pathlib.Path)
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    results = Results("crashes", options.binary, options.resume)
    rows = [(kernel, kind) for kernel in crash_kinds.KERNELS for kind in crash_kinds.KINDS
            if options.only in name_of(kernel, kind)]
    lines, failed, path = [], 0, options.work / "log"
    log = open(path, "a")
    for kernel, kind in rows:
        name, started, why = name_of(kernel, kind), time.monotonic(), None
        with contextlib.redirect_stdout(log):
            inputs = (kind, prepare("kernel_pin", kernel.flavour, kernel.suite, log=log))
            found = results.passed(name, inputs)
            try:
                lines.append(Line(**found["value"]) if found
                             else check_row(kernel, kind, options.binary, results.program, log))
            except (Failure, OSError, KeyError, ValueError, subprocess.SubprocessError) as error:
                why = error
        if why:
            print(f"FAILED {name}: {why}, {path}", flush=True)
            results.forget(name, inputs)
            failed += 1
        elif found:
            print(f"ok {name} (passed on {found['when']})", flush=True)
        else:
            print(f"ok {name} ({time.monotonic() - started:.0f} s)", flush=True)
            results.record(name, inputs, vars(lines[-1]))
    if lines:
        print(table(lines))
    if options.write_table and lines and not failed:
        command = f"tests/vm/run --crash-table '{options.only}'" if options.only else "tests/vm/run --crash-table"
        evidence.write(options.write_table, "Kinds of crashes", command, results.program,
                       ABOUT + "\n" + table(lines))
    print(f"{len(lines)} passed, {failed} failed")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())

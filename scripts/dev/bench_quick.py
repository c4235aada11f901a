#!/usr/bin/python3
"""Counts the instructions of the static program over a core that is always the same
(tests/bench/fixed_core.cc) under callgrind, and says what changed against the counts that the
repository records. Wall times on a busy machine are noise; these are not.

usage: bench_quick.py --binary FILE --core FILE [--record]
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from bench_document import TOP

RECORDED = TOP / "tests/bench/instructions.txt"
HEAD = """\
# Instructions that build/kdump-init executes over tests/bench/fixed_core.cc's vmcore, as callgrind
# counts them. scripts/bench --quick compares, scripts/bench --quick --record writes this file. The
# programs choose some loops by what the CPU can do: compare on machines of one kind.
"""
# How often progress is shown is the clock's, all else the same each time: the least of some runs, and
# what changes less than this is no change.
TIMES = 3
NOISE_PERCENT = 1.0

DUMP = ("dump", "-d", "31", "--threads", "1")
RUNS = (("dry run", ("dump", "-d", "31", "--dry-run", "{core}")),
        ("dump, none", (*DUMP, "--compress", "none", "{core}", "-o", "{out}")),
        ("dump, zstd:0", (*DUMP, "--compress", "zstd:0", "{core}", "-o", "{out}")),
        ("dump, zstd:1", (*DUMP, "--compress", "zstd:1", "{core}", "-o", "{out}")),
        ("dump, zstd:3", (*DUMP, "--compress", "zstd:3", "{core}", "-o", "{out}")),
        ("dump, elf", (*DUMP, "--format", "elf", "{core}", "-o", "{out}")),
        ("info", ("info", "{core}")),
        ("dmesg", ("dmesg", "{core}")))


def count(binary, core, words, work):
    """(instructions of all its processes, bytes it wrote)."""
    out = work / "dump"
    out.unlink(missing_ok=True)
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", binary,
               *(word.format(core=core, out=out) for word in words)]
    # Its own environment, so that no variable of the caller's costs an instruction.
    done = subprocess.run(command, env={"PATH": os.environ["PATH"]}, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, check=False)
    counts = [int(number) for number in re.findall(r"Collected : (\d+)", done.stderr)]
    if done.returncode or not counts:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-400:]}")
    return sum(counts), out.stat().st_size if out.exists() else 0


def read_recorded():
    if not RECORDED.exists():
        return {}
    rows = [line.rpartition(":") for line in RECORDED.read_text().splitlines()
            if line and not line.startswith("#")]
    return {name: tuple(map(int, numbers.split())) for name, _, numbers in rows}


def change(now, before):
    if not before:
        return "new"
    percent = (now - before) / before * 100
    return "same" if abs(percent) < NOISE_PERCENT else f"{percent:+.1f} %"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--core", required=True)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    recorded, counted = read_recorded(), {}
    work = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm", prefix="kdump-init-quick."))
    print(f"{'':16} {'instructions':>14} {'change':>8}   {'bytes':>10} {'change':>8}")
    try:
        for name, words in RUNS:
            counted[name] = min(count(options.binary, options.core, words, work)
                                for _ in range(TIMES))
            (now, size), (before, size_before) = counted[name], recorded.get(name, (0, 0))
            sizes = f"{size:10} {change(size, size_before):>8}" if size else ""
            print(f"{name:16} {now:14,} {change(now, before):>8}   {sizes}".rstrip(), flush=True)
    finally:
        shutil.rmtree(work)
    if options.record:
        RECORDED.write_text(HEAD + "#\n# what: instructions, bytes of the dump\n" + "".join(
            f"{name}: {instructions} {size}\n" for name, (instructions, size) in counted.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())

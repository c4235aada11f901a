#!/usr/bin/python3
"""kdump-init's dmesg of a vmcore, held byte for byte against the dmesg that the kernel gave just
before it panicked, and the panic's lines after it with the console.

usage: compare_dmesg.py KDUMP_INIT DIRECTORY    with vmcore, dmesg and console.log, see make_vmcore
"""

import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from oracles import dump_formats

PANIC = b"Kernel panic - not syncing: sysrq triggered crash\n"
PREFIX = re.compile(rb"\[ *(\d+\.\d{6})\] ")
NUMBERED = re.compile(rb"guest: record (\d+) ")
# syslog(2) gives what fits a buffer as large as the kernel's own, the newest records of it, each
# line with a level of four bytes that dmesg takes off.
SMALLEST_BUFFER = 128 << 10
LONGEST_RECORD = 2048
LEVEL = len(b"<15>")


def check_beginning(ours, saved):
    """Where our text behind the saved one begins; what syslog(2) had no room for stands before."""
    at = ours.find(saved)
    if at < 0:
        same = next((i for i, (a, b) in enumerate(zip(ours, saved)) if a != b), 0)
        raise dump_formats.FormatError(
            f"not the dmesg saved before the panic: from byte {same} on it is "
            f"{saved[same:same + 80]!r}, and ours {ours[same:same + 80]!r}")
    if at > 0 and len(saved) + LEVEL * saved.count(b"\n") < SMALLEST_BUFFER - LONGEST_RECORD:
        raise dump_formats.FormatError(f"{at} bytes stand before what dmesg gave: {ours[:80]!r}")
    return at, at + len(saved)


def check_numbers(ours):
    """The records that the guest numbered are there in a row: a wrapped ring lacks only old ones."""
    numbers = [int(found) for found in NUMBERED.findall(ours)]
    if numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise dump_formats.FormatError("the guest's numbered records are not all there, or not in order")
    return numbers


def check_end(end, last_time, console):
    """Every line that the console showed after the dmesg was saved is in our end, in that order.
    A record that was not finished when dmesg was saved stands there too."""
    if PANIC not in end:
        raise dump_formats.FormatError(f"no panic in what follows the saved dmesg: {end[:200]!r}")
    first_boot = console.split(b"] Linux version ")[1]
    lines, shown = iter(end.splitlines()), 0
    for line in first_boot.splitlines():
        match = PREFIX.match(line)
        if not match or float(match[1]) <= last_time:
            continue
        if line not in lines:
            raise dump_formats.FormatError(f"the console showed {line!r}, our dmesg does not")
        shown += 1
    return shown


def main(binary, directory):
    directory = pathlib.Path(directory)
    done = subprocess.run([binary, "dmesg", str(directory / "vmcore")], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode or done.stderr:
        raise dump_formats.FormatError(f"kdump-init dmesg: {done.returncode}, {done.stderr!r}")
    saved = (directory / "dmesg").read_bytes()
    before, end = check_beginning(done.stdout, saved)
    numbers = check_numbers(done.stdout)
    shown = check_end(done.stdout[end:], float(PREFIX.findall(saved)[-1]),
                      (directory / "console.log").read_bytes())
    print(f"dmesg: {before} bytes older than dmesg gave, {len(saved)} bytes the same, "
          f"{len(done.stdout) - end} of the panic, {shown} lines of which the console showed"
          + (f"; records {numbers[0]} to {numbers[-1]} of the guest" if numbers else ""))


if __name__ == "__main__":
    dump_formats.run_tool(main, __doc__, 2, 2)

#!/usr/bin/python3
"""What a reader with debug symbols says of a dump, held against what it says of the raw vmcore:
every line must be the same, warnings too, but for the file's own name.

usage: compare_readers.py READER VMLINUX VMCORE DUMP...

READER is crash, drgn or gdb, or the words of a command that starts one of them, such as a loader
with separate libraries. COMMANDS has the commands; the last line counts the compared lines.
"""

import difflib
import os
import pathlib
import re
import shlex
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from oracles import dump_formats

HERE = pathlib.Path(__file__).resolve().parent
DEADLINE_S = 900

# Nothing here reads memory that a dump level leaves out, so a dump has no excuse.
CRASH_COMMANDS = """sys
bt
bt -a
foreach bt
log
ps
ps -t
runq
mod
dev
files
mount
net
irq
timer
kmem -i
kmem -s
kmem -z
rd linux_banner 16
p init_uts_ns
struct task_struct.comm,pid,stack init_task
quit
"""

# Virtual addresses of the kernel's text and, by way of pointers, of the direct mapping.
GDB_COMMANDS = ("info threads", "print linux_banner", "print init_uts_ns.name",
                "print *init_task.tasks.next", "print *init_task.real_cred", "print saved_command_line",
                "print *slab_caches.next", "print *crashk_res.parent", "x/32i panic",
                "x/64xg &init_task")


def crash(words, vmlinux, dump):
    return ([*words, "--no_scroll", "--no_crashrc", vmlinux, dump], CRASH_COMMANDS)


def drgn(words, vmlinux, dump):
    return ([*words, "-q", "-c", dump, "-s", vmlinux, str(HERE / "drgn_summary.py")], "")


def gdb(words, vmlinux, dump):
    offset = dump_formats.ElfCore(dump).vmcoreinfo()["KERNELOFFSET"]
    # -readnever would save time, but types are asked for.
    command = [*words, "-nx", "-batch", "-ex", f"core-file {dump}",
               "-ex", f"symbol-file -o 0x{offset} {vmlinux}"]
    for line in GDB_COMMANDS:
        command += ["-ex", f"echo {line}\\n", "-ex", line]
    return command, ""


READERS = {"crash": crash, "drgn": drgn, "gdb": gdb}


def ask(words, vmlinux, dump):
    """All lines that it prints, without what differs between two runs on one file."""
    reader = next(READERS[name] for word in reversed(words) for name in READERS
                  if pathlib.Path(word).name == name)
    command, typed = reader(words, vmlinux, dump)
    done = subprocess.run(command, input=typed.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=DEADLINE_S, check=False,
                          env=os.environ | {"TERM": "dumb", "DEBUGINFOD_URLS": ""})
    text = done.stdout.decode("utf-8", "backslashreplace")
    if done.returncode:
        raise dump_formats.FormatError(f"{dump}: {shlex.join(words)} ended with "
                                       f"{done.returncode}: {text[-800:]}")
    text = re.sub(r"\rplease wait\.\.\.[^\r\n]*", "\n", text)  # progress, drawn over itself
    text = re.sub(r"error trace: [0-9a-f =>]+", "error trace\n", text)  # crash's own addresses
    text = text.replace("\r", "\n").replace(f"{dump}  [PARTIAL DUMP]", dump)
    text = re.sub(rf"(?<![\w.-]){re.escape(dump)}(?![\w.-])", "DUMP", text)
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def main(reader, vmlinux, vmcore, *dumps):
    words = shlex.split(reader)
    expected = ask(words, vmlinux, vmcore)
    if len(expected) < 40:
        raise dump_formats.FormatError(f"{vmcore}: {reader} says only: {expected}")
    status = 0
    for dump in dumps:
        output = ask(words, vmlinux, dump)
        differences = list(difflib.unified_diff(expected, output, vmcore, dump, "", "", 1, ""))
        print("\n".join(differences[:60]))
        print(f"{dump}: {len(output)} lines, {'different' if differences else 'the same'}")
        status |= bool(differences)
    return status


if __name__ == "__main__":
    dump_formats.run_tool(main, __doc__, 4, 99)

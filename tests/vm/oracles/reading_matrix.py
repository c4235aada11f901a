#!/usr/bin/python3
"""Who reads whose dumps: makedumpfile writes a raw vmcore in each of its forms and kdump-init reads
them, kdump-init writes its forms and makedumpfile and, where it is installed, libkdumpfile read
them. Each page must be the vmcore's and the log must be the vmcore's. Prints the matrix, a line a
dump; a form that the installed makedumpfile was built without is "not built in".

usage: reading_matrix.py KDUMP-INIT VMCORE
"""

import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from oracles import dump_formats

PEERS = {  # form: makedumpfile's options
    "kdump, not compressed": ["-d", "31"],
    "kdump, zlib": ["-c", "-d", "31"],
    "kdump, lzo": ["-l", "-d", "31"],
    "kdump, snappy": ["-p", "-d", "31"],
    "kdump, zstd": ["-z", "-d", "31"],
    "kdump, level 0, zlib": ["-c", "-d", "0"],
    "kdump, flattened, lzo": ["-F", "-l", "-d", "31"],
    "kdump, split, zlib": ["--split", "-c", "-d", "31"],
    "ELF": ["-E", "-d", "31"],
    "ELF, flattened": ["-F", "-E", "-d", "31"],
}
FLAGS = {"zlib": 1, "lzo": 2, "snappy": 4, "zstd": 0x20}
OURS = {  # form: kdump-init's options
    "kdump, not compressed": ["--compress", "none"],
    "kdump, zstd:0": ["--compress", "zstd:0"],
    "kdump, zstd:3": ["--compress", "zstd:3"],
    "kdump, flattened": ["--compress", "none", "--flatten"],
    "ELF": ["--format", "elf"],
    "ELF, flattened": ["--format", "elf", "--flatten"],
}


def run(*command, stdin=None, stdout=None):
    return subprocess.run([str(word) for word in command], stdin=stdin, stdout=stdout or subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)


class Matrix:
    def __init__(self, program, vmcore, work):
        self.program, self.vmcore, self.work = program, vmcore, pathlib.Path(work)
        self.raw = dump_formats.ElfCore(vmcore)
        self.log = run(program, "dmesg", vmcore).stdout
        self.failed = False

    def say(self, form, reader, text, is_good=True):
        self.failed |= not is_good
        print(f"{form:28} {reader:14} {'' if is_good else 'FAILED: '}{text}", flush=True)

    def pages_of(self, dump):
        """How many pages the dump has, each the vmcore's."""
        count = 0
        for pfn, page in dump.pages():
            if page != self.raw.page(pfn):
                raise dump_formats.FormatError(f"page frame {pfn:#x} is not the vmcore's")
            count += 1
        return count

    def read_by_us(self, form, dump, lacks_memory=False):
        """dump: a path, or the paths of the parts with commas between. lacks_memory: its headers
        promise memory that is not there, as those of makedumpfile's ELF do of what it left out."""
        plain = self.work / "plain"
        made = run(self.program, "dump", dump, "-d", "0", "--compress", "none", "-o", plain)
        log = run(self.program, "dmesg", dump)
        info = run(self.program, "info", dump)
        checked = [run(self.program, "verify", part).returncode for part in str(dump).split(",")]
        try:
            if made.returncode != (3 if lacks_memory else 0):
                raise dump_formats.FormatError(made.stderr.decode().splitlines()[-1])
            count = self.pages_of(dump_formats.KdumpFile(plain))
            is_good = (log.returncode == 0 and log.stdout == self.log and info.returncode == 0
                       and not any(checked) and count > 1000)
            self.say(form, "kdump-init", f"{count} pages and the log as in the vmcore" if is_good else
                     f"{count} pages, dmesg {log.returncode}, info {info.returncode}, verify {checked}",
                     is_good)
        except (dump_formats.FormatError, OSError) as error:
            self.say(form, "kdump-init", str(error), False)
        plain.unlink(missing_ok=True)

    def peer_writes(self, form, options):
        dump = self.work / "peer"
        if "--split" in options:
            parts = [self.work / f"part{i}" for i in range(3)]
            made = run("makedumpfile", *options, self.vmcore, *parts)
        elif "-F" in options:
            parts = [dump]
            with open(dump, "wb") as file:
                made = run("makedumpfile", *options, self.vmcore, stdout=file)
        else:
            parts = [dump]
            made = run("makedumpfile", *options, self.vmcore, dump)
        wanted = FLAGS.get(form.split()[-1], 0)
        with open(parts[0], "rb") as file:
            head = file.read(512)
        is_kdump = head.startswith(b"KDUMP")
        if made.returncode != 0:
            self.say(form, "makedumpfile", "cannot write it: " + made.stderr.decode().strip()[-80:])
        elif is_kdump and wanted and not head[424] & wanted:
            self.say(form, "kdump-init", "not built in")
        else:
            self.read_by_us(form, ",".join(str(part) for part in parts), "ELF" in form)
        for part in parts:
            part.unlink(missing_ok=True)

    def we_write(self, form, options):
        dump, restored = self.work / "ours", self.work / "restored"
        made = run(self.program, "dump", self.vmcore, *options, "-o", dump)
        if made.returncode != 0:
            return self.say(form, "kdump-init", made.stderr.decode().splitlines()[-1], False)
        self.read_by_us(form, dump)
        if "--flatten" in options:
            with open(dump, "rb") as file:
                run("makedumpfile", "-R", restored, stdin=file)
            restored.replace(dump)
            self.say(form, "makedumpfile -R", "restores it, sound",
                     run(self.program, "verify", dump).returncode == 0)
        if "zstd" not in form:  # Debian 12's makedumpfile is built without
            again = run("makedumpfile", "-d", "31", dump, restored)
            try:
                if again.returncode != 0:
                    raise dump_formats.FormatError(again.stderr.decode().strip()[-80:])
                count = self.pages_of(dump_formats.KdumpFile(restored))
                self.say(form, "makedumpfile", f"filters it again, {count} pages", count > 1000)
            except (dump_formats.FormatError, OSError) as error:
                self.say(form, "makedumpfile", str(error), False)
        try:
            from oracles import read_with_libkdumpfile
            facts = dict(read_with_libkdumpfile.read_dump(str(dump), self.vmcore))
            self.say(form, "libkdumpfile", facts["pages"])
        except ModuleNotFoundError:
            self.say(form, "libkdumpfile", "not installed")
        except dump_formats.FormatError as error:
            self.say(form, "libkdumpfile", str(error), False)
        dump.unlink(missing_ok=True)
        restored.unlink(missing_ok=True)
        return None


def main(program, vmcore):
    with tempfile.TemporaryDirectory() as work:
        matrix = Matrix(program, vmcore, work)
        print(f"{'written by makedumpfile':28} read by")
        for form, options in PEERS.items():
            matrix.peer_writes(form, options)
        print(f"{'written by kdump-init':28} read by")
        for form, options in OURS.items():
            matrix.we_write(form, options)
    return 1 if matrix.failed else 0


if __name__ == "__main__":
    dump_formats.run_tool(main, __doc__, 2, 2)

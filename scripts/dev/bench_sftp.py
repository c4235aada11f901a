#!/usr/bin/python3
"""Measures the CPU seconds of kdump-init's ssh: target beside those of OpenSSH's sftp, for
docs/evidence/performance.md: the same bytes to the same server on tmpfs, in turn, with each cipher.

usage: bench_sftp.py --binary FILE [--beside FILE] --vmcore FILE --repeat N

kdump-init dumps the vmcore at level 0, as ELF, uncompressed, and reads it back; its CPU seconds include
reading the memory and the checksums. sftp then puts the file that it left, and gets it. --beside: another
kdump-init, in turn with both.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

from bench_document import TOP, Load, table, write_section
from bench_measure import end, start

sys.path.insert(0, str(TOP / "tests/vm"))
from machines import servers  # noqa: E402

CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com",
           "aes128-ctr")


@dataclasses.dataclass
class Server:
    work: pathlib.Path
    process: servers.Server
    url: str

    @property
    def served(self):
        return self.work / "served"

    @property
    def port(self):
        return re.search(r":(\d+)/", self.url).group(1)

    @property
    def user(self):
        return re.search(r"//([^@]*)@", self.url).group(1)


def cpu_of(words, given=b""):
    """User and system seconds of a command that ends well."""
    process = start(words, {min(os.sched_getaffinity(0))}, stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL)
    process.stdin.write(given)
    process.stdin.close()
    return end(process, words)


def dump(program, vmcore, server):
    shutil.rmtree(server.served)
    server.served.mkdir()
    return cpu_of([program, "dump", vmcore, "-d", "0", "--format", "elf", "--compress", "none",
                   "--threads", "1", server.url])


def put_and_get(file, server):
    shutil.rmtree(server.served)
    server.served.mkdir()
    return cpu_of(["sftp", "-q", "-F", "none", "-P", server.port, "-i", server.work / "user_key", "-o",
                   f"UserKnownHostsFile={server.work}/known_hosts", "-b", "-",
                   f"{server.user}@127.0.0.1"], f"put {file} {server.served}/copy\nget {server.served}/copy /dev/null\n".encode())


def measure(options, server):
    """The medians of CPU seconds by program, and the bytes of the file."""
    dump(options.binary, options.vmcore, server)
    file = server.work / "file"
    shutil.move(next(server.served.rglob("vmcore")), file)
    runs = {"kdump-init": lambda: dump(options.binary, options.vmcore, server),
            "sftp": lambda: put_and_get(file, server)}
    if options.beside:
        runs["beside"] = lambda: dump(options.beside, options.vmcore, server)
    found = {name: [] for name in runs}
    for _ in range(options.repeat):
        for name, run in runs.items():
            found[name].append(run())
    return {name: statistics.median(taken) for name, taken in found.items()}, file.stat().st_size


def with_cipher(options, cipher):
    work = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm", prefix="kdump-init-bench."))
    process, url = servers.ssh_server(work, only=f"Ciphers {cipher}\n")
    try:
        return measure(options, Server(work, process, url))
    finally:
        process.stop()
        shutil.rmtree(work)


def verdict(cipher, ratio, peer):
    return (f"- {cipher}: {ratio:.2f} of the CPU time of {peer}, goal at most 1.0: "
            f"{'met' if ratio <= 1 else '**not met**'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--beside")
    parser.add_argument("--vmcore", required=True)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    servers.HOST = "127.0.0.1"  # asked from this machine, not from a guest
    load, rows, goals = Load(), [], []
    for cipher in CIPHERS:
        found, size = with_cipher(options, cipher)
        ours, theirs = found["kdump-init"], found["sftp"]
        row = [cipher, f"{size / 1e6:.0f}", f"{ours:.2f}", f"{theirs:.2f}", f"{ours / theirs:.2f}"]
        goals.append(verdict(cipher, ours / theirs, "sftp"))
        if options.beside:
            row += [f"{found['beside']:.2f}", f"{ours / found['beside']:.2f}"]
            goals.append(verdict(cipher, ours / found["beside"], "the other kdump-init"))
        rows.append(row)
    head = ["cipher", "MB each way", "kdump-init CPU s", "sftp CPU s", "ratio"]
    if options.beside:
        head += ["other kdump-init CPU s", "ratio"]
    write_section("sftp", "\n\n".join((
        load.sentence(f"scripts/bench --sftp --repeat {options.repeat}"), table(head, rows),
        "\n".join(goals))))


main()

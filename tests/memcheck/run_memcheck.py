#!/usr/bin/env python3
"""Runs the commands of kdump-init, and its DHCP client's tests, under valgrind; see tests/memcheck/run.

usage: run_memcheck.py DIRECTORY_OF_PROGRAMS [TEXT]
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(TESTS))
from free_port import free_port  # noqa: E402

TIMEOUT_S = 300
TINY = """kernel x86_64-6.1
CRASHTIME=1795231291
nodename tiny
ram 0 1M
data 128K
page 128 free order=7
log 1 booting
log 2 Kernel panic - not syncing: out of coffee
"""

# Who must be at fault in the report of a planted read: the library's own functions.
PLANTS = {
    "kdump-init": r": kdump::",
    "zstd": r": (ZSTD|HUF|FSE|HIST)_",
    "mbedtls": r": mbedtls_pk_parse_key",
    "libssh2": r"(libssh2|userauth)",
    "libc++": r"libc\+\+\.so",
    "n-dhcp4": r": n_dhcp4_",
}

# Each key with another key exchange, cipher, MAC and key of the host.
KEYS = [  # type, bits, ssh-keygen's name of the form, host key, KexAlgorithms, Ciphers, MACs
    ("ecdsa", 256, "RFC4716", "ecdsa-256", "ecdh-sha2-nistp256", "aes128-gcm@openssh.com", ""),
    ("ecdsa", 384, "RFC4716", "ecdsa-384", "ecdh-sha2-nistp384", "aes256-gcm@openssh.com", ""),
    ("ecdsa", 521, "RFC4716", "ecdsa-521", "ecdh-sha2-nistp521", "chacha20-poly1305@openssh.com",
     ""),
    ("ecdsa", 256, "PEM", "rsa-3072", "ecdh-sha2-nistp256", "aes128-ctr",
     "hmac-sha2-256-etm@openssh.com"),
    ("ecdsa", 384, "PEM", "ecdsa-256", "ecdh-sha2-nistp256", "aes256-ctr", "hmac-sha2-512"),
    ("ecdsa", 521, "PEM", "ecdsa-256", "diffie-hellman-group14-sha256", "aes128-gcm@openssh.com",
     ""),
    ("ecdsa", 256, "PKCS8", "ecdsa-256", "", "aes256-ctr", "hmac-sha2-512-etm@openssh.com"),
    ("ecdsa", 384, "PKCS8", "ecdsa-256", "", "aes128-ctr", "hmac-sha2-256"),
    ("ecdsa", 521, "PKCS8", "ecdsa-256", "", "", ""),
    ("rsa", 2048, "PEM", "ecdsa-256", "", "", ""),
    ("rsa", 3072, "PKCS8", "rsa-3072", "", "", ""),
    # Of these the program may say that it cannot use them.
    ("rsa", 2048, "RFC4716", "ecdsa-256", "", "", ""),
    ("ed25519", 0, "RFC4716", "ecdsa-256", "", "", ""),
]


class Failed(Exception):
    """A test failed, and this is why."""


def reports(text):
    """Valgrind's reports in a log: each a list of lines, the kind first."""
    found, report = [], []
    for line in re.sub(r"(?m)^==\d+== ?", "", text).splitlines() + [""]:
        if line.strip():
            report.append(line.strip())
        elif report:
            if any(each.startswith("at 0x") for each in report):
                found.append(report)
            report = []
    return found


class Bench:
    """A directory with a vmcore in it, and the programs run there under valgrind."""

    def __init__(self, programs, directory):
        self.programs = programs
        self.directory = directory
        directory.mkdir()
        self.vmcore = directory / "vmcore"
        subprocess.run([programs / "text_core", self.vmcore], input=TINY, text=True, check=True)
        self.runs = 0

    def valgrind(self, program, *arguments, plant=""):
        """Returns exit status, what was printed, and valgrind's reports."""
        self.runs += 1
        log = self.directory / f"valgrind-{self.runs}"
        command = ["valgrind", "-q", f"--log-file={log}", "--num-callers=20", "--track-origins=yes",
                   f"--suppressions={TESTS}/memcheck/suppressions", self.programs / program, *arguments]
        done = subprocess.run(command, cwd=self.directory, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT_S, check=False,
                              env=os.environ | ({"KDUMP_INIT_PLANT": plant} if plant else {}))
        output = done.stdout.decode(errors="replace")
        if re.search(r"(?m)^==\d+== Valgrind: |unhandled dwarf", log.read_text()):
            raise Failed(f"valgrind itself failed: {log.read_text()}")
        return done.returncode, output, reports(log.read_text())

    def clean(self, status, *arguments, program="memcheck_program"):
        """Runs it; fails where anything is reported, or the status is another one."""
        found, output, reported = self.valgrind(program, *arguments)
        if reported:
            raise Failed(f"{' '.join(map(str, arguments))}: {len(reported)} reports, the first:\n" +
                         "\n".join(reported[0][:16]))
        if found not in (status if isinstance(status, tuple) else (status,)):
            raise Failed(f"{' '.join(map(str, arguments))}: status {found}: {output}")
        return output


class SshServer:
    """sshd on loopback, which lets in one key."""

    def __init__(self, directory, key, host, options, subsystem="internal-sftp"):
        self.directory = directory
        key_type, bits, form = key
        self.keygen("key", key_type, bits, form)
        host_type, host_bits = host.split("-")
        self.keygen("host", host_type, int(host_bits), "RFC4716")
        self.port = free_port()
        public = (directory / "host.pub").read_text().split()
        (directory / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {public[0]} {public[1]}\n")
        lines = [f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {directory}/host",
                 f"AuthorizedKeysFile {directory}/key.pub", "StrictModes no", "PermitRootLogin yes",
                 "PidFile none", "UsePAM no", "LogLevel ERROR", f"Subsystem sftp {subsystem}"]
        lines += [f"{name} {value}" for name, value in options.items() if value]
        (directory / "config").write_text("\n".join(lines) + "\n")
        self.log = open(directory / "log", "wb")
        self.server = subprocess.Popen(
            [TESTS / "run_server", "sshd", "-D", "-e", "-f", directory / "config"],
            stdout=self.log, stderr=self.log)

    def keygen(self, name, key_type, bits, form):
        size = ["-b", str(bits)] if bits else []
        subprocess.run(["ssh-keygen", "-q", "-t", key_type, *size, "-m", form, "-N", "", "-f",
                        self.directory / name], check=True)

    def url(self):
        return (f"ssh://root@127.0.0.1:{self.port}{self.directory}/crash"
                f"?key={self.directory}/key&known_hosts={self.directory}/known_hosts")

    def __enter__(self):
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise Failed("no sshd: " + (self.directory / "log").read_text())

    def __exit__(self, *_):
        self.server.send_signal(signal.SIGTERM)
        self.server.wait()
        self.log.close()


def saved_dump(directory):
    dumps = list((directory / "crash").glob("tiny-*/vmcore"))
    if len(dumps) != 1:
        raise Failed(f"{len(dumps)} dumps in {directory}/crash")
    return dumps[0]


def dump_commands(bench):
    (bench.directory / "crash").mkdir()
    bench.clean(0, "dump", bench.vmcore, f"dir:{bench.directory}/crash")
    bench.clean(0, "verify", saved_dump(bench.directory).parent)
    bench.clean(0, "list", f"dir:{bench.directory}/crash")
    for name, *options in (("kdump", "--compress", "zstd:3", "--threads", "2"),
                           ("level0", "-d", "0", "--compress", "auto"),
                           ("plain", "--compress", "none"), ("flat", "--flatten"),
                           ("elf", "--format", "elf")):
        bench.clean(0, "dump", bench.vmcore, "-o", name, *options, "--report", f"{name}.json")
        bench.clean(0, "verify", name)
    bench.clean(0, "dump", bench.vmcore, "-o", "-")
    bench.clean(0, "dump", bench.vmcore, "--dry-run")


def other_commands(bench):
    bench.clean(0, "dmesg", bench.vmcore)
    bench.clean(0, "info", bench.vmcore)
    bench.clean(0, "info", bench.vmcore, "--json")
    bench.clean(0, "check", f"rd.kdump.target=dir:{bench.directory}")
    bench.clean(0, "--version")
    bench.clean(0, "--help")
    bench.clean(2, "dump", "--level", "99")
    bench.clean(1, "info", bench.programs)


def dump_over_ssh(bench, row):
    key, (host, kex, cipher, mac) = row[:3], row[3:]
    options = {"KexAlgorithms": kex, "Ciphers": cipher, "MACs": mac}
    with SshServer(bench.directory, key, host, options) as server:
        bench.clean(0, "dump", bench.vmcore, server.url())
        saved_dump(bench.directory)


def check_over_ssh(bench):
    with SshServer(bench.directory, ("ecdsa", 256, "PEM"), "ecdsa-256", {}) as server:
        bench.clean(0, "check", f"rd.kdump.target={server.url()}")


def reconnect(bench):
    sftp = os.environ["KDUMP_INIT_SERVERS"] + "/usr/lib/openssh/sftp-server"
    subsystem = f"{TESTS}/targets/ssh/failing_sftp.py 2 {sftp} dying {bench.directory}/once"
    with SshServer(bench.directory, ("ecdsa", 256, "PEM"), "ecdsa-256", {}, subsystem) as server:
        output = bench.clean(0, "dump", bench.vmcore, server.url())
        if "connecting again" not in " ".join(output.split()):
            raise Failed(f"the connection was not lost: {output}")
        bench.clean(0, "verify", saved_dump(bench.directory).parent)


def dhcp(bench):
    bench.clean(0, "-tc=without any argument DHCP finds the server", program="net_test")


def planted(bench, library):
    """Proves that a read of undefined memory in this library is reported."""
    if library == "n-dhcp4":
        run = bench.valgrind("net_test", "-tc=without any argument DHCP finds the server",
                             plant=library)
    elif library in ("libssh2", "mbedtls"):
        with SshServer(bench.directory, ("ecdsa", 256, "PEM"), "ecdsa-256", {}) as server:
            run = bench.valgrind("memcheck_program", "dump", bench.vmcore, server.url(),
                                 plant=library)
    else:
        run = bench.valgrind("memcheck_program", "dump", bench.vmcore, "-o", "out", "--compress",
                             "zstd:3", plant=library)
    for report in run[2]:
        frames = [line for line in report if line.startswith(("at 0x", "by 0x"))]
        # Valgrind's own memchr() and such may stand between.
        if any(re.search(PLANTS[library], frame) and "__wrap_" not in frame
               for frame in frames[:2]):
            return
    raise Failed(f"a read planted in {library} is not reported: {run[1]} {run[2]}")


def main():
    programs, only = pathlib.Path(sys.argv[1]), sys.argv[2]
    tests = {f"planted in {library}": (planted, library) for library in PLANTS}
    tests |= {"dump, verify, list": (dump_commands,), "other commands": (other_commands,),
              "DHCP": (dhcp,), "check over SSH": (check_over_ssh,),
              "a lost SSH connection": (reconnect,)}
    tests |= {f"SSH with {row[0]} {row[1] or ''} {row[2]}": (dump_over_ssh, row) for row in KEYS}
    tests = {name: test for name, test in tests.items() if only in name}
    work = pathlib.Path(tempfile.mkdtemp(prefix="kdump-init-memcheck-"))
    failures = 0

    def run(name):
        started = time.monotonic()
        try:
            function, *arguments = tests[name]
            function(Bench(programs, work / re.sub(r"\W+", "-", name)), *arguments)
        except (Failed, OSError, subprocess.SubprocessError) as why:
            return f"FAILED {name}: {why}"
        return f"ok {name} ({time.monotonic() - started:.0f} s)"

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for line in pool.map(run, tests):
            failures += line.startswith("FAILED")
            print(line, flush=True)
    if not failures:
        shutil.rmtree(work)
    print(f"{len(tests) - failures} passed, {failures} failed")
    return 1 if failures or not tests else 0


if __name__ == "__main__":
    sys.exit(main())

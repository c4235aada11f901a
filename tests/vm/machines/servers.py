"""Servers on the host's loopback, which a guest's user network reaches as 10.0.2.2: real NFS
servers (nfs-ganesha) and SSH servers (OpenSSH, dropbear), each for one scenario, with its
directory. scenarios.py defines the requests; tests/run_server starts the servers.
"""

import functools
import getpass
import os
import pathlib
import signal
import subprocess
import sys
import time

from machines.machine import Failure, run

HOST = "10.0.2.2"  # the host's loopback, as a guest sees it
START_S = 90       # the machine may be busy with other things
TOP = pathlib.Path(__file__).resolve().parents[3]
RUN = str(TOP / "tests/run_server")
sys.path.append(str(TOP / "tests"))
from free_port import free_port  # noqa: E402


@functools.lru_cache
def unpacked():
    """Where run_server finds what it runs."""
    return run(RUN, "--root").strip().splitlines()[-1]


class Server:
    """A process in the foreground that is ready once its log says so."""

    prefix = ()  # of a command that is to reach it

    def __init__(self, work, command, log, ready, environment=None):
        self.work, self.command, self.log, self.ready = work, command, log, ready
        self.directory = work / "served"
        self.environment = dict(os.environ, KDUMP_INIT_SERVERS=unpacked(), **(environment or {}))
        self.start()

    def start(self):
        before = self._output().count(self.ready)
        with open(self.work / "server.out", "ab") as out:
            self.process = subprocess.Popen([*self.prefix, RUN, *self.command], stdout=out,
                                            stderr=out, env=self.environment)
        deadline = time.monotonic() + START_S
        while self._output().count(self.ready) == before:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Failure(f"{self.command[0]} has not come up, {self.log}")
            time.sleep(0.2)

    def _output(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def freeze(self):
        """From now on it takes connections and answers nothing."""
        for pid in self._processes():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in self._processes():
            os.kill(pid, signal.SIGCONT)

    def restart(self):
        """Ends it with every connection, and starts it again."""
        self.stop()
        self.start()

    def fill(self):
        """Its directory's file system, to the last byte."""
        subprocess.run(["nsenter", "-t", str(self.process.pid), "-m", "sh", "-c",
                        f"cat /dev/zero >{self.directory}/filler"], stderr=subprocess.DEVNULL,
                       check=False)

    def stop(self):
        for pid in reversed(self._processes()):
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def _processes(self):
        """It, if it runs, and all that it has started, outermost first."""
        found = [self.process.pid] if self.process.poll() is None else []
        for pid in found:
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
            found += map(int, children.read_text().split() if children.exists() else ())
        return found


GANESHA = """
NFS_CORE_PARAM {{ Protocols = {versions}; {address} NFS_Port = {port}; MNT_Port = {port2};
                  Plugins_Dir = "{plugins}"; mount_path_pseudo = true;
                  Enable_NLM = false; Enable_RQUOTA = false; }}
NFSV4 {{ Grace_Period = 1; Lease_Lifetime = 10; RecoveryBackend = fs; RecoveryRoot = "{work}/state";
         Only_Numeric_Owners = true; }}
EXPORT {{ Export_Id = 1; Path = "{work}/served"; Pseudo = "/crash"; Access_Type = RW;
          Squash = No_Root_Squash; Transports = TCP; Protocols = {versions}; SecType = sys;
          FSAL {{ Name = VFS; }} }}
"""


def ganesha(kind, work, environment=None, **config):
    (work / "served").mkdir()
    (work / "state").mkdir()
    path, log = work / "ganesha.conf", work / "ganesha.log"
    plugins = f"{unpacked()}/usr/lib/{os.uname().machine}-linux-gnu/ganesha"
    path.write_text(GANESHA.format(work=work, plugins=plugins, **config))
    return kind(work, ["ganesha.nfsd", "-F", "-L", str(log), "-f", str(path),
                       "-p", str(work / "ganesha.pid")], log, "NFS SERVER INITIALIZED",
                environment)


def nfs_server(work, **more):
    """The server, and the URL by which a guest finds it."""
    port = free_port()
    server = ganesha(Server, work, versions="4", address="Bind_addr = 127.0.0.1;", port=port,
                     port2=0, **more)
    return server, f"nfs://{HOST}:{port}/crash"


def small_nfs_server(work):
    """There is room for a dump until it is filled."""
    return nfs_server(work, environment=dict(KDUMP_INIT_SMALL=str(work / "served"),
                                             KDUMP_INIT_MIB="1024"))


class WithPortMapper(Server):
    """Registers with a port mapper, of which only one can run: in a separate network."""

    def start(self):
        with open(self.work / "rpcbind.out", "ab") as out:
            self.mapper = subprocess.Popen(["unshare", "-n", RUN, "rpcbind", "-f"],
                                           stdout=out, stderr=out, env=self.environment)
        self.prefix = ("nsenter", "-t", str(self.mapper.pid), "-n", "-m")
        deadline = time.monotonic() + START_S
        is_up = ("ip link set lo up && grep -q kdump-init-test /proc/self/mountinfo &&"
                 " exec 3<>/dev/tcp/127.0.0.1/111 && test -S /run/rpcbind.sock")
        while subprocess.run([*self.prefix, "bash", "-c", is_up], check=False,
                             capture_output=True).returncode:
            if self.mapper.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Failure("rpcbind has not come up")
            time.sleep(0.2)
        super().start()

    def stop(self):
        if hasattr(self, "process"):
            super().stop()
        self.mapper.kill()
        self.mapper.wait()


class WithSilentPortMapper(WithPortMapper):
    """Its port mapper takes connections and answers nothing."""

    def start(self):
        super().start()
        os.kill(self.mapper.pid, signal.SIGSTOP)


def nfs3_server(work, kind=WithPortMapper):
    server = ganesha(kind, work, versions="3,4", address="", port=2049, port2=20048)
    return server, f"nfs://{HOST}/crash"


def unmapped_nfs3_server(work):
    return nfs3_server(work, WithSilentPortMapper)


SSHD = """
ListenAddress 127.0.0.1:{port}
HostKey {work}/host_key
AuthorizedKeysFile {work}/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
"""


def ssh_files(work, kind="ecdsa"):
    """Keys of both sides; the port, and the URL by which a guest finds the server."""
    port = free_port()
    for name in ("host_key", "user_key"):
        run("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(work / name))
    key = (work / "host_key.pub").read_text().split()
    (work / "known_hosts").write_text(f"[{HOST}]:{port} {key[0]} {key[1]}\n")
    return port, (f"ssh://{getpass.getuser()}@{HOST}:{port}{work}/served"
                  f"?key={work}/user_key&known_hosts={work}/known_hosts")


def ssh_server(work, small=False, kind="ecdsa", only="", program="sshd"):
    """only: further lines of its configuration; program: as run_server calls it."""
    port, url = ssh_files(work, kind)
    (work / "served").mkdir()
    config, log = work / "sshd_config", work / "sshd.log"
    config.write_text(SSHD.format(port=port, work=work) + only)
    return Server(work, [program, "-D", "-f", str(config), "-E", str(log)], log, "Server listening",
                  {"KDUMP_INIT_SMALL": str(work / "served")} if small else None), url


def curve25519_server(work):
    """One with an ed25519 host key and curve25519-sha256, and with nothing else."""
    return ssh_server(work, kind="ed25519",
                      only="HostKeyAlgorithms ssh-ed25519\nKexAlgorithms curve25519-sha256\n")


def mlkem_server(work):
    """Debian 13's, which agrees on mlkem768x25519-sha256 alone."""
    return ssh_server(work, kind="ed25519", only="KexAlgorithms mlkem768x25519-sha256\n",
                      program="sshd13")


def small_ssh_server(work):
    """Its file system of 1 MiB is in a separate mount namespace, invisible here."""
    return ssh_server(work, small=True)


def dropbear(work):
    """A small server without SFTP."""
    port, url = ssh_files(work)
    (work / "served").mkdir()
    run(RUN, "dropbearconvert", "openssh", "dropbear", str(work / "host_key"),
        str(work / "host.db"))
    # It logs to standard error, which Server writes to its file.
    return Server(work, ["dropbear", str(work / "user_key.pub"), "-F", "-E", "-s", "-r",
                         str(work / "host.db"), "-p", f"127.0.0.1:{port}"],
                  work / "server.out", "Not backgrounding"), url


class FenceReceiver:
    """The receiver of fence-agents, which succeeds once a node reports its capture kernel."""

    prefix = ()

    def __init__(self, work, port):
        self.directory = work / "served"
        self.directory.mkdir()
        self.log = work / "fence_kdump.log"
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen([RUN, "fence_kdump", "-n", "127.0.0.1", "-p", str(port),
                                             "-f", "ipv4", "-t", "1000", "-v"], stdout=out,
                                            stderr=out, env=dict(os.environ,
                                                                 KDUMP_INIT_SERVERS=unpacked()))

    def thaw(self):
        """The machine has ended: its messages have come by now, or they never will."""
        try:
            status = self.process.wait(START_S)
        except subprocess.TimeoutExpired:
            raise Failure(f"fence_kdump received no message, {self.log}") from None
        if status:
            raise Failure(f"fence_kdump ended with status {status}, {self.log}")

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def fence_receiver(work):
    """It, and the argument by which a guest finds it."""
    port = free_port()
    return FenceReceiver(work, port), f"rd.kdump.fence_port={port}"


START = {"nfs": nfs_server, "nfs3": nfs3_server, "unmapped nfs3": unmapped_nfs3_server,
         "ssh": ssh_server, "curve25519 ssh": curve25519_server, "mlkem ssh": mlkem_server,
         "small ssh": small_ssh_server, "dropbear": dropbear,
         "small nfs": small_nfs_server, "fence_kdump": fence_receiver}

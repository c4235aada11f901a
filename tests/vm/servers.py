"""Servers on the host's loopback, which a guest's user network reaches as 10.0.2.2: a real NFS
server (nfs-ganesha) and a real SSH server (OpenSSH), each for one scenario, with a directory of
its own. What is asked of them is scenarios.py's.
"""

import getpass
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from machine import Failure, run

HOST = "10.0.2.2"  # the host's loopback, as a guest sees it
START_S = 90       # the machine may be busy with other things


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process in the foreground that is ready once its log says so."""

    def __init__(self, work, command, log, ready):
        self.directory = work / "served"
        self.directory.mkdir(exist_ok=True)
        with open(work / "server.out", "wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out)
        deadline = time.monotonic() + START_S
        while ready not in (log.read_text(errors="replace") if log.exists() else ""):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Failure(f"{command[0]} has not come up, {log}")
            time.sleep(0.2)

    def freeze(self):
        """From now on it takes connections and answers nothing."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self):
        if self.process.poll() is None:
            self.thaw()
            self.process.kill()
        self.process.wait()


GANESHA = """
NFS_CORE_PARAM {{ Protocols = 4; Bind_addr = 127.0.0.1; NFS_Port = {port};
                  Enable_NLM = false; Enable_RQUOTA = false; }}
NFSV4 {{ Grace_Period = 1; Lease_Lifetime = 10; RecoveryBackend = fs; RecoveryRoot = "{work}/state";
         Only_Numeric_Owners = true; }}
EXPORT {{ Export_Id = 1; Path = "{work}/served"; Pseudo = "/crash"; Access_Type = RW;
          Squash = No_Root_Squash; Transports = TCP; Protocols = 4; SecType = sys;
          FSAL {{ Name = VFS; }} }}
"""


def nfs_server(work):
    """The server, and the URL by which a guest finds it."""
    port = free_port()
    (work / "served").mkdir()
    (work / "state").mkdir()
    config, log = work / "ganesha.conf", work / "ganesha.log"
    config.write_text(GANESHA.format(port=port, work=work))
    server = Server(work, ["ganesha.nfsd", "-F", "-L", str(log), "-f", str(config),
                           "-p", str(work / "ganesha.pid")], log, "NFS SERVER INITIALIZED")
    return server, f"nfs://{HOST}:{port}/crash"


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


def ssh_server(work):
    port = free_port()
    for name in ("host_key", "user_key"):
        run("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(work / name))
    key = (work / "host_key.pub").read_text().split()
    (work / "known_hosts").write_text(f"[{HOST}]:{port} {key[0]} {key[1]}\n")
    config, log = work / "sshd_config", work / "sshd.log"
    config.write_text(SSHD.format(port=port, work=work))
    if os.getuid() == 0:
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)  # sshd wants it, though it is empty
    server = Server(work, [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-f", str(config),
                           "-E", str(log)], log, "Server listening")
    url = (f"ssh://{getpass.getuser()}@{HOST}:{port}{work}/served"
           f"?key={work}/user_key&known_hosts={work}/known_hosts")
    return server, url


START = {"nfs": nfs_server, "ssh": ssh_server}

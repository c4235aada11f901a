"""A Debian 12 that is really installed (installed_image), as a machine in QEMU with a shell on its
serial console, and the disk that brings it packages: it has no network. What is done with it is
installed_guest's, and scripts/bench's, which measures panics there.
"""

import pathlib
import re
import signal
import subprocess
import sys
import time

from machines import machine

TOP = pathlib.Path(__file__).resolve().parents[3]
PROMPT = r"root@debian:~# "
BOOT = 3600  # seconds, under TCG on a loaded machine: a minute where it is idle


class Guest:
    """The machine, and a shell on its console."""

    def __init__(self, disk, delivery, work, more=()):
        """more: further options of QEMU."""
        guest = machine.ARCHITECTURES["amd64"]
        command = [*guest.qemu, "-accel", "tcg,thread=multi", "-cpu", guest.cpu, "-m", "1024M",
                   "-smp", "2", "-display", "none", "-nodefaults",
                   "-chardev", "stdio,id=console,mux=on,signal=off", "-serial", "chardev:console",
                   "-drive", f"file={disk},format=qcow2,if=none,id=d0,cache=unsafe",
                   "-device", "virtio-blk-pci,drive=d0,bootindex=0",
                   "-drive", f"file={delivery},format=raw,if=none,id=d1,readonly=on",
                   "-device", "virtio-blk-pci,drive=d1",
                   # The panic's hang, if it is one, ends here.
                   "-device", "i6300esb", *more]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.console = machine.Console(self.process, work / "console")
        self.transcript = open(work / "transcript", "w", encoding="utf-8")
        self.at = 0

    def wait_for(self, pattern, seconds):
        """Returns the console's output up to there."""
        start = self.at
        self.at = self.console.wait_for(pattern, start, time.monotonic() + seconds)
        return self.console.text[start:self.at]

    def boots(self):
        """Waits for the shell of a boot; quiet from then on: the kernel writes there too."""
        self.wait_for(PROMPT, BOOT)
        self.console.type("dmesg -n 1; stty -echo cols 200; bind 'set enable-bracketed-paste off'; PS1=\n")
        self.run("systemctl is-system-running --wait >/dev/null; true", seconds=BOOT, recorded=False)

    def run(self, command, seconds=900, recorded=True):
        """Returns the output of a command. Raises Failure if it fails."""
        self.console.type(f"{command}; echo \"guest-\"\"status $?\"\n")
        printed = self.wait_for(r"guest-status \d+\r?\n", seconds).replace("\r", "")
        output, _, status = printed.rpartition("guest-status ")
        output = output.lstrip("\n")
        if recorded:
            self.transcript.write(f"# {command}\n{output}")
            self.transcript.flush()
        if int(status):
            raise machine.Failure(f"{command}: status {status.strip()}: {output.strip()[-300:]}")
        return output

    def ends(self, seconds):
        """Waits for the machine to power off."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise machine.Failure(f"the machine is not off after {seconds} s") from None

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.transcript.close()


def expect(pattern, text):
    match = re.search(pattern, text)
    if not match:
        raise machine.Failure(f"no /{pattern}/ in: {text.strip()[-300:]}")
    return match


def new_disk(work):
    """Returns the image, which stays unchanged, and a disk with its contents. SIGTERM to this process
    ends the machine too."""
    machine.prepare("need_packages", "qemu-utils", "e2fsprogs")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    image = machine.run(str(TOP / "tests/vm/machines/installed_image")).split("\n")[-2]
    disk = work / "disk.qcow2"
    machine.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", image, "-F", "raw", str(disk))
    return image, disk


def our_package(into):
    """As apt takes it: a file."""
    machine.run(str(TOP / "scripts/package"), "-o", str(into))
    for archive in into.glob("*.tar.zst"):
        archive.unlink()
    return next(into.glob("*.deb"))


def make_delivery(image, work, package):
    """A disk with all that apt, on that machine, would fetch for a package, one of Debian's by name
    or "kdump-init"."""
    tree = work / "delivery"
    tree.mkdir()
    if package == "kdump-init":
        package = our_package(tree)
    state = work / "dpkg-status"
    machine.run("debugfs", "-R", f"dump /var/lib/dpkg/status {state}", f"{image}?offset={1 << 20}")
    (tree / "partial").mkdir()
    machine.run("apt-get", "-qq", "-o", f"Dir::State::status={state}", "-o", f"Dir::Cache::archives={tree}",
                "-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=true", "-o", "Acquire::Retries=3",
                "install", "-y", "--download-only", str(package))
    (tree / "partial").rmdir()
    (tree / "lock").unlink(missing_ok=True)
    disk = work / "delivery.ext4"
    with open(disk, "wb") as file:
        file.truncate(32 << 20)
    machine.run("mke2fs", "-q", "-F", "-t", "ext4", "-d", str(tree), str(disk))
    return disk


def install(guest):
    """After it has booted."""
    guest.run("mount /dev/vdb /mnt")
    guest.run("DEBIAN_FRONTEND=noninteractive apt-get -q install -y /mnt/*.deb </dev/null", BOOT)


def reboot(guest):
    guest.console.type("reboot\n")
    guest.boots()
    expect(r"crashkernel=", guest.run("cat /proc/cmdline"))

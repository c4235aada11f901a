"""A machine in QEMU for one scenario: its disks, its boot, its serial console with a deadline,
and the files that it leaves. What is tried and expected is scenarios.py's.
"""

import atexit
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import threading
import time

PREPARE = pathlib.Path(__file__).with_name("prepare")
FS_OFFSET = 1 << 20  # of the partition on a disk with a partition table
LABEL = "KDUMPTEST"
MAKE = {"ext4": ["mke2fs", "-q", "-F", "-t", "ext4", "-L", LABEL],
        "xfs": ["mkfs.xfs", "-q", "-f", "-L", LABEL],
        "btrfs": ["mkfs.btrfs", "-q", "-f", "-L", LABEL],
        "vfat": ["mkfs.vfat", "-F", "32", "-n", LABEL]}


@dataclasses.dataclass(frozen=True)
class Architecture:
    qemu: tuple
    cpu: str
    console: str


ARCHITECTURES = {
    "amd64": Architecture(("qemu-system-x86_64", "-machine", "q35"), "max,la57=off", "ttyS0"),
    "arm64": Architecture(("qemu-system-aarch64", "-machine", "virt,gic-version=3"), "cortex-a72",
                          "ttyAMA0")}


class Failure(Exception):
    """What the scenario did not fulfil."""


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode:
        raise Failure(f"{command[0]}: {done.stdout.strip()[-400:]}")
    return done.stdout


def prepare(*words):
    """Runs a command of machines/prepare and returns its standard output."""
    done = subprocess.run([PREPARE, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"{words[0]}: {(done.stderr + done.stdout).strip()[-400:]}")
    return done.stdout.strip()


def make_disk(disk, path, content=None):
    """Creates it; the name by which a target finds it, and the node that its files are on. content:
    a directory whose files an ext4 holds from the beginning."""
    size = disk.mib << 20
    partitioned = disk.by.startswith("PART")
    image = path.with_suffix(".fs") if partitioned else path
    with open(image, "wb") as file:
        file.truncate(size)
    if disk.fs != "raw":
        run(*MAKE[disk.fs], *(("-d", str(content)) if content else ()), str(image))
    if partitioned:
        with open(path, "wb") as file:
            file.truncate(size + 2 * FS_OFFSET)
        table = f"label: gpt\nstart={FS_OFFSET // 512}, size={size // 512}, name={LABEL}\n"
        subprocess.run(["sfdisk", "-q", str(path)], input=table, text=True, check=True)
        run("dd", f"if={image}", f"of={path}", "bs=1M", f"seek={FS_OFFSET >> 20}",
            "conv=notrunc,sparse", "status=none")
        image.unlink()
        if disk.by == "PARTUUID":
            uuid = run("sfdisk", "--part-uuid", str(path), "1").strip().lower()
            return f"PARTUUID={uuid}", "/dev/vda1"
        return f"PARTLABEL={LABEL}", "/dev/vda1"
    if disk.by == "UUID":
        return "UUID=" + run("blkid", "-p", "-o", "value", "-s", "UUID", str(path)).strip(), "/dev/vda"
    return (f"LABEL={LABEL}" if disk.by == "LABEL" else "/dev/vdb"), "/dev/vda"


# A long event continues on indented lines; a full line is broken within a word.
CONTINUATION = r"\r?\nkdump: \[ *[0-9.]+s\]   "
BROKEN_WORD = re.compile(r"(?<=\nkdump: [^\r]{72})" + CONTINUATION)


def unfold(text):
    """What kdump-init says, a line an event (init/capture/console.h)."""
    return re.sub(CONTINUATION, " ", BROKEN_WORD.sub("", text))


class Console:
    """QEMU's serial line: everything is kept, unfolded, and logged, typed to when a pattern is
    seen."""

    def __init__(self, process, log_path):
        self.process = process
        self.raw = self.text = ""
        self.changed = threading.Condition()
        self.log = open(log_path, "ab")
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while data := os.read(self.process.stdout.fileno(), 65536):
            self.log.write(data)
            self.log.flush()
            with self.changed:
                self.raw += data.decode("ascii", "replace")
                self.text = unfold(self.raw)
                self.changed.notify_all()

    def wait_for(self, pattern, start, deadline):
        """Returns the end of the match."""
        with self.changed:
            while not (match := re.compile(pattern).search(self.text, start)):
                left = deadline - time.monotonic()
                if left <= 0 or not self.reader.is_alive():
                    raise Failure(f"the console did not show /{pattern}/")
                self.changed.wait(min(left, 1))
            return match.end()

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()


def socket_path():
    """A path for a socket of QEMU's monitor or of a disk's server. An address holds 107 bytes, which
    the directory of a scenario with a long name exceeds."""
    directory = tempfile.mkdtemp(prefix="qemu-", dir="/tmp")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return pathlib.Path(directory) / "socket"


def ask_monitor(monitor, command):
    """Sends a command to QEMU's monitor. monitor: path of its socket."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(30)
        asked.connect(str(monitor))
        asked.sendall(f"{command}\n".encode())
        answer = b""
        while answer.count(b"(qemu)") < 2:
            if not (part := asked.recv(4096)):
                break
            answer += part
    if b"Error" in answer:
        raise Failure(f"QEMU: {answer.decode(errors='replace')}")


def nic_options(model, lan, number):
    """A network card. number: distinguishes the MAC addresses of machines. lan: "user"; "empty", without
    any other host; "late", plugged in by QEMU's monitor; "bay", which the monitor can unplug; or a port
    of this machine where a Wire listens."""
    bay = ["-netdev", "user,id=n0", "-device", "pcie-root-port,id=bay,chassis=1"]
    if lan == "late":
        return bay
    card = f"{model},id=nic,netdev=n0,mac={mac(number)}"
    if lan == "bay":
        return [*bay, "-device", f"{card},bus=bay"]
    backend = {"user": "user,id=n0", "empty": "hubport,id=n0,hubid=0"}.get(
        lan, f"socket,id=n0,connect=127.0.0.1:{lan}")
    return ["-netdev", backend, "-device", card]


def mac(number):
    return f"52:54:00:00:00:{number:02x}"


class ServedDisk:
    """A disk by way of a server, which can be frozen: whatever waits for the disk then waits for
    ever, as it does for a disk or a path to it that has died."""

    def __init__(self, path):
        served_at = socket_path()
        self.url = f"nbd+unix:///?socket={served_at}"
        self.process = subprocess.Popen(["qemu-nbd", "--persistent", "--format=raw",
                                         f"--socket={served_at}", str(path)])
        deadline = time.monotonic() + 60
        while not served_at.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failure("qemu-nbd does not serve the disk")
            time.sleep(0.1)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Wire:
    """A machine that joins another's card to the user network, as tests/vm/guest/wire-init does."""

    def __init__(self, kernel, initramfs, arguments, port, log_path):
        guest = ARCHITECTURES["amd64"]
        self.process = subprocess.Popen(
            [*guest.qemu, "-accel", "tcg,thread=multi", "-cpu", guest.cpu, "-m", "256M",
             "-display", "none", "-nodefaults", "-no-reboot", "-serial", "stdio",
             "-kernel", kernel, "-initrd", str(initramfs),
             "-append", f"console={guest.console} quiet no_timer_check {arguments}",
             "-netdev", f"socket,id=n0,listen=127.0.0.1:{port}",
             "-device", "virtio-net-pci,netdev=n0,mac=52:54:00:00:01:01",
             "-netdev", "user,id=n1", "-device", "virtio-net-pci,netdev=n1,mac=52:54:00:00:01:02"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            Console(self.process, log_path).wait_for("guest: the wire is there", 0,
                                                     time.monotonic() + 200)
        except Failure:
            self.stop()
            raise

    def stop(self):
        self.process.kill()
        self.process.wait()


def run_qemu(architecture, memory, cpu, kernel, initramfs, arguments, disks, typing, seconds,
             log_path, more=(), prefix=()):
    """Boots, types, waits for the end, and returns the console's text. disks: (path, bytes per second),
    optionally with a bus. typing: (pattern, text to type or an action). more: further options of QEMU.
    prefix: of its command."""
    guest = ARCHITECTURES[architecture]
    command = [*prefix, *guest.qemu, "-accel", "tcg,thread=multi", "-cpu", cpu or guest.cpu,
               "-m", memory, "-smp", "2", "-display", "none", "-nodefaults", "-no-reboot",
               "-chardev", "stdio,id=console,mux=on,signal=off", "-serial", "chardev:console",
               "-kernel", kernel, "-initrd", str(initramfs),
               # As in scripts/dev/qemu.sh.
               "-append", f"console={guest.console} {arguments} no_timer_check", *more]
    for i, (path, speed, *bus) in enumerate(disks):
        drive = f"file={path},format=raw,if=none,id=d{i},cache=unsafe"
        if speed:
            drive += f",throttling.bps-write={speed}"
        command += ["-drive", drive, "-device",
                    ",bus=".join([f"virtio-blk-pci,id=disk{i},drive=d{i}", *bus])]
    deadline = time.monotonic() + seconds
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    try:
        console = Console(process, log_path)
        at = 0
        for pattern, text in typing:
            at = console.wait_for(pattern, at, deadline)
            if callable(text):
                text()
            else:
                console.type(text)
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise Failure(f"the machine has not ended after {seconds} s") from None
        console.reader.join(10)
        return console.text
    finally:
        process.kill()
        process.wait()


def read_tree(kernel, reader, disk, node, into, log_path):
    """Extracts the files of the disk, by way of a healthy kernel that mounts it."""
    tar = into.with_suffix(".tar")
    with open(tar, "wb") as file:
        file.truncate(disk.stat().st_size * 2 + (16 << 20))
    text = run_qemu("amd64", "512M", "", kernel, reader, f"guest.from={node}",
                    [(disk, 0), (tar, 0)], (), 400, log_path)
    if "guest: tree copied" not in text:
        raise Failure("the disk could not be read after the capture")
    with tarfile.open(tar) as archive:
        archive.extractall(into)
    tar.unlink()
    return sorted(path for path in pathlib.Path(into).rglob("*") if path.is_file())

"""The kernels that scenarios boot, each with the program that captures on it, and the images that are
packed for them: each is made once. What a scenario does with them is run_scenarios.py's.
"""

import pathlib
import threading

from machines import harmful_module
from machines import machine

TOP = pathlib.Path(__file__).resolve().parents[3]
FS_MODULES = {"ext4": "ext4", "xfs": "xfs", "btrfs": "btrfs", "raw": "",
              "vfat": "vfat nls_cp437 nls_ascii nls_utf8 nls_iso8859-1"}


class Kernel:
    def __init__(self, root):
        self.root = root
        self.architecture = machine.prepare("kernel_architecture", root)
        self.version = machine.prepare("kernel_version", root)
        self.image = machine.prepare("kernel_image", root)
        self.kexec = machine.prepare("kexec_root", root)
        self.first = machine.prepare("guest_initramfs", "first", root)
        self.console = machine.ARCHITECTURES[self.architecture].console


class Kernels:
    """Each flavour's, with the program that captures on it, made when first asked for."""

    def __init__(self, default_root, default_binary, work):
        self.work = work
        self.lock = threading.Lock()
        self.default = Kernel(default_root)
        self.reader = self.initramfs("reader")
        self.packers = {("amd64", ""): Packer(self.default, default_binary, work)}

    def initramfs(self, kind):
        """Of the default kernel."""
        return machine.prepare("guest_initramfs", kind, self.default.root)

    def packer(self, scenario):
        key = (scenario.flavour, scenario.suite)
        with self.lock:
            if key not in self.packers:
                kernel = Kernel(machine.prepare("debian_kernel", *key))
                machine.prepare("need_guest_packages", kernel.architecture)
                binary = self.packers["amd64", ""].binary
                if kernel.architecture == "arm64":
                    machine.run(str(TOP / "scripts/build"), "--arch", "aarch64")
                    binary = str(TOP / "build/kdump-init-aarch64")
                work = self.work / f"images-{'-'.join(key)}"
                work.mkdir()
                self.packers[key] = Packer(kernel, binary, work)
            return self.packers[key]


class Packer:
    """Images of the product's own packer, each made once. The targets of most scenarios come on
    the kernel's command line, for a disk's name is made anew each time."""

    def __init__(self, kernel, binary, work):
        self.kernel, self.binary, self.work = kernel, binary, work
        self.images = {}
        self.lock = threading.Lock()

    def image(self, scenario, targets):
        """targets: URLs to pack."""
        if scenario.builder:
            return self.built(scenario.builder)
        options = list(scenario.packed)
        for target in targets:
            options += ["--target", target]
        if scenario.drivers == "all":
            options.append("--all-drivers")
        else:
            nic = "virtio_net e1000 " if scenario.server else ""
            watchdog = "i6300esb " if scenario.watchdog else ""
            pstore = "ramoops " if scenario.pstore == "ramoops" else ""
            options += ["--modules", "virtio_pci virtio_blk " + watchdog + pstore + nic +
                        FS_MODULES[scenario.disk.fs]]
        if scenario.shell:
            options.append("--shell")
        if scenario.harm:
            options += ["--pre", str(self.harmful_hook(scenario.harm))]
        key = tuple(options)
        with self.lock:
            if key not in self.images:
                image = self.work / f"capture-{len(self.images)}.img"
                machine.run(str(TOP / "scripts/mkinitramfs"), "--kernel", self.kernel.version,
                            "--root", self.kernel.root, "--binary", self.binary,
                            "-o", str(image), *options)
                self.images[key] = image
            return self.images[key]

    def harmful_hook(self, harm):
        path, = pathlib.Path(self.kernel.root).rglob("virtio_balloon.ko")
        return harmful_module.make_hook(path, harm, self.work / f"hook-{harm.replace(' ', '-')}")

    def built(self, builder):
        """By a distribution's own builder, for the disk with machine.LABEL; at a level that is not
        the default, which identifies it."""
        configuration, image = self.work / f"{builder}.conf", self.work / f"{builder}.img"
        configuration.write_text(f"target = fs:LABEL={machine.LABEL}:/crash\nlevel = 23\n")
        machine.run(str(TOP / "tests/vm/machines/build_image"), builder, self.kernel.root,
                    str(configuration), str(image))
        return image

#!/usr/bin/python3
"""Runs scenarios.py's table: each boots a real kernel in QEMU, panics it, and lets kdump-init
capture. Prints `ok NAME (seconds)` or `FAILED NAME: why, log`, at the end the sum.

usage: run_scenarios.py --kernel-root DIR --binary FILE --work DIR [--all] [--only TEXT] [--faults]
                        [--write-table FILE] [--resume]

--faults: only the scenarios of faults, all of them, and their table. --write-table FILE: writes the
table if all have passed.
--resume: without those that have passed before with this program, kernel and harness (results.py).
"""

import argparse
import concurrent.futures
import filecmp
import functools
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from scenarios import disk_faults
from scenarios import fault_scenarios
from scenarios import fault_table
from machines import faulty_disk
from machines import machine
from scenarios import old_dumps
from scenarios import scenarios
from scenarios import server_faults
from machines import servers
from oracles.check_tree import check_raw, check_tree
from oracles.dump_formats import FormatError
from machines.images import Kernels
from machines.machine import Failure
from results import Results, sha256_of

# Where nothing else is: the capture kernel's reservation lies higher, the kernels avoid it.
RAMOOPS = ("ramoops.mem_address=0x8000000 ramoops.mem_size=0x40000 ramoops.record_size=0x8000 "
           "ramoops.max_reason=4")
CAPTURE = "nr_cpus=1 reset_devices irqpoll panic=5 sysrq_always_enabled"


def try_scenario(scenario, kernels, work):
    if not scenario.server:
        return run_machine(scenario, kernels, work)
    server, url = servers.START[scenario.server](work)
    if scenario.keep:
        old_dumps.lay_out(server.directory)
    wire = None
    try:
        wire, lan = wire_of(scenario, kernels, work)
        with concurrent.futures.ThreadPoolExecutor(scenario.machines) as pool:
            works = [work / f"machine-{i}" for i in range(1, scenario.machines + 1)]
            for each in works:
                each.mkdir()
            local = list(pool.map(lambda each: run_machine(scenario, kernels, each, server, url,
                                                               lan),
                                  works))
        server.thaw()
        files = sorted(path for path in server.directory.rglob("*") if path.is_file())
        if scenario.keep:
            files = old_dumps.take_out(files, scenario.keep)
        check_tree(server.directory, files, scenario.on_server, scenario.level, scenario.machines)
        compare_copies(files, local[0])
    finally:
        if wire:
            wire.stop()
        server.stop()


def later(seconds, do, *words):
    time.sleep(seconds)
    do(*words)


def compare_copies(remote, local):
    """Where both have a dump it is of the same vmcore."""
    dumps = [path for files in (remote, local) for path in files if path.name == "vmcore"]
    if len({path.parents[1] for path in dumps}) == 2 and \
            not filecmp.cmp(dumps[0], dumps[-1], shallow=False):
        raise Failure(f"{dumps[0]} and {dumps[-1]} differ")


def wire_of(scenario, kernels, work):
    """The machine between this scenario's and the user network, and the port that it is found at."""
    if not scenario.wire:
        return None, ""
    port = servers.free_port()
    return machine.Wire(kernels.default.image, kernels.initramfs("wire"), scenario.wire, port,
                        work / "wire.log"), str(port)


def run_machine(scenario, kernels, work, server=None, url="", lan=""):
    """lan: instead of the scenario's, if it is not empty."""
    packer = kernels.packer(scenario)
    kernel = packer.kernel
    disk = work / "disk.img"
    content = None
    if scenario.keep and not server:
        content = work / "content"
        old_dumps.lay_out(content / "crash")
    name, node = machine.make_disk(scenario.disk, disk, content)

    def filled_in(text):
        return text.replace("{disk}", name).replace("{server}", url)

    targets = [filled_in(target) for target in scenario.targets]
    image = packer.image(scenario, targets if server else ())
    named = () if server else [f"rd.kdump.target={target}" for target in targets]
    # A scenario that is about further rounds says so: others end after the first.
    cmdline = " ".join([f"console={kernel.console}", CAPTURE, "rd.kdump.retry=0", *named,
                        filled_in(scenario.arguments)])
    if scenario.pstore == "ramoops":
        cmdline += " " + RAMOOPS
    typing = [(pattern, filled_in(text)) for pattern, text in scenario.typing]
    hardware_does = list(scenario.hardware_does)
    if scenario.server_does:
        pattern, what = scenario.server_does
        typing.append((pattern, getattr(server, what)))
    more = list(scenario.qemu)
    if scenario.watchdog:
        more += ["-device", "i6300esb", "-action", "watchdog=reset"]
    if scenario.pstore:
        # Its memory lives on through a reset: then the guest must come back.
        more += ["-action", "reboot=reset"]
    if scenario.pstore == "erst":
        with open(work / "erst", "wb") as file:
            file.truncate(1 << 16)
        more += ["-object", f"memory-backend-file,id=erst,mem-path={work}/erst,size=64K,share=on",
                 "-device", "acpi-erst,memdev=erst"]
    if server:
        nic, number = scenario.nic or "virtio-net-pci", int(work.name.rpartition("-")[2])
        more += machine.nic_options(nic, lan or scenario.lan, number)
    if scenario.plugged_in_at:
        hardware_does.append((scenario.plugged_in_at, 0, f"device_add {nic},netdev=n0,bus=bay,"
                                                        f"mac={machine.mac(number)}"))
    if hardware_does:
        monitor = machine.socket_path()
        more += ["-monitor", f"unix:{monitor},server=on,wait=off"]
        typing += [(pattern, functools.partial(later, seconds, machine.ask_monitor, monitor,
                                               words.replace("{image}", str(disk))))
                   for pattern, seconds, words in hardware_does]
    log = work / "console.log"
    disks = [(disk, scenario.disk.bytes_per_second)]
    if scenario.disk.in_bay:
        more += ["-device", "pcie-root-port,id=bay,chassis=1"]
        disks[0] += ("bay",)
    if scenario.crash:
        tools = work / "tools.ext4"
        machine.prepare("tools_disk", tools, kernel.kexec, kernel.image, image,
                               cmdline)
        disks.insert(0, (tools, 0))
        initramfs = kernels.initramfs("pstore") if scenario.pstore else kernel.first
        cmdline = f"panic=5 crashkernel={scenario.crashkernel} guest.unit={scenario.unit_mib}"
        if scenario.pstore == "ramoops":
            cmdline += " memmap=1M!0x8000000 " + RAMOOPS
    else:
        initramfs = image
    served = None
    try:
        if scenario.disk_hangs_at:
            served = machine.ServedDisk(disk)
            disks[-1] = (served.url, scenario.disk.bytes_per_second)
            # QEMU lets no guest reset a disk before it has answers itself; what is proven is that
            # kdump-init comes so far without them.
            typing += [(scenario.disk_hangs_at, served.freeze), (r"rebooting now", served.thaw)]
        if scenario.disk.goes_wrong:
            served = faulty_disk.FaultyDisk(disk, scenario.disk.goes_wrong,
                                            scenario.disk.after_mib << 20)
            disks[-1] = (served.url, scenario.disk.bytes_per_second)
        console = machine.run_qemu(kernel.architecture, scenario.memory, scenario.cpu, kernel.image,
                                   initramfs, cmdline, disks, typing, scenario.seconds, log, more,
                                   server.prefix if server else ())
    finally:
        if served:
            served.stop()
    check_console(scenario, console)
    if scenario.disk.fs == "raw":
        check_raw(disk)
        return []
    if server and not any("{disk}" in target for target in scenario.targets) and not scenario.typing:
        return []  # nothing was to be written there
    tree = work / "tree"
    files = machine.read_tree(kernels.default.image, kernels.reader, disk, node, tree,
                              work / "reader.log")
    if content:
        files = old_dumps.take_out(files, scenario.keep)
    check_tree(tree, files, scenario.result, scenario.level)
    return files


PANIC = "Kernel panic - not syncing: sysrq triggered crash"
# Not of the log that is shown as the last resort.
CAPTURE_PANIC = re.compile(r"^(?!\|[ +]|<\d+>.*\| ).*Kernel panic", re.MULTILINE)

def check_console(scenario, text):
    if scenario.crash:
        if PANIC not in text:
            raise Failure("the first kernel did not panic")
        text = text[text.index(PANIC) + len(PANIC):]
    if bool(CAPTURE_PANIC.search(text)) != scenario.panics:
        raise Failure("the capture kernel panicked" if not scenario.panics else
                      "the capture kernel did not panic")
    at = 0
    for pattern in scenario.says:
        match = re.compile(pattern).search(text, at)
        if not match:
            raise Failure(f"the console does not say /{pattern}/")
        at = match.end()
    for pattern in scenario.never:
        if re.search(pattern, text):
            raise Failure(f"the console says /{pattern}/")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernel-root", required=True)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--write-table", type=pathlib.Path)
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    kernels = Kernels(options.kernel_root, options.binary, options.work)
    chosen = [s for s in scenarios.SCENARIOS + disk_faults.FAULTS + server_faults.FAULTS +
              fault_scenarios.FAULTS
              if (options.all or s.quick or options.only or options.faults)
              and options.only in s.name
              and (not options.faults or s.fault or s in fault_scenarios.FAULTS)]
    rows = {}
    results = Results("scenario", options.binary, options.resume)

    def attempt(scenario):
        packer = kernels.packer(scenario)
        # A program for another architecture is built of the same sources.
        inputs = (scenario, packer.kernel.version, sha256_of(packer.kernel.image),
                  sha256_of(packer.binary), sha256_of(kernels.default.image))
        found = results.passed(scenario.name, inputs)
        if found:
            print(f"ok {scenario.name} (passed on {found['when']})", flush=True)
            rows[scenario] = found["value"], found["program"]
            return True
        started = time.monotonic()
        work = options.work / re.sub(r"[^a-z0-9]+", "-", scenario.name.lower())
        work.mkdir(parents=True)
        try:
            try_scenario(scenario, kernels, work)
        except (Failure, FormatError, OSError, KeyError, ValueError) as error:
            print(f"FAILED {scenario.name}: {error}, {work}/console.log", flush=True)
            results.forget(scenario.name, inputs)
            return False
        print(f"ok {scenario.name} ({time.monotonic() - started:.0f} s)", flush=True)
        row = fault_table.row(
            scenario,
            machine.unfold(min(work.rglob("console.log")).read_bytes().decode("ascii", "replace")))
        found = results.record(scenario.name, inputs, row)
        rows[scenario] = row, found["program"]
        return True

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        passed = list(pool.map(attempt, chosen))
    if options.faults and rows:
        print(fault_table.table([rows[s] for s in chosen if s in rows],
                                [s.name for s in chosen if s not in rows]))
        if options.write_table and all(passed):
            fault_table.write(options.write_table, [rows[s] for s in chosen])
    print(f"{sum(passed)} passed, {len(passed) - sum(passed)} failed")
    return 0 if all(passed) and passed else 1


if __name__ == "__main__":
    sys.exit(main())

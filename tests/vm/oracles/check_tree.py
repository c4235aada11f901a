"""What a capture must leave on its disk: one directory named after host and time, the crashed
kernel's log, a dump that its readers accept, a report that says the same.
"""

import json
import pathlib
import re
import stat
import subprocess

from oracles import dump_formats
from oracles import read_with_libkdumpfile
from oracles.check_report import Mismatch, check_report
from machines.machine import Failure

HOST = "crash-test"
PANIC = "sysrq: Trigger a crash"
# The second of two machines that crash in the same second gets a number.
DIRECTORY = re.compile(rf"{HOST}-\d{{4}}-\d\d-\d\d-\d\d[:-]\d\d[:-]\d\d(\.\d)?")


def require(condition, text):
    if not condition:
        raise Failure(text)


def unflattened(path):
    """A stream's records put in order, in a file of their own; other dumps are as they are."""
    with open(path, "rb", buffering=0) as file:
        if not file.read(16).startswith(b"makedumpfile"):
            return path
        file.seek(0)
        restored = path.with_name(path.name + ".restored")
        done = subprocess.run(["makedumpfile", "-R", str(restored)], stdin=file, check=False,
                              stdout=subprocess.DEVNULL)
    require(done.returncode == 0, f"makedumpfile -R does not take {path}")
    return restored


def check_dump(path, incomplete):
    path = unflattened(pathlib.Path(path))
    dump = dump_formats.open_dump(path)
    if isinstance(dump, dump_formats.KdumpFile):
        require(bool(dump.status & dump.INCOMPLETE) == incomplete, f"{path}: wrong status flag")
        pages = sum(1 for _ in dump.pages())  # every one can be unpacked
        require(pages > 1000, f"{path}: only {pages} pages")
    if not incomplete:
        read_with_libkdumpfile.read_dump(str(path))


def check_tree(root, files, result, level, crashes=1):
    """crashes: the number of directories, each of which is checked."""
    names = {path.name for path in files}
    found = ", ".join(str(path.relative_to(root)) for path in files) or "nothing"
    if result == "any":
        return
    if result == "nothing":
        require(not names & {"vmcore", "vmcore-incomplete"}, f"found {found}")
        return
    # A target that is named twice has a directory of each time.
    results = ["failed", "saved"] if result == "second" else [result] * crashes
    directories = {path.parent for path in files if DIRECTORY.fullmatch(path.parent.name)}
    require(len(directories) == len(results),
            f"expected {len(results)} crash directories, found {found}")
    for directory, each in zip(sorted(directories), results):
        check_directory(pathlib.Path(directory), found, each, level)


def check_modes(directory):
    """Nobody else's to read. vfat, where names have no colons, has no modes."""
    if ":" not in directory.name:
        return
    for path, mode in [(directory, 0o700), *((path, 0o600) for path in directory.iterdir())]:
        require(stat.S_IMODE(path.stat().st_mode) == mode, f"{path} has not mode {mode:o}")


def check_directory(directory, found, result, level):
    check_modes(directory)
    dmesg = directory / "vmcore-dmesg.txt"
    require(dmesg.is_file() and PANIC in dmesg.read_text("ascii", "replace"),
            f"no panic in vmcore-dmesg.txt; found {found}")
    whole, part = directory / "vmcore", directory / "vmcore-incomplete"
    require(whole.is_file() == (result == "saved"), f"found {found}")
    if result == "log":
        require(not part.exists(), f"found {found}")
        return
    if result == "saved":
        require(not part.exists(), f"found {found}")
        check_dump(whole, False)
    if result in ("incomplete", "part"):
        require(part.is_file(), f"found {found}")
        check_dump(part, True)
    if result == "part":
        return
    # A job that was killed has left none.
    if result == "failed" and not (directory / "report.json").is_file():
        return
    report = json.loads((directory / "report.json").read_text())
    try:
        check_report(report)
    except Mismatch as error:
        raise Failure(f"{directory}/report.json: {error}") from None
    if result == "failed":
        return
    require(report["status"] == result, f"report.json says {report['status']}")
    require(report["level"] == level, f"report.json says level {report['level']}")
    require("kdump" in (directory / "kdump-init.log").read_text(), "kdump-init.log is empty")


def check_raw(path):
    """A dump at the start of a device; where the log and the report lie is docs/format.md's."""
    check_dump(path, False)

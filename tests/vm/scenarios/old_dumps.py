"""Dumps of earlier crashes that a scenario's disk or server holds, and what rd.kdump.keep= must leave
of them: of this host's whole ones the newest, and everything that is anybody else's.
"""

from oracles.check_tree import HOST
from machines.machine import Failure

WHOLE = ("vmcore", "vmcore-dmesg.txt", "kdump-init.log", "report.json", "SHA256SUMS")
OURS = tuple(f"{HOST}-{year}-01-02-03:04:05" for year in (2021, 2022, 2023))
OTHERS = {
    "another-host-2020-01-02-03:04:05": WHOLE,
    f"{HOST}-2020-01-02-03:04:05": (*WHOLE, "notes-of-a-person"),
    f"{HOST}-2019-01-02-03:04:05": ("vmcore-incomplete", "vmcore-dmesg.txt", "report.json"),
}


def lay_out(place):
    for name, files in (*((name, WHOLE) for name in OURS), *OTHERS.items()):
        directory = place / name
        directory.mkdir(parents=True, mode=0o700)
        for file in files:
            (directory / file).write_text(f"{file} of {name}\n")


def take_out(files, keep):
    """The other files, once those of old dumps are found to be what keep= leaves beside the new one."""
    old = (*OURS, *OTHERS)
    left = {path.parent.name for path in files if path.parent.name in old}
    expected = {*OTHERS, *OURS[len(OURS) - (keep - 1):]}
    if left != expected:
        raise Failure(f"keep={keep} left {', '.join(sorted(left))}")
    for name in OTHERS:
        found = sorted(path.name for path in files if path.parent.name == name)
        if found != sorted(OTHERS[name]):
            raise Failure(f"of {name} there is {', '.join(found)}")
    return [path for path in files if path.parent.name not in old]

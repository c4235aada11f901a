"""The table of faults, docs/evidence/faults.md: one row for each scenario, with its targets, the files
found on them, and the time that the capture kernel's console shows.
"""

import re
import sys

from results import TOP, one_program

sys.path.insert(0, str(TOP / "scripts/dev"))
import evidence

HEAD = ("| fault | targets | on the disk | on the server | reboot after |\n|---|---|---|---|--:|")
FOUND = {"saved": "the dump", "incomplete": "a part of the dump, marked so",
         "part": "a part of the dump, marked so",
         "failed": "the log, what there was of the dump", "second": "a part of the dump; the dump",
         "any": "what there was time for",
         "log": "the log", "nothing": "nothing"}
LAST_WORDS = re.compile(r"kdump: \[ *([0-9.]+)s\].*(?:rebooting|halting|powering off) now")


def table(rows, missing):
    """rows: (text, SHA-256 of the program) each; raises Mixed. missing: names of scenarios that have
    none."""
    program = one_program(program for _, program in rows)
    note = f"Not complete: {len(missing)} have not passed ({', '.join(missing)}).\n\n" if missing else ""
    return "\n".join([f"Program: SHA-256 `{program}`.\n\n{note}{HEAD}", *(text for text, _ in rows)])


def write(path, rows):
    """rows: of all scenarios, as for table(). Raises Mixed."""
    text = table(rows, []).partition("\n\n")[2]
    evidence.write(path, "Faults in machines", "tests/vm/run --faults",
                   one_program(program for _, program in rows), text)


def row(scenario, console):
    """console: unfolded, of the first of several machines. The seconds count from the start of the
    capture kernel."""
    def shown(target):
        kind = target.partition(":")[0]
        return scenario.server.split()[-1] if "{server}" in target else kind

    targets = ", ".join(shown(target) for target in scenario.targets) or "none"
    has_disk = any("{disk}" in text for text in (*scenario.targets, *(t for _, t in scenario.typing)))
    words = LAST_WORDS.findall(console)
    took = f"{float(words[-1]):.0f} s" if words else "by the kernel or the watchdog"
    disk = FOUND[scenario.result] if has_disk or scenario.result != "nothing" else "–"
    server = FOUND[scenario.on_server] if scenario.server else "–"
    return f"| {scenario.name} | {targets} | {disk} | {server} | {took} |"

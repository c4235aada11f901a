"""The matrix's results as a table, docs/evidence/kernels.md."""

import dataclasses
import sys

from oracles.struct_pages import CACHE, CACHE_PRIVATE, FREE, HWPOISON, KEEP, OFFLINE, USER
from results import TOP, one_program

sys.path.insert(0, str(TOP / "scripts/dev"))
import evidence

CLASSES = ((KEEP, "kept"), (FREE, "free"), (CACHE, "cache"), (CACHE_PRIVATE, "with private"),
           (USER, "user"), (HWPOISON, "poisoned"), (OFFLINE, "offline"))


@dataclasses.dataclass(frozen=True)
class Line:
    kernel: str
    variant: str
    counted: dict       # class -> pages
    agreed: int         # with /proc/kpageflags
    moved: int          # between its copy and the panic, as the vmcore's struct page explains
    silent: int         # pages that it does not report
    others: dict        # makedumpfile's version -> (lost, needless), None where it failed
    program: str        # SHA-256 of the one that dumped


def as_json(line):
    # Not asdict(): of a Counter it makes one that counts pairs.
    return {**vars(line), "counted": dict(line.counted)}


def from_json(value):
    others = {version: found and tuple(found) for version, found in value["others"].items()}
    return Line(**{**value, "others": others})


def name_of(row):
    suite = row.kernel.suite or "this release"
    series = row.kernel.series and f" {row.kernel.series}"
    return f"{row.kernel.flavour} of {suite}{series}, {row.variant}"


def table(lines):
    """Raises Mixed where they are of several programs."""
    program = one_program(line.program for line in lines)
    versions = list(dict.fromkeys(version for line in lines for version in line.others))
    head = ["kernel", "variant", *(name for _, name in CLASSES), "agree", "moved", "unreported",
            *(f"makedumpfile {version}" for version in versions)]
    rows = ["| " + " | ".join(head) + " |",
            "|---|---|" + "--:|" * (len(head) - 2)]
    for line in lines:
        cells = [line.kernel, line.variant, *(str(line.counted.get(word, 0)) for word, _ in CLASSES),
                 str(line.agreed), str(line.moved), str(line.silent)]
        for version in versions:
            found = line.others.get(version)
            cells.append("–" if version not in line.others else "fails" if found is None
                         else "equal" if found == (0, 0)
                         else f"-{found[0]} +{found[1]}")
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join([f"Program: SHA-256 `{program}`.", "", *rows])


def write(path, lines):
    """Raises Mixed. The columns are explained in docs/kernels.md."""
    rows = table(lines).partition("\n\n")[2]
    evidence.write(path, "Kernel matrix", "tests/vm/run --matrix-table",
                   one_program(line.program for line in lines), rows)

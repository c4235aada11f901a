"""docs/evidence/performance.md: each part of scripts/bench replaces its own section between two marks.
Tables of Markdown, and a line with the machine, its load, the commit and the program.
"""

import os
import pathlib

import evidence

TOP = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = evidence.DIRECTORY / "performance.md"
PROGRAM = TOP / "build/kdump-init"


def table(head, rows):
    """The first column is text, the others are numbers."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "--:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown CPU"


class Load:
    """The load average while a part ran: above the part's own processes, wall times are noise."""

    def __init__(self):
        self.started = os.getloadavg()[0]

    def sentence(self, command):
        return (f"{evidence.stamp(command, evidence.sha256_of(PROGRAM))} {os.cpu_count()} CPUs "
                f"({cpu_model()}); load average {self.started:.1f} at the start, "
                f"{os.getloadavg()[0]:.1f} at the end.")


def split_at_section(part):
    """The document up to the section, what is in it, and the rest."""
    begin, end = f"<!-- printed by scripts/bench: {part} -->\n", f"<!-- end of {part} -->\n"
    before, found, rest = DOCUMENT.read_text().partition(begin)
    inside, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"{DOCUMENT}: no marks {begin.strip()} and {end.strip()}")
    return before + begin, inside, end + after


def rows_of_section(part):
    """The cells of its table's rows, by their first."""
    lines = [line.strip("| ").split(" | ") for line in split_at_section(part)[1].splitlines()
             if line.startswith("| ")]
    return {cells[0]: cells for cells in lines[1:]}


def write_section(part, text):
    """Prints it too."""
    print(f"\n{text}\n", flush=True)
    before, _, after = split_at_section(part)
    DOCUMENT.write_text(f"{before}\n{text}\n\n{after}")

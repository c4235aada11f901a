"""docs/performance.md, of which each part of scripts/bench owns one section: what it printed last,
between two marks. Tables of Markdown, and the line that says on which machine and how busy it was.
"""

import os
import pathlib
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = TOP / "docs/performance.md"


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


def commit():
    done = subprocess.run(["git", "-C", TOP, "describe", "--always", "--dirty"], capture_output=True,
                          text=True, check=False)
    return done.stdout.strip() or "an unknown commit"


class Load:
    """How many processes wanted a CPU while a part ran: above what the part itself runs, its wall
    times are noise."""

    def __init__(self):
        self.started = os.getloadavg()[0]

    def sentence(self, command):
        today = time.strftime("%Y-%m-%d", time.gmtime())
        return (f"`{command}`, {today}, at {commit()}, {os.cpu_count()} CPUs ({cpu_model()}); load average "
                f"{self.started:.1f} when it began, {os.getloadavg()[0]:.1f} at its end.")


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

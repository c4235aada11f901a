#!/usr/bin/python3
"""Draws the console of a capture, as a terminal of 80 columns shows it: the panic, the capture
kernel's first line, then all lines of kdump-init and of the kernel, to the reboot. The
capture kernel's own boot is one line here. The same console gives the same bytes.

usage: console_svg.py CONSOLE_LOG SVG
"""

import pathlib
import re
import sys
from xml.sax.saxutils import escape

COLUMNS = 80
CHARACTER, LINE, MARGIN = 7.8, 17, 14  # pixels, at a font size of 13
COLORS = {"kernel": "#8b949e", "kdump": "#e6edf3", "saved": "#3fb950", "warning": "#d29922",
          "panic": "#f85149"}
PANIC = re.compile(r"Kernel panic - not syncing")
FIRST = re.compile(r"0\.000000\] Linux version")


def story(text):
    """The lines of the console that are drawn."""
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in text.replace("\r", "").split("\n")]
    panic = next((i for i, line in enumerate(lines) if PANIC.search(line)), None)
    if panic is None:
        sys.exit("no panic in the console")
    first = next((i for i in range(panic, len(lines)) if FIRST.search(lines[i])), None)
    begin = next((i for i in range(first or panic, len(lines)) if lines[i].startswith("kdump: ")), None)
    if first is None or begin is None:
        sys.exit("no capture after the panic in the console")
    booted = lines[first][lines[first].index("0.000000]") - 5:]
    yield lines[panic]
    yield booted
    yield f"                   ({begin - first - 1} lines of the capture kernel's boot)"
    for line in lines[begin:]:
        if line:
            yield line
        if "reboot: " in line:
            return


def kind(line):
    if PANIC.search(line):
        return "panic"
    if not line.startswith("kdump: "):
        return "kernel"
    output = line.partition("] ")[2]
    if re.match(r"saved |vmcore-dmesg.txt saved|verified", output):
        return "saved"
    return "warning" if re.match(r"warning|NOT SAVED|FAILED|INCOMPLETE", output) else "kdump"


def draw(lines):
    rows = [(kind(line), line[at:at + COLUMNS]) for line in lines
            for at in range(0, len(line), COLUMNS)]
    width = round(COLUMNS * CHARACTER + 2 * MARGIN)
    height = len(rows) * LINE + 2 * MARGIN
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           f'viewBox="0 0 {width} {height}">')
    yield "<title>The console of a capture: a kernel panics, kdump-init saves its memory</title>"
    yield f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>'
    yield '<g font-family="ui-monospace, DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13">'
    for i, (color, text) in enumerate(rows):
        y = MARGIN + LINE * i + 13
        length = round(len(text) * CHARACTER, 1)
        yield (f'<text x="{MARGIN}" y="{y}" fill="{COLORS[color]}" textLength="{length}" '
               f'xml:space="preserve">{escape(text)}</text>')
    yield "</g>"
    yield "</svg>"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    text = pathlib.Path(sys.argv[1]).read_text("ascii", "replace")
    pathlib.Path(sys.argv[2]).write_text("\n".join(draw(story(text))) + "\n")


if __name__ == "__main__":
    main()

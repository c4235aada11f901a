#!/usr/bin/python3
"""Writes docs/evidence/NAME.md: results of a measurement or a test, stamped with the commit, the SHA-256
of the program and the date.

usage: evidence.py NAME TITLE PROGRAM COMMAND...

Runs COMMAND, passes its output through, and records it in docs/evidence/NAME.md if the command succeeds.
PROGRAM: the tested program.
"""

import hashlib
import pathlib
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
DIRECTORY = TOP / "docs/evidence"


def commit():
    done = subprocess.run(["git", "-C", TOP, "describe", "--always", "--dirty"], capture_output=True,
                          text=True, check=False)
    return done.stdout.strip() or "an unknown commit"


def sha256_of(program):
    with open(program, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stamp(command, program):
    """program: its SHA-256."""
    today = time.strftime("%Y-%m-%d", time.gmtime())
    return f"Printed by `{command}` on {today}, commit {commit()}, program SHA-256 `{program}`."


def write(path, title, command, program, text):
    """program: its SHA-256. text: Markdown."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"# {title}\n\n{stamp(command, program)}\n\n{text.strip()}\n")


def main():
    if len(sys.argv) < 5:
        sys.exit("usage: evidence.py NAME TITLE PROGRAM COMMAND...")
    name, title, program, *command = sys.argv[1:]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            sys.stdout.write(line)
            lines.append(line)
    if process.returncode == 0:
        text = "".join(lines)
        write(DIRECTORY / f"{name}.md", title, " ".join(command), sha256_of(program),
              text if text.startswith("| ") else f"```\n{text}```")
    sys.exit(process.returncode)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Which tests have passed, so that a long run can be resumed: a file a test in the cache directory,
named by a hash of what its result depends on, the program's SHA-256 first. Anything else there, a
failure or nothing, means that the test must run. Continuous integration never asks.

usage: results.py passed|record|forget KIND --program FILE --name NAME [--value TEXT] INPUT...

passed prints what was recorded and ends with 0, or with 1 where nothing is.
"""

import argparse
import hashlib
import json
import os
import pathlib
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
# Tables of scenarios: each row is a separate input.
TABLES = ("scenarios.py", "disk_faults.py", "server_faults.py", "fault_scenarios.py", "fault_table.py",
          "matrix.py", "matrix_table.py")


def cache_directory():
    """As scripts/lib/common.sh has it."""
    cache = os.environ.get("KDUMP_INIT_CACHE")
    if cache:
        return pathlib.Path(cache)
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("HOME", "/root") + "/.cache"
    return pathlib.Path(home) / "kdump-init"


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def harness():
    """A hash of what runs and judges the tests, and packs images for them."""
    files = [path for path in (TOP / "tests/vm").rglob("*") if path.is_file()
             and path.name not in TABLES and "__pycache__" not in path.parts]
    files += [TOP / "scripts/mkinitramfs", *(TOP / "scripts/lib").glob("*.sh"),
              *(TOP / "scripts/dev").glob("*.sh")]
    whole = hashlib.sha256()
    for path in sorted(files):
        whole.update(f"{path.relative_to(TOP)} {sha256_of(path)}\n".encode())
    return whole.hexdigest()


class Mixed(Exception):
    """A table whose rows come from more than one program."""


def one_program(programs):
    """The SHA-256 that all rows of a table carry."""
    found = sorted(set(programs))
    if len(found) != 1:
        raise Mixed(f"the rows are of {len(found)} programs: {', '.join(found) or 'none'}")
    return found[0]


class Results:
    """Of one kind of test with one program. resume: whether earlier passes count."""

    def __init__(self, kind, program, resume):
        self.kind, self.resume = kind, resume
        self.program = sha256_of(program)
        self.directory = cache_directory() / "results"
        self.harness = harness()

    def path(self, name, inputs):
        words = json.dumps([self.program, self.kind, self.harness, name, [str(i) for i in inputs]])
        return self.directory / (hashlib.sha256(words.encode()).hexdigest() + ".json")

    def passed(self, name, inputs):
        """Returns the record; None if the test must run."""
        if not self.resume:
            return None
        try:
            found = json.loads(self.path(name, inputs).read_text())
        except (OSError, ValueError):
            return None
        return found if found.get("program") == self.program and found.get("name") == name else None

    def record(self, name, inputs, value=None):
        """That it passed just now; value is kept with it."""
        found = {"kind": self.kind, "name": name, "program": self.program, "value": value,
                 "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.path(name, inputs)
        new = path.with_suffix(f".{os.getpid()}.new")
        new.write_text(json.dumps(found, indent=1) + "\n")
        new.replace(path)
        return found

    def forget(self, name, inputs):
        """That it ever passed: it has failed now."""
        self.path(name, inputs).unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("passed", "record", "forget"))
    parser.add_argument("kind")
    parser.add_argument("--program", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--value")
    parser.add_argument("inputs", nargs="*")
    options = parser.parse_intermixed_args()
    results = Results(options.kind, options.program, resume=True)
    if options.what == "passed":
        found = results.passed(options.name, options.inputs)
        if not found:
            return 1
        print(found["value"] or found["when"])
    elif options.what == "record":
        results.record(options.name, options.inputs, options.value)
    else:
        results.forget(options.name, options.inputs)
    return 0


if __name__ == "__main__":
    sys.exit(main())

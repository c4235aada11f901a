#!/usr/bin/python3
"""Holds the crash report of a vmcore against other witnesses of the same crash: the panicking stack
against the Call Trace that the kernel itself logged (names, offsets and sizes of all reliable frames),
the signature against `sha1sum` of its frames and against the one that the log's frames give, modules'
build-ids against their files, the JSON against docs/crash.schema.json.

usage: check_crash_report.py PROGRAM VMCORE [MODULES-DIRECTORY]
"""

import hashlib
import json
import pathlib
import re
import subprocess
import sys

DOCS = pathlib.Path(__file__).resolve().parents[3] / "docs"
PREFIX = re.compile(r"^\[ *\d+\.\d+\] ?(?:\[ *[TC]\d+\] )?")
FRAME = re.compile(r"^ ([^ ?+]+\+0x[0-9a-f]+/0x[0-9a-f]+)(?: \[(\w+)[^]]*\])?(?: \(P\))?$")
REGISTERS = re.compile(r"^RIP: 0010:([^ +]+\+0x[0-9a-f]+/0x[0-9a-f]+)(?: \[(\w+)[^]]*\])?$")
# What the kernel calls to print its own trace, and what the report has of the way to kexec.
ONLY_IN_LOG = re.compile(r"(dump_stack|dump_stack_lvl|show_stack|dump_backtrace|panic|vpanic)\+")
ONLY_IN_REPORT = re.compile(r"(__crash_kexec|crash_kexec|panic|vpanic|nmi_panic)\+")


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True, errors="replace").stdout


def named(match):
    return match[1] + (f" [{match[2]}]" if match[2] else "")


def logged_frames(log):
    lines = [PREFIX.sub("", line) for line in log.splitlines()]
    begin = max(i for i, line in enumerate(lines) if line.lower().startswith("call trace:"))
    frames = []
    for line in lines[max(begin - 40, 0):begin]:
        if re.match(r"BUG: |Oops|Kernel panic|general protection", line):
            frames = []
        elif REGISTERS.match(line):
            frames = [named(REGISTERS.match(line))]
    for line in lines[begin + 1:]:
        if line.startswith((" </TASK>", "Modules linked in", "Code: ")):
            break
        match = FRAME.match(line) or REGISTERS.match(line)
        if match:
            frames.append(named(match))
    return frames


def reported_frames(cpu):
    return [f"{frame['function']}+{frame['offset']:#x}/{frame['size']:#x}"
            + (f" [{frame['module']}]" if frame["module"] else "") for frame in cpu["trace"]]


def check_stack(report, log, problems):
    cpu = next((cpu for cpu in report["cpus"] if cpu["panicked"]), None)
    if cpu is None:
        problems.append("no CPU panicked")
        return 0
    want, got = logged_frames(log), reported_frames(cpu)
    same = 0
    while same < min(len(want), len(got)) and want[-1 - same] == got[-1 - same]:
        same += 1
    lacking = [frame for frame in want[:len(want) - same] if not ONLY_IN_LOG.match(frame)]
    beyond = [frame for frame in got[:len(got) - same] if not ONLY_IN_REPORT.match(frame)]
    if lacking or beyond or same == 0:
        problems.append(f"only in the log: {lacking}; only in the report: {beyond}")
    return same


def check_signature(report, problems):
    names = [frame.split("@")[0] for frame in report["signature"]["frames"]]
    digest = hashlib.sha1("".join(name + "\n" for name in names).encode()).hexdigest()
    if names and digest != report["signature"]["id"]:
        problems.append(f"signature {report['signature']['id']}, sha1sum gives {digest}")


def check_modules(report, directory, problems):
    """Compares with the build-id of each module's file, where there is one."""
    files = {path.name.split(".ko")[0].replace("-", "_"): path
             for path in pathlib.Path(directory).rglob("*.ko*")}
    compared = 0
    for module in report["modules"]:
        path = files.get(module["name"])
        if path is None:
            continue
        data = path.read_bytes() if path.suffix == ".ko" else run_bytes("xz", "-dc", str(path))
        at = data.find(b"GNU\0", data.find(b"\x04\0\0\0\x14\0\0\0\x03\0\0\0"))
        want = data[at + 4:at + 24].hex()
        compared += 1
        if want != module["build_id"]:
            problems.append(f"{module['name']}: build-id {module['build_id']}, its file has {want}")
    return compared


def run_bytes(*words):
    return subprocess.run(words, check=True, capture_output=True).stdout


def check_schema(report, problems):
    try:
        import jsonschema
    except ImportError:
        return
    schema = json.loads((DOCS / "crash.schema.json").read_text())
    for error in jsonschema.Draft202012Validator(schema).iter_errors(report):
        problems.append(f"schema: {'/'.join(map(str, error.path))}: {error.message[:200]}")


# Of kernels that lack what the report needs, the log alone is left.
EXPECTED_WITHOUT = ("symbols: ", "types: ", "stacks: ", "modules: ", "tasks: ")


def check(program, vmcore, modules=None):
    """What the report says in one line, and what contradicts another witness."""
    report = json.loads(run(program, "report", "--json", str(vmcore)))
    log = run(program, "dmesg", str(vmcore))
    problems, frames, compared = [], 0, 0
    check_signature(report, problems)
    check_schema(report, problems)
    if any(line.startswith("symbols: vmcoreinfo lacks") for line in report["missing"]):
        problems += [line for line in report["missing"] if not line.startswith(EXPECTED_WITHOUT)]
        if report["signature"]["source"] != "log":
            problems.append("without symbols the signature is not from the log")
    else:
        problems += report["missing"]
        frames = check_stack(report, log, problems)
        compared = check_modules(report, modules, problems) if modules else 0
    return (f"{report['kernel']}: {report['signature']['title']}, {report['signature']['id'][:16]}; "
            f"{frames} frames as logged, {report['tasks']['total']} tasks, "
            f"{compared} of {len(report['modules'])} modules compared with their files"), problems


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    line, problems = check(*sys.argv[1:])
    print(line)
    for problem in problems:
        print(f"  {problem}")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()

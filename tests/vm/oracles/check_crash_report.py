#!/usr/bin/python3
"""Holds the crash report of a vmcore against other witnesses of the same crash: the panicking stack
against the Call Trace that the kernel itself logged (names, offsets and sizes of all reliable frames),
the signature against `sha1sum` of its frames and against the one that the log's frames give, modules'
build-ids against their files, the JSON against docs/crash.schema.json.

A hung task's stack is held against its own trace in the log.

usage: check_crash_report.py PROGRAM VMCORE [MODULES-DIRECTORY [MODULE-FILE]]
"""

import dataclasses
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


# The rules of signature version 1 (docs/crash-report.md), written down independently of the program.
BOUNDARY = re.compile(r"asm_(sysvec_|common_interrupt$|exc_nmi$)|end_repeat_nmi$|nmi_restore$|ret_from_intr$"
                      r"|el1h_64_(irq|fiq|error)$")
MACHINERY = re.compile(
    r"(__crash_kexec|crash_kexec|v?panic|nmi_panic|die|__die|oops_end|die_addr|page_fault_oops"
    r"|kernelmode_fixup_or_oops|(__)?bad_area_nosemaphore|do_(kern|user)_addr_fault|(asm_)?exc_(?!nmi$)\w+"
    r"|handle_bug|report_bug|__warn|dump_stack(_lvl)?|show_stack|dump_backtrace|machine_kexec|die_kernel_fault"
    r"|__do_kernel_fault|do_page_fault|do_translation_fault|do_mem_abort|el1_abort|el1h_64_sync(_handler)?)$")
SLEEPING = re.compile(
    r"(__schedule|schedule|io_schedule|schedule_timeout|schedule_preempt_disabled|__mutex_lock|mutex_lock"
    r"|rwsem_down_|down$|down_|__down|rt_mutex_|__rt_mutex_|wait_for_completion|__wait_for_common"
    r"|do_wait_for_common|bit_wait|__wait_on_bit|out_of_line_wait_on_bit|folio_wait_|wait_on_page_bit)")
INTERRUPTED = re.compile(r"softlockup|Hard LOCKUP|RCU Stall")


def signature_of(frames, reason):
    """frames: "name+0x1/0x2 [module]", innermost first. Returns the id; "" where no frame is left."""
    names = [re.sub(r"^__pfx_", "", frame.split("+")[0]).split(".")[0] for frame in frames]
    at = next((i for i, name in enumerate(names) if BOUNDARY.match(name)), None)
    if at is not None:
        names = names[at + 1:] if INTERRUPTED.match(reason) else names[:at]
    while names and MACHINERY.match(names[0]):
        names.pop(0)
    while names and reason.startswith("hung_task") and SLEEPING.match(names[0]):
        names.pop(0)
    return hashlib.sha1("".join(name + "\n" for name in names[:6]).encode()).hexdigest() if names else ""


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True, errors="replace").stdout


def named(match):
    return match[1] + (f" [{match[2]}]" if match[2] else "")


def without_times(log):
    return [PREFIX.sub("", line) for line in log.splitlines()]


def is_trace(line):
    return line.lower().startswith("call trace:")


def frames_after(lines, begin):
    """Of the trace that begins there."""
    frames = []
    for line in lines[begin + 1:]:
        if line.startswith((" </TASK>", "Modules linked in", "---[ ")) or is_trace(line):
            break
        match = FRAME.match(line) or REGISTERS.match(line)
        if match:
            frames.append(named(match))
    return frames


def logged_frames(lines):
    """Of the last trace, with the instruction that was interrupted."""
    begin = max(i for i, line in enumerate(lines) if is_trace(line))
    frames = []
    for line in lines[max(begin - 40, 0):begin]:
        if re.match(r"BUG: |Oops|Kernel panic|general protection", line):
            frames = []
        elif REGISTERS.match(line):
            frames = [named(REGISTERS.match(line))]
    return frames + frames_after(lines, begin)


def logged_hung_task(lines):
    """pid and frames of the last task that was blocked for too long; None."""
    found = [(i, re.match(r"INFO: task .*:(\d+) blocked ", line)) for i, line in enumerate(lines)]
    found = [(i, match) for i, match in found if match]
    if not found:
        return None
    at, match = found[-1]
    begin = next(i for i, line in enumerate(lines) if i > at and is_trace(line))
    return int(match[1]), frames_after(lines, begin)


def reported_frames(cpu):
    return [f"{frame['function']}+{frame['offset']:#x}/{frame['size']:#x}"
            + (f" [{frame['module']}]" if frame["module"] else "") for frame in cpu["trace"]]


def check_hung_task(report, hung, problems):
    pid, want = hung
    task = next((task for task in report["tasks"]["blocked"] if task["pid"] == pid), None)
    got = reported_frames(task) if task else None
    if got != want:
        problems.append(f"hung task {pid}: the log has {want}, the report {got}")


def check_stack(report, want, problems):
    cpu = next((cpu for cpu in report["cpus"] if cpu["panicked"]), None)
    if cpu is None:
        problems.append("no CPU panicked")
        return 0
    got = reported_frames(cpu)
    same = 0
    while same < min(len(want), len(got)) and want[-1 - same] == got[-1 - same]:
        same += 1
    lacking = [frame for frame in want[:len(want) - same] if not ONLY_IN_LOG.match(frame)]
    beyond = [frame for frame in got[:len(got) - same] if not ONLY_IN_REPORT.match(frame)]
    if lacking or beyond or same == 0:
        problems.append(f"only in the log: {lacking}; only in the report: {beyond}")
    return same


def check_signature(report, frames, problems):
    """frames: those of the log that it must come from too."""
    want = signature_of(frames, report["reason"] or "")
    if want and want != report["signature"]["id"]:
        problems.append(f"signature {report['signature']['id']}, the log's frames give {want}")
    names = [frame.split("@")[0] for frame in report["signature"]["frames"]]
    digest = hashlib.sha1("".join(name + "\n" for name in names).encode()).hexdigest()
    if names and digest != report["signature"]["id"]:
        problems.append(f"signature {report['signature']['id']}, sha1sum gives {digest}")


def check_modules(report, directory, further, problems):
    """Compares with the build-id of each module's file, where there is one. further: one more file."""
    files = {path.name.split(".ko")[0].replace("-", "_"): path
             for path in [*pathlib.Path(directory).rglob("*.ko*"), *([further] if further else ())]}
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


@dataclasses.dataclass
class Checked:
    report: dict
    problems: list      # what contradicts another witness
    frames: int = 0     # of the panicking stack, equal to the log's
    modules: int = 0    # whose build-ids equal their files'

    def line(self):
        signature = self.report["signature"]
        return (f"{self.report['kernel']}: {signature['title']}, {signature['id'][:16]}; "
                f"{self.frames} frames as logged, {self.report['tasks']['total']} tasks, "
                f"{self.modules} of {len(self.report['modules'])} modules compared with their files")


def check(program, vmcore, modules=None, module=None):
    """modules: a directory with modules' files; module: one more of them."""
    report = json.loads(run(program, "report", "--json", str(vmcore)))
    lines = without_times(run(program, "dmesg", str(vmcore)))
    found = Checked(report, [])
    hung = logged_hung_task(lines) if (report["reason"] or "").startswith("hung_task") else None
    logged = logged_frames(lines)
    check_signature(report, hung[1] if hung else logged, found.problems)
    check_schema(report, found.problems)
    if any(line.startswith("symbols: vmcoreinfo lacks") for line in report["missing"]):
        found.problems += [line for line in report["missing"] if not line.startswith(EXPECTED_WITHOUT)]
        if report["signature"]["source"] != "log":
            found.problems.append("without symbols the signature is not from the log")
        return found
    found.problems += report["missing"]
    found.frames = check_stack(report, logged, found.problems)
    if hung:
        check_hung_task(report, hung, found.problems)
    if modules:
        found.modules = check_modules(report, modules, module, found.problems)
    return found


def main():
    if len(sys.argv) not in (3, 4, 5):
        sys.exit(__doc__)
    found = check(*sys.argv[1:3], *map(pathlib.Path, sys.argv[3:]))
    print(found.line())
    for problem in found.problems:
        print(f"  {problem}")
    sys.exit(bool(found.problems))


if __name__ == "__main__":
    main()

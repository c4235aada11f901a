"""Faults of the capture itself, as data for run_scenarios.py: its kernel oopses, PID 1 crashes, the
watchdog counts. What is tried of targets and servers is in scenarios.py.
"""

from scenarios import ENTER, SAVED, Disk, Scenario

SYSRQ_CRASH = "\x01b" + "c"  # a break on the serial line, which QEMU makes of ctrl-a b
SHELL = dict(crash=False, shell=True, result="nothing", seconds=900)
OPENS = (r"press Enter", ENTER)

FAULTS = (
    Scenario("PID 1's own crash says where, and reboots", **SHELL,
             typing=(OPENS, (r"kdump# ", "kill -SEGV 1" + ENTER)),
             says=(r"PID 1 crashed: signal 11, at kdump-init\+0x[0-9a-f]+; rebooting",)),
    Scenario("a panic of the capture kernel ends in a reboot, and so would an oops", **SHELL,
             panics=True,
             typing=(OPENS,
                     (r"kdump# ", "echo oops=$(cat /proc/sys/kernel/panic_on_oops)" + ENTER),
                     (r"oops=1\r", SYSRQ_CRASH)),
             says=(r"Kernel panic", r"Rebooting in \d+ seconds"), quick=False),
    Scenario("a watchdog is kept alive for longer than it waits", watchdog=True,
             disk=Disk(bytes_per_second=1 << 20), arguments="rd.kdump.compress=none",
             says=(r"watchdog0 .*is kept alive", SAVED), seconds=1200, quick=False),
)

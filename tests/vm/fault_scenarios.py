"""Faults of the capture itself, as data for run_scenarios.py: its kernel oopses, PID 1 crashes, the
watchdog counts. What is tried of targets and servers is in scenarios.py.
"""

from scenarios import ENTER, NOT_SAVED, SAVED, Disk, Scenario

NO_TARGET = dict(targets=("fs:LABEL=nowhere:/", "fs:LABEL=neither:/"), result="nothing",
                 arguments="rd.kdump.timeout=3")
LOG_ON_CONSOLE = (r"=== BEGIN of the crashed kernel's log, its last 1\d\.\d KiB ===",
                  r"\n\| \[ *\d+\.\d+\] sysrq: Trigger a crash",
                  r"=== END of the crashed kernel's log ===")
SYSRQ_CRASH = "\x01b" + "c"  # a break on the serial line, which QEMU makes of ctrl-a b
# Of the shell: the process that feeds the watchdog is as good as dead.
STOP_KEEPER = ("for p in /proc/[0-9]*; do read c <$p/comm; [ $c != kdump-watchdog ] || "
               "kill -STOP ${p#/proc/}; done; echo stopped=$((1))")
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
    Scenario("all targets fail: the end of the log is on the console and in pstore (ERST)", **NO_TARGET,
             pstore="erst",
             says=(r"trying the next target", *LOG_ON_CONSOLE, r"goes into pstore \(erst\)",
                   r"none of 2 targets took it, .*; rebooting now",
                   r"guest: pstore holds /pstore/dmesg-erst-",
                   r"\n<\d+>.*\| \[ *\d+\.\d+\] sysrq: Trigger a crash", r"that was pstore"),
             quick=False),
    Scenario("all targets fail: pstore is ramoops", **NO_TARGET, pstore="ramoops",
             says=(*LOG_ON_CONSOLE, r"goes into pstore \(ramoops\)", NOT_SAVED,
                   r"guest: pstore holds /pstore/dmesg-ramoops-0",
                   r"\n<\d+>.*\| \[ *\d+\.\d+\] sysrq: Trigger a crash", r"that was pstore"),
             quick=False),
    Scenario("a watchdog that nobody feeds resets the machine", **SHELL, watchdog=True,
             typing=((r"watchdog0 .*is kept alive", ""), OPENS, (r"kdump# ", STOP_KEEPER + ENTER),
                     (r"stopped=1\r", "sleep 600" + ENTER)),
             never=(r"rebooting now",), quick=False),
    Scenario("a watchdog is kept alive for longer than it waits", watchdog=True,
             disk=Disk(bytes_per_second=1 << 20), arguments="rd.kdump.compress=none",
             says=(r"watchdog0 .*is kept alive", SAVED), seconds=1200, quick=False),
)

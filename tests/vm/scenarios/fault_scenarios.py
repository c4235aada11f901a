"""Faults of the capture itself, as data for run_scenarios.py: its kernel oopses, PID 1 crashes, the
watchdog counts. What is tried of targets and servers is in scenarios.py.
"""

from scenarios.scenarios import ENTER, LOG_ON_CONSOLE, NOT_SAVED, SAVED, Disk, Scenario

NO_TARGET = dict(targets=("fs:LABEL=nowhere:/", "fs:LABEL=neither:/"), result="nothing",
                 arguments="rd.kdump.timeout=3")
SYSRQ_CRASH = "\x01b" + "c"  # a break on the serial line, which QEMU makes of ctrl-a b
# Of the shell: the process that feeds the watchdog is as good as dead.
STOP_KEEPER = ("for p in /proc/[0-9]*; do read c <$p/comm; [ $c != kdump-watchdog ] || "
               "kill -STOP ${p#/proc/}; done; echo stopped=$((1))")
# PID 1 takes no SIGSTOP; what a cgroup freezes it does not have to take.
FREEZE_INIT = ("mkdir /c; mount -t cgroup2 c /c; mkdir /c/1; echo 1 >/c/1/cgroup.procs; "
               "echo 1 >/c/1/cgroup.freeze; echo frozen=$((1))")
SHELL = dict(crash=False, shell=True, result="nothing", seconds=900)
OPENS = (r"press Enter", ENTER)

FAULTS = (
    Scenario("memory runs out: PID 1 reports how much is enough, and reboots",
             packed=("--pre", "tests/vm/guest/hook-limits-memory"), crashkernel="96M", result="any",
             says=(r"memory: 9\d MiB reserved, \d+ MiB of it free",
                   r"limits-memory: 2097152 bytes for 1", r"Killed process \d+ \(init\)",
                   r"FAILED fs:.*killed by signal 9",
                   r"memory ran out: 9\d MiB reserved, \d+ MiB of it free now; crashkernel=128M is enough",
                   r"NOT SAVED: .*; memory ran out; rebooting now"), quick=False),
    Scenario("a disk that is too slow: the dump ends at rd.kdump.limit", result="incomplete", level=0,
             disk=Disk(bytes_per_second=2 << 20),
             arguments="rd.kdump.level=0 rd.kdump.compress=none rd.kdump.limit=15",
             says=(r"cut off: not done after 15 s \(rd\.kdump\.limit\)",
                   r"saved INCOMPLETE .*; rebooting now"), quick=False),
    Scenario("PID 1's own crash says where, and reboots", **SHELL,
             typing=(OPENS, (r"kdump# ", "kill -SEGV 1" + ENTER)),
             says=(r"PID 1 crashed: signal 11, at kdump-init\+0x[0-9a-f]+; rebooting",)),
    Scenario("a panic of the capture kernel ends in a reboot", **SHELL, panics=True,
             typing=(OPENS, (r"kdump# ", SYSRQ_CRASH)),
             says=(r"Kernel panic", r"Rebooting in \d+ seconds"), quick=False),
    Scenario("an oops of the capture kernel ends in a reboot", panics=True, harm="oops",
             disk=Disk(bytes_per_second=4 << 20), result="failed",
             arguments="rd.kdump.level=0 rd.kdump.compress=none",
             says=(r"vmcore-dmesg.txt saved", r"invalid opcode: 0000", r"RIP: .*_init\+0x5/",
                   r"Kernel panic - not syncing: Fatal exception", r"Rebooting in 5 seconds"),
             quick=False),
    Scenario("a capture kernel that spins and runs nothing else is rebooted by itself", panics=True,
             harm="spin", disk=Disk(bytes_per_second=4 << 20), result="failed", seconds=900,
             arguments="rd.kdump.level=0 rd.kdump.compress=none",
             says=(r"vmcore-dmesg.txt saved", r"BUG: soft lockup",
                   r"Kernel panic - not syncing: softlockup", r"Rebooting in 5 seconds"),
             quick=False),
    Scenario("a capture kernel that spins with interrupts off is reset by the hardware watchdog",
             harm="spin deaf", watchdog=True, disk=Disk(bytes_per_second=4 << 20), result="failed",
             seconds=900, arguments="rd.kdump.level=0 rd.kdump.compress=none",
             says=(r"watchdog0 .*is kept alive; it resets the machine after 60 s",
                   r"vmcore-dmesg.txt saved", r"writing .*%"),
             never=(r"rebooting now", r"BUG: soft lockup", r"Rebooting in \d+ seconds"), quick=False),
    Scenario("all targets fail: the end of the log is on the console and in pstore (ERST)", **NO_TARGET,
             pstore="erst",
             says=(r"trying the next target", *LOG_ON_CONSOLE, r"goes into pstore \(erst\)",
                   r"all 2 targets failed; last error: .*; rebooting now",
                   r"guest: pstore holds /pstore/dmesg-erst-",
                   r"\n<\d+>.*\| \[ *\d+\.\d+\] sysrq: Trigger a crash", r"that was pstore"),
             quick=False),
    Scenario("all targets fail: pstore is ramoops", **NO_TARGET, pstore="ramoops",
             says=(*LOG_ON_CONSOLE, r"goes into pstore \(ramoops\)", NOT_SAVED,
                   r"guest: pstore holds /pstore/dmesg-ramoops-0",
                   r"\n<\d+>.*\| \[ *\d+\.\d+\] sysrq: Trigger a crash", r"that was pstore"),
             quick=False),
    Scenario("an unfed watchdog resets the machine", **SHELL, watchdog=True,
             typing=((r"watchdog0 .*is kept alive", ""), OPENS, (r"kdump# ", STOP_KEEPER + ENTER),
                     (r"stopped=1\r", "sleep 600" + ENTER)),
             never=(r"rebooting now",), quick=False),
    Scenario("a watchdog that is fed only while PID 1 moves resets the machine", **SHELL,
             watchdog=True,
             typing=((r"watchdog0 .*is kept alive", ""), OPENS, (r"kdump# ", FREEZE_INIT + ENTER),
                     (r"frozen=1\r", "")),
             never=(r"rebooting now",), quick=False),
    Scenario("a watchdog is kept alive for longer than the 60 s that it waits", watchdog=True,
             disk=Disk(bytes_per_second=3 << 18), arguments="rd.kdump.compress=none",
             says=(r"watchdog0 .*is kept alive; it resets the machine after 60 s",
                   r"kdump: \[ *(?:[89]\d|\d{3})\.\ds\] saved ", SAVED), seconds=1200, quick=False),
)

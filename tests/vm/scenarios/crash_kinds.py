"""The ways in which kernels crash for run_crashes.py, as data: what the guest is made to do, and what its
crash report must be titled. A kind that a machine cannot have is named with the reason.
"""

import dataclasses

from scenarios import matrix

KERNELS = (matrix.TRIXIE, matrix.BOOKWORM, matrix.BACKPORTS)


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str                   # as tests/vm/guest/crash-init has it
    meaning: str                # its name in the table
    title: str                  # a regular expression of the crash report's
    sysctls: str = ""           # NAME=VALUE,…
    arguments: str = ""         # of the kernel that crashes
    monitor: str = ""           # a command of QEMU's monitor, once the guest asks for it


SPIN = "crash_spin \\[kdump_crash\\]"
OOPS = "page fault in crash_read \\[kdump_crash\\]"
KINDS = (
    Kind("sysrq", "sysrq", "panic in sysrq_handle_crash"),
    Kind("oops", "oops in process context", OOPS),
    Kind("hardirq", "oops in a hard interrupt", OOPS),
    Kind("softirq", "oops in a soft interrupt", OOPS),
    Kind("init", "oops in a module's init", OOPS),
    Kind("nmi", "NMI", "panic in unknown_nmi_error", "kernel/unknown_nmi_panic=1", monitor="nmi"),
    Kind("spin", "soft lockup", f"soft lockup in {SPIN}",
         "kernel/watchdog_thresh=4,kernel/softlockup_panic=1"),
    Kind("hung", "hung task", "hung task in crash_(waits|holds) \\[kdump_crash\\]",
         "kernel/hung_task_timeout_secs=5,kernel/hung_task_panic=1"),
    Kind("overflow", "stack overflow", "stack overflow in crash_overflow \\[kdump_crash\\]"),
    Kind("bug", "BUG in a module", "BUG in crash_bug \\[kdump_crash\\]"),
    Kind("double-fault", "double fault", "double fault in crash_without_stack \\[kdump_crash\\]"),
    Kind("oom", "out of memory panic", "out of memory in out_of_memory", "vm/panic_on_oom=2,vm/overcommit_memory=1"),
    Kind("rcu", "RCU stall", f"RCU stall in {SPIN}", "kernel/panic_on_rcu_stall=1",
         "nowatchdog rcupdate.rcu_cpu_stall_timeout=5"),
)

"""Faults of local disks, and of the job that writes to one, as data for run_scenarios.py. What a disk
that goes wrong does is faulty_disk.py's.
"""

from scenarios.scenarios import LOG_ON_CONSOLE, NOT_SAVED, SAVED, Disk, Scenario

WRITING = r"writing .*%"
LEVEL0 = "rd.kdump.level=0 rd.kdump.compress=none"
NEXT_IS_SERVER = dict(fault=True, server="ssh", targets=("fs:{disk}:/crash", "{server}"), level=0,
                      result="failed", seconds=900, quick=False)

FAULTS = (
    Scenario("a disk cannot be written to any more, then a server", **NEXT_IS_SERVER,
             disk=Disk(mib=400, by="LABEL", goes_wrong="writes fail", after_mib=12),
             arguments=LEVEL0,
             says=(r"FAILED fs:.*write back .*: I/O error", r"trying the next target", SAVED)),
    Scenario("a disk with xfs gives nothing but errors, then a server",
             **NEXT_IS_SERVER,
             disk=Disk("xfs", 400, "LABEL", goes_wrong="everything fails", after_mib=30),
             arguments=LEVEL0,
             says=(r"FAILED fs:.*I/O error", r"trying the next target", SAVED)),
    Scenario("a disk that says nothing of a bit it flips, then a server", **NEXT_IS_SERVER,
             disk=Disk(mib=400, by="LABEL", goes_wrong="flips a bit", after_mib=12),
             arguments=LEVEL0,
             says=(r"saved fs:", r"FAILED fs:.*what is read back is not what was written",
                   r"trying the next target", SAVED)),
    Scenario("a disk is pulled out and put back, named twice", fault=True,
             targets=("fs:{disk}:/crash", "fs:{disk}:/crash"), level=0, result="second",
             disk=Disk(mib=640, in_bay=True, bytes_per_second=8 << 20),
             arguments=LEVEL0 + " rd.kdump.timeout=60",
             hardware_does=((WRITING, 0, "device_del disk1"),
                            (r"waiting for device", 2,
                             "drive_add 0 file={image},format=raw,if=none,id=back,cache=unsafe"),
                            (r"", 0, "device_add virtio-blk-pci,drive=back,bus=bay")),
             says=(r"FAILED fs:.*I/O error", r"trying the next target", SAVED), quick=False),
    Scenario("a disk that answers nothing for 15 s is waited for", fault=True, level=0,
             disk=Disk(mib=400, goes_wrong="pauses", after_mib=40), arguments=LEVEL0, says=(SAVED,),
             quick=False),
    Scenario("a job that a signal has stopped, then a server", **NEXT_IS_SERVER,
             disk=Disk(mib=400, by="LABEL", bytes_per_second=8 << 20),
             packed=("--pre", "tests/vm/guest/hook-stops-job"),
             arguments=LEVEL0 + " rd.kdump.stall=8",
             says=(r"FAILED fs:.*no progress for 8 s", r"trying the next target", SAVED)),
    Scenario("a clock that jumps by decades", fault=True, level=0,
             disk=Disk(mib=400, by="LABEL", bytes_per_second=16 << 20),
             targets=("fs:LABEL=nowhere:/", "fs:{disk}:/crash"),
             packed=("--pre", "tests/vm/guest/hook-turns-clock"),
             arguments=LEVEL0 + " rd.kdump.timeout=4",
             says=(r"LABEL=nowhere: no such device within 4s", r"trying the next target", SAVED),
             quick=False),
    Scenario("no process can be started: the end of the log is on the console", fault=True,
             result="nothing",
             packed=("--pre", "tests/vm/guest/hook-limits-processes"),
             says=(r"1 process for PID 1", r"FAILED fs:.*fork: Resource temporarily unavailable",
                   r"PID 1 shows the crashed kernel's log itself", *LOG_ON_CONSOLE, NOT_SAVED),
             quick=False),
)

"""Faults of servers and of the network that leads to them, as data for run_scenarios.py.
"""

from scenarios.scenarios import NOT_SAVED, SAVED, Disk, Scenario

PULL, PLUG = "set_link nic off", "set_link nic on"
WRITING = r"writing .*%"
LEVEL0 = "rd.kdump.level=0 rd.kdump.compress=none "

FAULTS = (
    Scenario("SSH: the cable is out for 20 s", fault=True, server="ssh", targets=("{server}",),
             result="nothing", level=0, arguments=LEVEL0, seconds=900,
             hardware_does=((WRITING, 0, PULL), (r"", 20, PLUG)), says=(SAVED,), quick=False),
    Scenario("NFS: the cable is out for 20 s", fault=True, server="nfs", targets=("{server}",),
             result="nothing", level=0, arguments=LEVEL0, seconds=900,
             hardware_does=((WRITING, 0, PULL), (r"", 20, PLUG)), says=(SAVED,), quick=False),
    Scenario("NFS: the cable is out for 55 s", fault=True, server="nfs", targets=("{server}",),
             result="nothing", level=0, arguments=LEVEL0, seconds=900,
             hardware_does=((WRITING, 0, PULL), (r"", 55, PLUG)), says=(SAVED,), quick=False),
    Scenario("SSH: the only target's cable is out for the first two minutes", fault=True, server="ssh",
             targets=("{server}",), result="nothing", seconds=900,
             arguments="rd.kdump.retry=300 rd.kdump.timeout=15",
             hardware_does=((r"kdump: ", 0, PULL), (r"", 120, PLUG)),
             says=(r"trying again for \d+ s \(rd.kdump.retry\)", SAVED), quick=False),
    Scenario("SSH: the cable is pulled for good", fault=True, server="ssh", level=0,
             targets=("{server}", "fs:{disk}:/"), disk=Disk(mib=640, by="LABEL"), on_server="any",
             arguments=LEVEL0, seconds=900, hardware_does=((WRITING, 0, PULL),),
             says=(r"trying the next target", SAVED), quick=False),
    Scenario("NFS: the card is pulled out", fault=True, server="nfs", level=0, lan="bay",
             targets=("{server}", "fs:{disk}:/"), disk=Disk(mib=640, by="LABEL"), on_server="any",
             arguments=LEVEL0, seconds=900, hardware_does=((WRITING, 0, "device_del nic"),),
             says=(r"trying the next target", SAVED), quick=False),
    Scenario("SSH: a switch that passes nothing for the first 35 s", fault=True, server="ssh",
             targets=("{server}",), wire="guest.learns=35", seconds=900, result="nothing",
             says=(SAVED,), quick=False),
    Scenario("SSH: packets above 1400 bytes vanish on the way", fault=True, server="ssh",
             targets=("{server}",), wire="guest.mtu=1400", seconds=900, result="nothing",
             says=(SAVED,), quick=False),
    Scenario("NFS: a server that is killed and comes back", fault=True, server="nfs",
             targets=("{server}",), result="nothing", level=0, arguments=LEVEL0, seconds=900,
             server_does=(WRITING, "restart"), says=(SAVED,), quick=False),
    Scenario("NFS: the server fills up midway, then a disk", fault=True, server="small nfs",
             targets=("{server}", "fs:{disk}:/"), disk=Disk(mib=640, by="LABEL"), on_server="any",
             level=0, arguments=LEVEL0, seconds=900, server_does=(WRITING, "fill"),
             says=(r"No space left", r"trying the next target", SAVED), quick=False),
    Scenario("NFS 3: a port mapper that answers nothing, then a disk", fault=True,
             server="unmapped nfs3", targets=("{server}?vers=3", "fs:{disk}:/"),
             disk=Disk(by="LABEL"), on_server="nothing", seconds=900,
             says=(r"Operation timed out|to be mounted.* past its deadline",
                   r"trying the next target", SAVED), quick=False),
)

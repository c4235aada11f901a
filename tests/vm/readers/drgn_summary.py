"""What drgn sees in a crashed kernel: run by drgn itself, see compare_readers.py. Walks the task
list, the stacks, the mounts, the slab caches and what was logged, each by the kernel's own types.
"""

from drgn import cast
from drgn.helpers.linux.fs import for_each_mount, mount_dst, mount_fstype
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.slab import for_each_slab_cache



def section(name, lines):
    """Prints them; what a drgn older than the kernel cannot do, it says."""
    print(name)
    try:
        for line in lines():
            print("  ", line)
    except Exception as error:  # drgn's own parsers raise plain Exceptions
        print("  ", type(error).__name__, error)


def mounts():
    for mount in for_each_mount(prog["init_task"].nsproxy.mnt_ns):
        yield f"{mount_fstype(mount).decode()} {mount_dst(mount).decode()}"


def caches():
    for cache in for_each_slab_cache(prog):
        yield f"{cache.name.string_().decode()} {cache.object_size.value_()}"


def modules():
    for module in list_for_each_entry("struct module", prog["modules"].address_of_(), "list"):
        yield module.name.string_().decode()


# `prog` is what drgn's loader defines for a script.
print(prog["linux_banner"].string_().decode())
print(prog["init_uts_ns"].name)
for task in sorted(for_each_task(prog), key=lambda task: task.pid.value_()):
    section(f"task {task.pid.value_()} {task.comm.string_().decode('ascii', 'backslashreplace')} "
            f"{task.value_():#x} {cast('unsigned long', task.stack).value_():#x}",
            lambda task=task: prog.stack_trace(task))
crashed = prog.crashed_thread()
section(f"crashed: {crashed.object.comm.string_().decode()}", crashed.stack_trace)
section("mounts", mounts)
section("slab caches", caches)
section("modules", modules)

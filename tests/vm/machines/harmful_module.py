"""A module that harms the kernel it is loaded into: one of the kernel's own, changed in two or three bytes
and without its signature, and a hook that loads it while a dump is being written. Debian's kernel has no
lkdtm.
"""

import base64
import struct

from machines.machine import Failure

SIGNED = b"~Module signature appended~\n"
SHT_SYMTAB, SHT_RELA = 2, 4
FENTRY_BYTES = 5  # a call to __fentry__, which the loader changes
STARTS = {"oops": b"\x0f\x0b",  # ud2, an invalid instruction
          "spin": b"\xeb\xfe",  # jmp to itself, for ever
          "spin deaf": b"\xfa\xeb\xfe"}  # the same with interrupts off (cli)

HOOK = """#!/bin/sh
base64 -d >/harm.ko <<'END'
{module}END
(
    until grep -q '^/dev/vd.* ext4 ' /proc/mounts; do sleep 0.2; done
    sleep 3
    insmod /harm.ko
) >/dev/null 2>&1 &
"""


def with_start(module, start):
    """module: an ELF file of x86_64. Its init function begins with start, which no relocation
    touches."""
    if not module.startswith(b"\x7fELF"):
        raise Failure("the module is no ELF file")
    at, = struct.unpack_from("<Q", module, 40)
    size, count = struct.unpack_from("<HH", module, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", module, at + i * size) for i in range(count)]
    symbols = next(s for s in sections if s[1] == SHT_SYMTAB)
    names = sections[symbols[6]][4]
    for symbol in range(symbols[4], symbols[4] + symbols[5], 24):
        name, _, _, section, value = struct.unpack_from("<IBBHQ", module, symbol)
        if module[names + name:].startswith(b"init_module\0"):
            break
    else:
        raise Failure("the module has no init_module")
    begin = value + FENTRY_BYTES
    for relocations in (s for s in sections if s[1] == SHT_RELA and s[7] == section):
        for entry in range(relocations[4], relocations[4] + relocations[5], 24):
            where, = struct.unpack_from("<Q", module, entry)
            if begin - 4 < where < begin + len(start):  # of four bytes, as those of code are
                raise Failure("init_module has a relocation where it was to be changed")
    code = sections[section][4] + begin
    unsigned = module[:-len(SIGNED)] if module.endswith(SIGNED) else module
    return unsigned[:code] + start + unsigned[code + len(start):]


def make_hook(module_path, harm, hook_path):
    module = base64.encodebytes(with_start(module_path.read_bytes(), STARTS[harm])).decode()
    hook_path.write_text(HOOK.format(module=module))
    hook_path.chmod(0o755)
    return hook_path

"""A crashed kernel's virtual memory in a raw vmcore, through its page tables: the tests' own walk
of them, for x86_64 and arm64. An address that cannot be read is an error.
"""

import struct

from oracles.dump_formats import AARCH64, FormatError

KERNEL_MAP = 0xFFFFFFFF80000000
ADDRESS = 0x000FFFFFFFFFF000


class KernelMemory:
    """What both kinds share: leaves are found once, reads go a page at a time."""

    def __init__(self, raw, root):
        self.raw, self.root = raw, root
        self.leaves = {}  # address of a page -> its physical address

    def translate(self, vaddr):
        page = vaddr & -self.raw.page_size
        if page not in self.leaves:
            self.leaves[page] = self.walk(page)
        return self.leaves[page] + (vaddr - page)

    def entry(self, table, index):
        data = self.raw.read(table + index * 8, 8)
        if data is None:
            raise FormatError(f"page table at {table:#x} is not in the vmcore")
        return struct.unpack("<Q", data)[0]

    def read(self, vaddr, size):
        parts = []
        while size:
            take = min(size, self.raw.page_size - vaddr % self.raw.page_size)
            paddr = self.translate(vaddr)
            part = self.raw.read(paddr, take)
            if part is None:
                raise FormatError(f"{vaddr:#x} = {paddr:#x} is not in the vmcore")
            parts.append(part)
            vaddr, size = vaddr + take, size - take
        return b"".join(parts)


class X86Memory(KernelMemory):
    def __init__(self, raw, info):
        self.sme_mask = int(info.get("NUMBER(sme_mask)", "0"))
        self.levels = 5 if int(info.get("NUMBER(pgtable_l5_enabled)", "0")) else 4
        super().__init__(raw, int(info["SYMBOL(init_top_pgt)"], 16) - KERNEL_MAP
                         + int(info.get("NUMBER(phys_base)", "0")))

    def walk(self, vaddr):
        table = self.root
        for level in range(self.levels - 1, -1, -1):
            shift = 12 + 9 * level
            entry = self.entry(table, vaddr >> shift & 511) & ~self.sme_mask
            if not entry & 1:
                raise FormatError(f"{vaddr:#x} is not mapped")
            if level == 0 or entry & 0x80:
                size = 1 << shift
                return (entry & ADDRESS & ~(size - 1)) | (vaddr & (size - 1))
            table = entry & ADDRESS
        raise AssertionError("unreachable")


class Arm64Memory(KernelMemory):
    """The stage 1 walk of the architecture manual: from the initial lookup level, which follows
    from T1SZ, down to level 3, whatever the granule."""

    def __init__(self, raw, info):
        self.va_bits = 64 - int(info["NUMBER(TCR_EL1_T1SZ)"], 0)
        self.built_for = int(info["NUMBER(VA_BITS)"])
        self.granule = raw.page_size.bit_length() - 1
        self.lpa2 = self.granule < 16 and self.va_bits == 52
        stride = self.granule - 3
        self.shifts = {3 - i: self.granule + stride * i for i in range(5)
                       if self.granule + stride * i < self.va_bits}
        super().__init__(raw, (int(info["SYMBOL(swapper_pg_dir)"], 16)
                               - int(info["NUMBER(kimage_voffset)"], 0)) % (1 << 64))

    def output(self, entry):
        """The address in a descriptor, down to the granule."""
        if self.lpa2:
            return (entry & (1 << 50) - (1 << self.granule)) | (entry >> 8 & 3) << 50
        address = entry & (1 << 48) - (1 << self.granule)
        return address | (entry >> 12 & 15) << 48 if self.granule == 16 else address

    def walk(self, vaddr):
        if vaddr >> self.va_bits != (1 << 64 - self.va_bits) - 1:
            raise FormatError(f"{vaddr:#x} is not the kernel's")
        table, bits_left = self.root, self.built_for
        for level, shift in sorted(self.shifts.items()):
            width = min(self.granule - 3, bits_left - shift)
            entry = self.entry(table, vaddr >> shift & (1 << width) - 1)
            if entry & 3 == 3 and level < 3:
                table = self.output(entry)
            elif entry & 3 == (3 if level == 3 else 1):
                size = 1 << shift
                return (self.output(entry) & -size) | vaddr & size - 1
            else:
                raise FormatError(f"{vaddr:#x} is not mapped at level {level}")
        raise AssertionError("unreachable")


def open_memory(raw, info):
    return Arm64Memory(raw, info) if raw.machine == AARCH64 else X86Memory(raw, info)

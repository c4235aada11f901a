#!/usr/bin/python3
"""The kernel's own memory is in every dump, even where its struct pages lie.

usage: protected_memory.py break VMCORE DIRECTORY REGIONS
       protected_memory.py check REGIONS BROKEN_DUMP HEALTHY_DUMP VMCORE

break: sets in VMCORE, a copy of the raw vmcore in DIRECTORY, the struct page of every page of each
such region to that of a free page, and writes to REGIONS which they are. Besides, one slab page
after the other until it has broken as many of them: what is not protected must go. Regions are
found in reports of the first kernel (iomem, dmesg), in its page tables, symbols and notes.
check: a level 31 dump of the broken vmcore has all of them, with their bytes, and the same pages as
one of the healthy vmcore but for the slab pages.
"""

import json
import pathlib
import re
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from oracles import dump_formats
from oracles import kallsyms
from oracles.dump_formats import FormatError
from oracles.struct_pages import KEEP, StructPages

ADDRESS = 0x000FFFFFFFFFF000
SLAB_PAGES = 64
STACK = 16 << 10  # THREAD_SIZE; stacks are aligned to it


class Regions:
    def __init__(self, raw, directory):
        self.raw, self.directory = raw, directory
        self.pages = StructPages(raw)
        self.info, self.memory = self.pages.info, self.pages.memory
        self.size = raw.page_size

    def read_text(self, name):
        with open(f"{self.directory}/{name}", encoding="utf-8", errors="replace") as file:
            return file.read()

    def pointer(self, vaddr):
        return struct.unpack("<Q", self.memory.read(vaddr, 8))[0]

    def mapped(self, vaddr, size):
        """The page frames behind a virtual range."""
        first = vaddr & -self.size
        return {self.memory.translate(at) // self.size
                for at in range(first, vaddr + size, self.size)}

    def image(self):
        pages = set()
        for begin, end in re.findall(r"([0-9a-f]+)-([0-9a-f]+) : Kernel (?:code|rodata|data|bss)",
                                     self.read_text("iomem")):
            pages.update(range(int(begin, 16) // self.size, int(end, 16) // self.size + 1))
        return pages

    def page_tables(self):
        pages, todo = set(), [(self.memory.root, self.memory.levels, 256)]
        while todo:
            table, level, first = todo.pop()
            pages.add(table // self.size)
            if level == 1:
                continue
            for entry in struct.unpack("<512Q", self.raw.read(table, 4096))[first:]:
                entry &= ~self.memory.sme_mask
                lower = entry & ADDRESS
                if entry & 1 and not entry & 0x80 and self.raw.read(lower, 8) is not None:
                    todo.append((lower, level - 1, 0))
        return pages

    def struct_pages(self):
        root = int(self.info["SYMBOL(mem_section)"], 16)
        roots = int(self.info["LENGTH(mem_section)"])
        pages = self.mapped(root, 8 * roots)
        for section in struct.unpack(f"<{roots}Q", self.memory.read(root, 8 * roots)):
            if section:
                pages |= self.mapped(section, self.size)
        for _, address in self.pages.sections():
            pages |= self.mapped(address, self.pages.section_pages * self.pages.size)
        return pages

    def per_cpu(self, symbols):
        areas = int(re.search(r"percpu: Embedded (\d+) pages/cpu", self.read_text("dmesg"))[1])
        cpus = struct.unpack("<I", self.memory.read(symbols["nr_cpu_ids"], 4))[0]
        pages = set()
        for cpu in range(cpus):
            offset = self.pointer(symbols["__per_cpu_offset"] + 8 * cpu)
            pages |= self.mapped(offset + symbols["__per_cpu_start"], areas * self.size)
        return pages

    def log(self):
        def offset(field):
            return int(self.info[f"OFFSET({field})"])

        prb = self.pointer(int(self.info["SYMBOL(prb)"], 16))
        records = prb + offset("printk_ringbuffer.desc_ring")
        text = prb + offset("printk_ringbuffer.text_data_ring")
        (count,) = struct.unpack("<I", self.memory.read(
            records + offset("prb_desc_ring.count_bits"), 4))
        (size,) = struct.unpack("<I", self.memory.read(text + offset("prb_data_ring.size_bits"), 4))
        pages = self.mapped(prb, 1)
        for at, bytes_each in ((records + offset("prb_desc_ring.descs"), "prb_desc"),
                               (records + offset("prb_desc_ring.infos"), "printk_info")):
            pages |= self.mapped(self.pointer(at),
                                 int(self.info[f"SIZE({bytes_each})"]) << count)
        return pages | self.mapped(self.pointer(text + offset("prb_data_ring.data")), 1 << size)

    def stacks(self):
        pages, at, notes = set(), 0, self.raw.notes
        while at + 12 <= len(notes):
            name, desc, kind = struct.unpack_from("<III", notes, at)
            desc_at = at + 12 + (name + 3) // 4 * 4
            if kind == 1 and notes[at + 12:at + 17] == b"CORE\0":
                (sp,) = struct.unpack_from("<Q", notes, desc_at + 112 + 19 * 8)
                if sp >> 63:
                    pages |= self.mapped(sp & -STACK, STACK)
            at = desc_at + (desc + 3) // 4 * 4
        return pages

    def vmcoreinfo(self, symbols):
        return self.mapped(self.pointer(symbols["vmcoreinfo_note"]), self.size)

    def slab(self, words, others):
        """Some slab pages that stand alone, for the opposite."""
        flag, at = 1 << self.pages.number("NUMBER(PG_slab)"), self.pages.number("OFFSET(page.flags)")
        head = 1 << self.pages.number("NUMBER(PG_head_mask)").bit_length() - 1
        found = set()
        for pfn in sorted(words):
            flags = self.pointer(self.pages.address_of(pfn) + at) if words[pfn] == KEEP else 0
            if flags & flag and not flags & head and pfn not in others:
                found.add(pfn)
            if len(found) == SLAB_PAGES:
                break
        return found

    def all(self):
        symbols = kallsyms.read_symbols(self.info, self.memory)
        words = self.pages.words()
        regions = {"image": self.image(), "page tables": self.page_tables(),
                   "struct pages": self.struct_pages(), "per-CPU areas": self.per_cpu(symbols),
                   "log": self.log(), "stacks": self.stacks(),
                   "vmcoreinfo": self.vmcoreinfo(symbols)}
        # What the kernel freed of its image, such as init memory, is free for good.
        regions = {name: {pfn for pfn in pages if words.get(pfn) == KEEP}
                   for name, pages in regions.items()}
        regions["slab"] = self.slab(words, set().union(*regions.values()))
        return regions


def free_struct_page(pages, old):
    """The struct page of a free block of one page, in the node and zone where the old one is."""
    new = bytearray(len(old))
    (flags,) = struct.unpack_from("<Q", old, pages.number("OFFSET(page.flags)"))
    struct.pack_into("<Q", new, pages.number("OFFSET(page.flags)"), flags >> 32 << 32)
    struct.pack_into("<i", new, pages.number("OFFSET(page._mapcount)"),
                     pages.number("NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)"))
    return bytes(new)


def break_them(vmcore, directory, regions_path):
    raw = dump_formats.ElfCore(vmcore)
    regions = Regions(raw, directory)
    found = regions.all()
    with open(vmcore, "r+b") as file:
        for pfn in set().union(*found.values()):
            paddr = regions.memory.translate(regions.pages.address_of(pfn))
            new = free_struct_page(regions.pages, raw.read(paddr, regions.pages.size))
            for start, offset, filesz, _, _ in raw.loads:
                if start <= paddr < start + filesz:
                    file.seek(offset + paddr - start)
                    file.write(new)
    with open(regions_path, "w", encoding="ascii") as file:
        json.dump({name: sorted(pages) for name, pages in found.items()}, file)
    for name, pages in found.items():
        print(f"{name}: {len(pages)} struct pages broken")
    return not all(found.values())


def check(regions_path, broken_path, healthy_path, vmcore):
    with open(regions_path, encoding="ascii") as file:
        regions = {name: set(pages) for name, pages in json.load(file).items()}
    raw, broken = dump_formats.ElfCore(vmcore), dump_formats.KdumpFile(broken_path)
    pages = set(broken.dumped.pfns())
    slab, wrong = regions.pop("slab"), False
    for name, expected in regions.items():
        lost = expected - pages
        print(f"{name}: {len(expected)} pages, {len(lost)} lost")
        wrong |= bool(lost)
    kept = slab & pages
    print(f"slab: {len(slab)} pages, {len(kept)} kept although they are called free")
    different = set(dump_formats.KdumpFile(healthy_path).dumped.pfns()) ^ pages ^ slab
    print(f"{len(different)} other pages differ from the healthy dump's")
    for pfn, page in broken.pages():
        if page != raw.page(pfn):
            print(f"pfn {pfn:#x} has not the vmcore's bytes")
            return True
    return wrong or bool(kept) or bool(different)


def main(verb, *arguments):
    try:
        return {"break": break_them, "check": check}[verb](*arguments)
    except KeyError as error:
        raise FormatError(f"{error} is unknown") from error


if __name__ == "__main__":
    dump_formats.run_tool(main, __doc__, 4, 5)

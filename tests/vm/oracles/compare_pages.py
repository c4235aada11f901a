#!/usr/bin/python3
"""Every page that a dump holds equals the same page of the raw vmcore, byte for byte.

An ELF dump is held against a kdump-compressed one of the same level too: it holds the same
pages and besides them only short gaps between two of them, which take less room than one more
segment and its search would; zero pages may be missing. Its virtual addresses are the vmcore's.

usage: compare_pages.py DUMP VMCORE [KDUMP_OF_SAME_LEVEL]
"""

import pathlib
import sys
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from oracles import dump_formats

MAX_GAP = 256  # pages; makedumpfile's is the same


def compare_kdump(dump, raw):
    count = zeros = 0
    for pfn, page in dump.pages():
        if page != raw.page(pfn):
            print(f"pfn {pfn:#x} differs from the vmcore's")
            return True
        count += 1
        zeros += page == raw.zero_page
    print(f"{count} pages equal the vmcore's, {zeros} of them zero")
    return count == 0


def fills_a_gap(pfn, frames, expected):
    """Whether kept pages are near on both sides, with nothing left out in between."""
    for step in (-1, 1):
        near = next((at for at in range(pfn, pfn + step * MAX_GAP, step)
                     if at in expected or at not in frames), None)
        if near is None or near not in expected:
            return False
    return True


def compare_elf(dump, raw, kdump):
    for paddr, _, filesz, memsz, vaddr in dump.loads:
        if not any(p <= paddr and paddr + memsz <= p + m and vaddr - paddr == v - p
                   for p, _, _, m, v in raw.loads):
            print(f"PT_LOAD {paddr:#x}+{memsz:#x} at {vaddr:#x}: the vmcore has none like it")
            return True
    frames = dump.pfns()
    for pfn in frames:
        if dump.page(pfn) != raw.page(pfn):
            print(f"pfn {pfn:#x} differs from the vmcore's")
            return True
    print(f"{len(frames)} pages equal the vmcore's")
    if kdump:
        expected = set(kdump.dumped.pfns())
        lost = [pfn for pfn in expected - frames if raw.page(pfn) != raw.zero_page]
        extra = sorted(frames - expected)
        stray = [pfn for pfn in extra if not fills_a_gap(pfn, frames, expected)]
        print(f"against {kdump.path}: {len(extra)} pages more, {len(stray)} of them not in a gap, "
              f"{len(lost)} lost")
        if stray or lost:
            return True
    return not frames


def main(dump_path, raw_path, kdump_path=None):
    dump, raw = dump_formats.open_dump(dump_path), dump_formats.ElfCore(raw_path)
    if isinstance(dump, dump_formats.KdumpFile):
        if dump.status & dump.INCOMPLETE:
            print("the dump says that it is incomplete")
            return True
        return compare_kdump(dump, raw)
    return compare_elf(dump, raw, kdump_path and dump_formats.KdumpFile(kdump_path))


if __name__ == "__main__":
    dump_formats.run_tool(main, __doc__, 2, 3)

#!/usr/bin/python3
"""What a dump holds, against the crashed kernel's own word on every page: /proc/kpageflags,
copied just before the panic.

Some pages change between the copy and the panic. Such a page is explained when its struct
page in the vmcore says so, and the dump then follows the struct page; anything else fails:
a tolerance would hide bugs. How many moved, from what to what, is printed.

usage: compare_kpageflags.py DUMP LEVEL VMCORE KPAGEFLAGS
"""

import collections
import dataclasses
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from oracles import dump_formats
from oracles.struct_pages import (CACHE, CACHE_PRIVATE, FREE, HWPOISON, KEEP, OFFLINE, USER, StructPages,
                          excluded)

# include/uapi/linux/kernel-page-flags.h; those above 31 from include/linux/kernel-page-flags.h
LRU, SLAB, BUDDY, ANON, SWAPCACHE, SWAPBACKED, TAIL, HUGE, POISON, NOPAGE, KPF_OFFLINE, PRIVATE = (
    1 << bit for bit in (5, 7, 10, 12, 13, 14, 16, 17, 19, 20, 23, 35))

MOST_MOVED = 0.1  # of all pages, between the copy and the panic


def kernel_words(path):
    """pfn -> what the running kernel says that it is; None where there is no page."""
    with open(path, "rb") as file:
        data = file.read()
    words, head_word = [], KEEP
    for (flags,) in struct.iter_unpack("<Q", data[:len(data) // 8 * 8]):
        if flags & NOPAGE:
            word = None
        elif flags & POISON:
            word = HWPOISON
        elif flags & BUDDY:
            word = FREE
        elif flags & TAIL:
            word = head_word
        else:
            if flags & SLAB:
                word = KEEP
            elif flags & KPF_OFFLINE:
                word = OFFLINE
            elif flags & (ANON | HUGE):
                word = USER
            elif flags & LRU or flags & SWAPCACHE and flags & SWAPBACKED:
                word = CACHE_PRIVATE if flags & PRIVATE else CACHE
            else:
                word = KEEP
            head_word = word
        words.append(word)
    return words


@dataclasses.dataclass
class Comparison:
    agreed: collections.Counter     # word -> pages
    moved: collections.Counter      # (before the panic, in the vmcore) -> pages
    silent: int                     # pages the kernel says nothing of, such as memory not online
    unexplained: list               # (pfn, before, in the vmcore, whether it is dumped)

    def share_moved(self):
        moved = self.moved.total()
        return moved / max(1, moved + self.agreed.total())


def compare(dump, level, now, before):
    """now: StructPages.words(); before: kernel_words()."""
    result = Comparison(collections.Counter(), collections.Counter(), 0, [])
    for pfn in dump.ram.pfns():
        dumped = pfn in dump.dumped
        reported = before[pfn] if pfn < len(before) else None
        is_now = now.get(pfn, KEEP)
        if dumped == excluded(is_now, level):
            result.unexplained.append((pfn, reported, is_now, dumped))
        elif reported is None:
            result.silent += 1
        elif reported == is_now:
            result.agreed[reported] += 1
        else:
            result.moved[reported, is_now] += 1
    return result


def show(result):
    for word, count in result.agreed.most_common():
        print(f"{count:8} {word}: the kernel and the dump agree")
    for (reported, is_now), count in result.moved.most_common():
        print(f"{count:8} {reported} before the panic, {is_now} in the vmcore")
    if result.silent:
        print(f"{result.silent:8} of which the kernel says nothing")
    for pfn, reported, is_now, dumped in result.unexplained[:20]:
        print(f"pfn {pfn:#x}: {'dumped' if dumped else 'not dumped'}; "
              f"{reported} before the panic, {is_now} in the vmcore")
    if result.unexplained:
        print(f"{len(result.unexplained)} pages are unexplained")


def main(dump_path, level, raw_path, flags_path):
    result = compare(dump_formats.KdumpFile(dump_path), int(level),
                     StructPages(dump_formats.ElfCore(raw_path)).words(), kernel_words(flags_path))
    show(result)
    # A copy of another crash, or a reader that finds nothing, would explain everything.
    share = result.share_moved()
    if share > MOST_MOVED:
        print(f"{share:.0%} of the pages moved: these files are not of one crash")
    return bool(result.unexplained) or share > MOST_MOVED


if __name__ == "__main__":
    dump_formats.run_tool(main, __doc__, 4, 4)

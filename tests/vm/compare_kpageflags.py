#!/usr/bin/python3
"""What a dump holds, against the crashed kernel's own word on every page: /proc/kpageflags,
copied just before the panic.

Some pages change between the copy and the panic. Such a page is explained when its struct
page in the vmcore says so, and the dump then follows the struct page; anything else fails:
a tolerance would hide bugs. How many moved, from what to what, is printed.

usage: compare_kpageflags.py DUMP LEVEL VMCORE KPAGEFLAGS
"""

import collections
import struct

import dump_formats
from struct_pages import (CACHE, CACHE_PRIVATE, FREE, HWPOISON, KEEP, OFFLINE, USER, StructPages,
                          excluded)

# include/uapi/linux/kernel-page-flags.h; those above 31 from include/linux/kernel-page-flags.h
LRU, SLAB, BUDDY, ANON, SWAPCACHE, SWAPBACKED, TAIL, HUGE, POISON, NOPAGE, KPF_OFFLINE, PRIVATE = (
    1 << bit for bit in (5, 7, 10, 12, 13, 14, 16, 17, 19, 20, 23, 35))


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


def main(dump_path, level, raw_path, flags_path):
    level = int(level)
    dump = dump_formats.KdumpFile(dump_path)
    now = StructPages(dump_formats.ElfCore(raw_path)).words()
    before = kernel_words(flags_path)
    agreed, moved, unexplained = collections.Counter(), collections.Counter(), []
    for pfn in dump.ram.pfns():
        dumped = pfn in dump.dumped
        said = before[pfn] if pfn < len(before) else None
        is_now = now.get(pfn, KEEP)
        if dumped == excluded(is_now, level):
            unexplained.append((pfn, said, is_now, dumped))
        elif said == is_now:
            agreed[said] += 1
        else:
            moved[said, is_now] += 1
    for word, count in agreed.most_common():
        print(f"{count:8} {word}: the kernel and the dump agree")
    for (said, is_now), count in moved.most_common():
        print(f"{count:8} {said} before the panic, {is_now} in the vmcore")
    for pfn, said, is_now, dumped in unexplained[:20]:
        print(f"pfn {pfn:#x}: {'dumped' if dumped else 'not dumped'}; "
              f"{said} before the panic, {is_now} in the vmcore")
    if unexplained:
        print(f"{len(unexplained)} pages are unexplained")
    # A copy of another crash, or a reader that finds nothing, would explain everything.
    share = sum(moved.values()) / max(1, sum(moved.values()) + sum(agreed.values()))
    if share > 0.1:
        print(f"{share:.0%} of the pages moved: these files are not of one crash")
    return bool(unexplained) or share > 0.1


if __name__ == "__main__":
    dump_formats.run_tool(main, __doc__, 4, 4)

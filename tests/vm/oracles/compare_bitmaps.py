#!/usr/bin/python3
"""Which page frames two kdump-compressed files say they hold: the same ones, or a list of
ranges and status 1.

usage: compare_bitmaps.py OURS REFERENCE
"""

import itertools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from oracles import dump_formats


def ranges(pfns):
    """3, 4, 5, 9 -> '0x3-0x5, 0x9'."""
    found = []
    for pfn in pfns:
        if found and found[-1][1] == pfn - 1:
            found[-1][1] = pfn
        else:
            found.append([pfn, pfn])
    texts = [f"{a:#x}" if a == b else f"{a:#x}-{b:#x}" for a, b in itertools.islice(found, 20)]
    return ", ".join(texts) + (f", and {len(found) - 20} ranges more" if len(found) > 20 else "")


def main(ours_path, reference_path):
    ours = dump_formats.KdumpFile(ours_path)
    reference = dump_formats.KdumpFile(reference_path)
    failed = False
    for name, mine, theirs in (("RAM", ours.ram, reference.ram),
                               ("dumped", ours.dumped, reference.dumped)):
        mine, theirs = set(mine.pfns()), set(theirs.pfns())
        if mine == theirs:
            print(f"{name}: {len(mine)} pages, identical")
            continue
        failed = True
        print(f"{name}: {len(mine)} pages, the reference has {len(theirs)}")
        print(f"  only ours: {ranges(sorted(mine - theirs))}")
        print(f"  only the reference's: {ranges(sorted(theirs - mine))}")
    return failed


if __name__ == "__main__":
    dump_formats.run_tool(main, __doc__, 2, 2)

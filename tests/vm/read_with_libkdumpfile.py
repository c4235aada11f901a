#!/usr/bin/python3
"""A real reader's word on a dump: libkdumpfile, as crash and drgn use it, opens it and reads
every page. With a raw vmcore beside it, each page must be the vmcore's.

usage: read_with_libkdumpfile.py DUMP [VMCORE]
"""

import sys

import dump_formats
import kdumpfile
from dump_formats import PAGE, ZERO_PAGE

BANNER = b"Linux version "


def main(dump_path, raw_path=None):
    dump = kdumpfile.kdumpfile(dump_path)
    raw = raw_path and dump_formats.ElfCore(raw_path)
    attr = dump.attr
    release = attr["linux.uts.release"]
    # An ELF core has no bitmap: what was left out reads as zeros.
    is_elf = isinstance(dump_formats.open_dump(dump_path), dump_formats.ElfCore)
    pages, banner = 0, None
    for pfn in range(attr["max_pfn"]):
        try:
            page = bytes(dump.read(kdumpfile.KDUMP_MACHPHYSADDR, pfn * PAGE, PAGE))
        except kdumpfile.exceptions.NoDataException:
            continue
        pages += 1
        if raw and page != raw.page(pfn) and not (is_elf and page == ZERO_PAGE):
            print(f"pfn {pfn:#x}: libkdumpfile reads something else than the vmcore holds")
            return 1
        at = page.find(BANNER + release.encode())
        if banner is None and at >= 0:
            banner = page[at:page.find(b"\n", at)].decode("ascii", "replace")
    print(f"format   {attr['file.description']}, {attr['arch.name']}")
    print(f"kernel   {release} on {attr['linux.uts.nodename']}")
    print(f"cpus     {attr['cpu.number']}")
    print(f"pages    {pages} can be read{', each as in the vmcore' if raw else ''}")
    print(f"banner   {banner or 'not found in the pages kept'}")
    return 0 if pages and banner else 1


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))

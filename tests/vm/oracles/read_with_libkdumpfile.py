#!/usr/bin/python3
"""A real reader's word on a dump: libkdumpfile, as crash and drgn use it, opens it and reads
every page. With a raw vmcore beside it, each page must be the vmcore's.

usage: read_with_libkdumpfile.py DUMP [VMCORE]
"""

import pathlib
import sys
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from oracles import dump_formats
import kdumpfile

BANNER = b"Linux version "


def read_dump(dump_path, raw_path=None):
    """What there is to say of it, as (name, text); FormatError where libkdumpfile cannot."""
    try:
        dump = kdumpfile.kdumpfile(dump_path)
    except kdumpfile.exceptions.KDumpBaseException as error:
        raise dump_formats.FormatError(f"{dump_path}: libkdumpfile says: {error}") from error
    raw = raw_path and dump_formats.ElfCore(raw_path)
    attr = dump.attr
    release = attr["linux.uts.release"]
    # An ELF core has no bitmap: what was left out reads as zeros.
    opened = dump_formats.open_dump(dump_path)
    is_elf = isinstance(opened, dump_formats.ElfCore)
    page_size = attr["arch.page_size"]
    zero_page = bytes(page_size)
    pages, banner = 0, None
    # Memory may lie at 768 GiB: hundreds of millions of page frames that do not exist.
    for pfn in range(attr["max_pfn"]) if is_elf else opened.ram.pfns():
        try:
            page = bytes(dump.read(kdumpfile.KDUMP_MACHPHYSADDR, pfn * page_size, page_size))
        except kdumpfile.exceptions.NoDataException:
            continue
        pages += 1
        if raw and page != raw.page(pfn) and not (is_elf and page == zero_page):
            raise dump_formats.FormatError(
                f"{dump_path}: pfn {pfn:#x}: libkdumpfile reads something else than the vmcore holds")
        at = page.find(BANNER + release.encode())
        if banner is None and at >= 0:
            banner = page[at:page.find(b"\n", at)].decode("ascii", "replace")
    if not pages or not banner:
        raise dump_formats.FormatError(f"{dump_path}: {pages} pages, and no kernel's banner in them")
    return (("format", f"{attr['file.description']}, {attr['arch.name']}"),
            ("kernel", release),
            ("cpus", attr["cpu.number"]),
            ("pages", f"{pages} can be read{', each as in the vmcore' if raw else ''}"),
            ("banner", banner))


def main(dump_path, raw_path=None):
    for name, text in read_dump(dump_path, raw_path):
        print(f"{name:8} {text}")


if __name__ == "__main__":
    dump_formats.run_tool(main, __doc__, 1, 2)

"""Readers for the tests, written from the formats' descriptions and not from kdump-init.

ElfCore reads /proc/vmcore's copy and ELF dumps, KdumpFile the kdump-compressed format,
version 6, 64-bit little-endian, as makedumpfile and kdump-init write it. Both answer the
same two questions: which page frames are there, and what does one hold. Only what the tests
need; a malformed file ends in FormatError with file and offset.
"""

import bisect
import ctypes
import ctypes.util
import mmap
import os
import struct
import sys
import zlib

PAGE_SIZES = (4096, 16384, 65536)
AARCH64 = 183  # e_machine


class FormatError(Exception):
    pass


def map_file(path):
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise FormatError(f"{path}: empty")
        # A private copy, so that ctypes may take addresses in it.
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


class ElfCore:
    """An ELF core with PT_LOADs by physical address."""

    def __init__(self, path):
        self.path = path
        self.data = map_file(path)
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise FormatError(f"{path}: no 64-bit little-endian ELF at offset 0")
        (self.machine,) = struct.unpack_from("<H", self.data, 18)
        (e_phoff,) = struct.unpack_from("<Q", self.data, 32)
        e_phentsize, e_phnum = struct.unpack_from("<HH", self.data, 54)
        self.loads = []  # (paddr, offset, filesz, memsz, vaddr)
        self.notes = b""
        for i in range(e_phnum):
            p_type, _, offset, vaddr, paddr, filesz, memsz, _ = struct.unpack_from(
                "<IIQQQQQQ", self.data, e_phoff + i * e_phentsize)
            if p_type == 1:
                if offset + filesz > len(self.data):
                    raise FormatError(f"{path}: PT_LOAD {i} ends after the file")
                self.loads.append((paddr, offset, filesz, memsz, vaddr))
            elif p_type == 4:
                self.notes += self.data[offset:offset + filesz]
        self.loads.sort()
        self._starts = [load[0] for load in self.loads]
        self._widest = max((load[3] for load in self.loads), default=0)
        self.page_size = int(self.vmcoreinfo().get("PAGESIZE", PAGE_SIZES[0]))
        self.zero_page = bytes(self.page_size)

    def vmcoreinfo(self):
        """Its lines as a dictionary."""
        at = 0
        while at + 12 <= len(self.notes):
            name_size, desc_size, _ = struct.unpack_from("<III", self.notes, at)
            name = self.notes[at + 12:at + 12 + name_size].rstrip(b"\0")
            desc_at = at + 12 + (name_size + 3) // 4 * 4
            if name == b"VMCOREINFO":
                text = self.notes[desc_at:desc_at + desc_size].decode("ascii", "replace")
                return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
            at = desc_at + (desc_size + 3) // 4 * 4
        raise FormatError(f"{self.path}: no VMCOREINFO note")

    def offset_of(self, paddr, size):
        """Where `size` bytes at paddr lie in the file, None if they do not."""
        i = bisect.bisect_right(self._starts, paddr)
        while i > 0:
            i -= 1
            start, offset, filesz, _, _ = self.loads[i]
            if paddr + size <= start + filesz:
                return offset + paddr - start
            if start + self._widest <= paddr:  # PT_LOADs overlap: look further back
                return None
        return None

    def read(self, paddr, size):
        offset = self.offset_of(paddr, size)
        return None if offset is None else self.data[offset:offset + size]

    def page(self, pfn):
        return self.read(pfn * self.page_size, self.page_size)

    def pfns(self):
        """All page frames with bytes in the file, as a set."""
        frames = set()
        for paddr, _, filesz, _, _ in self.loads:
            frames.update(range((paddr + self.page_size - 1) // self.page_size,
                                (paddr + filesz) // self.page_size))
        return frames


class Bitmap:
    def __init__(self, data):
        self.data = bytes(data)

    def __contains__(self, pfn):
        return pfn >> 3 < len(self.data) and bool(self.data[pfn >> 3] >> (pfn & 7) & 1)

    def pfns(self):
        """The numbers of the set bits, in order."""
        for at, byte in enumerate(self.data):
            if byte:
                for bit in range(8):
                    if byte >> bit & 1:
                        yield at * 8 + bit


class KdumpFile:
    """The kdump-compressed format."""

    SIGNATURE = b"KDUMP   "
    ZLIB, LZO, ZSTD, INCOMPLETE = 1, 2, 0x20, 8

    def __init__(self, path):
        self.path = path
        self.data = map_file(path)
        if self.data[:8] != self.SIGNATURE:
            raise FormatError(f"{path}: no kdump signature at offset 0")
        (self.version,) = struct.unpack_from("<i", self.data, 8)
        self.utsname = [self.data[12 + 65 * i:77 + 65 * i].split(b"\0")[0].decode()
                        for i in range(6)]
        self.status, self.block_size = struct.unpack_from("<Ii", self.data, 424)
        sub_blocks, bitmap_blocks = struct.unpack_from("<iI", self.data, 432)
        if self.version < 6 or self.block_size not in PAGE_SIZES:
            raise FormatError(f"{path}: version {self.version}, blocks of {self.block_size}")
        self.zero_page = bytes(self.block_size)
        (self.phys_base,) = struct.unpack_from("<Q", self.data, self.block_size)
        (self.max_pfn,) = struct.unpack_from("<Q", self.data, self.block_size + 96)
        info_offset, info_size = struct.unpack_from("<QQ", self.data, self.block_size + 32)
        self.vmcoreinfo_text = self.data[info_offset:info_offset + info_size]
        bitmaps_at = (1 + sub_blocks) * self.block_size
        half = bitmap_blocks // 2 * self.block_size
        self.ram = Bitmap(self.data[bitmaps_at:bitmaps_at + half])
        self.dumped = Bitmap(self.data[bitmaps_at + half:bitmaps_at + 2 * half])
        self.descriptors_at = bitmaps_at + bitmap_blocks * self.block_size
        library = ctypes.util.find_library("zstd")
        self._zstd = ctypes.CDLL(library) if library else None
        self._base = ctypes.addressof(ctypes.c_char.from_buffer(self.data))
        self._out = ctypes.create_string_buffer(self.block_size)

    def descriptors(self):
        """(pfn, offset, size, flags) of each dumped page, in order."""
        at = self.descriptors_at
        for pfn in self.dumped.pfns():
            offset, size, flags, _ = struct.unpack_from("<QIIQ", self.data, at)
            yield pfn, offset, size, flags
            at += 24

    def unpack_page(self, offset, size, flags):
        if size > self.block_size or offset + size > len(self.data):
            raise FormatError(f"{self.path}: page data {size} bytes at {offset:#x}")
        if flags == 0:
            if size != self.block_size:
                raise FormatError(f"{self.path}: plain page of {size} bytes at {offset:#x}")
            return self.data[offset:offset + size]
        if flags == self.ZLIB:
            return zlib.decompress(self.data[offset:offset + size])
        if flags == self.ZSTD and self._zstd:
            got = self._zstd.ZSTD_decompress(self._out, self.block_size,
                                             ctypes.c_void_p(self._base + offset),
                                             ctypes.c_size_t(size))
            if got != self.block_size:
                raise FormatError(f"{self.path}: bad zstd frame of {size} bytes at {offset:#x}")
            return self._out.raw
        raise FormatError(f"{self.path}: page flags {flags:#x} at {offset:#x}")

    def pages(self):
        """(pfn, its bytes) of each dumped page; pages that share data are unpacked once in a row."""
        last_place, last = None, None
        for pfn, offset, size, flags in self.descriptors():
            if (offset, size) != last_place:
                last_place, last = (offset, size), self.unpack_page(offset, size, flags)
            yield pfn, last


def open_dump(path):
    """Whichever of the two formats it is."""
    with open(path, "rb") as file:
        return ElfCore(path) if file.read(4) == b"\x7fELF" else KdumpFile(path)


def run_tool(main, usage, least, most):
    """Calls main with the arguments; the exit status says whether it found a difference."""
    if not least <= len(sys.argv) - 1 <= most:
        sys.exit(usage)
    try:
        sys.exit(main(*sys.argv[1:]))
    except (FormatError, OSError) as error:
        sys.exit(f"{sys.argv[0]}: {error}")

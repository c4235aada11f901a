"""What the struct pages in a raw x86_64 vmcore say of each page frame, read by the tests'
own walk: page tables, mem_section, struct page. Whole memory at once and simply, unlike the
filter it is there to check; a page that it cannot read is an error, not a guess.
"""

import struct

from dump_formats import PAGE, FormatError

KERNEL_MAP = 0xFFFFFFFF80000000
ADDRESS = 0x000FFFFFFFFFF000
SECTION_FLAGS = PAGE - 1
NO_TYPE = 1 << 40  # no 32-bit _mapcount equals it

# What a page is to a filter. `keep` is everything that no level may drop.
FREE, CACHE, CACHE_PRIVATE, USER, HWPOISON, OFFLINE, KEEP = (
    "free", "cache", "cache_private", "user", "hwpoison", "offline", "keep")


def excluded(word, level):
    """makedumpfile's -d bits."""
    return {FREE: level & 16, USER: level & 8, CACHE: level & (2 | 4), CACHE_PRIVATE: level & 4,
            HWPOISON: True, OFFLINE: True, KEEP: False}[word]


class VirtualMemory:
    """Kernel virtual addresses through the crashed kernel's page tables."""

    def __init__(self, raw, info):
        self.raw = raw
        self.sme_mask = int(info.get("NUMBER(sme_mask)", "0"))
        self.levels = 5 if int(info.get("NUMBER(pgtable_l5_enabled)", "0")) else 4
        self.root = (int(info["SYMBOL(init_top_pgt)"], 16) - KERNEL_MAP
                     + int(info.get("NUMBER(phys_base)", "0")))
        self.leaves = {}  # address of a 4 KiB page -> its physical address

    def translate(self, vaddr):
        page = vaddr & ~(PAGE - 1)
        if page not in self.leaves:
            self.leaves[page] = self._walk(page)
        return self.leaves[page] + (vaddr - page)

    def _walk(self, vaddr):
        table = self.root
        for level in range(self.levels - 1, -1, -1):
            shift = 12 + 9 * level
            data = self.raw.read(table + (vaddr >> shift & 511) * 8, 8)
            if data is None:
                raise FormatError(f"page table at {table:#x} is not in the vmcore")
            entry = struct.unpack("<Q", data)[0] & ~self.sme_mask
            if not entry & 1:
                raise FormatError(f"{vaddr:#x} is not mapped")
            if level == 0 or entry & 0x80:
                size = 1 << shift
                return (entry & ADDRESS & ~(size - 1)) | (vaddr & (size - 1))
            table = entry & ADDRESS
        raise AssertionError("unreachable")

    def read(self, vaddr, size):
        parts = []
        while size:
            take = min(size, PAGE - vaddr % PAGE)
            paddr = self.translate(vaddr)
            part = self.raw.read(paddr, take)
            if part is None:
                raise FormatError(f"{vaddr:#x} = {paddr:#x} is not in the vmcore")
            parts.append(part)
            vaddr, size = vaddr + take, size - take
        return b"".join(parts)


class StructPages:
    def __init__(self, raw):
        self.info = raw.vmcoreinfo()
        self.memory = VirtualMemory(raw, self.info)
        self.size = self.number("SIZE(page)")
        self.section_pages = 1 << (self.number("NUMBER(SECTION_SIZE_BITS)") - 12)

    def number(self, key, default=None):
        if key not in self.info and default is not None:
            return default
        return int(self.info[key])

    def _sections(self):
        """(first pfn, address of its struct page) of each section that is present."""
        per_root = PAGE // self.number("SIZE(mem_section)")
        roots = struct.unpack(f"<{self.number('LENGTH(mem_section)')}Q", self.memory.read(
            int(self.info["SYMBOL(mem_section)"], 16), 8 * self.number("LENGTH(mem_section)")))
        for i, root in enumerate(roots):
            if not root:
                continue
            for j in range(per_root):
                at = root + j * self.number("SIZE(mem_section)")
                (coded,) = struct.unpack("<Q", self.memory.read(
                    at + self.number("OFFSET(mem_section.section_mem_map)"), 8))
                if coded & 1:
                    first = (i * per_root + j) * self.section_pages
                    yield first, (coded & ~SECTION_FLAGS) + first * self.size

    def words(self):
        """pfn -> what it is, by its own struct page and its neighbours'."""
        words = {}
        for first, address in self._sections():
            self._section_words(self.memory.read(address, self.section_pages * self.size),
                                first, words)
        return words

    def _section_words(self, pages, first, words):
        n = self.number
        flags_at, mapping_at = n("OFFSET(page.flags)"), n("OFFSET(page.mapping)")
        mapcount_at, private_at = n("OFFSET(page._mapcount)"), n("OFFSET(page.private)")
        head_at = n("OFFSET(page.compound_head)", n("OFFSET(page.compound_info)", 8))
        buddy = n("NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)")
        offline = n("NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)", NO_TYPE)
        slab_type = n("NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)", NO_TYPE)
        slab_bit = 1 << n("NUMBER(PG_slab)") if slab_type == NO_TYPE else 0
        lru, private = 1 << n("NUMBER(PG_lru)"), 1 << n("NUMBER(PG_private)")
        swap = 1 << n("NUMBER(PG_swapcache)") | 1 << n("NUMBER(PG_swapbacked)")
        hwpoison = 1 << n("NUMBER(PG_hwpoison)")
        max_order = n("LENGTH(zone.free_area)")
        head_word, free_until = KEEP, 0
        for i in range(self.section_pages):
            at = i * self.size
            (flags,) = struct.unpack_from("<Q", pages, at + flags_at)
            (mapcount,) = struct.unpack_from("<i", pages, at + mapcount_at)
            (head,) = struct.unpack_from("<Q", pages, at + head_at)
            if i < free_until:
                word = FREE
            elif flags & hwpoison:
                word = HWPOISON
            elif head & 1:
                word = head_word  # a tail: compound pages are contiguous
            else:
                (mapping,) = struct.unpack_from("<Q", pages, at + mapping_at)
                slab = mapcount == slab_type or flags & slab_bit
                if mapcount == buddy and not slab:
                    (order,) = struct.unpack_from("<Q", pages, at + private_at)
                    if order < max_order:
                        free_until = i + (1 << order)
                    word = FREE if order < max_order else KEEP
                elif slab:
                    word = KEEP
                elif mapcount == offline:
                    word = OFFLINE
                elif mapping & 1 or self._is_hugetlb(pages, at, flags, mapcount):
                    word = USER
                elif flags & lru or flags & swap == swap:
                    word = CACHE_PRIVATE if flags & private else CACHE
                else:
                    word = KEEP
                head_word = word if word != FREE else KEEP
            words[first + i] = word

    def _is_hugetlb(self, pages, at, flags, mapcount):
        n = self.number
        if "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)" in self.info:
            return mapcount == n("NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)")
        tail = at + self.size
        if not flags & n("NUMBER(PG_head_mask)") or tail >= len(pages):
            return False
        if "NUMBER(PG_hugetlb)" in self.info:
            (tail_flags,) = struct.unpack_from("<Q", pages, tail + n("OFFSET(page.flags)"))
            return bool(tail_flags >> n("NUMBER(PG_hugetlb)") & 1)
        dtor = pages[tail + n("OFFSET(page.compound_dtor)")]
        return dtor == n("NUMBER(HUGETLB_PAGE_DTOR)")

"""What the struct pages in a raw vmcore say of each page frame, read by the tests' own walk:
mem_section and struct page by way of kernel_memory.py. Whole memory at once and simply, unlike
the filter it is there to check; a page that it cannot read is an error, not a guess.
"""

import struct

from oracles import kernel_memory

NO_TYPE = 1 << 40  # no 32-bit _mapcount equals it

# What a page is to a filter. `keep` is everything that no level may drop.
FREE, CACHE, CACHE_PRIVATE, USER, HWPOISON, OFFLINE, KEEP = (
    "free", "cache", "cache_private", "user", "hwpoison", "offline", "keep")


def excluded(word, level):
    """makedumpfile's -d bits."""
    return {FREE: level & 16, USER: level & 8, CACHE: level & (2 | 4), CACHE_PRIVATE: level & 4,
            HWPOISON: True, OFFLINE: True, KEEP: False}[word]


class StructPages:
    def __init__(self, raw):
        self.info = raw.vmcoreinfo()
        self.memory = kernel_memory.open_memory(raw, self.info)
        self.size = self.number("SIZE(page)")
        self.page_size = raw.page_size
        self.first_pages = {}
        self.section_pages = (1 << self.number("NUMBER(SECTION_SIZE_BITS)")) // self.page_size

    def number(self, key, default=None):
        if key not in self.info and default is not None:
            return default
        return int(self.info[key])

    def address_of(self, pfn):
        """Where its struct page lies."""
        if not self.first_pages:
            self.first_pages = dict(self.sections())
        first = pfn - pfn % self.section_pages
        return self.first_pages[first] + (pfn - first) * self.size

    def sections(self):
        """(first pfn, address of its struct page) of each section that is present."""
        per_root = self.page_size // self.number("SIZE(mem_section)")
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
                    yield first, (coded & -self.page_size) + first * self.size

    def image_kept_whole(self):
        """Page frames of the kernel's image, if the freed parts are unknown: before
        6.0 vmcoreinfo does not lead to kallsyms."""
        if "SYMBOL(kallsyms_names)" in self.info:
            return frozenset()
        stext = int(self.info["SYMBOL(_stext)"], 16)
        return frozenset(pfn for paddr, _, filesz, _, vaddr in self.memory.raw.loads
                         if vaddr <= stext < vaddr + filesz
                         for pfn in range((paddr + stext - vaddr) // self.page_size,
                                          (paddr + filesz) // self.page_size))

    def words(self):
        """pfn -> what it is, by its own struct page and its neighbours'."""
        words, end, head_word = {}, 0, KEEP
        for first, address in self.sections():
            # A page of 1 GiB goes on through sections.
            head_word = self._section_words(
                self.memory.read(address, self.section_pages * self.size), first, words,
                head_word if first == end else KEEP)
            end = first + self.section_pages
        return words

    def _section_words(self, pages, first, words, head_word):
        """head_word: of the compound page whose tails may be first; of the last one, returned."""
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
        free_until = 0
        for i in range(self.section_pages):
            at = i * self.size
            (flags,) = struct.unpack_from("<Q", pages, at + flags_at)
            (mapcount,) = struct.unpack_from("<i", pages, at + mapcount_at)
            (head,) = struct.unpack_from("<Q", pages, at + head_at)
            is_block = mapcount == buddy and not flags & slab_bit and not head & 1
            if is_block and i >= free_until:
                (order,) = struct.unpack_from("<Q", pages, at + private_at)
                free_until = i + (1 << order) if order < max_order else i
            if i < free_until:
                word = FREE
            elif head & 1:
                word = head_word  # a tail: compound pages are contiguous
            else:
                (mapping,) = struct.unpack_from("<Q", pages, at + mapping_at)
                hugetlb = self._is_hugetlb(pages, at, flags, mapcount)
                if mapcount == slab_type or flags & slab_bit or is_block:
                    word = KEEP
                elif mapcount == offline:
                    word = OFFLINE
                elif mapping & 1 or hugetlb:
                    word = USER
                elif flags & lru or flags & swap == swap:
                    word = CACHE_PRIVATE if flags & private else CACHE
                else:
                    word = KEEP
                # Which of its pages is broken, only the head of a hugetlb page does not tell.
                head_word = HWPOISON if hugetlb and flags & hwpoison else word
            words[first + i] = HWPOISON if flags & hwpoison else word
        return head_word

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

#include "filter/pages/window_scan.h"

#include <algorithm>
#include <bit>

#include "filter/core_file/fault_guard.h"
#include "filter/kernel/protected_memory.h"

namespace kdump {
namespace {

// classify() must see a head together with its first tail.
constexpr size_t kPair = 2;
// If more than one struct page in this many contradicts itself, the whole window is distrusted.
constexpr uint64_t kCorruptShare = 8;

}  // namespace

uint32_t end_of_run(const WindowClasses& classes, uint32_t begin) {
  // Eight pages at once: a class is a byte.
  const uint64_t eight = static_cast<uint8_t>(classes[begin]) * 0x0101'0101'0101'0101;
  uint32_t end = begin + 1;
  for (; end + sizeof eight <= kWindowPages; end += sizeof eight) {
    const uint64_t unlike = load<uint64_t>(reinterpret_cast<const uint8_t*>(&classes[end])) ^ eight;
    if (unlike != 0) return end + static_cast<uint32_t>(std::countr_zero(unlike)) / 8;
  }
  while (end < kWindowPages && classes[end] == classes[begin]) ++end;
  return end;
}

void WindowScan::scan(Pfn first, WindowClasses& out) {
  if (first != next_) state_.extent = {};
  next_ = {first.value + kWindowPages};

  PageBits ram;
  vmcore_.memory().mark_present(first, ram);
  MemMap* map = vmcore_.mem_map();
  const uint64_t step =
      map ? std::min<uint64_t>(map->pages_per_section(), kWindowPages) : kWindowPages;
  for (uint64_t at = 0; at < kWindowPages; at += step) {
    const auto section_ram = std::span<const uint8_t>(ram).subspan(at / 8, step / 8);
    const auto section_out = std::span(out).subspan(at, step);
    // Also marks "unknown" until RAM and holes are distinguished.
    std::ranges::fill(section_out, PageClass::absent);
    if (std::ranges::all_of(section_ram, [](uint8_t byte) { return byte == 0; })) continue;
    any_unknown_ = map == nullptr;
    const uint64_t contradictions = state_.contradictions;
    if (map) scan_section(*map, {first.value + at}, section_out);
    if (state_.contradictions - contradictions > step / kCorruptShare) {
      std::ranges::fill(section_out, PageClass::absent);
      any_unknown_ = true;
      state_.extent = {};
    }
    settle(section_ram, section_out);
  }
  if (map) protect(first, out);
}

void WindowScan::protect(Pfn first, WindowClasses& out) {
  const uint64_t end = first.value + kWindowPages;
  for (const auto& range : vmcore_.protected_memory().pages.within(first, {end})) {
    const uint64_t begin = std::max(range.begin, first.value);
    for (PageClass& page :
         std::span(out).subspan(begin - first.value, std::min(range.end, end) - begin)) {
      if (page == PageClass::absent || untouchable(page) || !excluded(page, kMaxLevel)) continue;
      page = PageClass::other;
      ++protected_pages_;
    }
  }
}

// Makes holes absent, and RAM of which nothing is known kept.
void WindowScan::settle(std::span<const uint8_t> ram, std::span<PageClass> out) {
  for (size_t byte = 0; byte < ram.size(); ++byte) {
    if (ram[byte] == 0xff && !any_unknown_) continue;
    for (size_t bit = 0; bit < 8; ++bit) {
      PageClass& page = out[byte * 8 + bit];
      if (!(ram[byte] >> bit & 1)) {
        page = PageClass::absent;
      } else if (page == PageClass::absent) {
        page = PageClass::other;
        ++unknown_pages_;
      }
    }
  }
}

void WindowScan::scan_section(MemMap& map, Pfn first, std::span<PageClass> out) {
  const auto section = map.section_struct_pages(first);
  if (!section) {
    any_unknown_ = true;
    return;
  }
  const uint64_t into = first.value % map.pages_per_section();
  Vaddr at{section->value + into * map.layout().size};
  while (!out.empty()) {
    const size_t done = scan_in_place(map, at, first, out);
    at.value += done * map.layout().size;
    first.value += done;
    out = out.subspan(done);
  }
}

// Classifies what lies together in one mapped piece; returns how many pages it dealt with.
size_t WindowScan::scan_in_place(MemMap& map, Vaddr struct_pages, Pfn first,
                                 std::span<PageClass> out) {
  const uint32_t size = map.layout().size;
  const auto leaf = vmcore_.address_space().translate(struct_pages);
  const auto view =
      leaf ? vmcore_.memory().view(leaf->paddr, std::min<uint64_t>(leaf->bytes, out.size() * size))
           : Result<Bytes>(std::unexpected(leaf.error()));
  if (!view) return skip(struct_pages.value % vmcore_.memory().page_size(), size, out);
  const size_t count = std::min(view->size() / size / kPair * kPair, out.size());
  if (count == 0) return scan_copied(map, struct_pages, first, out);

  const Bytes pages = view->first(count * size);
  const ClassifyState before = state_;
  size_t fault = 0;
  if (classify_guarded(pages, first, map.layout(), out.first(count), &fault)) return count;

  // What lies before the page that cannot be read is classified again, which does not touch it.
  const size_t into_unit =
      (reinterpret_cast<uintptr_t>(pages.data()) + fault) % vmcore_.memory().page_size();
  const size_t good = fault < into_unit ? 0 : (fault - into_unit) / size / kPair * kPair;
  state_ = before;
  if (!classify_guarded(pages.first(good * size), first, map.layout(), out.first(good), &fault))
    return skip(0, size, out);
  const size_t begin = reinterpret_cast<uintptr_t>(pages.data() + good * size);
  return good + skip(begin % vmcore_.memory().page_size(), size, out.subspan(good));
}

// Struct pages that straddle two leaves, or two pieces of the file: a pair of them at a time.
size_t WindowScan::scan_copied(MemMap& map, Vaddr struct_pages, Pfn first,
                               std::span<PageClass> out) {
  const size_t size = map.layout().size, count = std::min(kPair, out.size());
  std::array<uint8_t, kPair * kMaxStructPage> copy;
  const MutableBytes pages = MutableBytes(copy).first(count * size);
  if (!vmcore_.address_space().read(struct_pages, pages) ||
      !classify(pages, first, map.layout(), state_, out.first(count)))
    return skip(struct_pages.value % vmcore_.memory().page_size(), size, out);
  return count;
}

bool WindowScan::classify_guarded(Bytes pages, Pfn first, const PageLayout& layout,
                                  std::span<PageClass> out, size_t* fault) {
  bool sound = false;
  return guarded(pages, fault,
                 [&] { sound = classify(pages, first, layout, state_, out).has_value(); }) &&
         sound;
}

// Steps over the struct pages that begin in the rest of a page that cannot be read.
size_t WindowScan::skip(size_t into_unit, size_t size, std::span<PageClass> out) {
  const size_t touched = (vmcore_.memory().page_size() - into_unit + size - 1) / size;
  const size_t count = std::min((touched + kPair - 1) / kPair * kPair, out.size());
  std::ranges::fill(out.first(count), PageClass::absent);
  any_unknown_ = true;
  return count;
}

}  // namespace kdump

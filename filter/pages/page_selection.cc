#include "filter/pages/page_selection.h"

#include <algorithm>

namespace kdump {
namespace {

void to_bits(const WindowClasses& classes, uint32_t level, std::span<uint8_t> out) {
  std::ranges::fill(out, uint8_t{0});
  each_run(classes, [&](PageClass page_class, uint32_t begin, uint32_t end) {
    if (!excluded(page_class, level)) set_bits(out, begin, end);
  });
}

bool any_untouchable(const WindowClasses& classes) {
  bool any = false;
  each_run(classes,
           [&](PageClass page_class, uint32_t, uint32_t) { any |= untouchable(page_class); });
  return any;
}

}  // namespace

PageSelection::PageSelection(Vmcore& vmcore, uint32_t level, uint64_t bitmap_bytes)
    : vmcore_(vmcore), level_(level), scan_(vmcore) {
  const uint64_t windows = (end_pfn().value + kWindowPages - 1) / kWindowPages;
  if (windows > std::min(bitmap_bytes, kMaxKeptBitmapBytes) / sizeof(PageBits)) return;
  bitmap_.resize(windows * sizeof(PageBits));
  window_known_.resize(windows);
}

PageSelection::~PageSelection() = default;

uint32_t PageSelection::page_size() const { return vmcore_.page_size(); }
Pfn PageSelection::end_pfn() const { return vmcore_.end_pfn(); }
Pfn PageSelection::next_window(Pfn at) const { return vmcore_.memory().next_window(at); }

void PageSelection::remember(Pfn first, const WindowClasses& classes) {
  const uint64_t window = first.value / kWindowPages;
  if (window >= window_known_.size()) return;
  window_known_[window] = !any_untouchable(classes);
  if (!window_known_[window]) return;
  to_bits(classes, level_, std::span(bitmap_).subspan(window * sizeof(PageBits), sizeof(PageBits)));
}

Result<> PageSelection::select(Pfn first, PageBits& ram, PageBits& kept) {
  if (first.value % kWindowPages != 0)
    return fail(Kind::refused, "page frame %#" PRIx64 " does not begin a window", first.value);
  vmcore_.memory().mark_ram(first, ram);
  const uint64_t window = first.value / kWindowPages;
  if (window < window_known_.size() && window_known_[window]) {
    memcpy(kept.data(), bitmap_.data() + window * sizeof kept, sizeof kept);
    return {};
  }
  if (!classes_) classes_ = std::make_unique<WindowClasses>();
  scan_.scan(first, *classes_);
  classified_ = first;
  to_bits(*classes_, level_, kept);
  remember(first, *classes_);
  return {};
}

void PageSelection::read_pages(Pfn first, MutableBytes out, std::span<uint8_t> readable) {
  const uint32_t size = page_size();
  for (size_t i = 0, end; i < readable.size(); i = end) {
    end = i;
    while (end < readable.size() && !is_untouchable({first.value + end})) ++end;
    if (end > i)
      unreadable_pages_ += vmcore_.memory().read_pages(
          {first.value + i}, out.subspan(i * size, (end - i) * size), readable.subspan(i, end - i));
    for (; end < readable.size() && is_untouchable({first.value + end}); ++end) {
      memset(out.data() + end * size, 0, size);
      readable[end] = 0;
    }
  }
}

// Windows that were remembered have no such page.
bool PageSelection::is_untouchable(Pfn pfn) const {
  return classified_ && pfn >= *classified_ && pfn.value - classified_->value < kWindowPages &&
         untouchable((*classes_)[pfn.value - classified_->value]);
}

}  // namespace kdump

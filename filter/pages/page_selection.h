// Selects the pages of a vmcore at one dump level: the PageSource of the dump writers.
#pragma once

#include <optional>
#include <vector>

#include "filter/kernel/vmcore.h"
#include "filter/pages/page_class.h"
#include "filter/pages/page_source.h"
#include "filter/pages/window_scan.h"

namespace kdump {

// Limit of the bitmap of kept pages: enough for 128 GiB of 4 KiB pages. Larger memory (64 TiB would
// take 2 GiB) is classified again in each pass instead.
constexpr uint64_t kMaxKeptBitmapBytes = 4u << 20;

class PageSelection final : public PageSource {
 public:
  // The vmcore must outlive this. bitmap_bytes: limit of the bitmap's size.
  PageSelection(Vmcore& vmcore, uint32_t level, uint64_t bitmap_bytes = kMaxKeptBitmapBytes);
  ~PageSelection() override;

  uint32_t level() const { return level_; }
  uint32_t page_size() const override;
  Pfn end_pfn() const override;
  Pfn next_window(Pfn at) const override;
  // Windows may be selected in any order and repeatedly. Huge pages larger than a window are
  // recognised only in ascending order.
  Result<> select(Pfn first, PageBits& ram, PageBits& kept) override;
  // Reads pages of the window last selected, also pages that are not kept. A page that must not be
  // read (untouchable()) is returned as unreadable.
  void read_pages(Pfn first, MutableBytes out, std::span<uint8_t> readable) override;

  // Stores the classes of a window that the counting pass found, so that select() need not classify
  // it again. Does nothing if the bitmap would exceed its limit, or the window has pages that must
  // not be read, which the bitmap cannot represent.
  void remember(Pfn first, const WindowClasses& classes);

  uint64_t unreadable_pages() const { return unreadable_pages_; }  // so far

 private:
  bool is_untouchable(Pfn pfn) const;

  Vmcore& vmcore_;
  uint32_t level_;
  uint64_t unreadable_pages_ = 0;
  WindowScan scan_;
  std::unique_ptr<WindowClasses> classes_;  // made when first needed
  std::optional<Pfn> classified_;           // the window of classes_
  std::vector<uint8_t> bitmap_;             // one bit a page frame; empty: not held
  std::vector<bool> window_known_;          // by window: bitmap_ is filled
};

}  // namespace kdump

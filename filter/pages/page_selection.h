// The pages of a vmcore at one dump level: the PageSource that the dump writers run on.
#pragma once

#include <optional>
#include <vector>

#include "filter/kernel/vmcore.h"
#include "filter/pages/page_class.h"
#include "filter/pages/page_source.h"
#include "filter/pages/window_scan.h"

namespace kdump {

// The bitmap of kept pages is held only up to here: 128 GiB of 4 KiB pages. Beyond, memory is
// classified each time it is passed, never held: 64 TiB would cost 2 GiB.
constexpr uint64_t kMaxKeptBitmapBytes = 4u << 20;

class PageSelection final : public PageSource {
 public:
  // The vmcore must outlive the selection. bitmap_bytes: what the bitmap may take at most.
  PageSelection(Vmcore& vmcore, uint32_t level, uint64_t bitmap_bytes = kMaxKeptBitmapBytes);
  ~PageSelection() override;

  uint32_t level() const { return level_; }
  uint32_t page_size() const override;
  Pfn end_pfn() const override;
  Pfn next_window(Pfn at) const override;
  // Windows may be asked for in any order and again; ascending order finds huge pages that are
  // larger than a window.
  Result<> select(Pfn first, PageBits& ram, PageBits& kept) override;
  // Ask for pages of the window last selected. A page that is not kept may be asked for; one that
  // must not be touched is given as unreadable.
  void read_pages(Pfn first, MutableBytes out, std::span<uint8_t> readable) override;

  // Takes the classes of a window that a counting pass found, so that select() need not find them
  // again. Does nothing where the bitmap would be too large to hold, or could not say which of the
  // pages that are not kept must not be touched.
  void remember(Pfn first, const WindowClasses& classes);

  uint64_t unreadable_pages() const { return unreadable_pages_; }  // so far

 private:
  bool is_untouchable(Pfn pfn) const;

  Vmcore& vmcore_;
  uint32_t level_;
  uint64_t unreadable_pages_ = 0;
  WindowScan scan_;
  std::unique_ptr<WindowClasses> classes_;  // made when first needed
  std::optional<Pfn> classified_;           // the window whose classes these are
  std::vector<uint8_t> bitmap_;             // one bit a page frame; empty: not held
  std::vector<bool> window_known_;          // which windows of bitmap_ are filled
};

}  // namespace kdump

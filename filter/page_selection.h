// The pages of a vmcore at one dump level: the PageSource that the dump writers run on.
#pragma once

#include "filter/page_class.h"
#include "filter/page_source.h"
#include "filter/vmcore/vmcore.h"

namespace kdump {

class PageSelection final : public PageSource {
 public:
  // The vmcore must outlive the selection. Classifies anew, or uses a bitmap that a previous pass
  // at the same level left, where that fits kMaxKeptBitmapBytes.
  PageSelection(Vmcore& vmcore, uint32_t level);
  ~PageSelection() override;

  uint32_t page_size() const override;
  Pfn end_pfn() const override;
  Result<> select(Pfn first, PageBits& ram, PageBits& kept) override;
  void read_pages(Pfn first, MutableBytes out, std::span<uint8_t> readable) override;

  uint64_t unreadable_pages() const;  // so far

 private:
  Vmcore& vmcore_;
  uint32_t level_;
  uint64_t unreadable_pages_ = 0;
};

}  // namespace kdump

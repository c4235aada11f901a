// Classifies memory one window at a time: locates the struct pages of each section and passes them
// to classify() in place, without a copy. Pages whose struct pages are missing, unreadable or
// corrupt are kept and counted.
#pragma once

#include <array>
#include <span>

#include "filter/kernel/memory/mem_map.h"
#include "filter/kernel/vmcore.h"
#include "filter/pages/classify.h"

namespace kdump {

using WindowClasses = std::array<PageClass, kWindowPages>;

// Returns one past the last page of the run of equal class that starts at `begin`.
uint32_t end_of_run(const WindowClasses& classes, uint32_t begin);

// Calls visit(page_class, begin, end) for each run of pages of one class, ascending.
template <class Visit>
void each_run(const WindowClasses& classes, Visit visit) {
  for (uint32_t begin = 0, end; begin < kWindowPages; begin = end) {
    end = end_of_run(classes, begin);
    visit(classes[begin], begin, end);
  }
}

class WindowScan {
 public:
  // vmcore must outlive this.
  explicit WindowScan(Vmcore& vmcore) : vmcore_(vmcore) {}

  // Classifies the window at `first`, a multiple of kWindowPages. A huge page that begins before
  // the window is recognised only if the preceding window was scanned last.
  void scan(Pfn first, WindowClasses& out);

  // Pages of RAM kept so far because their struct page was missing or unreadable.
  uint64_t unknown_pages() const { return unknown_pages_; }
  // Counts of struct pages so far.
  const ClassifyState& seen() const { return state_; }
  // Protected pages so far whose struct pages would exclude them.
  uint64_t protected_pages() const { return protected_pages_; }

 private:
  void protect(Pfn first, WindowClasses& out);
  void settle(std::span<const uint8_t> ram, std::span<PageClass> out);
  void scan_section(MemMap& map, Pfn first, std::span<PageClass> out);
  size_t scan_in_place(MemMap& map, Vaddr struct_pages, Pfn first, std::span<PageClass> out);
  size_t scan_copied(MemMap& map, Vaddr struct_pages, Pfn first, std::span<PageClass> out);

  bool classify_guarded(Bytes pages, Pfn first, const PageLayout& layout, std::span<PageClass> out,
                        size_t* fault);
  size_t skip(size_t into_unit, size_t size, std::span<PageClass> out);

  Vmcore& vmcore_;
  ClassifyState state_;
  Pfn next_;
  bool any_unknown_ = false;  // in the section that is being scanned
  uint64_t unknown_pages_ = 0, protected_pages_ = 0;
};

}  // namespace kdump

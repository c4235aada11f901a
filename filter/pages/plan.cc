#include "filter/pages/plan.h"

#include <algorithm>

#include "filter/base/text.h"
#include "filter/kernel/memory/mem_map.h"
#include "filter/kernel/protected_memory.h"

namespace kdump {
namespace {

// Kernels with less memory than this (64 MiB) are test cores: ratios say nothing there.
constexpr uint64_t kMinPagesForRatios = 16384;

// Counts the runs of kept pages of every level at once, from runs of one class. Levels that differ
// only in zero pages keep the same ones, so every second is enough.
class SegmentCounter {
 public:
  void add_run(PageClass page_class, uint64_t begin, uint64_t end) {
    for (uint32_t level = 0; level <= kMaxLevel; level += 2) {
      Run& run = runs_[level / 2];
      if (page_class == PageClass::absent) {
        run.open = false;
      } else if (!excluded(page_class, level)) {
        run.segments += !run.open || begin - run.end >= kElfMergePages;
        run.open = true;
        run.end = end;
      }
    }
  }
  uint32_t segments(uint32_t level) const { return runs_[level / 2].segments; }

 private:
  struct Run {
    bool open = false;
    uint64_t end = 0;
    uint32_t segments = 0;
  };
  std::array<Run, (kMaxLevel + 1) / 2> runs_;
};

void count_window(const WindowClasses& classes, uint64_t first, Plan& plan,
                  SegmentCounter& segments) {
  each_run(classes, [&](PageClass page_class, uint32_t begin, uint32_t end) {
    plan.pages_by_class[static_cast<size_t>(page_class)] += end - begin;
    segments.add_run(page_class, first + begin, first + end);
  });
}

// A kernel that runs has more slab than this; poisoned memory is never more than a share of it.
constexpr uint64_t kMinSlabBytes = 1 << 20;
constexpr uint64_t kMaxPoisonedShare = 8;

// Anonymous pages are on an LRU list, nearly all; of fewer nothing is concluded.
constexpr uint64_t kMinAnonymous = 256;

// Returns why the counts are implausible for a running kernel, with the key that must be wrong;
// empty if they are plausible.
std::string implausible(const Plan& plan, const ClassifyState& seen, Vmcore& vmcore) {
  const auto count = [&](PageClass c) { return plan.pages_by_class[static_cast<size_t>(c)]; };
  const uint64_t ram = plan.ram_pages();
  if (!vmcore.mem_map() || ram < kMinPagesForRatios) return {};
  const PageLayout& layout = vmcore.mem_map()->layout();
  // Struct pages are kernel memory themselves: at least half of their size must be. Those of huge
  // pages (part of `user`) and of offline memory may have been freed. Protected pages do not count,
  // since the classes of struct pages are what is checked here.
  const uint64_t kernel = count(PageClass::other) + count(PageClass::slab) - plan.protected_pages;
  const uint64_t described = ram - count(PageClass::user) - count(PageClass::offline);
  const uint64_t least = described / vmcore.page_size() * layout.size / 2;
  if (kernel < least)
    return text("only %" PRIu64 " of %" PRIu64
                " pages would be kernel memory, fewer than the struct pages alone need (%" PRIu64
                ")",
                kernel, ram, least);
  if (count(PageClass::hwpoison) > ram / kMaxPoisonedShare)
    return text("%" PRIu64 " of %" PRIu64 " pages would be poisoned by NUMBER(PG_hwpoison)",
                count(PageClass::hwpoison), ram);
  // With a wrong mark slab pages look like other classes, also like user memory.
  const bool can_identify_slab = layout.slab || layout.type_slab != PageLayout::kNoType;
  if (can_identify_slab && count(PageClass::slab) < kMinSlabBytes / vmcore.page_size())
    return text("only %" PRIu64 " of %" PRIu64 " pages would be slab by NUMBER(%s)",
                count(PageClass::slab), ram, layout.slab ? "PG_slab" : "PAGE_SLAB_MAPCOUNT_VALUE");
  if (layout.lru && seen.anonymous >= kMinAnonymous && seen.anonymous_listed < seen.anonymous / 2)
    return text("only %" PRIu64 " of %" PRIu64
                " anonymous pages would be on an LRU list by NUMBER(PG_lru)",
                seen.anonymous_listed, seen.anonymous);
  return {};
}

// Counts pages that are kept only because they have no reliable struct page.
void add_warnings(const WindowScan& scan, Plan& plan) {
  const ClassifyState& seen = scan.seen();
  if (plan.protected_pages)
    plan.warnings.push_back(text(
        "%" PRIu64
        " protected page frames of the kernel (image, page tables, struct pages, per-CPU areas,"
        " log, stacks) are kept although their struct pages call them free, cache or user"
        " memory",
        plan.protected_pages));
  if (scan.unknown_pages())
    plan.warnings.push_back(text("%" PRIu64 " page frames have no readable or valid struct page:"
                                 " they are kept",
                                 scan.unknown_pages()));
  if (seen.contradictions)
    plan.warnings.push_back(text("%" PRIu64
                                 " struct pages contradict themselves: their pages are kept",
                                 seen.contradictions));
  if (seen.refused_blocks)
    plan.warnings.push_back(text("%" PRIu64
                                 " free blocks exceed LENGTH(zone.free_area) or are misaligned:"
                                 " they are kept",
                                 seen.refused_blocks));
  if (seen.compound_without_order > seen.compound / 2)
    plan.warnings.push_back(
        text("%" PRIu64 " of %" PRIu64 " compound pages have no valid order by"
             " OFFSET(folio._folio_order), OFFSET(page.compound_order) or flags:"
             " their tails are kept",
             seen.compound_without_order, seen.compound));
}

Plan count_pages(Vmcore& vmcore, Progress& progress, PageSelection* selection) {
  Plan plan;
  SegmentCounter segments;
  WindowScan scan(vmcore);
  const auto classes = std::make_unique<WindowClasses>();
  const uint64_t end = vmcore.end_pfn().value;
  const PhysMemory& memory = vmcore.memory();
  for (uint64_t first = memory.next_window({0}).value; first < end;
       first = memory.next_window({first + kWindowPages}).value) {
    progress.update(Phase::plan, first, end, 0);
    scan.scan({first}, *classes);
    count_window(*classes, first, plan, segments);
    if (selection) selection->remember({first}, *classes);
  }
  progress.update(Phase::plan, end, end, 0);
  for (uint32_t level = 0; level <= kMaxLevel; ++level)
    plan.elf_segments[level] = segments.segments(level);
  plan.pages_by_class[static_cast<size_t>(PageClass::absent)] = end - plan.ram_pages();
  if (!vmcore.mem_map()) return plan;
  if (const std::string why = implausible(plan, scan.seen(), vmcore); !why.empty()) {
    vmcore.discard_mem_map();
    plan = count_pages(vmcore, progress, selection);
    plan.warnings.push_back("every page is kept: implausible page counts: " + why);
    return plan;
  }
  plan.protected_pages = scan.protected_pages();
  plan.warnings = vmcore.protected_memory().warnings;
  add_warnings(scan, plan);
  return plan;
}

}  // namespace

uint64_t Plan::ram_pages() const {
  uint64_t pages = 0;
  for (size_t i = 0; i < kPageClasses; ++i)
    if (static_cast<PageClass>(i) != PageClass::absent) pages += pages_by_class[i];
  return pages;
}

uint64_t Plan::kept_pages(uint32_t level) const {
  uint64_t pages = 0;
  for (size_t i = 0; i < kPageClasses; ++i)
    if (!excluded(static_cast<PageClass>(i), level)) pages += pages_by_class[i];
  return pages;
}

Result<Plan> make_plan(Vmcore& vmcore, Progress& progress, PageSelection* selection) {
  Plan plan = count_pages(vmcore, progress, selection);
  // A dump may lack all of them.
  const bool can_identify_free = !vmcore.source().header && vmcore.mem_map() &&
                                 vmcore.mem_map()->layout().type_buddy != PageLayout::kNoType;
  if (can_identify_free && plan.ram_pages() >= kMinPagesForRatios &&
      plan.pages_by_class[static_cast<size_t>(PageClass::free)] == 0)
    plan.warnings.push_back(
        "no page is free by NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE), which is implausible: the dump may "
        "be"
        " larger than necessary");
  return plan;
}

}  // namespace kdump

#include "filter/pages/classify.h"

#include <algorithm>

#include "filter/kernel/memory/struct_page.h"

namespace kdump {
namespace {

// The fields of one struct page, loaded where they lie.
struct Fields {
  Fields(const uint8_t* at, const PageLayout& layout)
      : flags(load<uint64_t>(at + layout.flags)), type(load<uint32_t>(at + layout.mapcount)) {}
  uint64_t flags;
  uint64_t type;  // _mapcount, as the page type it may be
};

constexpr uint32_t kUnmapped = 0xffff'ffff;  // _mapcount is -1, and no page type

bool is_aligned(uint64_t pfn, uint64_t order) { return (pfn & ((1ull << order) - 1)) == 0; }

// The order of the compound page whose head is `pfn`, from its first tail; 0 where that cannot be.
uint64_t compound_order(const uint8_t* first_tail, uint64_t pfn, const PageLayout& layout) {
  if (!is_tail(first_tail, layout)) return 0;
  const uint64_t order = first_tail[layout.compound_order];
  return order <= layout.max_compound_order && is_aligned(pfn, order) ? order : 0;
}

bool is_cache(uint64_t flags, const PageLayout& layout) {
  return (flags & layout.lru) | ((flags & layout.swap_mask) == layout.swap_value);
}

// Returns true if the struct page looks like the rest of a free or unaccepted block: unmapped,
// unreferenced, untyped. Otherwise the page is kept, since the head may be stale or corrupt.
bool is_inside_block(const uint8_t* page, const Fields& fields, const PageLayout& layout) {
  return fields.type == kUnmapped && refcount(page, layout) == 0 &&
         !(fields.flags & (layout.head | layout.lru | layout.slab)) &&
         !is_inconsistent(page, layout);
}

// How many struct pages from `page` on, at most `most`, are the rest of a free or unaccepted block
// beyond doubt. What ends the run is not judged: it may belong to the block all the same. Without
// branches but the one that ends it, for most memory of most machines is passed here.
size_t count_inside_block(const uint8_t* page, size_t most, const PageLayout& layout) {
  const uint64_t flags = layout.head | layout.lru | layout.slab | layout.hwpoison;
  const uint32_t size = layout.size;
  size_t i = 0;
  for (; i < most; ++i, page += size) {
    const uint64_t unlike = (load<uint64_t>(page + layout.flags) & flags) |
                            (load<uint64_t>(page + layout.compound_head) & layout.tail_bit) |
                            (load<uint64_t>(page + layout.mapping) & layout.mapping_mask) |
                            refcount(page, layout) |
                            (load<uint32_t>(page + layout.mapcount) ^ kUnmapped);
    if (unlike != 0) break;
  }
  return i;
}

// The same for the tails of a compound page, which all say the same word of their head.
size_t count_tails(const uint8_t* page, size_t most, uint64_t tail_word, const PageLayout& layout) {
  const uint32_t size = layout.size;
  size_t i = 0;
  for (; i < most; ++i, page += size) {
    const uint64_t unlike = (load<uint64_t>(page + layout.compound_head) ^ tail_word) |
                            (load<uint64_t>(page + layout.flags) & layout.hwpoison);
    if (unlike != 0) break;
  }
  return i;
}

class Classifier {
 public:
  Classifier(const PageLayout& layout, ClassifyState& state)
      : layout_(layout), state_(state), extent_(state.extent) {}

  // Returns the number of struct pages from `page` on that are consistent with the extent, and so
  // have its class. 0: the next one needs classify().
  size_t count_extent(const uint8_t* page, uint64_t pfn, size_t most) const {
    if (pfn >= extent_.end_pfn) return 0;
    most = std::min<uint64_t>(most, extent_.end_pfn - pfn);
    return extent_.kind == PageExtent::Kind::block
               ? count_inside_block(page, most, layout_)
               : count_tails(page, most, extent_.tail_word, layout_);
  }
  PageClass extent_class() const { return extent_.page_class; }

  // next: the following struct page, or nullptr if there is none here.
  PageClass classify(const uint8_t* page, const uint8_t* next, uint64_t pfn) {
    const Fields fields(page, layout_);
    const bool covered = pfn < extent_.end_pfn;
    if (is_tail(page, layout_)) return tail_class(page, fields, covered);
    if (covered && extent_.kind == PageExtent::Kind::block && fields.type != layout_.type_buddy) {
      if (is_inside_block(page, fields, layout_))
        return fields.flags & layout_.hwpoison ? PageClass::hwpoison : extent_.page_class;
      extent_ = {};
    }
    const PageClass found = !covered && is_single(fields) ? single_class(page, fields, false, false)
                                                          : classify_head(page, fields, next, pfn);
    if (!excluded(found, kMaxLevel) || !is_inconsistent(page, layout_)) return found;
    ++state_.contradictions;
    extent_ = {};
    return PageClass::other;
  }

 private:
  // Neither poisoned, nor a head, nor of any page type: its own fields say what it is.
  bool is_single(const Fields& fields) const {
    return !(fields.flags & (layout_.hwpoison | layout_.head | layout_.slab)) &&
           static_cast<int32_t>(fields.type) >= kMinMapcount;
  }

  // References to a compound page are counted in its head, and its tails all point to the head: one
  // that does not is not this compound page's.
  PageClass tail_class(const uint8_t* page, const Fields& fields, bool covered) const {
    // All ones is a struct page that was never initialised (PAGE_POISON_PATTERN).
    if ((fields.flags & layout_.hwpoison) && refcount(page, layout_) == 0 &&
        fields.flags != ~uint64_t{0})
      return PageClass::hwpoison;
    return covered && extent_.kind == PageExtent::Kind::compound &&
                   load<uint64_t>(page + layout_.compound_head) == extent_.tail_word
               ? extent_.page_class
               : PageClass::other;
  }

  PageClass classify_head(const uint8_t* page, const Fields& fields, const uint8_t* next,
                          uint64_t pfn) {
    const bool slab = (fields.flags & layout_.slab) || fields.type == layout_.type_slab;
    if (!slab && fields.type == layout_.type_buddy && refcount(page, layout_) == 0) {
      const uint64_t order = load<uint64_t>(page + layout_.private_data);
      if (order < layout_.buddy_orders && is_aligned(pfn, order)) {
        begin(PageExtent::Kind::block, PageClass::free, pfn, order);
        return fields.flags & layout_.hwpoison ? PageClass::hwpoison : PageClass::free;
      }
      ++state_.refused_blocks;
    }
    if (!slab && fields.type == layout_.type_unaccepted &&
        is_aligned(pfn, layout_.buddy_orders - 1)) {
      begin(PageExtent::Kind::block, PageClass::unaccepted, pfn, layout_.buddy_orders - 1);
      return fields.flags & layout_.hwpoison ? PageClass::hwpoison : PageClass::unaccepted;
    }

    bool hugetlb = fields.type == layout_.type_hugetlb;
    uint64_t order = 0;
    if ((fields.flags & layout_.head) && next) {
      order = compound_order(next, pfn, layout_);
      // Hugetlb pages with their vmemmap optimised show their head again, among their tails.
      if (pfn >= extent_.end_pfn) {
        ++state_.compound;
        state_.compound_without_order += order == 0;
      }
      // Hugetlb pages are on no LRU list: one that is has a mark that means something else.
      hugetlb |= !(fields.flags & layout_.lru) &&
                 (load<uint64_t>(next + layout_.hugetlb_tail) & layout_.hugetlb_tail_mask) ==
                     layout_.hugetlb_tail_value;
    }
    const PageClass healthy = single_class(page, fields, slab, hugetlb);
    const bool poisoned = fields.flags & layout_.hwpoison;
    const PageClass found = poisoned ? PageClass::hwpoison : healthy;
    if (order != 0) {
      // Which page of a hugetlb page is broken, its head does not say; of others each says it
      // itself.
      begin(PageExtent::Kind::compound, hugetlb ? found : healthy, pfn, order);
      extent_.tail_word = load<uint64_t>(next + layout_.compound_head);
    } else if (found != extent_.page_class) {
      // With an optimised vmemmap, the head of a hugetlb page appears again among its tails and has
      // the same class. Any other class means that the compound page is corrupt.
      extent_ = {};
    }
    return found;
  }

  PageClass single_class(const uint8_t* page, const Fields& fields, bool slab, bool hugetlb) {
    // First what no level keeps: then the class decides the same at every level.
    if (slab) return PageClass::slab;
    if (fields.type == layout_.type_offline) return PageClass::offline;
    const bool anonymous = load<uint64_t>(page + layout_.mapping) & layout_.anon_bit;
    if (anonymous && !hugetlb) {
      ++state_.anonymous;
      state_.anonymous_listed += (fields.flags & layout_.lru) != 0;
    }
    if (anonymous || hugetlb) return PageClass::user;
    if (is_cache(fields.flags, layout_))
      return fields.flags & layout_.has_private ? PageClass::cache_private : PageClass::cache;
    return PageClass::other;
  }

  void begin(PageExtent::Kind kind, PageClass page_class, uint64_t pfn, uint64_t order) {
    const uint64_t end = pfn + (1ull << order);
    // A block inside a larger one, as when the crash came while one was split, does not end it.
    const bool nested = kind == extent_.kind && page_class == extent_.page_class;
    extent_ = {.kind = kind,
               .page_class = page_class,
               .end_pfn = nested && extent_.end_pfn > end ? extent_.end_pfn : end};
  }

  const PageLayout& layout_;
  ClassifyState& state_;
  PageExtent& extent_;
};

}  // namespace

Result<> classify(Bytes pages, Pfn first, const PageLayout& layout, ClassifyState& state,
                  std::span<PageClass> out) {
  if (layout.size == 0 || pages.size() % layout.size != 0 ||
      pages.size() / layout.size != out.size())
    return fail(Kind::corrupt, "%zu bytes are not %zu struct pages of %u bytes", pages.size(),
                out.size(), layout.size);
  // The state in registers for the loop: stores to `out` could alias the caller's.
  ClassifyState running = state;
  Classifier classifier(layout, running);
  const uint8_t* page = pages.data();
  for (size_t i = 0; i < out.size(); ++i, page += layout.size) {
    const size_t run = classifier.count_extent(page, first.value + i, out.size() - i);
    memset(out.data() + i, static_cast<int>(classifier.extent_class()), run);
    i += run;
    page += run * layout.size;
    if (i == out.size()) break;
    out[i] = classifier.classify(page, i + 1 < out.size() ? page + layout.size : nullptr,
                                 first.value + i);
  }
  state = running;
  return {};
}

}  // namespace kdump

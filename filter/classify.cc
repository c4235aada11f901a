#include "filter/classify.h"

namespace kdump {
namespace {

// The fields of one struct page, loaded where they lie.
struct Fields {
  Fields(const uint8_t* at, const PageLayout& layout)
      : flags(load<uint64_t>(at + layout.flags)), type(load<uint32_t>(at + layout.mapcount)) {}
  uint64_t flags;
  uint64_t type;  // _mapcount, as the page type it may be
};

bool is_tail(const uint8_t* page, const PageLayout& layout) {
  return load<uint64_t>(page + layout.compound_head) & layout.tail_bit;
}

bool is_aligned(uint64_t pfn, uint64_t order) { return (pfn & ((1ull << order) - 1)) == 0; }

// The order of the compound page whose head is `pfn`, from its first tail; 0 where that cannot be.
uint64_t compound_order(const uint8_t* first_tail, uint64_t pfn, const PageLayout& layout) {
  if (!is_tail(first_tail, layout)) return 0;
  const uint64_t order = first_tail[layout.compound_order];
  return order <= layout.max_compound_order && is_aligned(pfn, order) ? order : 0;
}

// All ones is a struct page that was never initialised (PAGE_POISON_PATTERN): of it nothing is
// known.
bool is_poisoned(uint64_t flags, const PageLayout& layout) {
  return (flags & layout.hwpoison) && flags != ~uint64_t{0};
}

bool is_cache(uint64_t flags, const PageLayout& layout) {
  return (flags & layout.lru) | ((flags & layout.swap_mask) == layout.swap_value);
}

// The rest of a free or unaccepted block: nobody's, not part of anything. What does not look so is
// not dropped on the word of a head that may be stale or corrupt.
bool is_inside_block(const uint8_t* page, const Fields& fields, const PageLayout& layout) {
  return !(load<uint32_t>(page + layout.refcount) & layout.refcount_mask) &&
         !(fields.flags & (layout.head | layout.lru | layout.slab)) && !is_tail(page, layout) &&
         fields.type != layout.type_slab && fields.type != layout.type_hugetlb;
}

class Classifier {
 public:
  Classifier(const PageLayout& layout, PageExtent& extent) : layout_(layout), extent_(extent) {}

  // next: the following struct page, or nullptr if there is none here.
  PageClass classify(const uint8_t* page, const uint8_t* next, uint64_t pfn) {
    const Fields fields(page, layout_);
    const bool covered = pfn < extent_.end_pfn;
    if (is_tail(page, layout_)) {
      if (is_poisoned(fields.flags, layout_)) return PageClass::hwpoison;
      // A tail whose head is elsewhere, or unknown, is kept.
      return covered && extent_.kind == PageExtent::Kind::compound ? extent_.page_class
                                                                   : PageClass::other;
    }
    if (covered && extent_.kind == PageExtent::Kind::block && fields.type != layout_.type_buddy) {
      if (is_poisoned(fields.flags, layout_)) return PageClass::hwpoison;
      if (is_inside_block(page, fields, layout_)) return extent_.page_class;
      extent_ = {};
    }
    return classify_head(page, fields, next, pfn);
  }

 private:
  PageClass classify_head(const uint8_t* page, const Fields& fields, const uint8_t* next,
                          uint64_t pfn) {
    const bool slab = (fields.flags & layout_.slab) || fields.type == layout_.type_slab;
    if (!slab && fields.type == layout_.type_buddy) {
      const uint64_t order = load<uint64_t>(page + layout_.private_data);
      if (order < layout_.buddy_orders && is_aligned(pfn, order)) {
        begin(PageExtent::Kind::block, PageClass::free, pfn, order);
        return is_poisoned(fields.flags, layout_) ? PageClass::hwpoison : PageClass::free;
      }
    }
    if (!slab && fields.type == layout_.type_unaccepted &&
        is_aligned(pfn, layout_.buddy_orders - 1)) {
      begin(PageExtent::Kind::block, PageClass::unaccepted, pfn, layout_.buddy_orders - 1);
      return is_poisoned(fields.flags, layout_) ? PageClass::hwpoison : PageClass::unaccepted;
    }

    bool hugetlb = fields.type == layout_.type_hugetlb;
    uint64_t order = 0;
    if ((fields.flags & layout_.head) && next) {
      order = compound_order(next, pfn, layout_);
      hugetlb |= (load<uint64_t>(next + layout_.hugetlb_tail) & layout_.hugetlb_tail_mask) ==
                 layout_.hugetlb_tail_value;
    }
    const PageClass found = single_class(page, fields, slab, hugetlb);
    if (order != 0) {
      begin(PageExtent::Kind::compound, found, pfn, order);
    } else if (found != extent_.page_class) {
      // With its vmemmap optimised, a hugetlb page shows its head again among its tails; that
      // repeats the class. Anything else here means that the compound page is not what it said.
      extent_ = {};
    }
    return found;
  }

  PageClass single_class(const uint8_t* page, const Fields& fields, bool slab, bool hugetlb) const {
    // First what no level keeps: then the class decides the same at every level.
    if (is_poisoned(fields.flags, layout_)) return PageClass::hwpoison;
    if (slab) return PageClass::other;
    if (fields.type == layout_.type_offline) return PageClass::offline;
    const bool anonymous = load<uint64_t>(page + layout_.mapping) & layout_.anon_bit;
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
  PageExtent& extent_;
};

}  // namespace

Result<> classify(Bytes pages, Pfn first, const PageLayout& layout, PageExtent& extent,
                  std::span<PageClass> out) {
  if (layout.size == 0 || pages.size() % layout.size != 0 ||
      pages.size() / layout.size != out.size())
    return fail(Kind::corrupt, "%zu bytes are not %zu struct pages of %u bytes", pages.size(),
                out.size(), layout.size);
  // The extent in registers for the loop: stores to `out` could alias the caller's.
  PageExtent running = extent;
  Classifier classifier(layout, running);
  const uint8_t* page = pages.data();
  for (size_t i = 0; i < out.size(); ++i, page += layout.size)
    out[i] = classifier.classify(page, i + 1 < out.size() ? page + layout.size : nullptr,
                                 first.value + i);
  extent = running;
  return {};
}

}  // namespace kdump

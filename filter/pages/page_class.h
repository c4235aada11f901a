// The classes of memory that a dump level excludes, with the bits of makedumpfile's -d.
#pragma once

#include <cstdint>

namespace kdump {

// Dump level bits, as in makedumpfile(8).
constexpr uint32_t kLevelZero = 1;
constexpr uint32_t kLevelCache = 2;
constexpr uint32_t kLevelCachePrivate = 4;
constexpr uint32_t kLevelUser = 8;
constexpr uint32_t kLevelFree = 16;
constexpr uint32_t kMaxLevel = 31;

// The class of a page frame according to its struct page. Pages of zeros have no class: the content
// shows them, when the page is copied.
enum class PageClass : uint8_t {
  absent,         // in no PT_LOAD: a hole, not RAM
  other,          // kernel memory and everything unknown: always kept
  slab,           // kernel objects: always kept
  free,           // in the buddy allocator
  unaccepted,     // confidential guest memory not yet accepted: /proc/vmcore has zeros for it
  cache,          // page cache without PG_private
  cache_private,  // page cache with PG_private
  user,           // anonymous or hugetlb
  hwpoison,       // must not be read
  offline,        // ballooned or unplugged: contents are gone
};
constexpr unsigned kPageClasses = 10;

const char* page_class_name(PageClass page_class);  // the name in report.json

// Returns true if a dump at `level` excludes pages of that class.
constexpr bool excluded(PageClass page_class, uint32_t level) {
  switch (page_class) {
    case PageClass::absent:
    case PageClass::hwpoison:
    case PageClass::offline:
      return true;
    case PageClass::free:
    case PageClass::unaccepted:
      return level & kLevelFree;
    case PageClass::cache:
      return level & (kLevelCache | kLevelCachePrivate);
    case PageClass::cache_private:
      return level & kLevelCachePrivate;
    case PageClass::user:
      return level & kLevelUser;
    case PageClass::other:
    case PageClass::slab:
      break;
  }
  return false;
}

// Returns true if reading a page of that class can raise a machine check or make a hypervisor stop
// the machine. Such a page is in no dump, even if it lies in a bridged gap between kept pages.
constexpr bool untouchable(PageClass page_class) {
  return page_class == PageClass::hwpoison || page_class == PageClass::offline;
}

}  // namespace kdump

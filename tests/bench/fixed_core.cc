// Writes the vmcore that scripts/bench --quick counts instructions over: the same bytes wherever
// and whenever it is made, which no real panic gives. 256 MiB of memory, of which level 31 keeps
// about 40 MiB; its pages imitate what a kernel's look like. For comparing one version of the
// program with another, not for figures that are to be believed: those come from real panics
// (scripts/bench).
//
// usage: fixed_core FILE
#include <cinttypes>
#include <cstdio>

#include "tests/fixtures/text_core.h"

namespace kdump {
namespace {

constexpr uint64_t kKeptPages = 10'240, kDescribedPages = 60'000;

// splitmix64: the same sequence everywhere.
class Random {
 public:
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t limit) { return next() % limit; }

 private:
  uint64_t state_ = 0x6b64756d70;
};

using Page = std::array<uint64_t, CoreImage::kPage / 8>;

// Objects of one kind side by side: the same fields, pointers near each other, mostly zeros.
void fill_with_objects(Random& random, Page& page) {
  const uint64_t words = 8u << random.below(4), base = 0xffff888000000000 + (random.next() >> 36);
  Page kind{};
  for (uint64_t i = 0; i < words; ++i) kind[i] = random.below(3);  // zero, a pointer, a number
  const uint64_t number = random.below(4096);
  for (size_t i = 0; i < page.size(); ++i) {
    const uint64_t field = kind[i % words];
    page[i] = field == 1   ? base + random.below(1 << 20) * 64
              : field == 2 ? number + random.below(16)
                           : 0;
  }
}

void fill_with_text(Random& random, Page& page) {
  static constexpr char kWords[][8] = {"kernel ",  "panic  ", "page=0x", "ffff888",
                                       "error\n ", "process", " the of", "device "};
  for (uint64_t& word : page) {
    __builtin_memcpy(&word, kWords[random.below(8)], 8);
    if (random.below(4) == 0) word ^= random.below(16) << 40;
  }
}

// A page table: entries that count up, with the same flags.
void fill_with_entries(Random& random, Page& page) {
  uint64_t paddr = random.below(1 << 20) << 12;
  const uint64_t used = random.below(page.size());
  for (size_t i = 0; i < used; ++i) {
    page[i] = paddr | 0x8000000000000063;
    paddr += random.below(8) ? 4096 : random.below(1 << 20) << 12;
  }
}

// In the shares that pages of an idle kernel were seen to have, roughly.
Page make_page(Random& random, const Page& before) {
  Page page{};
  const uint64_t die = random.below(100);
  if (die < 23) return page;
  if (die < 28) return before;
  if (die < 66) {
    fill_with_objects(random, page);
  } else if (die < 80) {
    fill_with_text(random, page);
  } else if (die < 92) {
    fill_with_entries(random, page);
  } else {
    for (uint64_t& word : page) word = random.next();
  }
  return page;
}

std::string description(Random& random) {
  std::string text =
      "kernel x86_64-6.1\nCRASHTIME=1795231291\nnodename bench\nram 0 256M\ndata 240M\n"
      "log 1 booting\nlog 2 Kernel panic - not syncing: benchmark\n"
      "page 4096 slab count=3000\n";
  static constexpr const char* kKinds[] = {"free",          "cache", "anon",
                                           "cache_private", "free",  "anon"};
  for (uint64_t pfn = kKeptPages; pfn < kDescribedPages;) {
    char line[80];
    const uint64_t kind = random.below(6);
    uint64_t count = 1 + random.below(300);
    if (kind == 0 || kind == 4) {
      const unsigned order = static_cast<unsigned>(random.below(9));
      pfn = (pfn + (1ull << order) - 1) >> order << order;  // free blocks are aligned
      count = 1ull << order;
      snprintf(line, sizeof line, "page %" PRIu64 " free order=%u\n", pfn, order);
    } else {
      snprintf(line, sizeof line, "page %" PRIu64 " %s count=%" PRIu64 "\n", pfn, kKinds[kind],
               count);
    }
    text += line;
    pfn += count;
  }
  return text;
}

void write_fixed_core(const char* path) {
  Random random;
  TextCore core(description(random));
  Page page{};
  for (uint64_t pfn = 1; pfn < kKeptPages; ++pfn) {
    page = make_page(random, page);
    core.image().write(pfn * CoreImage::kPage,
                       {reinterpret_cast<const uint8_t*>(page.data()), sizeof page});
  }
  core.image().write_elf(path, {});
}

}  // namespace
}  // namespace kdump

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: fixed_core FILE\n");
    return 2;
  }
  kdump::write_fixed_core(argv[1]);
  return 0;
}

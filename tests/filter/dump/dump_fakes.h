// What the dump writers' tests stand on: memory whose every page is known from its page frame
// number, and a sink in memory that can run full or fail.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "filter/dump/dump_writer.h"

namespace kdump::dump_test {

// How a page of FakeMemory looks.
enum class Look : uint8_t {
  hole,      // not RAM
  excluded,  // RAM, but not kept
  zero,      // kept, as all that follow
  text,      // compresses well
  noise,     // does not compress
  unreadable,
};

constexpr bool is_kept(Look look) { return look >= Look::zero; }

// A small generator of our own: the same numbers everywhere.
inline uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

struct FakeMemory final : PageSource {
  uint64_t end = 0;
  std::function<Look(uint64_t pfn)> look;
  uint32_t bytes_per_page = 4096;
  // The page whose bytes this one has, where it has not its own; and which byte is another one.
  std::function<uint64_t(uint64_t pfn)> same_as = [](uint64_t pfn) { return pfn; };
  std::function<uint64_t(uint64_t pfn)> odd_byte = [](uint64_t) { return UINT64_MAX; };

  FakeMemory(uint64_t end_pfn_, std::function<Look(uint64_t)> look_)
      : end(end_pfn_), look(std::move(look_)) {}

  uint32_t page_size() const override { return bytes_per_page; }
  Pfn end_pfn() const override { return {end}; }
  Pfn next_window(Pfn at) const override { return at; }  // all of them, be they holes

  Result<> select(Pfn first, PageBits& ram, PageBits& kept) override {
    ram.fill(0);
    kept.fill(0);
    for (uint32_t i = 0; i < kWindowPages && first.value + i < end; ++i) {
      const Look is = look(first.value + i);
      if (is != Look::hole) set_bit(ram, i);
      if (is_kept(is)) set_bit(kept, i);
    }
    return {};
  }

  void read_pages(Pfn first, MutableBytes out, std::span<uint8_t> readable) override {
    for (size_t i = 0; i < readable.size(); ++i) {
      const std::vector<uint8_t> page = content(first.value + i);
      readable[i] = look(first.value + i) != Look::unreadable;
      memcpy(out.data() + i * bytes_per_page, page.data(), bytes_per_page);
    }
  }

  std::vector<uint8_t> content(uint64_t pfn) const {
    std::vector<uint8_t> page(bytes_per_page);
    const Look is = look(pfn);
    const uint64_t odd = odd_byte(pfn);
    pfn = same_as(pfn);
    for (size_t at = 0; at < page.size(); at += 8) {
      uint64_t word = 0;
      if (is == Look::text || is == Look::excluded) word = at % 64 == 0 ? pfn + at : 0x20202020;
      if (is == Look::noise) word = mix(pfn << 16 | at);
      memcpy(page.data() + at, &word, sizeof word);
    }
    if (odd < page.size()) ++page[odd];
    return page;
  }

  uint64_t kept_pages() const {
    uint64_t count = 0;
    for (uint64_t pfn = 0; pfn < end; ++pfn) count += is_kept(look(pfn));
    return count;
  }
};

struct MemorySink final : Sink {
  std::vector<uint8_t> file;
  uint64_t capacity = UINT64_MAX;     // no_space at or beyond
  uint64_t free_blocks = UINT64_MAX;  // of 4 KiB; what was never written to takes none
  int fail_nth = 0;                   // this write fails, counted from 1; 0: none
  Kind fail_kind = Kind::io;
  int writes = 0;
  std::vector<std::pair<uint64_t, uint64_t>> ranges;  // offset and end of each write

  Result<> write_at(uint64_t offset, Bytes data) override {
    if (++writes == fail_nth) return fail(fail_kind, "write %d was to fail", writes);
    if (offset + data.size() > capacity) return fail(Kind::no_space, "sink is full");
    if (!allocate(offset, data.size())) return fail(Kind::no_space, "no block is free");
    if (file.size() < offset + data.size()) file.resize(offset + data.size());
    std::copy(data.begin(), data.end(), file.begin() + static_cast<ptrdiff_t>(offset));
    ranges.emplace_back(offset, offset + data.size());
    return {};
  }

 private:
  // False: it has taken what there was all the same, as a short write does.
  bool allocate(uint64_t offset, uint64_t size) {
    if (free_blocks == UINT64_MAX || size == 0) return true;
    for (uint64_t block = offset / 4096; block <= (offset + size - 1) / 4096; ++block) {
      if (block < is_allocated.size() && is_allocated[block]) continue;
      if (free_blocks == 0) return false;
      --free_blocks;
      if (is_allocated.size() <= block) is_allocated.resize(block + 1);
      is_allocated[block] = true;
    }
    return true;
  }
  std::vector<bool> is_allocated;
};

struct NoProgress final : Progress {
  uint64_t last_done = 0, last_total = 0, calls = 0;
  uint64_t calls_until_late = UINT64_MAX;  // then the dump may not go on
  void update(Phase, uint64_t done, uint64_t total, uint64_t) override {
    last_done = done;
    last_total = total;
    ++calls;
  }
  Result<> may_continue() override {
    return calls < calls_until_late ? Result<>() : fail(Kind::timeout, "too late");
  }
};

// 16 bytes of note header and name, then vmcoreinfo's text.
struct Notes {
  std::vector<uint8_t> bytes;
  explicit Notes(const char* vmcoreinfo = "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n") {
    const uint32_t head[4] = {4, static_cast<uint32_t>(strlen(vmcoreinfo)), 0, 0x41414141};
    bytes.resize(sizeof head + strlen(vmcoreinfo));
    memcpy(bytes.data(), head, sizeof head);
    memcpy(bytes.data() + sizeof head, vmcoreinfo, strlen(vmcoreinfo));
  }
  Bytes all() const { return bytes; }
  Bytes vmcoreinfo() const { return Bytes(bytes).subspan(16); }
};

inline DumpHeader make_header(const Notes& notes) {
  DumpHeader header;
  strcpy(header.sysname, "Linux");
  strcpy(header.nodename, "crashed");
  strcpy(header.release, "6.1.0-test");
  strcpy(header.machine, "x86_64");
  header.crash_time_s = 1'700'000'000;
  header.cpus = 2;
  header.phys_base = 0x1000000;
  header.notes = notes.all();
  header.vmcoreinfo = notes.vmcoreinfo();
  header.elf_machine = 62;
  return header;
}

}  // namespace kdump::dump_test

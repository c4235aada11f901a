// A reader of kdump-compressed files for the tests, written from the format's description and
// sharing nothing with the writer. It is stricter than crash and libkdumpfile are.
#pragma once

#include <doctest/doctest.h>
#include <zstd.h>

#include <map>
#include <string>
#include <vector>

#include "filter/base/bytes.h"

namespace kdump::dump_test {

struct KdumpFile {
  bool incomplete = false;
  uint32_t status = 0;
  uint32_t written_blocks = 0;
  uint64_t max_mapnr = 0;
  std::string release, machine, vmcoreinfo;
  std::vector<uint8_t> notes;
  std::vector<bool> ram;
  std::map<uint64_t, std::vector<uint8_t>> pages;
  std::map<uint64_t, uint64_t> offsets;  // of each page's data
};

template <class T>
T field(const std::vector<uint8_t>& file, uint64_t offset) {
  if (offset + sizeof(T) > file.size()) FAIL("the file ends inside a field");
  return load<T>(file.data() + offset);
}

inline std::vector<uint8_t> slice(const std::vector<uint8_t>& file, uint64_t offset,
                                  uint64_t size) {
  REQUIRE(offset <= file.size());
  REQUIRE(size <= file.size() - offset);
  return {file.begin() + static_cast<ptrdiff_t>(offset),
          file.begin() + static_cast<ptrdiff_t>(offset + size)};
}

inline KdumpFile read_kdump(const std::vector<uint8_t>& file) {
  KdumpFile out;
  REQUIRE(std::string(file.begin(), file.begin() + 8) == "KDUMP   ");
  REQUIRE(field<int32_t>(file, 8) == 6);
  const auto name = [&](uint64_t at) {
    return std::string(reinterpret_cast<const char*>(file.data() + at));
  };
  out.release = name(12 + 2 * 65);
  out.machine = name(12 + 4 * 65);
  CHECK(field<uint64_t>(file, 416) == 0);  // tv_usec
  out.status = field<uint32_t>(file, 424);
  out.incomplete = out.status & 8;
  const uint64_t block = field<uint32_t>(file, 428);
  const uint64_t bitmaps = block * (1 + field<uint32_t>(file, 432));
  const uint64_t bitmap_bytes = block * field<uint32_t>(file, 436) / 2;
  out.written_blocks = field<uint32_t>(file, 452);
  REQUIRE(field<int32_t>(file, 460) > 0);

  REQUIRE(field<int32_t>(file, block + 12) == 0);  // split
  const uint64_t info = field<uint64_t>(file, block + 32);
  if (info != 0) {
    const auto text = slice(file, info, field<uint64_t>(file, block + 40));
    out.vmcoreinfo.assign(text.begin(), text.end());
  }
  out.notes = slice(file, field<uint64_t>(file, block + 48), field<uint64_t>(file, block + 56));
  REQUIRE(block + 104 + out.notes.size() <= bitmaps);
  out.max_mapnr = field<uint64_t>(file, block + 96);
  REQUIRE(bitmap_bytes * 8 >= out.max_mapnr);
  REQUIRE(bitmaps + 2 * bitmap_bytes <= file.size());

  uint64_t descriptor = bitmaps + 2 * bitmap_bytes;
  for (uint64_t pfn = 0; pfn < bitmap_bytes * 8; ++pfn) {
    const auto bit = [&](uint64_t bitmap) { return file[bitmap + pfn / 8] >> (pfn % 8) & 1; };
    out.ram.push_back(bit(bitmaps));
    if (!bit(bitmaps + bitmap_bytes)) continue;
    REQUIRE(pfn < out.max_mapnr);
    const uint64_t offset = field<uint64_t>(file, descriptor);
    const uint32_t size = field<uint32_t>(file, descriptor + 8);
    const uint32_t flags = field<uint32_t>(file, descriptor + 12);
    descriptor += 24;
    REQUIRE(size <= block);
    REQUIRE(offset >= descriptor);
    const std::vector<uint8_t> stored = slice(file, offset, size);
    std::vector<uint8_t> page(block);
    if (flags == 0x20) {
      REQUIRE(ZSTD_decompress(page.data(), page.size(), stored.data(), stored.size()) == block);
    } else {
      REQUIRE(flags == 0);
      REQUIRE(size == block);
      page = stored;
    }
    out.pages.emplace(pfn, std::move(page));
    out.offsets.emplace(pfn, offset);
  }
  return out;
}

}  // namespace kdump::dump_test

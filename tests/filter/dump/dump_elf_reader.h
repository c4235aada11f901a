// A reader of ELF dumps for the tests, written from the ELF specification and sharing nothing with
// the writer.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "filter/base/bytes.h"

namespace kdump::dump_test {

struct ElfFile {
  struct Load {
    uint64_t offset, vaddr, paddr, filesz, memsz;
  };
  bool incomplete = false;
  uint64_t headers = 0;  // all program headers
  std::vector<uint8_t> notes;
  std::vector<Load> loads;
  std::vector<uint8_t> file;

  std::optional<std::vector<uint8_t>> read(uint64_t Load::*address, uint64_t at,
                                           uint64_t size) const {
    for (const Load& load : loads)
      if (at >= load.*address && at - load.*address + size <= load.filesz) {
        const auto begin = file.begin() + static_cast<ptrdiff_t>(load.offset + at - load.*address);
        return std::vector<uint8_t>(begin, begin + static_cast<ptrdiff_t>(size));
      }
    return std::nullopt;
  }
};

inline ElfFile read_elf(const std::vector<uint8_t>& file) {
  const auto u64 = [&](uint64_t at) {
    if (at + 8 > file.size()) FAIL("the file ends inside its headers");
    return load<uint64_t>(file.data() + at);
  };
  const auto u32 = [&](uint64_t at) { return static_cast<uint32_t>(u64(at)); };
  const auto u16 = [&](uint64_t at) { return static_cast<uint16_t>(u64(at)); };
  ElfFile out;
  out.file = file;
  REQUIRE(u32(0) == 0x464c457f);
  REQUIRE(file[4] == 2);   // 64 bit
  REQUIRE(file[5] == 1);   // little-endian
  REQUIRE(u16(16) == 4);   // core
  REQUIRE(u64(32) == 64);  // program headers
  REQUIRE(u16(54) == 56);
  out.incomplete = u32(48) & 1;
  out.headers = u16(56);
  if (out.headers == 0xffff) {
    // The section of the count, alone or before those of the checksums.
    REQUIRE((u16(60) == 1 || u16(60) == 3));
    out.headers = u32(u64(40) + 44);
  }
  for (uint64_t i = 0; i < out.headers; ++i) {
    const uint64_t at = 64 + i * 56;
    const uint32_t type = u32(at);
    const ElfFile::Load segment{u64(at + 8), u64(at + 16), u64(at + 24), u64(at + 32),
                                u64(at + 40)};
    if (type == 0) continue;
    REQUIRE(segment.offset <= file.size());
    REQUIRE(segment.filesz <= file.size() - segment.offset);
    REQUIRE(segment.filesz == segment.memsz);
    if (type == 4) {
      REQUIRE(i == 0);
      out.notes.assign(file.begin() + static_cast<ptrdiff_t>(segment.offset),
                       file.begin() + static_cast<ptrdiff_t>(segment.offset + segment.filesz));
    } else {
      REQUIRE(type == 1);
      CHECK(segment.filesz > 0);
      CHECK(segment.offset >= 64 + out.headers * 56);
      out.loads.push_back(segment);
    }
  }
  return out;
}

}  // namespace kdump::dump_test

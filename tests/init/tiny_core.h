// The vmcore of a machine with 1 MiB of memory, half of it free: small, for tests that read it some
// thousand times.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "tests/fixtures/text_core.h"

namespace kdump {

// The dump of it at level 0, uncompressed, is larger than this, and at level 31 smaller.
constexpr uint64_t kTinyLimitBytes = 500 << 10;
constexpr char kTinyPanic[] = "Kernel panic - not syncing: out of coffee";

// Host "tiny", crashed at 2026-11-21 03:21:31 UTC.
inline std::unique_ptr<TextCore> make_tiny_core() {
  auto core = std::make_unique<TextCore>(std::string("kernel x86_64-6.1\n"
                                                     "CRASHTIME=1795231291\n"
                                                     "nodename tiny\n"
                                                     "ram 0 1M\n"
                                                     "data 128K\n"
                                                     "page 128 free order=7\n"
                                                     "log 1 booting\n"
                                                     "log 2 ") +
                                         kTinyPanic);
  for (uint64_t paddr = 512 << 10; paddr < 1 << 20; paddr += 8)
    core->image().put(paddr, paddr * 0x9e3779b97f4a7c15);  // no zeros, and nothing to compress
  core->rewrite();
  return core;
}

// The content of its file.
inline const std::string& tiny_core() {
  static const std::string content = [] {
    const auto core = make_tiny_core();
    std::ifstream in(core->path(), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }();
  return content;
}

}  // namespace kdump

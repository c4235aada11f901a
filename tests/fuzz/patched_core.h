// A sound core whose bytes a fuzzer's input overwrites, here and there, for one run. The file stays
// one and the same: what a run has changed is changed back.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "filter/kernel/vmcore.h"
#include "tests/fixtures/text_core.h"

namespace kdump {

class PatchedCore {
 public:
  struct Region {
    uint64_t begin = 0, size_bytes = 0;  // in the file
  };

  // path: stays where it is, to be written to. regions: what an input may overwrite.
  PatchedCore(const std::string& path, std::vector<Region> regions);

  // Overwrites as `input` says, 13 bytes an overwriting: how, where in the regions, with what.
  void patch(Bytes input);
  // Puts the text over the beginning of the first region, as far as it fits.
  void put(Bytes text);
  void restore();

  const std::string& path() const { return path_; }

 private:
  uint64_t place(uint64_t at) const;
  void write(uint64_t offset, Bytes bytes);

  std::string path_;
  std::vector<Region> regions_;
  uint64_t region_bytes_ = 0;
  uint8_t* file_ = nullptr;
  std::map<uint64_t, uint8_t> before_;  // of the bytes that were overwritten
};

// Everything of the program that reads a vmcore's memory, run over it. Its dumps go nowhere.
void use_core(const std::string& path);

// The regions of a core's file that hold these stretches of its memory.
PatchedCore::Region memory_region(const TextCore& core, uint64_t paddr, uint64_t size_bytes);

}  // namespace kdump

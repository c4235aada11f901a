// Maps the vmcore file in windows, of which a few are mapped at a time. The limit exists because
// /proc/vmcore fills the page tables of a mapping at once, 2 MiB for each GiB, which RSS does not
// show.
//
// Not here: physical addresses (phys_memory.h). The caller accesses the bytes under a guard
// (fault_guard.h); this class installs the guard's signal handlers.
#pragma once

#include <array>
#include <optional>

#include "filter/base/byte_source.h"
#include "filter/base/bytes.h"

namespace kdump {

// The size of a 2 MiB leaf of x86_64. Eight windows keep the page tables mapped while struct pages
// are read leaf by leaf.
constexpr uint64_t kMappedWindowBytes = 2u << 20;
constexpr size_t kMappedWindows = 8;
static_assert(kMappedWindowBytes * kMappedWindows <= 16u << 20);

class FileWindows {
 public:
  // file must outlive this.
  FileWindows(const ByteSource& file, uint64_t file_bytes);
  ~FileWindows();
  FileWindows(const FileWindows&) = delete;
  FileWindows& operator=(const FileWindows&) = delete;

  // Returns the file's bytes from `offset` to the end of their window, valid until at() has been
  // called for kMappedWindows - 1 other windows. Empty beyond the end of the file; nullopt if the
  // window cannot be mapped.
  std::optional<Bytes> at(uint64_t offset);

 private:
  struct Window {
    uint64_t file_offset = 0;
    Bytes bytes = {};   // empty: cannot be mapped, or unused
    uint64_t used = 0;  // when last; 0: never
  };

  const ByteSource& file_;
  uint64_t file_bytes_;
  uint64_t clock_ = 0;
  std::array<Window, kMappedWindows> windows_;
};

}  // namespace kdump

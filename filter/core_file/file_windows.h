// The vmcore file as memory: mapped a window at a time, a few windows at once. /proc/vmcore fills
// the page tables of a mapping eagerly, 2 MiB for each GiB, which RSS does not show: hence the
// ceiling.
//
// Not here: physical addresses (phys_memory.h) and faults (fault_guard.h): whoever touches the
// bytes guards them; the guard's handlers are installed here.
#pragma once

#include <array>
#include <optional>

#include "filter/base/bytes.h"
#include "filter/base/file.h"

namespace kdump {

// As large as a page table's leaf of x86_64, and so many that the tables of a walk from one leaf of
// struct pages to the next stay mapped.
constexpr uint64_t kMappedWindowBytes = 2u << 20;
constexpr size_t kMappedWindows = 8;
static_assert(kMappedWindowBytes * kMappedWindows <= 16u << 20);

class FileWindows {
 public:
  // file must outlive this.
  FileWindows(const File& file, uint64_t file_bytes);
  ~FileWindows();
  FileWindows(const FileWindows&) = delete;
  FileWindows& operator=(const FileWindows&) = delete;

  // The file's bytes from `offset` to the end of its window; valid until kMappedWindows - 1
  // further windows were asked for. Empty beyond the end of file. nullopt: cannot be mapped.
  std::optional<Bytes> at(uint64_t offset);

 private:
  struct Window {
    uint64_t file_offset = 0;
    Bytes bytes = {};   // empty: cannot be mapped, or unused
    uint64_t used = 0;  // when last; 0: never
  };

  const File& file_;
  uint64_t file_bytes_;
  uint64_t clock_ = 0;
  std::array<Window, kMappedWindows> windows_;
};

}  // namespace kdump

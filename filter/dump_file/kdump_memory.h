// The pages of a kdump-compressed dump, of one file or of the parts of a split one, as one source
// of bytes: page i of it is the i-th page that the parts hold, decompressed. Which page frame that
// is, ranges() says. Nothing of the size of memory is held but the ranges.
//
// Thread-safe: no. Hostile input: each size and offset is checked when it is used.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "filter/core_file/phys_memory.h"
#include "filter/dump_file/kdump_file.h"
#include "filter/dump_file/page_decoder.h"

namespace kdump {

class KdumpMemory final : public ByteSource {
 public:
  // Walks the bitmaps. All parts must be of one dump. Fails: corrupt; unsupported, where the dump
  // is in more pieces than fit in memory; io.
  static Result<std::unique_ptr<KdumpMemory>> open(std::vector<DumpFile> files);

  const KdumpFile& first() const { return parts_.front().layout; }
  const DumpFile& first_file() const { return parts_.front().file; }
  bool is_incomplete() const;
  // The page frames that are in the dump, and where their bytes are in this source.
  const std::vector<MemoryRange>& ranges() const { return ranges_; }
  // The machine's memory: also what the dump leaves out.
  const std::vector<MemoryRange>& ram() const { return ram_; }
  // Pages whose descriptors lie beyond the end of the file, or in a part that is not here.
  uint64_t missing_pages() const { return missing_pages_; }

  const char* path() const override { return parts_.front().file.path(); }
  Result<uint64_t> size() const override { return pages_ * page_size(); }
  Result<size_t> read_some_at(uint64_t offset, MutableBytes out) const override;

 private:
  struct Part {
    DumpFile file;
    KdumpFile layout;
    uint64_t first_page = 0, pages = 0;  // of this source
  };
  struct CachedPage {
    uint64_t page = UINT64_MAX;
    std::vector<uint8_t> bytes;
  };
  static constexpr size_t kCachedPages = 64;
  static constexpr size_t kDescriptorsRead = 512;

  explicit KdumpMemory(std::vector<Part> parts) : parts_(std::move(parts)) {}
  uint64_t page_size() const { return first().block_size; }
  Result<> walk_bitmap(const DumpFile& file, const KdumpFile& layout, uint64_t bitmap,
                       std::vector<MemoryRange>& out, uint64_t& count);
  Result<> index_parts();
  Result<kdump_format::PageDescriptor> descriptor(const Part& part, uint64_t number) const;
  Result<> read_page(uint64_t page, MutableBytes out) const;

  std::vector<Part> parts_;  // ascending by page frame
  std::vector<MemoryRange> ranges_, ram_;
  uint64_t pages_ = 0, missing_pages_ = 0;

  // Filled by reading, which changes nothing that a caller sees.
  mutable std::array<CachedPage, kCachedPages> cache_;
  mutable std::vector<kdump_format::PageDescriptor> descriptors_;  // read last
  mutable uint64_t descriptors_at_ = UINT64_MAX;                   // page of this source
  mutable std::vector<uint8_t> stored_;
  mutable PageDecoder decoder_;
};

}  // namespace kdump

// A kdump-compressed file, as crash and libkdumpfile take it (docs/format.md), version 1 to 6.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>

#include "filter/dump/kdump_format.h"
#include "filter/verify/dump_check.h"
#include "filter/verify/page_decoder.h"

namespace kdump {
namespace {

using kdump_format::Header;
using kdump_format::PageDescriptor;
using kdump_format::SubHeader;

constexpr uint32_t kMinBlock = 4096, kMaxBlock = 256 << 10;
// Bits of descriptors and of the header's status.
constexpr uint32_t kCompressions = 1 | 2 | 4 | kdump_format::kCompressedZstd;
constexpr uint64_t kMaxNotes = 64 << 20;

class KdumpCheck {
 public:
  KdumpCheck(const DumpFile& file, Progress& progress, DumpCheck& check)
      : file_(file),
        progress_(progress),
        check_(check),
        ram_(file),
        dumped_(file),
        descriptors_(file),
        data_(file, 1 << 20) {}

  void run() {
    if (read_headers()) {
      read_notes();
      walk_bitmaps();
    }
    check_.bytes_read =
        ram_.bytes_read() + dumped_.bytes_read() + descriptors_.bytes_read() + data_.bytes_read();
  }

 private:
  bool read_headers();
  void read_notes();
  void walk_bitmaps();
  void check_bitmap_block(uint64_t offset, uint64_t first_pfn, uint64_t size);
  void check_page(uint64_t pfn);
  const char* fault_of(const PageDescriptor& page);

  const DumpFile& file_;
  Progress& progress_;
  DumpCheck& check_;
  DumpCursor ram_, dumped_, descriptors_, data_;
  uint64_t block_ = 0, bitmap_at_ = 0, bitmap_bytes_ = 0, descriptor_at_ = 0, end_pfn_ = 0;
  SubHeader sub_{};
  int32_t version_ = 0;
  uint64_t next_descriptor_ = 0;
  // Pages that share their data are looked at once, mostly: the last ones seen.
  struct Seen {
    uint64_t offset = 0;
    uint32_t size = 0, flags = 0;
  };
  std::array<Seen, 1024> sound_{};
  PageDecoder decoder_;
  char fault_text_[96] = {};
};

bool KdumpCheck::read_headers() {
  Header header;
  if (const auto read = file_.read_at(0, {reinterpret_cast<uint8_t*>(&header), sizeof header});
      !read) {
    check_.damage("header: %s", read.error().text);
    return false;
  }
  version_ = header.header_version;
  block_ = static_cast<uint32_t>(header.block_size);
  if (header.block_size < 0 || block_ < kMinBlock || block_ > kMaxBlock ||
      !std::has_single_bit(block_)) {
    check_.damage("header: block size %d", header.block_size);
    return false;
  }
  if (version_ < 1 || version_ > kdump_format::kVersion)
    check_.damage("header: unsupported version %d", version_);
  if (header.sub_hdr_size < 1 || header.nr_cpus < 1)
    check_.damage("header: %d blocks of sub-header, %d CPUs", header.sub_hdr_size, header.nr_cpus);
  if (header.sub_hdr_size < 1) return false;
  check_.is_incomplete = (header.status & kdump_format::kIncomplete) != 0;
  if (const auto read = file_.read_at(block_, {reinterpret_cast<uint8_t*>(&sub_), sizeof sub_});
      !read) {
    check_.damage("sub-header: %s", read.error().text);
    return false;
  }
  bitmap_at_ = (1 + static_cast<uint64_t>(header.sub_hdr_size)) * block_;
  bitmap_bytes_ = uint64_t{header.bitmap_blocks} * block_ / 2;
  descriptor_at_ = bitmap_at_ + 2 * bitmap_bytes_;
  end_pfn_ = version_ >= 6 ? sub_.max_mapnr_64 : header.max_mapnr;
  if (bitmap_bytes_ == 0 || header.bitmap_blocks % 2 != 0 || descriptor_at_ > file_.end() ||
      (end_pfn_ + 7) / 8 > bitmap_bytes_ || end_pfn_ + 7 < end_pfn_) {
    check_.damage("bitmaps of %u blocks for %" PRIu64 " page frames do not fit a file of %" PRIu64
                  " bytes",
                  header.bitmap_blocks, end_pfn_, file_.end());
    return false;
  }
  return true;
}

// They lie in the sub-header's blocks (ours), or behind it; what they say is needed by readers.
void KdumpCheck::read_notes() {
  if (version_ < 4) return;
  if (sub_.size_note > kMaxNotes || sub_.offset_note > file_.end() ||
      sub_.size_note > file_.end() - sub_.offset_note) {
    return check_.damage("notes of %" PRIu64 " bytes at %#" PRIx64 " lie outside of the file",
                         sub_.size_note, sub_.offset_note);
  }
  std::vector<uint8_t> notes(sub_.size_note);
  if (const auto read = file_.read_at(sub_.offset_note, notes); !read)
    check_.damage("notes: %s", read.error().text);
  else
    check_notes(notes, check_);
  if (sub_.size_vmcoreinfo != 0 && (sub_.offset_vmcoreinfo > file_.end() ||
                                    sub_.size_vmcoreinfo > file_.end() - sub_.offset_vmcoreinfo))
    check_.damage("vmcoreinfo lies outside of the file");
}

void KdumpCheck::walk_bitmaps() {
  constexpr uint64_t kStep = 4096;  // bytes of a bitmap
  const uint64_t dumped_at = bitmap_at_ + bitmap_bytes_;
  for (uint64_t at = 0; at < bitmap_bytes_; at += kStep) {
    // No page is dumped in a gap of a stream, which may be as long as 2^32 blocks.
    at += (file_.next_data(dumped_at + at) - (dumped_at + at)) / kStep * kStep;
    if (at >= bitmap_bytes_) break;
    check_bitmap_block(at, at * 8, std::min(kStep, bitmap_bytes_ - at));
    progress_.update(Phase::finish, std::min(at * 8, end_pfn_), end_pfn_, data_.bytes_read());
  }
}

void KdumpCheck::check_bitmap_block(uint64_t offset, uint64_t first_pfn, uint64_t size) {
  const auto ram = ram_.at(bitmap_at_ + offset, size);
  const auto dumped = dumped_.at(bitmap_at_ + bitmap_bytes_ + offset, size);
  if (!ram || !dumped)
    return check_.damage("bitmaps: %s", (ram ? dumped.error() : ram.error()).text);
  for (uint64_t byte = 0; byte < size; ++byte) {
    const uint8_t bits = (*dumped)[byte];
    if (bits == 0) continue;
    for (unsigned bit = 0; bit < 8; ++bit) {
      if (!(bits >> bit & 1)) continue;
      const uint64_t pfn = first_pfn + byte * 8 + bit;
      if (pfn >= end_pfn_ || !((*ram)[byte] >> bit & 1))
        check_.damage("page frame %#" PRIx64 " is dumped but not of RAM", pfn);
      check_page(pfn);
    }
  }
}

void KdumpCheck::check_page(uint64_t pfn) {
  const uint64_t number = next_descriptor_++;
  const uint64_t at = descriptor_at_ + number * sizeof(PageDescriptor);
  ++check_.pages;
  const auto bytes = descriptors_.at(at, sizeof(PageDescriptor));
  const char* fault = nullptr;
  PageDescriptor page{};
  if (!bytes) {
    fault = "its descriptor lies beyond the end of the file";
  } else {
    page = load<PageDescriptor>(bytes->data());
    fault = fault_of(page);
  }
  if (!fault) return;
  ++check_.damaged_pages;
  check_.damage("page frame %#" PRIx64 ", descriptor %" PRIu64 ", %u bytes at offset %#" PRIx64
                ": %s",
                pfn, number, page.size, page.offset, fault);
}

// nullptr: none.
const char* KdumpCheck::fault_of(const PageDescriptor& page) {
  const uint32_t compression = page.flags & kCompressions;
  if (page.size == 0 || page.size > block_) return "its size is out of range";
  if (page.offset < descriptor_at_) return "its data overlaps the tables";
  if (page.offset > file_.end() || page.size > file_.end() - page.offset)
    return "its data lies beyond the end of the file";
  if ((compression & (compression - 1)) != 0) return "its flags name two compression methods";
  if (compression == 0 && page.size != block_) return "it is uncompressed and smaller than a page";
  if (compression != 0 && compression != kdump_format::kCompressedZstd) {
    ++check_.unchecked_pages;
    return nullptr;
  }
  Seen& seen = sound_[page.offset / 64 % sound_.size()];
  if (seen.offset == page.offset && seen.size == page.size && seen.flags == compression)
    return nullptr;
  const auto data = data_.at(page.offset, page.size);
  if (!data) return "its data is unreadable";
  if (compression != 0)
    if (const char* const fault = decoder_.fault_of(*data, block_)) {
      snprintf(fault_text_, sizeof fault_text_, "it does not decompress to a page: %s", fault);
      return fault_text_;
    }
  seen = {page.offset, page.size, compression};
  return nullptr;
}

}  // namespace

void check_kdump(const DumpFile& file, Progress& progress, DumpCheck& check) {
  KdumpCheck(file, progress, check).run();
}

}  // namespace kdump

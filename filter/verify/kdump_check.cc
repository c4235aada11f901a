// A kdump-compressed file, as crash and libkdumpfile take it (docs/format.md), version 1 to 6.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>

#include "filter/dump_file/kdump_file.h"
#include "filter/dump_file/page_decoder.h"
#include "filter/verify/dump_check.h"

namespace kdump {
namespace {

using kdump_format::PageDescriptor;
using kdump_format::SubHeader;

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
    check_.bytes_read +=
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
  KdumpFile kdump_;
  uint64_t next_descriptor_ = 0;
  // Pages that share their data are looked at once, mostly: the last ones seen.
  struct Seen {
    uint64_t offset = 0;
    uint32_t size = 0, flags = 0;
  };
  std::array<Seen, 1024> sound_{};
  PageDecoder decoder_;
  std::vector<uint8_t> page_;
  char fault_text_[96] = {};
};

bool KdumpCheck::read_headers() {
  const auto read = KdumpFile::read(file_);
  if (!read) {
    check_.damage("%s", read.error().text);
    return false;
  }
  kdump_ = *read;
  if (kdump_.header.nr_cpus < 1) check_.damage("header: %d CPUs", kdump_.header.nr_cpus);
  check_.is_incomplete = kdump_.is_incomplete();
  return true;
}

// They lie in the sub-header's blocks (ours), or behind it; what they say is needed by readers.
void KdumpCheck::read_notes() {
  if (kdump_.header.header_version < 4) return;
  const SubHeader& sub = kdump_.sub;
  if (sub.size_note > kMaxNotes || sub.offset_note > file_.end() ||
      sub.size_note > file_.end() - sub.offset_note) {
    return check_.damage("notes of %" PRIu64 " bytes at %#" PRIx64 " lie outside of the file",
                         sub.size_note, sub.offset_note);
  }
  std::vector<uint8_t> notes(sub.size_note);
  if (const auto read = file_.read_at(sub.offset_note, notes); !read)
    check_.damage("notes: %s", read.error().text);
  else
    check_notes(notes, check_);
  if (sub.size_vmcoreinfo != 0 && (sub.offset_vmcoreinfo > file_.end() ||
                                   sub.size_vmcoreinfo > file_.end() - sub.offset_vmcoreinfo))
    check_.damage("vmcoreinfo lies outside of the file");
}

void KdumpCheck::walk_bitmaps() {
  constexpr uint64_t kStep = 4096;  // bytes of a bitmap
  const uint64_t dumped_at = kdump_.dumped_bitmap;
  for (uint64_t at = 0; at < kdump_.bitmap_bytes; at += kStep) {
    // No page is dumped in a gap of a stream, which may be as long as 2^32 blocks.
    at += (file_.next_data(dumped_at + at) - (dumped_at + at)) / kStep * kStep;
    if (at >= kdump_.bitmap_bytes) break;
    check_bitmap_block(at, at * 8, std::min(kStep, kdump_.bitmap_bytes - at));
    progress_.update(Phase::finish, std::min(at * 8, kdump_.end_pfn), kdump_.end_pfn,
                     data_.bytes_read());
  }
}

void KdumpCheck::check_bitmap_block(uint64_t offset, uint64_t first_pfn, uint64_t size) {
  const auto ram = ram_.at(kdump_.ram_bitmap + offset, size);
  const auto dumped = dumped_.at(kdump_.dumped_bitmap + offset, size);
  if (!ram || !dumped)
    return check_.damage("bitmaps: %s", (ram ? dumped.error() : ram.error()).text);
  for (uint64_t byte = 0; byte < size; ++byte) {
    const uint8_t bits = (*dumped)[byte];
    if (bits == 0) continue;
    for (unsigned bit = 0; bit < 8; ++bit) {
      if (!(bits >> bit & 1)) continue;
      const uint64_t pfn = first_pfn + byte * 8 + bit;
      if (kdump_.is_part() && (pfn < kdump_.part_begin || pfn >= kdump_.part_end)) continue;
      if (pfn >= kdump_.end_pfn || !((*ram)[byte] >> bit & 1))
        check_.damage("page frame %#" PRIx64 " is dumped but not of RAM", pfn);
      check_page(pfn);
    }
  }
}

void KdumpCheck::check_page(uint64_t pfn) {
  const uint64_t number = next_descriptor_++;
  const uint64_t at = kdump_.descriptors + number * sizeof(PageDescriptor);
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
  check_.suspect_pages +=
      check_.is_suspect(at, sizeof page) || (bytes && check_.is_suspect(page.offset, page.size));
  if (!fault) return;
  ++check_.damaged_pages;
  check_.damage("page frame %#" PRIx64 ", descriptor %" PRIu64 ", %u bytes at offset %#" PRIx64
                ": %s",
                pfn, number, page.size, page.offset, fault);
}

// nullptr: none.
const char* KdumpCheck::fault_of(const PageDescriptor& page) {
  const uint32_t compression = page.flags & kdump_format::kCompressions;
  if (page.size == 0 || page.size > kdump_.block_size) return "its size is out of range";
  if (page.offset < kdump_.descriptors) return "its data overlaps the tables";
  if (page.offset > file_.end() || page.size > file_.end() - page.offset)
    return "its data lies beyond the end of the file";
  Seen& seen = sound_[page.offset / 64 % sound_.size()];
  if (seen.offset == page.offset && seen.size == page.size && seen.flags == compression)
    return nullptr;
  const auto data = data_.at(page.offset, page.size);
  if (!data) return "its data is unreadable";
  page_.resize(kdump_.block_size);
  if (const char* const fault = decoder_.decode(compression, *data, page_)) {
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

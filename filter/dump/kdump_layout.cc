#include "filter/dump/kdump_layout.h"

#include <algorithm>
#include <climits>

#include "filter/base/aligned_buffer.h"

namespace kdump {
namespace {

constexpr uint64_t kDescriptorBytes = sizeof(kdump_format::PageDescriptor);

// Memory that devices still write to can change what the filter keeps between the counting and
// the writing pass: a few struct pages at most.
uint64_t with_slack(uint64_t pages) { return pages + pages / 256 + 1024; }

uint32_t clamp_u32(uint64_t value) {
  return static_cast<uint32_t>(std::min<uint64_t>(value, UINT32_MAX));
}

// The windows that the vmcore's segments, ascending by address, touch.
uint64_t count_windows(const DumpHeader& header, uint64_t end_pfn, uint32_t page_size) {
  const uint64_t all = end_pfn / kWindowPages + (end_pfn % kWindowPages != 0);
  if (header.segments.empty()) return all;
  const uint64_t window_bytes = uint64_t{kWindowPages} * page_size;
  uint64_t count = 0, next = 0;  // next: the first window not counted yet
  for (const DumpHeader::Segment& segment : header.segments) {
    if (segment.size_bytes == 0) continue;
    const uint64_t start = segment.paddr.value;
    const uint64_t last_byte = start + std::min(segment.size_bytes - 1, UINT64_MAX - start);
    const uint64_t first = std::max(start / window_bytes, next), last = last_byte / window_bytes;
    if (first > last) continue;
    count += last - first + 1;
    next = last + 1;
  }
  return std::min(count, all);
}

// Where vmcoreinfo lies inside the notes; nothing if it is not a part of them.
std::optional<uint64_t> vmcoreinfo_offset(const DumpHeader& header) {
  const auto notes = reinterpret_cast<uintptr_t>(header.notes.data());
  const auto text = reinterpret_cast<uintptr_t>(header.vmcoreinfo.data());
  if (header.vmcoreinfo.empty() || text < notes || text - notes > header.notes.size() ||
      header.vmcoreinfo.size() > header.notes.size() - (text - notes))
    return std::nullopt;
  return text - notes;
}

}  // namespace

Result<KdumpLayout> KdumpLayout::make(uint64_t end_pfn, uint32_t page_size,
                                      const DumpHeader& header, const DumpOptions& options) {
  KdumpLayout layout;
  layout.block_size = page_size;
  layout.notes_offset = layout.block_size + sizeof(kdump_format::SubHeader);
  layout.ram_bitmap = align_up(layout.notes_offset + header.notes.size(), page_size);
  layout.bitmap_bytes = kdump_bitmap_bytes(end_pfn, page_size) / 2;
  if (2 * (layout.bitmap_bytes / page_size) > INT32_MAX)
    return fail(Kind::unsupported, "page frame %#" PRIx64 " exceeds the limit of kdump bitmaps",
                end_pfn);
  layout.dumped_bitmap = layout.ram_bitmap + layout.bitmap_bytes;
  layout.descriptors = layout.dumped_bitmap + layout.bitmap_bytes;
  layout.windows = count_windows(header, end_pfn, page_size);
  if (!options.no_sparse_files) {
    const uint64_t written = std::min(layout.windows * (kWindowPages / 8), layout.bitmap_bytes);
    layout.gap_bytes = 2 * (layout.bitmap_bytes - written);
  }

  const uint64_t pages = options.expected_pages != 0 ? options.expected_pages : end_pfn;
  uint64_t count = pages < end_pfn ? std::min(with_slack(pages), end_pfn) : end_pfn;
  if (options.max_bytes != UINT64_MAX) {
    // Where little space is left, the table must not take all of it from the pages.
    const uint64_t before = layout.descriptors - layout.gap_bytes;
    const uint64_t space = options.max_bytes > before ? options.max_bytes - before : 0;
    count = std::min(count, space / 2 / kDescriptorBytes);
  }
  layout.descriptor_count = count;
  layout.data = align_up(layout.descriptors + count * kDescriptorBytes, page_size);
  if (layout.data - layout.gap_bytes > options.max_bytes)
    return fail(Kind::no_space, "headers and bitmaps need %" PRIu64 " bytes, %" PRIu64 " are left",
                layout.data - layout.gap_bytes, options.max_bytes);
  layout.limit = options.max_bytes + std::min(layout.gap_bytes, UINT64_MAX - options.max_bytes);
  return layout;
}

uint64_t kdump_bitmap_bytes(uint64_t end_pfn, uint32_t page_size) {
  return 2 * align_up(end_pfn / 8 + (end_pfn % 8 != 0), page_size);
}

kdump_format::Header make_kdump_header(const KdumpLayout& layout, const DumpHeader& header,
                                       uint64_t end_pfn, uint32_t status, uint64_t pages_written) {
  kdump_format::Header out{};
  memcpy(out.signature, kdump_format::kSignature, sizeof out.signature);
  out.header_version = kdump_format::kVersion;
  out.utsname = header;
  out.timestamp_s = header.crash_time_s;
  out.status = status;
  out.block_size = static_cast<int32_t>(layout.block_size);
  out.sub_hdr_size =
      static_cast<int32_t>((layout.ram_bitmap - layout.block_size) / layout.block_size);
  out.bitmap_blocks = static_cast<uint32_t>(2 * layout.bitmap_bytes / layout.block_size);
  out.max_mapnr = clamp_u32(end_pfn);
  out.total_ram_blocks = clamp_u32(header.ram_pages);
  out.written_blocks = clamp_u32(pages_written);
  // crash refuses a dump of no processors.
  out.nr_cpus = static_cast<int32_t>(std::clamp<uint32_t>(header.cpus, 1, INT32_MAX));
  return out;
}

kdump_format::SubHeader make_kdump_sub_header(const KdumpLayout& layout, const DumpHeader& header,
                                              uint64_t end_pfn, uint32_t level) {
  kdump_format::SubHeader out{};
  out.phys_base = header.phys_base;
  out.dump_level = static_cast<int32_t>(level);
  if (!header.notes.empty()) {
    out.offset_note = layout.notes_offset;
    out.size_note = header.notes.size();
  }
  if (const auto offset = vmcoreinfo_offset(header)) {
    out.offset_vmcoreinfo = layout.notes_offset + *offset;
    out.size_vmcoreinfo = header.vmcoreinfo.size();
  }
  out.max_mapnr_64 = end_pfn;
  return out;
}

}  // namespace kdump

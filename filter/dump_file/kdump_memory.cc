#include "filter/dump_file/kdump_memory.h"

#include <algorithm>

namespace kdump {
namespace {

using kdump_format::PageDescriptor;

// 192 MiB of ranges; a dump of kernel memory has one for some pages each.
constexpr size_t kMaxRanges = 8u << 20;
constexpr uint64_t kBitmapStep = 64 << 10;

}  // namespace

Result<std::unique_ptr<KdumpMemory>> KdumpMemory::open(std::vector<DumpFile> files) {
  std::vector<Part> parts;
  for (DumpFile& file : files) {
    auto layout = KdumpFile::read(file);
    if (!layout) return wrap(layout.error(), "%s", file.path());
    const auto next = std::ranges::find_if(
        parts, [&](const Part& part) { return part.layout.part_begin > layout->part_begin; });
    parts.insert(next, {.file = std::move(file), .layout = *layout});
  }
  for (size_t i = 1; i < parts.size(); ++i) {
    const KdumpFile &one = parts[i - 1].layout, &next = parts[i].layout;
    if (one.block_size != next.block_size || one.end_pfn != next.end_pfn || !next.is_part() ||
        next.part_begin < one.part_end)
      return fail(Kind::refused, "%s and %s are not parts of one dump", parts[i - 1].file.path(),
                  parts[i].file.path());
  }
  std::unique_ptr<KdumpMemory> memory(new KdumpMemory(std::move(parts)));
  TRY(memory->index_parts());
  return memory;
}

bool KdumpMemory::is_incomplete() const {
  return std::ranges::any_of(parts_, [](const Part& part) { return part.layout.is_incomplete(); });
}

Result<> KdumpMemory::index_parts() {
  for (Part& part : parts_) {
    part.first_page = pages_;
    TRY(walk_bitmap(part.file, part.layout, part.layout.dumped_bitmap, ranges_, part.pages));
    // What has no descriptor is not there.
    const uint64_t room = (part.file.end() - part.layout.descriptors) / sizeof(PageDescriptor);
    if (part.pages > room) {
      uint64_t surplus = part.pages - room;
      missing_pages_ += surplus;
      part.pages = room;
      while (surplus > 0 && !ranges_.empty()) {
        MemoryRange& last = ranges_.back();
        const uint64_t cut = std::min(surplus, (last.end - last.begin) / page_size());
        last.end -= cut * page_size();
        surplus -= cut;
        if (last.begin == last.end) ranges_.pop_back();
      }
    }
    pages_ += part.pages;
  }
  uint64_t ram_pages = 0;
  KdumpFile whole = first();
  whole.part_begin = 0;
  whole.part_end = whole.end_pfn;
  return walk_bitmap(first_file(), whole, whole.ram_bitmap, ram_, ram_pages);
}

// Appends the runs of set bits, within the part, to `out`; their bytes follow each other from page
// pages_ of this source on.
Result<> KdumpMemory::walk_bitmap(const DumpFile& file, const KdumpFile& layout, uint64_t bitmap,
                                  std::vector<MemoryRange>& out, uint64_t& count) {
  const uint64_t size = page_size(), base = pages_;
  std::vector<uint8_t> bits(kBitmapStep);
  const uint64_t end = std::min(layout.part_end, layout.end_pfn);
  bool is_open = false;
  for (uint64_t at = layout.part_begin / 8; at * 8 < end; at += kBitmapStep) {
    // A gap of a stream, which may be as long as 2^32 blocks, holds no bit.
    const uint64_t skipped = (file.next_data(bitmap + at) - (bitmap + at)) / kBitmapStep;
    is_open = is_open && skipped == 0;
    at += skipped * kBitmapStep;
    if (at * 8 >= end) break;
    const size_t got = TRY(file.read_some_at(
        bitmap + at,
        MutableBytes(bits).first(std::min<uint64_t>(kBitmapStep, layout.bitmap_bytes - at))));
    for (size_t byte = 0; byte < got; ++byte) {
      if (bits[byte] == 0) {
        is_open = false;
        continue;
      }
      for (unsigned bit = 0; bit < 8; ++bit) {
        const uint64_t pfn = (at + byte) * 8 + bit;
        const bool is_set = bits[byte] >> bit & 1;
        if (!is_set || pfn < layout.part_begin || pfn >= end || pfn >= kMaxPaddr / size) {
          is_open = false;
          continue;
        }
        if (!is_open) {
          if (out.size() == kMaxRanges)
            return fail(Kind::unsupported, "%s: its pages lie in more than %zu pieces", file.path(),
                        kMaxRanges);
          out.push_back(
              {.begin = pfn * size, .end = pfn * size, .file_offset = (base + count) * size});
          is_open = true;
        }
        out.back().end += size;
        ++count;
      }
    }
  }
  return {};
}

Result<size_t> KdumpMemory::read_some_at(uint64_t offset, MutableBytes out) const {
  const uint64_t size = page_size(), end = pages_ * size;
  if (offset >= end) return size_t{0};
  out = out.first(std::min<uint64_t>(out.size(), end - offset));
  for (size_t done = 0; done < out.size();) {
    const uint64_t page = (offset + done) / size, into = (offset + done) % size;
    const size_t part = std::min<uint64_t>(size - into, out.size() - done);
    CachedPage& cached = cache_[page % kCachedPages];
    if (part == size && cached.page != page) {
      TRY(read_page(page, out.subspan(done, part)));
    } else {
      if (cached.page != page) {
        cached.page = UINT64_MAX;
        cached.bytes.resize(size);
        TRY(read_page(page, cached.bytes));
        cached.page = page;
      }
      memcpy(out.data() + done, cached.bytes.data() + into, part);
    }
    done += part;
  }
  return out.size();
}

Result<PageDescriptor> KdumpMemory::descriptor(const Part& part, uint64_t number) const {
  const uint64_t from = number / kDescriptorsRead * kDescriptorsRead;
  if (descriptors_at_ != part.first_page + from) {
    descriptors_at_ = UINT64_MAX;
    descriptors_.resize(std::min<uint64_t>(kDescriptorsRead, part.pages - from));
    TRY(part.file.read_at(part.layout.descriptors + from * sizeof(PageDescriptor),
                          {reinterpret_cast<uint8_t*>(descriptors_.data()),
                           descriptors_.size() * sizeof(PageDescriptor)}));
    descriptors_at_ = part.first_page + from;
  }
  return descriptors_[number - from];
}

Result<> KdumpMemory::read_page(uint64_t page, MutableBytes out) const {
  const auto part = std::ranges::find_if(
      parts_, [&](const Part& each) { return page - each.first_page < each.pages; });
  if (part == parts_.end())
    return fail(Kind::corrupt, "no part of the dump has page %" PRIu64, page);
  const uint64_t number = page - part->first_page;
  const PageDescriptor found = TRY(descriptor(*part, number));
  if (found.size == 0 || found.size > out.size())
    return fail(Kind::corrupt, "%s: descriptor %" PRIu64 ": size %u", part->file.path(), number,
                found.size);
  stored_.resize(found.size);
  TRY(part->file.read_at(found.offset, stored_));
  if (const char* const fault =
          decoder_.decode(found.flags & kdump_format::kCompressions, stored_, out))
    return fail(Kind::corrupt, "%s: descriptor %" PRIu64 ", offset %#" PRIx64 ": %s",
                part->file.path(), number, found.offset, fault);
  return {};
}

}  // namespace kdump

#include "filter/core_file/phys_memory.h"

#include <algorithm>

namespace kdump {

PhysMemory::PhysMemory(const ByteSource& file, const ElfCore& core, uint32_t page_size, CopyBy how)
    : file_(file), page_size_(page_size), copy_by_(how), windows_(file, core.file_bytes()) {
  // Where segments overlap (the kernel's text is there twice, with the same bytes) the one that
  // begins first is taken.
  ranges_.reserve(core.segments().size());
  uint64_t covered = 0;
  for (const LoadSegment& segment : core.segments()) {
    const uint64_t end = segment.paddr.value + segment.size_bytes;
    const uint64_t begin = std::max(segment.paddr.value, covered);
    if (begin >= end) continue;
    ranges_.push_back({.begin = begin,
                       .end = end,
                       .file_offset = segment.file_offset + (begin - segment.paddr.value)});
    covered = end;
  }
}

PhysMemory::PhysMemory(const ByteSource& file, std::vector<MemoryRange> ranges,
                       std::vector<MemoryRange> ram, uint32_t page_size)
    : file_(file),
      page_size_(page_size),
      copy_by_(CopyBy::reading),
      windows_(file, UINT64_MAX),
      ranges_(std::move(ranges)),
      ram_(std::move(ram)) {}

Pfn PhysMemory::end_pfn() const {
  if (ranges_.empty()) return {0};
  const uint64_t end = std::max(ranges_.back().end, ram().back().end);
  return {(end + page_size_ - 1) / page_size_};
}

uint64_t PhysMemory::ram_pages() const {
  uint64_t pages = 0, covered = 0;
  for (const MemoryRange& range : ram()) {
    const uint64_t end = (range.end + page_size_ - 1) / page_size_;
    pages += end - std::max(range.begin / page_size_, covered);
    covered = end;
  }
  return pages;
}

const MemoryRange* PhysMemory::range_at_or_after(uint64_t paddr) const {
  const auto found = std::ranges::upper_bound(ranges_, paddr, {}, &MemoryRange::end);
  return found == ranges_.end() ? nullptr : &*found;
}

std::optional<Paddr> PhysMemory::next_ram(Paddr at) const {
  const MemoryRange* range = range_at_or_after(at.value);
  if (!range) return std::nullopt;
  return Paddr{std::max(range->begin, at.value)};
}

Pfn PhysMemory::next_window(Pfn at) const {
  const uint64_t from = at.value * page_size_;
  uint64_t next = UINT64_MAX;
  for (const auto* ranges : {&ranges_, &ram()}) {
    const auto found = std::ranges::upper_bound(*ranges, from, {}, &MemoryRange::end);
    if (found != ranges->end()) next = std::min(next, std::max(found->begin, from));
  }
  if (next == UINT64_MAX) return end_pfn();
  return {next / page_size_ / kWindowPages * kWindowPages};
}

void PhysMemory::mark_present(Pfn first, PageBits& present) const { mark(ranges_, first, present); }
void PhysMemory::mark_ram(Pfn first, PageBits& bits) const { mark(ram(), first, bits); }

void PhysMemory::mark(const std::vector<MemoryRange>& ranges, Pfn first, PageBits& bits) const {
  bits.fill(0);
  const uint64_t window_end = first.value + kWindowPages;
  auto range = std::ranges::upper_bound(ranges, first.value * page_size_, {}, &MemoryRange::end);
  for (; range != ranges.end(); ++range) {
    const uint64_t begin = std::max(range->begin / page_size_, first.value);
    const uint64_t end = std::min((range->end + page_size_ - 1) / page_size_, window_end);
    if (begin >= window_end) break;
    set_bits(bits, static_cast<uint32_t>(begin - first.value),
             static_cast<uint32_t>(end - first.value));
  }
}

Result<Bytes> PhysMemory::view(Paddr at, uint64_t max_bytes) {
  auto bytes = find_view(at, max_bytes);
  if (bytes) bytes_read_ += bytes->size();
  return bytes;
}

Result<Bytes> PhysMemory::find_view(Paddr at, uint64_t max_bytes) {
  const MemoryRange* range = range_at_or_after(at.value);
  if (!range || at.value < range->begin)
    return fail(Kind::corrupt, "physical address %#" PRIx64 " lies in no PT_LOAD", at.value);
  const uint64_t offset = range->file_offset + (at.value - range->begin);
  max_bytes = std::min(max_bytes, range->end - at.value);
  if (const auto mapped = windows_.at(offset))
    return mapped->first(std::min<uint64_t>(max_bytes, mapped->size()));

  // One page a read: /proc/vmcore answers a longer one that meets a bad page with an error alone,
  // and finding the page would mean touching it again.
  if (!bounce_) bounce_ = std::make_unique<uint8_t[]>(page_size_);
  const uint64_t size = std::min(max_bytes, page_size_ - at.value % page_size_);
  const MutableBytes out(bounce_.get(), size);
  TRY(file_.read_at(offset, out));
  return out;
}

Result<> PhysMemory::copy(Bytes mapped, MutableBytes out, Paddr at) {
  size_t fault = 0;
  if (guarded(mapped, &fault, [&] { memcpy(out.data(), mapped.data(), mapped.size()); })) return {};
  return fail(Kind::io, "physical address %#" PRIx64 " is unreadable", at.value + fault);
}

Result<> PhysMemory::read(Paddr at, MutableBytes out) {
  while (!out.empty()) {
    const Bytes bytes = TRY(view(at, out.size()));
    TRY(copy(bytes, out, at));
    at.value += bytes.size();
    out = out.subspan(bytes.size());
  }
  return {};
}

size_t PhysMemory::read_pages(Pfn first, MutableBytes out, std::span<uint8_t> readable) {
  if (copy_by_ == CopyBy::reading && read_run(first, out.first(readable.size() * page_size_))) {
    memset(readable.data(), 1, readable.size());
    bytes_read_ += readable.size() * page_size_;
    return 0;
  }
  for (size_t i = 0; i < readable.size();) {
    const MutableBytes rest = out.subspan(i * page_size_);
    const auto mapped = find_view({(first.value + i) * page_size_}, rest.size());
    // Pages that lie there whole; others are pieced together one by one.
    const size_t count = mapped ? mapped->size() / page_size_ : 0;
    bytes_read_ += count * page_size_;
    if (count > 0)
      copy_pages(mapped->first(count * page_size_), rest, readable.subspan(i, count));
    else
      readable[i] = read_page({first.value + i}, rest.first(page_size_));
    i += std::max<size_t>(count, 1);
  }
  return static_cast<size_t>(std::ranges::count(readable, 0));
}

// All of them at once, if they lie together and nothing is wrong with any.
bool PhysMemory::read_run(Pfn first, MutableBytes out) const {
  const uint64_t begin = first.value * page_size_;
  const MemoryRange* range = range_at_or_after(begin);
  return range && range->begin <= begin && out.size() <= range->end - begin &&
         file_.read_at(range->file_offset + (begin - range->begin), out);
}

// As many at once as nothing is wrong with, one after the other, so that it is known how far they
// went.
void PhysMemory::copy_pages(Bytes mapped, MutableBytes out, std::span<uint8_t> readable) {
  volatile size_t copied = 0;
  while (copied < readable.size()) {
    const size_t from = copied;
    const Bytes left = mapped.subspan(from * page_size_);
    size_t fault = 0;
    const bool whole = guarded(left, &fault, [&] {
      for (size_t i = from; i < readable.size(); ++i) {
        memcpy(out.data() + i * page_size_, mapped.data() + i * page_size_, page_size_);
        copied = i + 1;
      }
    });
    memset(readable.data() + from, 1, copied - from);
    if (whole) return;
    // Other pages that share what cannot be read, where pages are not aligned in the file, are not
    // tried.
    const uintptr_t bad = reinterpret_cast<uintptr_t>(left.data()) + fault;
    const uintptr_t bad_end = (bad | (page_size_ - 1)) + 1;
    do {
      memset(out.data() + copied * page_size_, 0, page_size_);
      readable[copied] = 0;
      copied = copied + 1;
    } while (copied < readable.size() &&
             reinterpret_cast<uintptr_t>(mapped.data() + copied * page_size_) < bad_end);
  }
}

// Copies one page; bytes that lie in no PT_LOAD become zeros. False, and all zeros, if nothing of
// it exists or some of it cannot be read.
bool PhysMemory::read_page(Pfn pfn, MutableBytes out) {
  const uint64_t begin = pfn.value * page_size_, end = begin + page_size_;
  const MemoryRange* range = range_at_or_after(begin);
  if (range && range->begin <= begin && range->end >= end) {
    if (read({begin}, out)) return true;
    memset(out.data(), 0, out.size());
    return false;
  }
  // A page at the ragged edge of a segment.
  memset(out.data(), 0, out.size());
  bool any = false;
  for (; range && range != ranges_.data() + ranges_.size() && range->begin < end; ++range) {
    const uint64_t from = std::max(range->begin, begin), to = std::min(range->end, end);
    if (!read({from}, out.subspan(from - begin, to - from))) {
      memset(out.data(), 0, out.size());
      return false;
    }
    any = true;
  }
  return any;
}

}  // namespace kdump

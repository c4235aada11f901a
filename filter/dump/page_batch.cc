#include "filter/dump/page_batch.h"

#include <algorithm>

#include "filter/dump/zero_page.h"

namespace kdump {
namespace {

// So many times as many pages as have bytes: others are mostly of zeros.
constexpr size_t kPagesPerBuffer = 4;

}  // namespace

Result<PageBatch> PageBatch::create(uint32_t capacity, uint32_t page_size, bool compressing) {
  PageBatch batch;
  batch.capacity = capacity;
  batch.page_size = page_size;
  const size_t bytes = size_t{capacity} * page_size;
  batch.pages = TRY(AlignedBuffer::allocate(bytes, "pages to write"));
  if (compressing) batch.frames = TRY(AlignedBuffer::allocate(bytes, "compressed pages"));
  batch.readable.resize(capacity);
  batch.page.reserve(kPagesPerBuffer * capacity);
  return batch;
}

Bytes PageBatch::content(const Page& from) const {
  switch (from.form) {
    case Form::plain:
      return pages.bytes().subspan(from.offset, from.size);
    case Form::compressed:
      return frames.bytes().subspan(from.offset, from.size);
    case Form::unreadable:
    case Form::zero:
      break;
  }
  return {};
}

void PageBatch::clear() {
  count = 0;
  page.clear();
}

uint32_t PageBatch::read(PageSource& source, Pfn pfn, uint32_t index, uint32_t max_pages) {
  const auto room = static_cast<uint32_t>(page.capacity() - page.size());
  const uint32_t taken = std::min({max_pages, capacity - count, room});
  const MutableBytes out =
      pages.bytes().subspan(size_t{count} * page_size, size_t{taken} * page_size);
  source.read_pages(pfn, out, std::span(readable).first(taken));
  for (uint32_t i = 0; i < taken; ++i) {
    const Bytes bytes = out.subspan(size_t{i} * page_size, page_size);
    Page& added = page.emplace_back(Page{.index = index + i});
    if (!readable[i]) continue;
    added.form = is_zero_page(bytes) ? Form::zero : Form::plain;
    if (added.form == Form::zero) continue;
    added.offset = count++ * page_size;
    added.size = page_size;
    uint8_t* const place = pages.data() + added.offset;
    if (place != bytes.data()) memcpy(place, bytes.data(), page_size);
  }
  return taken;
}

void compress_batch(PageBatch& batch, PageCompressor* compressor) {
  if (compressor == nullptr) return;
  uint32_t frames_end = 0;
  for (PageBatch::Page& page : batch.page) {
    if (page.form != PageBatch::Form::plain) continue;
    // Frames before this one are smaller than their pages: there is room for a page here.
    const size_t size =
        compressor->compress(batch.content(page), batch.level,
                             batch.frames.bytes().subspan(frames_end, batch.page_size));
    if (size == 0) continue;
    page.form = PageBatch::Form::compressed;
    page.offset = frames_end;
    page.size = static_cast<uint32_t>(size);
    frames_end += page.size;
  }
}

}  // namespace kdump

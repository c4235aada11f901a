#include "filter/dump/page_batch.h"

#include "filter/dump/zero_page.h"

namespace kdump {

Result<PageBatch> PageBatch::create(uint32_t capacity, uint32_t page_size, bool compressing) {
  PageBatch batch;
  batch.capacity = capacity;
  batch.page_size = page_size;
  const size_t bytes = size_t{capacity} * page_size;
  batch.pages = TRY(AlignedBuffer::allocate(bytes, "pages to write"));
  if (compressing) batch.frames = TRY(AlignedBuffer::allocate(bytes, "compressed pages"));
  batch.readable.resize(capacity);
  batch.page.resize(capacity);
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

void compress_batch(PageBatch& batch, PageCompressor* compressor) {
  uint32_t frames_end = 0;
  for (uint32_t i = 0; i < batch.count; ++i) {
    PageBatch::Page& page = batch.page[i];
    const uint32_t at = i * batch.page_size;
    const Bytes bytes = batch.pages.bytes().subspan(at, batch.page_size);
    page.offset = at;
    page.size = 0;
    if (!batch.readable[i]) {
      page.form = PageBatch::Form::unreadable;
    } else if (is_zero_page(bytes)) {
      page.form = PageBatch::Form::zero;
    } else {
      page.form = PageBatch::Form::plain;
      page.size = batch.page_size;
      if (compressor == nullptr) continue;
      // Frames before this one are smaller than their pages: there is room for a page here.
      const size_t size = compressor->compress(
          bytes, batch.level, batch.frames.bytes().subspan(frames_end, batch.page_size));
      if (size == 0) continue;
      page.form = PageBatch::Form::compressed;
      page.offset = frames_end;
      page.size = static_cast<uint32_t>(size);
      frames_end += page.size;
    }
  }
}

}  // namespace kdump

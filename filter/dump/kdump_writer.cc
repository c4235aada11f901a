// Order of writes: header marked incomplete, sub-header, notes; for each window bitmap 1, then, at
// each checkpoint, the last of which is the window's end: data, descriptors, bitmap 2; at the end
// the header again, clean. A bit in bitmap 2 is therefore never set before what it promises is
// there. Apart from the header every byte is written at most once, which flattened_sink.h relies
// on.
#include "filter/dump/kdump_writer.h"

namespace kdump {
namespace {

using kdump_format::PageDescriptor;

// Shares of DumpOptions.memory_bytes. With the default of 4 MiB: twice 1 MiB of data, 11,264
// descriptors and 1 MiB of batches.
constexpr uint64_t kDataShare = 4;
constexpr uint64_t kBatchShare = 4;
constexpr uint64_t kPendingShare = 12;
// This many descriptors are a multiple of 4096 bytes.
constexpr uint64_t kPendingStep = 512;
constexpr uint64_t kPendingBytes = sizeof(PageDescriptor) + 8;

}  // namespace

Result<std::unique_ptr<KdumpWriter>> KdumpWriter::create(PageSource& pages,
                                                         const DumpHeader& header,
                                                         const DumpOptions& options, Sink& sink,
                                                         Progress& progress) {
  const KdumpLayout layout =
      TRY(KdumpLayout::make(pages.end_pfn().value, pages.page_size(), header, options));
  std::unique_ptr<KdumpWriter> writer(
      new KdumpWriter(pages, header, options, sink, progress, layout));
  writer->data_.emplace(TRY(DataStream::create(writer->sink_, options.memory_bytes / kDataShare,
                                               layout.data, layout.limit)));
  writer->recent_.emplace(*writer->data_, 2 * options.memory_bytes / kDataShare);

  const bool compressing = options.compression.kind != Compression::Kind::none;
  const int level = options.compression.zstd_level();
  const bool is_automatic = options.compression.kind == Compression::Kind::automatic;
  writer->pipeline_ = TRY(
      CompressPipeline::create({.threads = options.threads,
                                .page_size = pages.page_size(),
                                .compressing = compressing,
                                .max_level = is_automatic ? LevelGovernor::highest_level() : level,
                                .memory_bytes = options.memory_bytes / kBatchShare}));
  writer->zero_content_.resize(pages.page_size());
  if (compressing) {
    writer->stored_flag_ = kdump_format::kCompressedZstd;
    PageCompressor compressor = TRY(PageCompressor::create(level, pages.page_size()));
    const std::vector<uint8_t> zeros(pages.page_size());
    writer->zero_content_.resize(compressor.compress(zeros, level, writer->zero_content_));
  }
  return writer;
}

KdumpWriter::KdumpWriter(PageSource& pages, const DumpHeader& header, const DumpOptions& options,
                         Sink& sink, Progress& progress, KdumpLayout layout)
    : WriterBase(pages, header, options, sink, progress),
      layout_(layout),
      pending_capacity_(
          align_up(options.memory_bytes / kPendingShare / kPendingBytes + 1, kPendingStep)) {
  pending_descriptors_.reserve(pending_capacity_);
  pending_.reserve(pending_capacity_);
}

Result<DumpResult> KdumpWriter::run() {
  const uint64_t end_pfn = pages_.end_pfn().value;
  TRY(sink_.write_at(0, make_header(kdump_format::kIncomplete)));
  TRY(sink_.write_at(layout_.block_size,
                     bytes_of(make_kdump_sub_header(layout_, header_, end_pfn, options_.level))));
  if (!header_.notes.empty()) TRY(sink_.write_at(layout_.notes_offset, header_.notes));

  for (Pfn first = pages_.next_window({0}); first < pages_.end_pfn() && !is_late_;
       first = pages_.next_window({first.value + kWindowPages}))
    TRY(write_window(first));

  TRY(reach(layout_.data));
  TRY(write_last_header());
  return finish();
}

KdumpWriter::HeaderBlock KdumpWriter::make_header(uint32_t status) const {
  HeaderBlock block{};
  const kdump_format::Header header =
      make_kdump_header(layout_, header_, pages_.end_pfn().value, status | stored_flag_,
                        result_.pages_written + result_.pages_zero);
  memcpy(block.data(), &header, sizeof header);
  return block;
}

// With the checksums, if they can be written.
Result<> KdumpWriter::write_last_header() {
  const HeaderBlock plain = make_header(is_whole() ? 0 : kdump_format::kIncomplete);
  if (const auto place = plan_sums(false)) {
    HeaderBlock announcing = plain;
    announce_sums(*place, announcing);
    const Result<> written = write_sums(*place, announcing, 0);
    if (written) return absorb_no_space(sink_.write_at(0, announcing));
    if (written.error().kind != Kind::no_space) return written;
  }
  return absorb_no_space(sink_.write_at(0, plain));
}

Result<> KdumpWriter::write_window(Pfn first) {
  if (const Result<> selected = window_.select(pages_, first); !selected) {
    miss_window(selected.error());
    return {};
  }
  TRY(absorb_no_space(write_bits(layout_.ram_bitmap, window_.ram, 0, kWindowPages / 8)));

  dumped_.fill(0);
  dumped_written_ = 0;
  TRY(write_kept_pages());
  TRY(checkpoint(kWindowPages));
  report();
  return {};
}

// Keeps the pipeline full of the window's pages, and empties it at the end: what is pending
// belongs to one window.
Result<> KdumpWriter::write_kept_pages() {
  uint32_t index = next_page(window_.kept, 0, true);
  while (index < kWindowPages && !stopped_) {
    PageBatch* batch = pipeline_->next_free();
    if (batch == nullptr) {
      TRY(take_finished());
      continue;
    }
    batch->level = choose_level();
    while (index < kWindowPages && !batch->is_full()) {
      const uint32_t run_end = next_page(window_.kept, index, false);
      index += batch->read(pages_, {window_.first.value + index}, index, run_end - index);
      index = next_page(window_.kept, index, true);
    }
    pipeline_->submit();
  }
  result_.pages_dropped += count_pages(window_.kept, index);
  while (pipeline_->finished() != nullptr) TRY(take_finished());
  return {};
}

int KdumpWriter::choose_level() {
  if (options_.compression.kind != Compression::Kind::automatic)
    return options_.compression.zstd_level();
  governor_.update({.now_ns = monotonic_ns(),
                    .waited_ns = data_->waited_ns(),
                    .made = data_->position(),
                    .taken = data_->written()});
  return governor_.level();
}

Result<> KdumpWriter::take_finished() {
  PageBatch& batch = *pipeline_->finished();
  TRY(take(batch));
  pipeline_->release();
  report();
  return {};
}

Result<> KdumpWriter::take(PageBatch& batch) {
  for (const PageBatch::Page& page : batch.page) {
    ++pages_handled_;
    if (page.form == PageBatch::Form::unreadable) {
      ++result_.pages_unreadable;
      continue;
    }
    const bool zero = page.form == PageBatch::Form::zero;
    TRY(store(page, zero ? Bytes(zero_content_) : batch.content(page)));
    if (pending_.size() < pending_limit_) continue;
    TRY(checkpoint(page.index + 1));
    pending_limit_ = std::min(2 * pending_limit_, pending_capacity_);
  }
  return {};
}

// Appends a page's content, unless the same is there, and remembers its descriptor; or drops it.
Result<> KdumpWriter::store(const PageBatch::Page& page, Bytes content) {
  if (!stopped_ && descriptors_written_ + pending_.size() == layout_.descriptor_count)
    stop(fail(Kind::no_space, "all %" PRIu64 " reserved page descriptors are used",
              layout_.descriptor_count)
             .error());
  const bool zero = page.form == PageBatch::Form::zero;
  const std::optional<PageDescriptor> shared = zero ? zero_page_ : recent_->find(content);
  if (!stopped_ && !shared && !data_->fits(content.size())) stop_at_limit();
  if (stopped_) {
    ++result_.pages_dropped;
    return {};
  }

  PageDescriptor descriptor{};
  if (shared) {
    descriptor = *shared;
  } else {
    descriptor.offset = data_->position();
    descriptor.size = static_cast<uint32_t>(content.size());
    if (content.size() < layout_.block_size) descriptor.flags = stored_flag_;
    if (zero)
      zero_page_ = descriptor;
    else
      recent_->remember(content, descriptor);
    const Result<> appended = data_->append(content);
    if (!appended) {
      if (appended.error().kind != Kind::no_space) return appended;
      data_failed_ = true;
      stop(appended.error());
    }
  }
  pending_descriptors_.push_back(descriptor);
  pending_.push_back({page.index, page.form});
  return {};
}

// Makes everything before page `end` of the window readable: its data, then its descriptors, then
// its bits.
Result<> KdumpWriter::checkpoint(uint32_t end) {
  if (!data_failed_) {
    const Result<> flushed = data_->flush();
    data_failed_ = !flushed;
    TRY(absorb_no_space(flushed));
  }
  drop_pages_without_data();

  if (!pending_.empty()) {
    const Bytes table(reinterpret_cast<const uint8_t*>(pending_descriptors_.data()),
                      pending_descriptors_.size() * sizeof(PageDescriptor));
    const Result<> written =
        sink_.write_at(layout_.descriptors + descriptors_written_ * sizeof(PageDescriptor), table);
    TRY(absorb_no_space(written));
    if (written) {
      descriptors_written_ += pending_.size();
      for (const Pending& page : pending_) {
        set_bit(dumped_, page.index);
        ++(page.form == PageBatch::Form::zero ? result_.pages_zero : result_.pages_written);
      }
    } else {
      result_.pages_dropped += pending_.size();
    }
    pending_.clear();
    pending_descriptors_.clear();
  }

  // A byte that later pages still share is left for later. So is what the sink refuses: bits set
  // beyond ones that are missing would be taken for them.
  const uint32_t end_byte = end / 8;
  const Result<> written = write_bits(layout_.dumped_bitmap, dumped_, dumped_written_, end_byte);
  if (written) dumped_written_ = end_byte;
  return absorb_no_space(written);
}

// Writes bytes [from_byte, end_byte) of the window's part of a bitmap; not, where they are all
// zero, as unwritten bytes are.
Result<> KdumpWriter::write_bits(uint64_t bitmap, const PageBits& bits, uint32_t from_byte,
                                 uint32_t end_byte) {
  const uint64_t window_at = window_.first.value / 8;
  end_byte = static_cast<uint32_t>(std::min<uint64_t>(end_byte, layout_.bitmap_bytes - window_at));
  if (from_byte >= end_byte) return {};
  const Bytes part = Bytes(bits).subspan(from_byte, end_byte - from_byte);
  if (std::ranges::all_of(part, [](uint8_t byte) { return byte == 0; })) return {};
  return sink_.write_at(bitmap + window_at + from_byte, part);
}

// After the sink has refused data: from the first page on whose data it does not have, pages are
// dropped. Descriptors are found by counting bits, so none can be left out in between.
void KdumpWriter::drop_pages_without_data() {
  if (!data_failed_) return;
  size_t good = 0;
  while (good < pending_.size() &&
         pending_descriptors_[good].offset + pending_descriptors_[good].size <= data_->written())
    ++good;
  result_.pages_dropped += pending_.size() - good;
  pending_.resize(good);
  pending_descriptors_.resize(good);
}

}  // namespace kdump

// Order of writes: header marked incomplete, notes; then, at each checkpoint, the last of which in
// a window is its end: the pages, the program headers of their runs; at the end the header again,
// clean. Program headers not (yet) used read as zeros, which is PT_NULL. No segment crosses the
// edge of a window. Apart from the header every byte is written at most once, which
// flattened_sink.h relies on.
#include "filter/dump/elf_writer.h"

#include "filter/dump/zero_page.h"
#include "filter/pages/plan.h"

namespace kdump {
namespace {

// Shares of DumpOptions.memory_bytes: with the default of 4 MiB, twice 1 MiB of output and 256 KiB
// of input.
constexpr uint64_t kDataShare = 4;
constexpr uint64_t kBatchShare = 16;
// Runs are described after this many at the latest.
constexpr size_t kMaxEndedRuns = 1024;

// All of memory at virtual address 0: for a vmcore whose segments are not known.
constexpr DumpHeader::Segment kAnyMemory{{0}, UINT64_MAX, {0}};

}  // namespace

Result<std::unique_ptr<ElfWriter>> ElfWriter::create(PageSource& pages, const DumpHeader& header,
                                                     const DumpOptions& options, Sink& sink,
                                                     Progress& progress) {
  const uint32_t page_size = pages.page_size();
  const ElfLayout layout = TRY(ElfLayout::make(pages.end_pfn().value, page_size, header, options));
  const uint64_t capacity = std::max<uint64_t>(options.memory_bytes / kBatchShare / page_size, 1);
  PageBatch batch = TRY(PageBatch::create(static_cast<uint32_t>(capacity), page_size, false));
  std::unique_ptr<ElfWriter> writer(
      new ElfWriter(pages, header, options, sink, progress, layout, std::move(batch)));
  writer->data_.emplace(
      TRY(DataStream::create(writer->sink_, options.memory_bytes / kDataShare, layout.data,
                             options.max_bytes, options.no_sparse_files)));
  return writer;
}

ElfWriter::ElfWriter(PageSource& pages, const DumpHeader& header, const DumpOptions& options,
                     Sink& sink, Progress& progress, ElfLayout layout, PageBatch batch)
    : WriterBase(pages, header, options, sink, progress),
      layout_(layout),
      batch_(std::move(batch)),
      zero_page_(layout.page_size) {
  ended_.reserve(kMaxEndedRuns);
}

Result<DumpResult> ElfWriter::run() {
  TRY(write_headers());
  for (Pfn first = pages_.next_window({0}); first < pages_.end_pfn() && !is_late_;
       first = pages_.next_window({first.value + kWindowPages}))
    TRY(write_window(first));
  TRY(reach(layout_.data));
  TRY(write_last_header());
  return finish();
}

// With the checksums, if they can be written.
Result<> ElfWriter::write_last_header() {
  const Elf64_Ehdr plain =
      make_elf_header(layout_, header_.elf_machine, is_whole() ? 0 : kElfIncomplete);
  if (const auto place = plan_sums(true)) {
    Elf64_Ehdr announcing = plain;
    announce_sums(*place, announcing);
    const auto program_headers =
        layout_.section_header != 0 ? static_cast<uint32_t>(layout_.slots + 1) : 0;
    const Result<> written = write_sums(*place, bytes_of(announcing), program_headers);
    if (written) return absorb_no_space(sink_.write_at(0, bytes_of(announcing)));
    if (written.error().kind != Kind::no_space) return written;
  }
  return absorb_no_space(sink_.write_at(0, bytes_of(plain)));
}

Result<> ElfWriter::write_headers() {
  TRY(sink_.write_at(0, bytes_of(make_elf_header(layout_, header_.elf_machine, kElfIncomplete))));
  TRY(sink_.write_at(sizeof(Elf64_Ehdr), bytes_of(make_elf_notes_header(layout_, header_))));
  if (layout_.section_header != 0)
    TRY(sink_.write_at(layout_.section_header, bytes_of(make_elf_count_section(layout_))));
  return header_.notes.empty() ? Result<>() : sink_.write_at(layout_.notes, header_.notes);
}

Result<> ElfWriter::write_window(Pfn first) {
  if (const Result<> selected = window_.select(pages_, first); !selected) {
    miss_window(selected.error());
    return {};
  }
  pass_segments_before(first);
  uint32_t from = 0;
  while (!stopped_) {
    const ElfRun range = next_elf_run(window_, from, merging() ? kWindowPages : kElfMergePages);
    if (range.first == range.end) break;
    TRY(write_run(range));
    from = range.end;
  }
  if (stopped_) result_.pages_dropped += count_pages(window_.kept, from);
  TRY(checkpoint());
  report();
  return {};
}

Result<> ElfWriter::write_run(ElfRun range) {
  uint32_t at = range.first;
  while (at < range.end && !stopped_) {
    const uint32_t count = std::min(range.end - at, batch_.capacity);
    pages_.read_pages(Pfn{window_.first.value + at},
                      batch_.pages.bytes().first(size_t{count} * layout_.page_size),
                      std::span(batch_.readable).first(count));
    for (uint32_t i = 0; i < count; ++i) {
      TRY(take(at + i, batch_.readable[i],
               batch_.pages.bytes().subspan(size_t{i} * layout_.page_size, layout_.page_size)));
      TRY(checkpoint_if_due());
    }
    at += count;
    report();
  }
  result_.pages_dropped += kept_pages(at, range.end - at);
  return end_run();
}

Result<> ElfWriter::take(uint32_t index, bool readable, Bytes page) {
  const bool kept = test_bit(window_.kept, index);
  pages_handled_ += kept;
  // Zeros not in data_ yet: where gaps take no room, a run that becomes one does not count.
  const uint64_t zeros = uint64_t{zero_pages_} * layout_.page_size;
  const uint64_t pending = options_.no_sparse_files ? zeros : std::min(zeros, kMinElfHoleBytes);
  if (!stopped_ && !data_->fits(pending + layout_.page_size)) stop_at_limit();
  if (stopped_) {
    result_.pages_dropped += kept;
    return {};
  }
  if (!readable) {
    result_.pages_unreadable += kept;
    // It shall read as an error, not as zeros, unless program headers run short.
    if (!merging()) return end_run();
  }

  if (run_.pages == 0) run_ = {.first = index, .offset = data_->position()};
  ++run_.pages;
  ++undescribed_;
  if ((options_.level & kLevelZero) && is_zero_page(page)) {
    ++zero_pages_;
    run_.zeros += kept && readable;
    return {};
  }
  TRY(append_zeros(false));
  return absorb_data(data_->append(page));
}

// Long runs of zeros become holes of the file. A run of pages ends with a page that is written,
// so that the file always reaches as far as its segments.
Result<> ElfWriter::append_zeros(bool run_ends) {
  uint64_t pages = std::exchange(zero_pages_, 0);
  if (pages * layout_.page_size >= kMinElfHoleBytes && !data_failed_) {
    const uint64_t written = run_ends ? 1 : 0;
    TRY(absorb_data(data_->skip((pages - written) * layout_.page_size)));
    pages = written;
  }
  for (; pages > 0 && !data_failed_; --pages) TRY(absorb_data(data_->append(zero_page_)));
  return {};
}

Result<> ElfWriter::end_run() {
  if (run_.pages == 0) return {};
  TRY(append_zeros(true));
  slots_promised_ += add_segments(run_, nullptr);
  ended_.push_back(std::exchange(run_, {}));
  return ended_.size() == kMaxEndedRuns ? checkpoint() : Result<>();
}

// Cuts the run that is being written, if program headers suffice for that.
Result<> ElfWriter::checkpoint_if_due() {
  if (undescribed_ < checkpoint_pages_ || stopped_ || merging()) return {};
  checkpoint_pages_ = std::min<uint64_t>(2 * checkpoint_pages_, kWindowPages);
  TRY(end_run());
  return checkpoint();
}

// Makes the runs that have ended readable: their bytes, then their program headers.
Result<> ElfWriter::checkpoint() {
  if (!data_failed_) TRY(absorb_data(data_->flush()));
  if (data_failed_) drop_pages_without_data();

  std::vector<Elf64_Phdr> segments;
  size_t described = 0;
  for (const Run& run : ended_) {
    const size_t before = segments.size();
    add_segments(run, &segments);
    if (segments.size() > layout_.slots - slots_used_) {
      segments.resize(before);
      stop(fail(Kind::no_space, "all %" PRIu64 " reserved program headers are used", layout_.slots)
               .error());
      break;
    }
    ++described;
  }
  if (!segments.empty()) {
    const Bytes table(reinterpret_cast<const uint8_t*>(segments.data()),
                      segments.size() * sizeof(Elf64_Phdr));
    const Result<> written = sink_.write_at(layout_.slot_offset(slots_used_), table);
    TRY(absorb_no_space(written));
    if (!written) described = 0;
    slots_used_ += written ? segments.size() : 0;
  }
  slots_promised_ = slots_used_;

  for (size_t i = 0; i < ended_.size(); ++i) {
    const uint64_t kept = kept_pages(ended_[i].first, ended_[i].pages);
    const uint64_t zeros = std::min(ended_[i].zeros, kept);
    if (i >= described) {
      result_.pages_dropped += kept;
      continue;
    }
    result_.pages_zero += zeros;
    result_.pages_written += kept - zeros;
  }
  ended_.clear();
  undescribed_ = 0;
  return {};
}

// Appends the program headers that describe the run: one for each original segment that maps a
// part of it, so that memory that was mapped twice, such as the kernel's text, is found at both
// addresses while its bytes are there once. Gives their number; `out` may be null.
size_t ElfWriter::add_segments(const Run& run, std::vector<Elf64_Phdr>* out) const {
  const auto all = header_.segments.empty() ? std::span(&kAnyMemory, 1) : header_.segments;
  const uint64_t paddr = (window_.first.value + run.first) * layout_.page_size;
  const uint64_t size = uint64_t{run.pages} * layout_.page_size;
  size_t count = 0;
  for (const DumpHeader::Segment& segment : all.subspan(first_segment_)) {
    if (segment.paddr.value >= paddr + size) break;  // they are ascending
    const auto load = make_elf_load(segment, paddr, size, run.offset);
    if (!load) continue;
    ++count;
    if (out != nullptr) out->push_back(*load);
  }
  return count;
}

// Windows are ascending: a segment that ends below one maps nothing of it, nor of those to come.
// One that ends above keeps those behind it from being passed, which costs time alone.
void ElfWriter::pass_segments_before(Pfn window) {
  const uint64_t begin = window.value * layout_.page_size;
  for (; first_segment_ < header_.segments.size(); ++first_segment_) {
    const DumpHeader::Segment& segment = header_.segments[first_segment_];
    if (segment.paddr.value >= begin || segment.size_bytes > begin - segment.paddr.value) break;
  }
}

// After the sink has refused data: runs end where it stopped to take them.
void ElfWriter::drop_pages_without_data() {
  for (Run& run : ended_) {
    const uint64_t there =
        data_->written() > run.offset ? (data_->written() - run.offset) / layout_.page_size : 0;
    const uint32_t pages = static_cast<uint32_t>(std::min<uint64_t>(there, run.pages));
    result_.pages_dropped += kept_pages(run.first + pages, run.pages - pages);
    run.pages = pages;
  }
}

uint64_t ElfWriter::kept_pages(uint32_t first, uint32_t count) const {
  uint64_t kept = 0;
  for (uint32_t i = 0; i < count; ++i) kept += test_bit(window_.kept, first + i);
  return kept;
}

Result<> ElfWriter::absorb_data(Result<> written) {
  data_failed_ = data_failed_ || !written;
  return absorb_no_space(written);
}

}  // namespace kdump

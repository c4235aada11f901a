// How large a dump will be, before it is written. What is counted is exact; how well pages compress
// is estimated from a sample, with a margin, since too little space found out too late costs more
// than a level that was not needed.
#include <cmath>

#include "filter/dump/dump_writer.h"
#include "filter/dump/elf_layout.h"
#include "filter/dump/kdump_layout.h"
#include "filter/dump/page_batch.h"
#include "filter/dump/sums_trailer.h"
#include "filter/dump/zero_page.h"
#include "filter/pages/plan.h"

namespace kdump {
namespace {

// The margin in standard errors of the sample's mean: a dump outgrows it once in a thousand times,
// as far as pages were independent.
constexpr double kStandardErrors = 3;
// Data is padded after at most this many pages, and at the end of each window.
constexpr uint64_t kPaddingPages = 512;

template <class Visit>
Result<> each_window(PageSource& pages, Visit visit) {
  const auto window = std::make_unique<Window>();
  for (Pfn first = pages.next_window({0}); first < pages.end_pfn();
       first = pages.next_window({first.value + kWindowPages})) {
    TRY(window->select(pages, first));
    visit(*window);
  }
  return {};
}

// Looks at every stride-th block of an ELF dump's runs that is as large as a hole. Blocks of zeros
// become holes of the file.
class HoleSample {
 public:
  static Result<HoleSample> create(PageSource& pages, const DumpOptions& options) {
    const auto size = static_cast<uint32_t>(kMinElfHoleBytes / pages.page_size());
    const bool has_holes = (options.level & kLevelZero) && !options.no_sparse_files;
    const uint64_t blocks =
        (options.expected_pages ? options.expected_pages : pages.end_pfn().value) / size;
    const uint64_t stride = has_holes ? std::max<uint64_t>(blocks / kSampleBlocks, 1) : 0;
    return HoleSample(pages, TRY(PageBatch::create(size, pages.page_size(), false)), stride);
  }

  void take_from(const Window& window, ElfRun run) {
    pages_in_runs_ += run.end - run.first;
    if (stride_ == 0) return;
    for (uint32_t at = run.first; run.end - at >= batch_.capacity; at += batch_.capacity)
      if (blocks_++ % stride_ == stride_ / 2) take(Pfn{window.first.value + at});
    ++rest_pages_;  // a run ends with a page that is written
  }

  // Of all runs, without their holes.
  uint64_t written_pages() const {
    if (looked_at_ == 0 || zeros_ == 0) return pages_in_runs_;
    const auto count = static_cast<double>(looked_at_), with_data = count - double(zeros_);
    const double margin =
        stride_ == 1 ? 0 : kStandardErrors + kStandardErrors * std::sqrt(with_data);
    const double share = std::min((with_data + margin) / count, 1.0);
    const uint64_t in_blocks = blocks_ * batch_.capacity;
    const auto written = static_cast<uint64_t>(std::ceil(share * static_cast<double>(in_blocks)));
    const uint64_t all =
        pages_in_runs_ - in_blocks + written + rest_pages_ + kMaxCuts * batch_.capacity;
    return std::min(all, pages_in_runs_);
  }

 private:
  static constexpr uint64_t kSampleBlocks = 1024;
  // Checkpoints cut runs, and holes with them, until they come as seldom as windows.
  static constexpr uint64_t kMaxCuts = 12;

  HoleSample(PageSource& pages, PageBatch batch, uint64_t stride)
      : pages_(pages), batch_(std::move(batch)), stride_(stride) {}

  void take(Pfn first) {
    const Bytes bytes = batch_.pages.bytes();
    pages_.read_pages(first, batch_.pages.bytes(), batch_.readable);
    bool is_zero = true;
    for (uint32_t i = 0; is_zero && i < batch_.capacity; ++i)
      is_zero = batch_.readable[i] &&
                is_zero_page(bytes.subspan(size_t{i} * batch_.page_size, batch_.page_size));
    ++looked_at_;
    zeros_ += is_zero;
  }

  PageSource& pages_;
  PageBatch batch_;  // one block
  uint64_t stride_;  // 0: there are no holes
  uint64_t pages_in_runs_ = 0, rest_pages_ = 0, blocks_ = 0, looked_at_ = 0, zeros_ = 0;
};

Result<uint64_t> estimate_elf(PageSource& pages, const DumpHeader& header,
                              const DumpOptions& options) {
  const ElfLayout layout =
      TRY(ElfLayout::make(pages.end_pfn().value, pages.page_size(), header, options));
  HoleSample sample = TRY(HoleSample::create(pages, options));
  TRY(each_window(pages, [&](const Window& window) {
    ElfRun run = next_elf_run(window, 0, kElfMergePages);
    for (; run.first != run.end; run = next_elf_run(window, run.end, kElfMergePages))
      sample.take_from(window, run);
  }));
  const uint64_t bytes = layout.data + sample.written_pages() * pages.page_size();
  return bytes + sums_reserve(bytes);
}

// Looks at every stride-th kept page.
class Sample {
 public:
  static Result<Sample> create(PageSource& pages, const Compression& compression, uint64_t stride) {
    const bool compressing = compression.kind != Compression::Kind::none;
    Sample sample(pages, TRY(PageBatch::create(1, pages.page_size(), compressing)), stride);
    sample.batch_.level = compression.zstd_level();
    if (compressing)
      sample.compressor_ = TRY(PageCompressor::create(compression.zstd_level(), pages.page_size()));
    return sample;
  }

  void take_from(const Window& window) {
    for (uint32_t i = next_page(window.kept, 0, true); i < kWindowPages;
         i = next_page(window.kept, i + 1, true))
      if (kept_++ % stride_ == stride_ / 2) take(Pfn{window.first.value + i});
  }

  uint64_t kept() const { return kept_; }

  // Of all kept pages together, unless all were looked at with the margin.
  uint64_t data_bytes() const {
    if (count_ == 0) return 0;
    const double mean = sum_ / count_;
    const double variance = std::max(sum_of_squares_ / count_ - mean * mean, 0.0);
    const double margin = stride_ == 1 ? 0 : kStandardErrors * std::sqrt(variance / count_);
    const double bytes = std::min<double>(mean + margin, batch_.page_size);
    return static_cast<uint64_t>(std::ceil(bytes * static_cast<double>(kept_)));
  }

 private:
  Sample(PageSource& pages, PageBatch batch, uint64_t stride)
      : pages_(pages), batch_(std::move(batch)), stride_(stride) {}

  void take(Pfn pfn) {
    batch_.clear();
    batch_.read(pages_, pfn, 0, 1);
    compress_batch(batch_, compressor_ ? &*compressor_ : nullptr);
    const double size = batch_.page[0].size;
    sum_ += size;
    sum_of_squares_ += size * size;
    ++count_;
  }

  PageSource& pages_;
  PageBatch batch_;
  std::optional<PageCompressor> compressor_;
  uint64_t stride_;
  uint64_t kept_ = 0;
  double count_ = 0, sum_ = 0, sum_of_squares_ = 0;
};

// Of a dump whose kept pages take data_bytes.
Result<uint64_t> kdump_bytes(const PageSource& pages, const DumpHeader& header,
                             const DumpOptions& options, uint64_t kept, uint64_t data_bytes) {
  const KdumpLayout layout =
      TRY(KdumpLayout::make(pages.end_pfn().value, pages.page_size(), header, options));
  const uint64_t paddings = kept / kPaddingPages + layout.windows + 1;
  const uint64_t zero_page = pages.page_size();
  const uint64_t bytes =
      layout.data - layout.gap_bytes + data_bytes + paddings * kIoAlignment + zero_page;
  return bytes + sums_reserve(bytes);
}

Result<uint64_t> estimate_kdump(PageSource& pages, const DumpHeader& header, DumpOptions options) {
  if (options.expected_pages == 0)
    TRY(each_window(
        pages, [&](const Window& window) { options.expected_pages += count_pages(window.kept); }));
  const uint64_t stride = std::max<uint64_t>(options.expected_pages / kSamplePages, 1);
  Sample sample = TRY(Sample::create(pages, options.compression, stride));
  TRY(each_window(pages, [&](const Window& window) { sample.take_from(window); }));

  return kdump_bytes(pages, header, options, sample.kept(), sample.data_bytes());
}

}  // namespace

Result<uint64_t> max_dump_bytes(const PageSource& pages, const DumpHeader& header,
                                const DumpOptions& options) {
  DumpOptions unlimited = options;
  unlimited.max_bytes = UINT64_MAX;
  if (options.format == Format::kdump) {
    const uint64_t kept = options.expected_pages;
    return kdump_bytes(pages, header, unlimited, kept, kept * pages.page_size());
  }
  const ElfLayout layout =
      TRY(ElfLayout::make(pages.end_pfn().value, pages.page_size(), header, unlimited));
  const uint64_t bytes = layout.data + header.ram_pages * pages.page_size();
  return bytes + sums_reserve(bytes);
}

Result<uint64_t> estimate_dump_bytes(PageSource& pages, const DumpHeader& header,
                                     const DumpOptions& options) {
  DumpOptions unlimited = options;
  unlimited.max_bytes = UINT64_MAX;
  return options.format == Format::elf ? estimate_elf(pages, header, unlimited)
                                       : estimate_kdump(pages, header, unlimited);
}

}  // namespace kdump

// The flow of a kdump-compressed dump: which bytes are written in which order, so that an
// interruption at any point leaves a file that readers open and that holds what it says it holds.
#pragma once

#include "filter/dump/compress_pipeline.h"
#include "filter/dump/kdump_layout.h"
#include "filter/dump/level_governor.h"
#include "filter/dump/output/data_stream.h"
#include "filter/dump/recent_contents.h"
#include "filter/dump/window_bits.h"
#include "filter/dump/writer_base.h"

namespace kdump {

class KdumpWriter : WriterBase {
 public:
  // Everything that takes memory or can be refused happens here; nothing is written yet.
  static Result<std::unique_ptr<KdumpWriter>> create(PageSource& pages, const DumpHeader& header,
                                                     const DumpOptions& options, Sink& sink,
                                                     Progress& progress);
  // Once.
  Result<DumpResult> run();

 private:
  KdumpWriter(PageSource& pages, const DumpHeader& header, const DumpOptions& options, Sink& sink,
              Progress& progress, KdumpLayout layout);

  Result<> write_header(uint32_t status);
  Result<> write_window(Pfn first);
  Result<> write_kept_pages();
  int choose_level();
  Result<> take_finished();
  Result<> take(PageBatch& batch);
  Result<> store(const PageBatch::Page& page, Bytes content);
  Result<> checkpoint(uint32_t end);
  Result<> write_bits(uint64_t bitmap, const PageBits& bits, uint32_t from_byte, uint32_t end_byte);
  void drop_pages_without_data();

  const KdumpLayout layout_;
  std::optional<DataStream> data_;  // from create() on
  std::unique_ptr<CompressPipeline> pipeline_;
  LevelGovernor governor_;                                 // of compress=auto
  uint32_t stored_flag_ = 0;                               // of header and compressed pages
  std::vector<uint8_t> zero_content_;                      // what a page of zeros is stored as
  std::optional<kdump_format::PageDescriptor> zero_page_;  // once it is
  std::optional<RecentContents> recent_;                   // from create() on

  // Pages whose data was appended but whose descriptor is not written yet, in order of pfn.
  struct Pending {
    uint32_t index;  // in the window
    PageBatch::Form form;
  };
  std::vector<kdump_format::PageDescriptor> pending_descriptors_;
  std::vector<Pending> pending_;
  size_t pending_capacity_;
  size_t pending_limit_ = kFirstCheckpointPages;  // then they are written
  uint64_t descriptors_written_ = 0;

  Window window_;
  PageBits dumped_;              // bitmap 2 of the window
  uint32_t dumped_written_ = 0;  // bytes of it that the sink has

  bool data_failed_ = false;  // the sink refused data: it is not offered again
};

}  // namespace kdump

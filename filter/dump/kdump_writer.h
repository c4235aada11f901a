// Writes a kdump-compressed dump. The order of writes ensures that after an interruption at any
// point readers open the file, and every page that its tables name is present.
#pragma once

#include "filter/dump/compress_pipeline.h"
#include "filter/dump/kdump_layout.h"
#include "filter/dump/level_governor.h"
#include "filter/dump/output/data_stream.h"
#include "filter/dump/recent_pages.h"
#include "filter/dump/window_bits.h"
#include "filter/dump/writer_base.h"

namespace kdump {

class KdumpWriter : WriterBase {
 public:
  // Allocates all memory and checks the options; writes nothing. Fails: as KdumpLayout::make; io,
  // without memory.
  static Result<std::unique_ptr<KdumpWriter>> create(PageSource& pages, const DumpHeader& header,
                                                     const DumpOptions& options, Sink& sink,
                                                     Progress& progress);
  // Writes the dump. Call it once. Fails as write_dump() does.
  Result<DumpResult> run();

 private:
  KdumpWriter(PageSource& pages, const DumpHeader& header, const DumpOptions& options, Sink& sink,
              Progress& progress, KdumpLayout layout);

  // The header, and room for the announcement of the checksums.
  using HeaderBlock = std::array<uint8_t, FlattenedSink::kMaxHeaderBytes>;

  HeaderBlock make_header(uint32_t status) const;
  Result<> write_last_header();
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
  std::vector<uint8_t> zero_content_;                      // the stored form of a page of zeros
  std::optional<kdump_format::PageDescriptor> zero_page_;  // nullopt: not stored yet
  std::optional<RecentPages> recent_;                      // from create() on

  // Pages whose data is appended and whose descriptor is not written yet, ascending by pfn.
  struct Pending {
    uint32_t index;  // in the window
    PageBatch::Form form;
  };
  std::vector<kdump_format::PageDescriptor> pending_descriptors_;
  std::vector<Pending> pending_;
  size_t pending_capacity_;
  size_t pending_limit_ = kFirstCheckpointPages;  // length at which they are written
  uint64_t descriptors_written_ = 0;

  Window window_;
  PageBits dumped_;              // bitmap 2 of the window
  uint32_t dumped_written_ = 0;  // bytes of it written to the sink

  bool data_failed_ = false;  // the sink has refused data; no more is written
};

}  // namespace kdump

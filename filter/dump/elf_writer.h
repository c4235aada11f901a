// Writes an ELF dump: kept pages, uncompressed, in segments. The program header of a segment is
// written after its data.
#pragma once

#include <memory>

#include "filter/dump/elf_layout.h"
#include "filter/dump/output/data_stream.h"
#include "filter/dump/page_batch.h"
#include "filter/dump/writer_base.h"

namespace kdump {

class ElfWriter : WriterBase {
 public:
  // Allocates all memory and checks the options; writes nothing. Fails: as ElfLayout::make; io,
  // without memory.
  static Result<std::unique_ptr<ElfWriter>> create(PageSource& pages, const DumpHeader& header,
                                                   const DumpOptions& options, Sink& sink,
                                                   Progress& progress);
  // Writes the dump. Call it once. Fails as write_dump() does.
  Result<DumpResult> run();

 private:
  // Pages of the window that are contiguous in the dump.
  struct Run {
    uint32_t first = 0;  // page of the window
    uint32_t pages = 0;
    uint64_t zeros = 0;   // of the kept ones
    uint64_t offset = 0;  // in the dump
  };

  ElfWriter(PageSource& pages, const DumpHeader& header, const DumpOptions& options, Sink& sink,
            Progress& progress, ElfLayout layout, PageBatch batch);

  Result<> write_headers();
  Result<> write_last_header();
  Result<> write_window(Pfn first);
  Result<> write_run(ElfRun range);
  Result<> take(uint32_t index, bool readable, Bytes page);
  Result<> append_zeros(bool run_ends);
  Result<> end_run();
  Result<> checkpoint_if_due();
  Result<> checkpoint();
  size_t add_segments(const Run& run, std::vector<Elf64_Phdr>* out) const;
  void pass_segments_before(Pfn window);
  void drop_pages_without_data();
  uint64_t kept_pages(uint32_t first, uint32_t count) const;
  Result<> absorb_data(Result<> written);
  bool merging() const { return slots_promised_ + layout_.window_slots >= layout_.slots; }

  const ElfLayout layout_;
  std::optional<DataStream> data_;  // from create() on
  PageBatch batch_;                 // for reading alone
  const std::vector<uint8_t> zero_page_;

  Window window_;
  size_t first_segment_ = 0;  // earlier ones end below the window
  Run run_;                   // being written; no pages: none
  uint32_t zero_pages_ = 0;   // at its end, not yet in data_
  std::vector<Run> ended_;    // runs without program headers yet
  uint64_t undescribed_ = 0;  // pages of ended_ and run_
  uint64_t checkpoint_pages_ = kFirstCheckpointPages;
  uint64_t slots_used_ = 0;      // written
  uint64_t slots_promised_ = 0;  // and those of ended_

  bool data_failed_ = false;
};

}  // namespace kdump

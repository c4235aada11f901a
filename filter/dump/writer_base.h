// The common part of the writers: their arguments, the result so far, and the early end. When space
// or time runs out, no further page is written; the writer completes the dump, valid and marked
// incomplete.
#pragma once

#include "filter/dump/dump_writer.h"
#include "filter/dump/output/counted_sink.h"
#include "filter/dump/sums_trailer.h"

namespace kdump {

class WriterBase {
 protected:
  // Pages cannot be read before their descriptors are written. Descriptors are written after this
  // many pages, and then after twice as many each time: after an early end about half of the data
  // can be read, and a long dump does not need many small writes.
  static constexpr size_t kFirstCheckpointPages = 512;

  WriterBase(PageSource& pages, const DumpHeader& header, const DumpOptions& options, Sink& sink,
             Progress& progress)
      : pages_(pages), header_(header), options_(options), sink_(sink), progress_(progress) {}
  ~WriterBase() = default;

  // Ends the dump on an error of kind no_space and returns success; returns other errors.
  Result<> absorb_no_space(Result<> written);
  void stop(const Error& why);
  void stop_at_limit();  // options_.max_bytes is reached
  // Records that a window could not be selected, and continues with the others.
  void miss_window(const Error& why);
  // Extends the file to `end`: readers require headers and tables inside the file, even if no page
  // follows them.
  Result<> reach(uint64_t end);
  // Returns where the dump's checksums will lie; nothing if there is no room, or if bytes of a
  // failed write lie among those that were written.
  std::optional<SumsPlace> plan_sums(bool is_elf);
  // Writes them. header: as it will be written next, with the announcement.
  Result<> write_sums(const SumsPlace& place, Bytes header, uint32_t program_headers);
  // Reports progress, and ends the dump if Progress::may_continue() fails.
  void report();
  DumpResult finish() const;
  // Whether the dump's header may say so.
  bool is_whole() const { return result_.complete && !header_.is_incomplete; }

  PageSource& pages_;
  const DumpHeader& header_;
  const DumpOptions& options_;
  CountedSink sink_;
  Progress& progress_;

  bool stopped_ = false;  // no further page is written; the rest is counted
  bool is_late_ = false;  // the rest is not even counted: the deadline has passed
  uint64_t pages_handled_ = 0;
  DumpResult result_;
};

}  // namespace kdump

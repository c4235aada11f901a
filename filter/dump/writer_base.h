// What the writers of all formats have in common: what they are given, what has become of the dump
// so far, and how want of space, or of time, ends it: the dump stops there, valid and marked, the
// writer goes on to its end.
#pragma once

#include "filter/dump/dump_writer.h"
#include "filter/dump/output/counted_sink.h"

namespace kdump {

class WriterBase {
 protected:
  // What was written is of no use until what points at it is, too. That comes after so many pages
  // at first, and then each time after twice as many: whenever a dump ends early, about half of
  // what was written can be read, while a long one is not written in small pieces.
  static constexpr size_t kFirstCheckpointPages = 512;

  WriterBase(PageSource& pages, const DumpHeader& header, const DumpOptions& options, Sink& sink,
             Progress& progress)
      : pages_(pages), header_(header), options_(options), sink_(sink), progress_(progress) {}
  ~WriterBase() = default;

  // An error of kind no_space ends the dump and is not returned to the caller; other errors are.
  Result<> absorb_no_space(Result<> written);
  void stop(const Error& why);
  void stop_at_limit();  // options_.max_bytes is reached
  // The window cannot be selected: the others are still worth having.
  void miss_window(const Error& why);
  // Readers want headers and tables inside the file, even where no page follows them.
  Result<> reach(uint64_t end);
  // Tells where the dump is, and stops it where it may not go on.
  void report();
  DumpResult finish() const;

  PageSource& pages_;
  const DumpHeader& header_;
  const DumpOptions& options_;
  CountedSink sink_;
  Progress& progress_;

  bool stopped_ = false;  // no further page is taken
  bool is_late_ = false;  // nor is one looked at: there is no time to count them
  uint64_t pages_handled_ = 0;
  DumpResult result_;
};

}  // namespace kdump

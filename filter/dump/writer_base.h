// What the writers of all formats have in common: what they are given, what has become of the dump
// so far, and how want of space ends it: the dump stops there, valid and marked, the writer goes on
// to its end.
#pragma once

#include "filter/dump/counted_sink.h"
#include "filter/dump/dump_writer.h"

namespace kdump {

class WriterBase {
 protected:
  WriterBase(PageSource& pages, const DumpHeader& header, const DumpOptions& options, Sink& sink,
             Progress& progress)
      : pages_(pages), header_(header), options_(options), sink_(sink), progress_(progress) {}
  ~WriterBase() = default;

  // The error of a write for want of space stops the dump and is not the caller's; others are.
  Result<> absorb_no_space(Result<> written);
  void stop(const Error& why);
  void stop_at_limit();  // options_.max_bytes is reached
  // The window cannot be selected: the others are still worth having.
  void miss_window(const Error& why);
  // Readers want headers and tables inside the file, even where no page follows them.
  Result<> reach(uint64_t end);
  void report();
  DumpResult finish() const;

  PageSource& pages_;
  const DumpHeader& header_;
  const DumpOptions& options_;
  CountedSink sink_;
  Progress& progress_;

  bool stopped_ = false;  // no further page is taken
  uint64_t pages_handled_ = 0;
  DumpResult result_;
};

}  // namespace kdump

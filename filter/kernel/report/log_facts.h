// What the crashed kernel's log says of the crash in its own words: the reason, the text of the
// last oops or lockup, its Call Trace. A second witness for what the stack says, and the only one
// where there is no BTF or no unwinder.
//
// Source: kernel/panic.c, arch/x86/kernel/dumpstack.c, arch/arm64/kernel/traps.c and stacktrace.c,
// kernel/watchdog.c, kernel/hung_task.c, kernel/rcu/tree_stall.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "filter/base/sink.h"
#include "filter/kernel/report/panic_reason.h"
#include "filter/kernel/report/signature.h"

namespace kdump {

struct LogFacts {
  // Of the text; a panic's message and trace have a few KiB.
  static constexpr size_t kMaxTextBytes = 16 * 1024;

  std::string reason;  // as `info` has it; empty: not known
  std::string event;   // the line that names the crash, such as "BUG: soft lockup …"
  std::string text;    // the last oops, lockup or panic, without times
  // The reliable ones of the last Call Trace, innermost first, from the faulting instruction on.
  std::vector<NamedFrame> frames;
  // Of the task that the last "INFO: task NAME:PID blocked" names.
  std::optional<int32_t> hung_pid;
  std::vector<NamedFrame> hung_frames;
};

// A sink for the text of a kernel log; keeps its end.
class LogReader final : public Sink {
 public:
  Result<> write_at(uint64_t offset, Bytes data) override;
  // Call it when the log has been written.
  LogFacts take();

 private:
  static constexpr size_t kMaxTailBytes = 64 * 1024;

  PanicReason reason_;
  std::string tail_;
};

}  // namespace kdump

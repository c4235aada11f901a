// Reads the crashed kernel's log in its three layouts: the lockless ring since v5.10, the records
// in log_buf before it, the plain text in log_buf before v3.5. The keys in vmcoreinfo determine the
// layout. All input is hostile: every count is bounded, and a corrupt log yields its readable part.
#pragma once

#include <vector>

#include "filter/base/sink.h"
#include "filter/kernel/memory/address_space.h"
#include "filter/kernel/vmcore.h"

namespace kdump {

struct LogSummary {
  uint64_t records = 0;
  uint64_t bytes = 0;           // of text written
  uint64_t newest_ts_nsec = 0;  // time of the newest record since boot; 0: unknown
  std::string warning;          // reason why the log may be incomplete; empty: complete
};

// Writes the log to `out` from offset 0 in the format of syslog(2): "[   12.345678] text", with the
// prefix before each line of a record. Control bytes are not removed. Fails: unsupported, if
// vmcoreinfo names no log; as the sink does.
Result<LogSummary> write_kernel_log(Vmcore& vmcore, Sink& out);

// Returns the ranges of the log's buffers. Fails: unsupported, as above; corrupt, if the buffers
// cannot be located.
Result<std::vector<VirtualRange>> find_kernel_log(const Vmcoreinfo& info, AddressSpace& space);

}  // namespace kdump

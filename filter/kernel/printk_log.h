// The crashed kernel's log in each of its layouts: the lockless ring of 5.10 and later, the records
// in log_buf before it, the plain text in log_buf before 3.5; told apart by what vmcoreinfo
// exports. Everything read is hostile: every count is bounded, a corrupt log ends with what could
// be read.
#pragma once

#include <vector>

#include "filter/base/sink.h"
#include "filter/kernel/memory/address_space.h"
#include "filter/kernel/vmcore.h"

namespace kdump {

struct LogSummary {
  uint64_t records = 0;
  uint64_t bytes = 0;           // of text written
  uint64_t newest_ts_nsec = 0;  // when the newest record was logged, since boot; 0: not known
  std::string warning;          // empty, or why the log may lack something
};

// Writes the log to `out` from offset 0, byte for byte what syslog(2) gives ("[   12.345678] text",
// each further line of a record prefixed too): hostile text, no control byte is taken out of it.
// Fails: unsupported, where vmcoreinfo names no log; the sink's.
Result<LogSummary> write_kernel_log(Vmcore& vmcore, Sink& out);

// Where the log's buffers lie. Fails: unsupported, as above; corrupt, if their place cannot be
// determined.
Result<std::vector<VirtualRange>> find_kernel_log(const Vmcoreinfo& info, AddressSpace& space);

}  // namespace kdump

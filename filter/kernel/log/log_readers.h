// Readers of the kernel log's layouts. Each passes the readable records, oldest first, to a LogText
// and returns a warning if some could not be read.
#pragma once

#include <string>
#include <vector>

#include "filter/kernel/log/log_text.h"
#include "filter/kernel/memory/address_space.h"

namespace kdump {

// Reason why a log may be incomplete; empty: complete.
using LogWarning = std::string;

constexpr uint32_t kMaxLogBufBytes = 1u << 31;  // LOG_BUF_LEN_MAX

// The lockless ring of v5.10 and later (kernel/printk/printk_ringbuffer.h).
// Fails: unsupported, if a key is missing; corrupt, if the ring cannot be located; as the sink
// does.
bool has_printk_ring(const Vmcoreinfo& info);
Result<LogWarning> read_printk_ring(const Vmcoreinfo& info, AddressSpace& space, LogText& out);

// Returns the ranges of the ring and its buffers. Fails as read_printk_ring() does.
Result<std::vector<VirtualRange>> find_printk_ring(const Vmcoreinfo& info, AddressSpace& space);

// The buffer of variable-length records from v3.5 to v5.9 (kernel/printk/printk.c, struct
// printk_log). Fails as read_printk_ring() does.
bool has_log_buf(const Vmcoreinfo& info);
Result<LogWarning> read_log_buf(const Vmcoreinfo& info, AddressSpace& space, LogText& out);

// The plain text before v3.5: lines of "<6>[   12.345678] text" in a ring that holds the newest
// part. Counts lines as records. Fails as read_printk_ring() does.
bool has_log_text(const Vmcoreinfo& info);
Result<LogWarning> read_log_text(const Vmcoreinfo& info, AddressSpace& space, LogText& out);

}  // namespace kdump

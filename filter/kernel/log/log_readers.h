// The layouts of the kernel's log. Each reader hands the records it can read, oldest first, to
// a LogText, and says what it could not.
#pragma once

#include <string>
#include <vector>

#include "filter/kernel/log/log_text.h"
#include "filter/kernel/memory/address_space.h"

namespace kdump {

// Why a log may lack something; empty: whole.
using LogWarning = std::string;

constexpr uint32_t kMaxLogBufBytes = 1u << 31;  // LOG_BUF_LEN_MAX

// The lockless ring of v5.10 and later (kernel/printk/printk_ringbuffer.h).
// Fails: unsupported, where a key is missing; corrupt, where the ring cannot be found; the sink's.
bool has_printk_ring(const Vmcoreinfo& info);
Result<LogWarning> read_printk_ring(const Vmcoreinfo& info, AddressSpace& space, LogText& out);

// Where the ring and its buffers lie. Fails as read_printk_ring() does.
Result<std::vector<VirtualRange>> find_printk_ring(const Vmcoreinfo& info, AddressSpace& space);

// The buffer of variable-length records before it (kernel/printk/printk.c, struct printk_log).
// Fails likewise.
bool has_log_buf(const Vmcoreinfo& info);
Result<LogWarning> read_log_buf(const Vmcoreinfo& info, AddressSpace& space, LogText& out);

// The plain text before v3.5, "<6>[   12.345678] text" a line, in a buffer of which only the newest
// part is left. Counts its lines as records. Fails likewise.
bool has_log_text(const Vmcoreinfo& info);
Result<LogWarning> read_log_text(const Vmcoreinfo& info, AddressSpace& space, LogText& out);

}  // namespace kdump

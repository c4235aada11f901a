// How much memory the capture kernel has, and which crashkernel= is enough. The sizes are measured
// (docs/performance.md, "The smallest reservation") and do not grow with the machine's memory.
// scripts/lib/reservation.sh recommends the same sizes where no program runs yet, and knows how
// each distribution sets them; a test holds the two together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "filter/base/result.h"
#include "filter/base/sys.h"

namespace kdump {

#ifdef __aarch64__
constexpr std::string_view kThisMachine = "aarch64";
#else
constexpr std::string_view kThisMachine = "x86_64";
#endif

// For crashkernel=, in MiB. machine: as uname(2) has it.
uint32_t recommended_reservation_mib(std::string_view machine,
                                     const std::vector<std::string>& targets);

// Of the capture kernel that this runs in.
struct CaptureMemory {
  uint64_t reserved_bytes = 0;   // all memory of the capture kernel; 0: unknown
  uint64_t available_bytes = 0;  // of that, beside the kernel, its drivers and the unpacked image
  bool ran_out = false;          // the kernel has killed a process because no memory was left
};
CaptureMemory read_capture_memory(Sys& sys);

// Returns the crashkernel= size for what is in use now and what a job needs; more than is reserved
// where memory ran out.
uint32_t sufficient_reservation_mib(const CaptureMemory& memory,
                                    const std::vector<std::string>& targets);

// Before a capture: how much memory there is, and a better size where it may not be enough.
std::string format_capture_memory(const CaptureMemory& memory,
                                  const std::vector<std::string>& targets);

// After a capture: empty unless memory ran out, by the kernel's counters or the last error.
std::string format_shortage(const CaptureMemory& memory, const Error& last,
                            const std::vector<std::string>& targets);

// For the running system, before any crash: what is reserved, and what the targets need.
std::string format_reservation(Sys& sys, const std::vector<std::string>& targets);

}  // namespace kdump

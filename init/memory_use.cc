// See memory_use.h. The text of /proc/PID/status is documented in proc(5).
#include "init/memory_use.h"

#include <charconv>

#include "filter/base/file.h"

namespace kdump {
namespace {

constexpr size_t kProcTextBytes = 16 * 1024;  // of Linux 6.12 both texts have 1.5 KB

// The value of "\nKEY:   123 kB", in bytes.
uint64_t kilobytes(std::string_view status, std::string_view key) {
  const size_t at = status.find(key);
  if (at == std::string_view::npos) return 0;
  const size_t digits = status.find_first_not_of(" \t", at + key.size());
  if (digits == std::string_view::npos) return 0;
  uint64_t value = 0;
  std::from_chars(status.data() + digits, status.data() + status.size(), value);
  return value * 1024;
}

}  // namespace

uint64_t memory_in_status(std::string_view status) {
  return kilobytes(status, "\nRssAnon:") + kilobytes(status, "\nVmPTE:");
}

uint64_t memory_available(Sys& sys) {
  const auto meminfo = read_small_file(sys, "/proc/meminfo", kProcTextBytes);
  return meminfo ? kilobytes(*meminfo, "\nMemAvailable:") : 0;
}

void MemoryUse::sample(int64_t now_ms) {
  if (now_ms < next_sample_ms_) return;
  next_sample_ms_ = now_ms + kSampleMs;
  const auto status = read_small_file(sys_, "/proc/self/status", kProcTextBytes);
  if (!status) return;  // no /proc: the report then says 0, unknown
  const uint64_t now = memory_in_status(*status);
  if (now > peak_bytes_) peak_bytes_ = now;
}

}  // namespace kdump

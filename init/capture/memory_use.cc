// See memory_use.h. The text of /proc/PID/status is documented in proc(5).
#include "init/capture/memory_use.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "filter/base/file.h"

namespace kdump {
namespace {

constexpr size_t kProcTextBytes = 16 * 1024;  // of Linux 6.12 both texts have 1.5 KB

// 123 of "\nKEY   123"; nothing where no number follows.
std::optional<uint64_t> number_after(std::string_view text, std::string_view key) {
  const size_t at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  const size_t digits = text.find_first_not_of(" \t", at + key.size());
  if (digits == std::string_view::npos) return std::nullopt;
  uint64_t value = 0;
  const auto read = std::from_chars(text.data() + digits, text.data() + text.size(), value);
  return read.ec == std::errc{} ? std::optional(value) : std::nullopt;
}

// The value of "\nKEY:   123 kB", in bytes.
uint64_t kilobytes(std::string_view status, std::string_view key) {
  return number_after(status, key).value_or(0) * 1024;
}

// What RLIMIT_DATA leaves of a process's memory. Its row in /proc/self/limits has the soft limit
// first, in bytes or as "unlimited".
uint64_t memory_within_limit(Sys& sys) {
  const auto limits = read_small_file(sys, "/proc/self/limits", kProcTextBytes);
  const auto status = read_small_file(sys, "/proc/self/status", kProcTextBytes);
  if (!limits || !status) return UINT64_MAX;
  const auto limit = number_after(*limits, "\nMax data size");
  const uint64_t used = kilobytes(*status, "\nVmData:");
  if (!limit) return UINT64_MAX;
  return *limit > used ? *limit - used : 1;
}

}  // namespace

uint64_t memory_in_status(std::string_view status) {
  return kilobytes(status, "\nRssAnon:") + kilobytes(status, "\nVmPTE:");
}

uint64_t memory_available(Sys& sys) {
  const auto meminfo = read_small_file(sys, "/proc/meminfo", kProcTextBytes);
  const uint64_t available = meminfo ? kilobytes(*meminfo, "\nMemAvailable:") : 0;
  return available ? std::min(available, memory_within_limit(sys)) : 0;
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

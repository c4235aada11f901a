// See reservation.h. What the kernel shows: Documentation/ABI/testing/sysfs-kernel-…
// kexec_crash_size; /proc/iomem, kernel/resource.c; oom_kill of /proc/vmstat, mm/vmstat.c.
#include "init/capture/reservation.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cinttypes>

#include "filter/base/file.h"
#include "filter/base/text.h"
#include "init/capture/memory_use.h"

namespace kdump {
namespace {

// The least of which a real panic was saved is 76 to 92 MiB on x86_64 and 192 on arm64: this is a
// third or more above that, for drivers and newer kernels.
constexpr uint32_t kDiskMib = 128, kNetworkMib = 192, kArm64Mib = 256;
// What a job takes beside what is in use before it begins: measured are 4 MiB for a disk and 9 for
// SSH (docs/performance.md), and up to 8 that are not written yet (targets/storage/write_back.h).
constexpr uint64_t kJobMib = 16;
constexpr uint64_t kStepMib = 32;      // what is advised is a multiple of this
constexpr uint64_t kMaxMib = 1 << 20;  // figures of the kernel beyond this are none
// A line of /proc/iomem is a resource, one of /proc/vmstat a counter: 2 and 4 KB in a capture in
// QEMU.
constexpr size_t kMaxText = 128 << 10;

uint64_t mebibytes(uint64_t bytes) { return std::min(bytes >> 20, kMaxMib); }

std::string in_words(uint64_t reserved_bytes) {
  if (reserved_bytes == 0) return "an unknown amount";
  return text("%" PRIu64 " MiB", mebibytes(reserved_bytes));
}

uint64_t number_at(std::string_view text, size_t at, int base = 10) {
  uint64_t value = 0;
  if (at < text.size()) std::from_chars(text.data() + at, text.data() + text.size(), value, base);
  return value;
}

// "00100000-07ffffff : System RAM", what lies in it indented below it.
uint64_t system_ram_bytes(std::string_view iomem) {
  uint64_t bytes = 0;
  for (size_t at = 0; at < iomem.size();) {
    const size_t end = std::min(iomem.find('\n', at), iomem.size());
    const std::string_view line = iomem.substr(at, end - at);
    at = end + 1;
    const size_t dash = line.find('-');
    if (line.starts_with(' ') || !line.ends_with(" : System RAM") || dash == line.npos) continue;
    const uint64_t first = number_at(line, 0, 16), last = number_at(line, dash + 1, 16);
    if (last > first) bytes += last - first + 1;
  }
  return bytes;
}

bool needs_network(const std::vector<std::string>& targets) {
  return std::any_of(targets.begin(), targets.end(), [](const std::string& target) {
    return target.starts_with("nfs://") || target.starts_with("ssh://");
  });
}

}  // namespace

uint32_t recommended_reservation_mib(std::string_view machine,
                                     const std::vector<std::string>& targets) {
  if (machine == "aarch64") return kArm64Mib;
  return needs_network(targets) ? kNetworkMib : kDiskMib;
}

CaptureMemory read_capture_memory(Sys& sys) {
  CaptureMemory memory{.available_bytes = memory_available(sys)};
  if (const auto iomem = read_small_file(sys, "/proc/iomem", kMaxText))
    memory.reserved_bytes = system_ram_bytes(*iomem);
  constexpr std::string_view kKills = "\noom_kill ";
  if (const auto vmstat = read_small_file(sys, "/proc/vmstat", kMaxText))
    if (const size_t at = vmstat->find(kKills); at != std::string::npos)
      memory.ran_out = number_at(*vmstat, at + kKills.size()) > 0;
  return memory;
}

uint32_t sufficient_reservation_mib(const CaptureMemory& memory,
                                    const std::vector<std::string>& targets) {
  const uint64_t reserved = mebibytes(memory.reserved_bytes);
  const uint64_t in_use = reserved - std::min(reserved, mebibytes(memory.available_bytes));
  const uint64_t needed = std::max(in_use + kJobMib, memory.ran_out ? reserved + kJobMib : 0);
  const uint64_t rounded = (needed + kStepMib - 1) / kStepMib * kStepMib;
  return std::max(static_cast<uint32_t>(rounded),
                  recommended_reservation_mib(kThisMachine, targets));
}

std::string format_capture_memory(const CaptureMemory& memory,
                                  const std::vector<std::string>& targets) {
  const std::string words =
      text("memory: %s reserved, %" PRIu64 " MiB of it free",
           in_words(memory.reserved_bytes).c_str(), mebibytes(memory.available_bytes));
  if (mebibytes(memory.available_bytes) >= kJobMib) return words;
  return words + text(", which may be too little: crashkernel=%uM is enough",
                      sufficient_reservation_mib(memory, targets));
}

std::string format_shortage(const CaptureMemory& memory, const Error& last,
                            const std::vector<std::string>& targets) {
  if (!memory.ran_out && last.sys_errno != ENOMEM) return "";
  CaptureMemory too_little = memory;
  too_little.ran_out = true;
  return text("memory ran out: %s reserved, %" PRIu64
              " MiB of it free now; crashkernel=%uM is enough",
              in_words(memory.reserved_bytes).c_str(), mebibytes(memory.available_bytes),
              sufficient_reservation_mib(too_little, targets));
}

std::string format_reservation(Sys& sys, const std::vector<std::string>& targets) {
  const uint32_t wanted = recommended_reservation_mib(kThisMachine, targets);
  const auto size = read_small_file(sys, "/sys/kernel/kexec_crash_size", 64);
  const uint64_t reserved = size ? mebibytes(number_at(*size, 0)) : 0;
  if (reserved == 0)
    return text("no memory is reserved for a capture kernel: crashkernel=%uM is enough", wanted);
  return text("%" PRIu64 " MiB are reserved for the capture kernel%s", reserved,
              reserved >= wanted
                  ? ""
                  : text("; crashkernel=%uM is advised for such targets", wanted).c_str());
}

}  // namespace kdump

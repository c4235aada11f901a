// See panic_reason.h. The phrases are those of kernel/panic.c, arch/x86/mm/fault.c,
// arch/x86/kernel/traps.c, arch/arm64/mm/fault.c and lib/bug.c.
#include "filter/kernel/report/panic_reason.h"

#include "filter/base/text_list.h"

namespace kdump {
namespace {

constexpr size_t kMaxLineBytes = 1024;  // as long as a printk record can be; the rest is cut

constexpr std::string_view kPanic = "Kernel panic - not syncing: ";
constexpr std::string_view kOopses =
    "BUG: |kernel BUG at |Oops: |general protection fault|Unable to handle kernel ";

// The text behind the "[   12.345678] " of a log line.
std::string_view without_time(std::string_view line) {
  if (!line.starts_with('[')) return line;
  const size_t end = line.find("] ");
  return end == std::string_view::npos ? line : line.substr(end + 2);
}

}  // namespace

Result<> PanicReason::write_at(uint64_t, Bytes data) {
  for (const uint8_t byte : data) {
    if (byte == '\n')
      end_line();
    else if (line_.size() < kMaxLineBytes)
      line_ += static_cast<char>(byte);
  }
  return {};
}

std::string PanicReason::take() {
  end_line();
  return std::move(panic_.empty() ? oops_ : panic_);
}

void PanicReason::end_line() {
  const std::string_view text = without_time(line_);
  if (panic_.empty() && text.starts_with(kPanic)) panic_ = text.substr(kPanic.size());
  if (oops_.empty() && begins_as_listed(text, kOopses)) oops_ = text;
  line_.clear();
}

}  // namespace kdump

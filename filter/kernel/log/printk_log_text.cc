// The log before v3.5: characters in a buffer that wraps, each line beginning with its level,
// "<6>". log_end counts the characters ever logged.
#include <algorithm>
#include <bit>

#include "filter/base/text.h"
#include "filter/kernel/log/log_readers.h"

namespace kdump {
namespace {

constexpr size_t kMaxLevelDigits = 3;  // a facility may be part of it

Result<uint32_t> read_number(const Vmcoreinfo& info, AddressSpace& space, const char* name) {
  const auto symbol = info.symbol(name);
  if (!symbol) return fail(Kind::unsupported, "vmcoreinfo lacks SYMBOL(%s)", name);
  auto value = space.read<uint32_t>({*symbol});
  if (!value) return wrap(value.error(), "SYMBOL(%s)", name);
  return value;
}

// Lines without their levels, as dmesg prints them. Buffers the start of a line until it is known
// to be a level or not.
class WithoutLevels {
 public:
  explicit WithoutLevels(LogText& out) : out_(out) {}

  Result<> add(Bytes part) {
    for (const uint8_t c : part) TRY(add(c));
    return {};
  }
  Result<> finish() { return give_up_level(); }
  uint64_t lines() const { return lines_; }

 private:
  Result<> add(uint8_t c) {
    if (at_start_) {
      const bool is_digit = c >= '0' && c <= '9';
      if (held_ > 1 && c == '>') {
        held_ = 0;
        at_start_ = false;
        return {};
      }
      if (held_ == 0 ? c == '<' : is_digit && held_ <= kMaxLevelDigits) {
        start_[held_++] = c;
        return {};
      }
      TRY(give_up_level());
    }
    if (c == '\n') {
      at_start_ = true;
      ++lines_;
    }
    return out_.add_text({&c, 1});
  }

  // What was held back is text.
  Result<> give_up_level() {
    const size_t held = held_;
    held_ = 0;
    at_start_ = false;
    return out_.add_text(Bytes(start_).first(held));
  }

  LogText& out_;
  bool at_start_ = true;
  std::array<uint8_t, 1 + kMaxLevelDigits> start_{};
  size_t held_ = 0;
  uint64_t lines_ = 0;
};

}  // namespace

bool has_log_text(const Vmcoreinfo& info) { return info.symbol("log_end").has_value(); }

Result<LogWarning> read_log_text(const Vmcoreinfo& info, AddressSpace& space, LogText& out) {
  const auto symbol = info.symbol("log_buf");
  if (!symbol) return fail(Kind::unsupported, "kernel log: vmcoreinfo lacks SYMBOL(log_buf)");
  const uint64_t buffer = TRY(space.read<uint64_t>({*symbol}));
  const uint32_t size = TRY(read_number(info, space, "log_buf_len"));
  const uint32_t end = TRY(read_number(info, space, "log_end"));
  if (size > kMaxLogBufBytes || !std::has_single_bit(size))
    return fail(Kind::corrupt, "kernel log, SYMBOL(log_buf_len): a buffer of %u bytes", size);

  WithoutLevels lines(out);
  std::array<uint8_t, 4096> part;
  LogWarning warning;
  uint32_t left = std::min(end, size);
  while (left > 0) {
    const uint32_t at = (end - left) & (size - 1);
    const auto bytes = static_cast<uint32_t>(std::min<uint64_t>({left, size - at, part.size()}));
    const MutableBytes into = MutableBytes(part).first(bytes);
    if (const auto got = space.read({buffer + at}, into); !got) {
      warning = text("the log ends early: %s", got.error().text);
      break;
    }
    TRY(lines.add(into));
    left -= bytes;
  }
  TRY(lines.finish());
  out.add_records(lines.lines());
  return warning;
}

}  // namespace kdump

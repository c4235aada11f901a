#include "filter/kernel/log_text.h"

#include <algorithm>
#include <cstdio>

namespace kdump {
namespace {

constexpr uint64_t kNsecPerSec = 1'000'000'000;

bool is_printable(uint8_t c) { return (c >= ' ' && c < 0x7f) || c == '\t'; }

}  // namespace

LogText::LogText(Sink& out)
    : out_(out), buffer_(std::make_unique<std::array<uint8_t, kBufferBytes>>()) {}

Result<> LogText::add_record(uint64_t ts_nsec, Bytes text) {
  char prefix[40];
  const int length = snprintf(prefix, sizeof prefix, "[%5" PRIu64 ".%06" PRIu64 "] ",
                              ts_nsec / kNsecPerSec, ts_nsec % kNsecPerSec / 1000);
  const Bytes prefix_bytes(reinterpret_cast<const uint8_t*>(prefix), static_cast<size_t>(length));
  // A record without text is an empty line: it has its prefix too.
  for (;;) {
    const size_t line = static_cast<size_t>(std::ranges::find(text, '\n') - text.begin());
    TRY(add_line(prefix_bytes, text.first(line)));
    if (line == text.size()) break;
    text = text.subspan(line + 1);
  }
  ++records_;
  return {};
}

Result<> LogText::add_line(Bytes prefix, Bytes line) {
  TRY(add(prefix));
  while (!line.empty()) {
    const size_t plain =
        static_cast<size_t>(std::ranges::find_if_not(line, is_printable) - line.begin());
    TRY(add(line.first(plain)));
    line = line.subspan(plain);
    if (line.empty()) break;
    char escaped[8];
    const int length = snprintf(escaped, sizeof escaped, "\\x%02x", line[0]);
    TRY(add({reinterpret_cast<const uint8_t*>(escaped), static_cast<size_t>(length)}));
    line = line.subspan(1);
  }
  const uint8_t newline = '\n';
  return add({&newline, 1});
}

Result<> LogText::add(Bytes bytes) {
  while (!bytes.empty()) {
    if (used_ == kBufferBytes) TRY(finish());
    const size_t size = std::min(bytes.size(), kBufferBytes - used_);
    memcpy(buffer_->data() + used_, bytes.data(), size);
    used_ += size;
    bytes = bytes.subspan(size);
  }
  return {};
}

Result<> LogText::finish() {
  if (used_ == 0) return {};
  TRY(out_.write_at(written_, Bytes(*buffer_).first(used_)));
  written_ += used_;
  used_ = 0;
  return {};
}

}  // namespace kdump

#include "filter/kernel/log/log_text.h"

#include <algorithm>
#include <cstdio>

namespace kdump {
namespace {

constexpr uint64_t kNsecPerSec = 1'000'000'000;

}  // namespace

LogText::LogText(Sink& out, bool with_times)
    : out_(out),
      with_times_(with_times),
      buffer_(std::make_unique<std::array<uint8_t, kBufferBytes>>()) {}

Result<> LogText::add_record(uint64_t ts_nsec, Bytes text) {
  char prefix[40];
  const int length = snprintf(prefix, sizeof prefix, "[%5" PRIu64 ".%06" PRIu64 "] ",
                              ts_nsec / kNsecPerSec, ts_nsec % kNsecPerSec / 1000);
  const Bytes prefix_bytes(reinterpret_cast<const uint8_t*>(prefix),
                           with_times_ ? static_cast<size_t>(length) : 0);
  // A record without text is an empty line: it has its prefix too.
  const uint8_t newline = '\n';
  for (bool is_first = true;; is_first = false) {
    const size_t line = static_cast<size_t>(std::ranges::find(text, newline) - text.begin());
    if (is_first || continuations_left_ > 0) TRY(add(prefix_bytes));
    if (!is_first && continuations_left_ > 0) --continuations_left_;
    TRY(add(text.first(line)));
    TRY(add({&newline, 1}));
    if (line == text.size()) break;
    text = text.subspan(line + 1);
  }
  ++records_;
  newest_ts_nsec_ = ts_nsec;
  return {};
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

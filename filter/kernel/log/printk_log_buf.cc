// The log before v5.10: records of a header, text and a dictionary, one after the other in a
// buffer.
#include <vector>

#include "filter/base/text.h"
#include "filter/kernel/log/log_readers.h"

namespace kdump {
namespace {

constexpr uint64_t kMaxHeaderBytes = 256;  // struct printk_log has 16 to 24

class LogBuf {
 public:
  static Result<LogBuf> open(const Vmcoreinfo& info, AddressSpace& space) {
    LogBuf log(space);
    // struct printk_log was struct log until v3.11.
    const char* name = info.size("printk_log") ? "printk_log" : "log";
    log.header_bytes_ = info.size(name).value_or(0);
    if (log.header_bytes_ < sizeof(uint64_t) || log.header_bytes_ > kMaxHeaderBytes)
      return fail(Kind::unsupported, "vmcoreinfo lacks a usable SIZE(printk_log)");
    log.ts_nsec_ = TRY(log.field(info, name, "ts_nsec", sizeof(uint64_t)));
    log.len_ = TRY(log.field(info, name, "len", sizeof(uint16_t)));
    log.text_len_ = TRY(log.field(info, name, "text_len", sizeof(uint16_t)));
    log.buffer_ = TRY(read_symbol<uint64_t>(info, space, "log_buf"));
    log.size_ = TRY(read_symbol<uint32_t>(info, space, "log_buf_len"));
    log.first_ = TRY(read_symbol<uint32_t>(info, space, "log_first_idx"));
    log.next_ = TRY(read_symbol<uint32_t>(info, space, "log_next_idx"));
    if (log.size_ > kMaxLogBufBytes || log.size_ < log.header_bytes_ || log.first_ >= log.size_ ||
        log.next_ > log.size_)
      return fail(Kind::corrupt, "a buffer of %u bytes with records from %u to %u", log.size_,
                  log.first_, log.next_);
    return log;
  }

  Result<LogWarning> read(LogText& out) {
    uint64_t at = first_;
    // Every record takes at least its header and the wrap happens once: a longer walk is a loop.
    uint64_t left = size_;
    // As many prefixes as the smallest records would have.
    out.limit_continuations(size_ / header_bytes_);
    for (bool wrapped = false; at != next_;) {
      if (at > size_ - header_bytes_)
        return text("the log ends early: record at offset %" PRIu64 " of %u", at, size_);
      std::array<uint8_t, kMaxHeaderBytes> header;
      if (const auto got = space_.read({buffer_ + at}, MutableBytes(header).first(header_bytes_));
          !got)
        return text("the log ends early: %s", got.error().text);
      const auto length = load<uint16_t>(header.data() + len_);
      if (length == 0 && !wrapped) {  // no room was left before the end: the next is at the start
        wrapped = true;
        at = 0;
        continue;
      }
      if (length < header_bytes_ || length > size_ - at || length > left)
        return text("the log ends early: record of %u bytes at offset %" PRIu64 " of %u", length,
                    at, size_);
      text_.resize(
          std::min<uint64_t>(load<uint16_t>(header.data() + text_len_), length - header_bytes_));
      if (const auto got = space_.read({buffer_ + at + header_bytes_}, text_); !got)
        return text("the log ends early: %s", got.error().text);
      TRY(out.add_record(load<uint64_t>(header.data() + ts_nsec_), text_));
      left -= length;
      at += length;
    }
    return LogWarning{};
  }

 private:
  explicit LogBuf(AddressSpace& space) : space_(space) {}

  Result<uint32_t> field(const Vmcoreinfo& info, const char* name, const char* member,
                         uint32_t bytes) const {
    const auto offset = info.offset(text("%s.%s", name, member));
    if (!offset || *offset > header_bytes_ - bytes)
      return fail(Kind::unsupported, "vmcoreinfo lacks a usable OFFSET(%s.%s)", name, member);
    return static_cast<uint32_t>(*offset);
  }

  template <class T>
  static Result<T> read_symbol(const Vmcoreinfo& info, AddressSpace& space, const char* name) {
    const auto symbol = info.symbol(name);
    if (!symbol) return fail(Kind::unsupported, "vmcoreinfo lacks SYMBOL(%s)", name);
    auto value = space.read<T>({*symbol});
    if (!value) return wrap(value.error(), "SYMBOL(%s)", name);
    return value;
  }

  AddressSpace& space_;
  uint64_t header_bytes_ = 0, buffer_ = 0;
  uint32_t ts_nsec_ = 0, len_ = 0, text_len_ = 0;  // offsets in the header
  uint32_t size_ = 0, first_ = 0, next_ = 0;
  std::vector<uint8_t> text_;  // at most 64 KiB: text_len has 16 bits
};

}  // namespace

bool has_log_buf(const Vmcoreinfo& info) { return info.symbol("log_buf").has_value(); }

Result<LogWarning> read_log_buf(const Vmcoreinfo& info, AddressSpace& space, LogText& out) {
  auto log = LogBuf::open(info, space);
  if (!log) return wrap(log.error(), "kernel log, SYMBOL(log_buf)");
  return log->read(out);
}

}  // namespace kdump

// See kallsyms_names.h.
#include "filter/kernel/symbols/kallsyms_names.h"

#include <algorithm>

namespace kdump {
namespace {

// Debian's 6.1 needs 1.2 MB, its 7.2 3.3 MB.
constexpr uint64_t kMaxNamesBytes = 64u << 20;

}  // namespace

// Near the end of the buffer, or of the table; or a long name.
bool KallsymsNames::next_checked(Bytes& codes) {
  if (left() < kMaxBytes) fill();
  if (left() == 0) return false;
  uint32_t size = buffer_[used_], header = 1;
  if (size & kLong) {
    // Two bytes since 73bbb94466fd ("kallsyms: support "big" kernel symbols", v6.1).
    if (left() < 2) return false;
    size = (size & (kLong - 1)) | uint32_t{buffer_[used_ + 1]} << 7;
    header = 2;
  }
  used_ += header;
  if (size > kMaxNameBytes) {
    const size_t here = std::min<size_t>(size, left());
    used_ += here;
    next_ += size - here;
    codes = {};
    return true;
  }
  if (size > left()) return false;
  codes = Bytes(buffer_).subspan(used_, size);
  used_ += size;
  return true;
}

// As far as there is memory: the page behind the table's last one need not exist.
void KallsymsNames::fill() {
  memmove(buffer_.data(), buffer_.data() + used_, left());
  filled_ = left();
  used_ = 0;
  while (filled_ < kMaxBytes) {
    const uint64_t size = kChunk - next_ % kChunk;
    const Result<> read = space_.read({next_}, MutableBytes(buffer_).subspan(filled_, size));
    if (!read) why_ = wrap(read.error(), "SYMBOL(kallsyms_names)").error();
    if (next_ - begin_ >= kMaxNamesBytes)
      why_ = fail(Kind::corrupt, "the names of kallsyms run on beyond %#" PRIx64, next_).error();
    if (!read || next_ - begin_ >= kMaxNamesBytes) return;
    next_ += size;
    filled_ += size;
  }
}

}  // namespace kdump

#include "init/capture/standard_output.h"

#include <unistd.h>

#include <cerrno>
#include <cinttypes>

namespace kdump {

Result<> StandardOutput::write_at(uint64_t offset, Bytes data) {
  if (offset != position_)
    return fail(Kind::refused, "standard output: offset %" PRIu64 " is not its end, %" PRIu64,
                offset, position_);
  while (!data.empty()) {
    const int64_t written = uninterrupted([&] { return sys_.write(STDOUT_FILENO, data); });
    if (written <= 0)
      return fail_errno(written < 0 ? static_cast<int>(-written) : ENOSPC,
                        "standard output, offset %" PRIu64, position_);
    position_ += static_cast<uint64_t>(written);
    data = data.subspan(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace kdump

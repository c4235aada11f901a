#include "filter/core_file/file_windows.h"

#include <sys/mman.h>

#include <algorithm>

#include "filter/core_file/fault_guard.h"

namespace kdump {
namespace {

void unmap(Bytes bytes) {
  if (!bytes.empty()) munmap(const_cast<uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

FileWindows::FileWindows(const ByteSource& file, uint64_t file_bytes)
    : file_(file), file_bytes_(file_bytes) {
  install_fault_guard();
}

FileWindows::~FileWindows() {
  for (const Window& window : windows_) unmap(window.bytes);
}

std::optional<Bytes> FileWindows::at(uint64_t offset) {
  if (offset >= file_bytes_) return Bytes{};
  if (file_.mappable_fd() < 0) return std::nullopt;
  const uint64_t begin = offset & ~(kMappedWindowBytes - 1);
  auto window = std::ranges::find_if(
      windows_, [&](const Window& w) { return w.used != 0 && w.file_offset == begin; });
  if (window == windows_.end()) {
    window = std::ranges::min_element(windows_, {}, &Window::used);
    unmap(window->bytes);
    *window = {.file_offset = begin};
    const size_t size = std::min(kMappedWindowBytes, file_bytes_ - begin);
    void* mapped =
        mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file_.mappable_fd(), static_cast<off_t>(begin));
    if (mapped != MAP_FAILED) window->bytes = {static_cast<const uint8_t*>(mapped), size};
  }
  window->used = ++clock_;
  if (window->bytes.empty()) return std::nullopt;
  return window->bytes.subspan(offset - begin);
}

}  // namespace kdump

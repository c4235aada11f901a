#include "targets/raw/raw_stored_files.h"

#include <algorithm>

#include "targets/crash_files.h"
#include "targets/raw/raw_device.h"

namespace kdump {
namespace {

std::string stored_name(const RawEntry& entry) {
  return entry.state == RawState::complete ? entry.name : incomplete_name(entry.name);
}

}  // namespace

Result<std::unique_ptr<StoredFiles>> RawStoredFiles::of(File device) {
  const uint64_t device_bytes = TRY(device.size());
  const auto layout = RawLayout::of(device_bytes);
  std::optional<RawLabel> label;
  if (layout) label = TRY(read_raw_label(device, *layout));
  return std::unique_ptr<StoredFiles>(
      new RawStoredFiles(std::move(device), device_bytes, std::move(label)));
}

const RawEntry* RawStoredFiles::find(const std::string& path) const {
  if (!label_) return nullptr;
  for (const RawEntry& entry : label_->entries)
    if (path == label_->crash + "/" + stored_name(entry)) return &entry;
  return nullptr;
}

Result<StoredFiles::Names> RawStoredFiles::names(const std::string& directory,
                                                 bool (*is_wanted)(std::string_view),
                                                 size_t max_names) {
  Names found;
  const auto add = [&](const std::string& name) {
    if (!is_wanted(name)) return;
    if (found.names.size() < max_names)
      found.names.push_back(name);
    else
      found.has_more = true;
  };
  if (!label_) return found;
  if (directory.empty()) add(label_->crash);
  if (directory == label_->crash)
    for (const RawEntry& entry : label_->entries) add(stored_name(entry));
  return found;
}

Result<StoredFiles::Status> RawStoredFiles::status(const std::string& path) {
  if (path.empty() || (label_ && path == label_->crash)) return Status{.is_directory = true};
  const RawEntry* const entry = find(path);
  if (!entry) return fail(Kind::refused, "%s: no file %s", device_.path(), path.c_str());
  return Status{.is_file = true, .bytes = entry->size};
}

Result<std::string> RawStoredFiles::read(const std::string& path, uint64_t offset,
                                         size_t max_bytes) {
  const RawEntry* const entry = find(path);
  if (!entry) return fail(Kind::refused, "%s: no file %s", device_.path(), path.c_str());
  if (entry->offset > device_bytes_ || entry->size > device_bytes_ - entry->offset)
    return fail(Kind::corrupt, "%s: %s lies beyond its end", device_.path(), path.c_str());
  const uint64_t left = offset < entry->size ? entry->size - offset : 0;
  std::string content(std::min<uint64_t>(max_bytes, left), '\0');
  TRY(device_.read_at(entry->offset + offset,
                      {reinterpret_cast<uint8_t*>(content.data()), content.size()}));
  return content;
}

// There is one dump, and the next one is written over it.
Result<> RawStoredFiles::remove(const std::string& path) {
  return fail(Kind::unsupported, "%s: files on a raw device cannot be removed", path.c_str());
}

Result<> RawStoredFiles::remove_directory(const std::string& path) { return remove(path); }

}  // namespace kdump

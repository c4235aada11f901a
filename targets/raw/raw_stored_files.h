// StoredFiles of a raw: device: its label as a directory with the files of one crash.
#pragma once

#include <memory>
#include <optional>

#include "filter/base/file.h"
#include "targets/raw/raw_format.h"
#include "targets/stored_files.h"

namespace kdump {

class RawStoredFiles final : public StoredFiles {
 public:
  // Reads the label of an open device; without one there are no files. Fails: io.
  static Result<std::unique_ptr<StoredFiles>> of(File device);

  Result<Names> names(const std::string& directory, bool (*is_wanted)(std::string_view),
                      size_t max_names) override;
  Result<Status> status(const std::string& path) override;
  Result<std::string> read(const std::string& path, uint64_t offset, size_t max_bytes) override;
  Result<> remove(const std::string& path) override;
  Result<> remove_directory(const std::string& path) override;

 private:
  RawStoredFiles(File device, uint64_t device_bytes, std::optional<RawLabel> label)
      : device_(std::move(device)), device_bytes_(device_bytes), label_(std::move(label)) {}
  const RawEntry* find(const std::string& path) const;

  File device_;
  uint64_t device_bytes_;
  std::optional<RawLabel> label_;
};

}  // namespace kdump

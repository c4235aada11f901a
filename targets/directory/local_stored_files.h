// StoredFiles of a directory on a mounted file system.
#pragma once

#include "filter/base/sys.h"
#include "targets/stored_files.h"

namespace kdump {

class LocalStoredFiles final : public StoredFiles {
 public:
  LocalStoredFiles(Sys& sys, std::string directory) : sys_(sys), directory_(std::move(directory)) {}

  Result<Names> names(const std::string& directory, bool (*is_wanted)(std::string_view),
                      size_t max_names) override;
  Result<Status> status(const std::string& path) override;
  Result<std::string> read(const std::string& path, uint64_t offset, size_t max_bytes) override;
  Result<> remove(const std::string& path) override;
  Result<> remove_directory(const std::string& path) override;

 private:
  std::string full(const std::string& path) const;

  Sys& sys_;
  const std::string directory_;
};

}  // namespace kdump

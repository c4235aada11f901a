// StoredFiles of a directory on an SFTP server.
#pragma once

#include "targets/ssh/ssh_link.h"
#include "targets/stored_files.h"

namespace kdump {

class SftpStoredFiles final : public StoredFiles {
 public:
  explicit SftpStoredFiles(SshLink& link) : link_(link) {}

  Result<Names> names(const std::string& directory, bool (*is_wanted)(std::string_view),
                      size_t max_names) override;
  Result<Status> status(const std::string& path) override;
  Result<std::string> read(const std::string& path, uint64_t offset, size_t max_bytes) override;
  Result<> remove(const std::string& path) override;
  Result<> remove_directory(const std::string& path) override;

 private:
  std::string full(const std::string& path) const;

  SshLink& link_;
};

}  // namespace kdump

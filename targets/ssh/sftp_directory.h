// The directory of one crash on an SFTP server: makes it with missing parents, and removes it after
// a test.
#pragma once

#include <vector>

#include "targets/ssh/ssh_link.h"

namespace kdump {

class SftpDirectory {
 public:
  // Makes `directory` as needed and in it `name`, or name.1, name.2, … if it exists; ':' becomes
  // '-' if the server refuses it. Fails: as SshLink::exchange().
  static Result<SftpDirectory> make(SshLink& link, const std::string& directory, std::string name);

  const std::string& path() const { return made_.back(); }
  // Adds a file for remove().
  void register_file(const std::string& file) { files_.push_back(file); }
  // Removes the registered files, and the directories that make() made if they are empty then.
  Result<> remove();

 private:
  explicit SftpDirectory(SshLink& link) : link_(&link) {}
  Result<> make_parents(const std::string& directory);
  Result<> make_one(const std::string& directory, std::string name);

  SshLink* link_;
  std::vector<std::string> made_;  // outermost first
  std::vector<std::string> files_;
};

// Makes the names in a directory durable if the server can. SFTP has no request for it; on Linux
// and similar systems the directory can be opened as a file and synced.
Result<> sync_sftp_directory(SshLink& link, const std::string& path);

}  // namespace kdump

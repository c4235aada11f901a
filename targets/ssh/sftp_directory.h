// The directory of one crash on an SFTP server: made, with what is missing above it, and taken back
// after a trial.
#pragma once

#include <vector>

#include "targets/ssh/ssh_link.h"

namespace kdump {

class SftpDirectory {
 public:
  // Makes directory as needed and in it `name`, or name.1, name.2, … where it exists; ':' becomes
  // '-' where the server refuses it.
  static Result<SftpDirectory> make(SshLink& link, const std::string& directory, std::string name);

  const std::string& path() const { return made_.back(); }
  void will_hold(const std::string& file) { files_.push_back(file); }
  // Removes the files it was to hold and the directories that make() has made, as far as they are
  // empty then.
  Result<> remove();

 private:
  explicit SftpDirectory(SshLink& link) : link_(&link) {}
  Result<> make_parents(const std::string& directory);
  Result<> make_one(const std::string& directory, std::string name);

  SshLink* link_;
  std::vector<std::string> made_;  // outer ones first
  std::vector<std::string> files_;
};

// Makes the names in a directory durable, where the server can: SFTP has no such request, but a
// directory can be opened like a file on systems like Linux.
Result<> sync_sftp_directory(SshLink& link, const std::string& path);

}  // namespace kdump

// Files on an SSH server without SFTP: streams into cat, and a POSIX shell for everything else. A
// stream cannot be resumed: a lost connection fails its file. All other steps are repeated on a new
// connection.
#pragma once

#include <vector>

#include "targets/ssh/ssh_link.h"

namespace kdump {

// Quotes `text` for a POSIX shell.
std::string shell_quoted(std::string_view text);

// Returns the space of the file system of the target's directory, which need not exist yet.
Result<Target::Space> stream_space(SshLink& link);

// The directory of one crash.
class StreamDirectory {
 public:
  // Makes `directory` as needed and in it `name`, or name.1, name.2, … if it exists.
  static Result<StreamDirectory> make(SshLink& link, const std::string& directory,
                                      const std::string& name);

  const std::string& path() const { return path_; }
  // Creates path-incomplete exclusively. path: the final name.
  Result<std::unique_ptr<TargetFile>> create(const std::string& path);
  // Removes the created files, and the directories that make() made if they are empty then.
  Result<> remove();

 private:
  StreamDirectory(SshLink& link, std::string path) : link_(&link), path_(std::move(path)) {}

  SshLink* link_;
  std::string path_;
  std::vector<std::string> parents_;  // made by make(), innermost first
  std::vector<std::string> files_;
};

}  // namespace kdump

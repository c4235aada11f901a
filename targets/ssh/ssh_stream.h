// Files on a server that has SSH without SFTP: streams into cat, and a POSIX shell for the rest.
// Nothing of a stream can be sent again: a connection that is lost fails its file. Every other step
// is done again on a new one.
#pragma once

#include <vector>

#include "targets/ssh/ssh_link.h"

namespace kdump {

// Quoted for a POSIX shell.
std::string shell_quoted(std::string_view text);

// The space of the file system that holds the target's directory, or will.
Result<Target::Space> stream_space(SshLink& link);

// The directory of one crash.
class StreamDirectory {
 public:
  // Makes directory as needed and in it `name`, or name.1, name.2, … where it exists.
  static Result<StreamDirectory> make(SshLink& link, const std::string& directory,
                                      const std::string& name);

  const std::string& path() const { return path_; }
  // Exclusively creates path-incomplete, for the file that is to be called path.
  Result<std::unique_ptr<TargetFile>> create(const std::string& path);
  // Removes the files that were created and the directories that make() has made, as far as they
  // are empty then.
  Result<> remove();

 private:
  StreamDirectory(SshLink& link, std::string path) : link_(&link), path_(std::move(path)) {}

  SshLink* link_;
  std::string path_;
  std::vector<std::string> parents_;  // that were not there, inner ones first
  std::vector<std::string> files_;
};

}  // namespace kdump

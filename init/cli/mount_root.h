// Where the command mounts targets that it tries or lists.
#pragma once

#include <string>

#include "filter/base/result.h"

namespace kdump {

// A new directory in /tmp. A child in a private mount namespace mounts below it, so that its mounts
// end with it; here only empty directories are left.
class MountRoot {
 public:
  MountRoot();
  ~MountRoot();
  MountRoot(const MountRoot&) = delete;
  MountRoot& operator=(const MountRoot&) = delete;

  Result<std::string> path() const;

 private:
  char path_[32] = "/tmp/kdump-init-XXXXXX";
  bool made_;
  int error_;
};

// Without root this fails, and so does mounting, which reports it.
void enter_private_mount_namespace();

}  // namespace kdump

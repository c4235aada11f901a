// Where the command mounts targets that it tries or lists.
#pragma once

#include <string>

#include "filter/base/result.h"

namespace kdump {

// A new directory in /tmp. A child that enters a mount namespace of its own mounts below it, so
// that whatever it mounts goes with it, however it ends; here only empty directories are left.
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

// Without it (no root) mounting fails as well, and says so.
void enter_private_mount_namespace();

}  // namespace kdump

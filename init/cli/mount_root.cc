// See mount_root.h.
#include "init/cli/mount_root.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>

#include <cerrno>

#include "filter/base/sys.h"

namespace kdump {

MountRoot::MountRoot() : made_(::mkdtemp(path_) != nullptr), error_(made_ ? 0 : errno) {}

MountRoot::~MountRoot() {
  if (!made_) return;
  Sys& sys = real_sys();
  sys.list_directory(
      path_,
      [](void* root, const char* name) {
        real_sys().rmdir((std::string(static_cast<const char*>(root)) + "/" + name).c_str());
      },
      path_);
  sys.rmdir(path_);
}

Result<std::string> MountRoot::path() const {
  if (!made_) return fail_errno(error_, "make the directory %s", path_);
  return std::string(path_);
}

void enter_private_mount_namespace() {
  if (::unshare(CLONE_NEWNS) == 0) ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
}

}  // namespace kdump

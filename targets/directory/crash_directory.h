// The directory of one crash on a mounted file system, and what can be said of that file system
// before it is made. How the file system came to be mounted is no matter here.
#pragma once

#include <string>
#include <vector>

#include "targets/storage/write_back.h"
#include "targets/target.h"

namespace kdump {

struct MountedFs {
  uint64_t magic = 0;  // statfs's f_type; 0: it is not told
  bool is_read_only = false;
  Target::Space space = {};

  bool is_volatile() const;  // rootfs, ramfs or tmpfs: gone after a reboot
  WriteBack::How write_back() const;
};

// path: any directory of it. Space::reserved_bytes leaves the floor that a system's own root or
// /var file system needs to boot: this system's, or one that looks like it.
Result<MountedFs> read_mounted_fs(Sys& sys, const std::string& path);

class CrashDirectory {
 public:
  // Makes root + directory as needed, and in it `name`, or name.1, name.2, … if it exists; each is
  // durable. ':' becomes '-' where the file system refuses it.
  // fs: what is mounted at root; a directory that turns out to lie elsewhere is refused.
  static Result<CrashDirectory> make(Sys& sys, const std::string& root,
                                     const std::string& directory, const std::string& name,
                                     const MountedFs& fs);

  const std::string& path() const { return path_; }
  Result<std::unique_ptr<TargetFile>> create(const char* name);
  // Removes what make() and create() have made; a directory above that others use by now stays.
  Result<> discard();

 private:
  CrashDirectory(Sys& sys, std::string path, std::vector<std::string> above, WriteBack::How how)
      : sys_(&sys), path_(std::move(path)), above_(std::move(above)), write_back_(how) {}

  Sys* sys_;
  std::string path_;
  std::vector<std::string> above_;  // directories made on the way to it, outermost first
  std::vector<std::string> files_;  // final names
  WriteBack::How write_back_;
};

}  // namespace kdump

// The directory of one crash on a mounted file system, and the properties of that file system. Does
// not mount.
#pragma once

#include <string>
#include <vector>

#include "targets/storage/write_back.h"
#include "targets/target.h"

namespace kdump {

struct MountedFs {
  uint64_t magic = 0;  // f_type of statfs(2); 0: unknown
  bool is_read_only = false;
  Target::Space space = {};

  bool is_volatile() const;  // rootfs, ramfs or tmpfs: lost at reboot
  WriteBack::How write_back() const;
};

// Reads the properties of the file system that contains the directory `path`. On a root or /var
// file system, of this system or another, Space::reserved_bytes leaves the space that it needs to
// boot. Fails: io.
Result<MountedFs> read_mounted_fs(Sys& sys, const std::string& path);

class CrashDirectory {
 public:
  // Makes root + directory as needed, and in it `name`, or name.1, name.2, … if it exists; all are
  // durable. ':' becomes '-' if the file system refuses it. fs: the file system mounted at root.
  // Fails: refused, if the directory is on another file system; io; no_space.
  static Result<CrashDirectory> make(Sys& sys, const std::string& root,
                                     const std::string& directory, const std::string& name,
                                     const MountedFs& fs);

  const std::string& path() const { return path_; }
  // Creates name-incomplete in it. Fails as LocalFile::create() does.
  Result<std::unique_ptr<TargetFile>> create(const char* name);
  // Removes everything that make() and create() made, except parent directories in use by others.
  Result<> discard();

 private:
  CrashDirectory(Sys& sys, std::string path, std::vector<std::string> above, WriteBack::How how)
      : sys_(&sys), path_(std::move(path)), above_(std::move(above)), write_back_(how) {}

  Sys* sys_;
  std::string path_;
  std::vector<std::string> above_;  // parent directories that make() made, outermost first
  std::vector<std::string> files_;  // final names
  WriteBack::How write_back_;
};

}  // namespace kdump

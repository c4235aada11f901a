// The common part of targets that save into a directory of a mounted file system. Mounting:
// directory_target.cc (dir:, fs:), nfs_target.cc.
#pragma once

#include <optional>
#include <string>

#include "targets/directory/crash_directory.h"
#include "targets/schemes.h"
#include "targets/storage/mounts.h"

namespace kdump {

class DirectoryTarget : public Target {
 public:
  DirectoryTarget(std::string text, const TargetContext& context)
      : text_(std::move(text)), sys_(context.sys) {}

  const char* describe() const override { return text_.c_str(); }
  Access access() const override { return Access::positional; }
  std::string location() const override { return crash_ ? crash_->path() : ""; }
  Result<std::unique_ptr<TargetFile>> create(const char* name, uint64_t expected_bytes) override;
  bool keeps_earlier_crashes() const override { return true; }
  bool can_remove_files() const override { return true; }
  bool can_discard() const override { return true; }
  Result<> discard() override;

 protected:
  const std::string text_;
  Sys& sys_;
  std::optional<CrashDirectory> crash_;
};

// A target that mounts its file system for the duration of its use.
class MountingTarget : public DirectoryTarget {
 public:
  MountingTarget(std::string text, std::string directory, const TargetContext& context)
      : DirectoryTarget(std::move(text), context), directory_(std::move(directory)) {}

  Result<Space> preflight() override;
  Result<> begin(const std::string& name) override;
  std::string location() const override;
  Result<std::unique_ptr<StoredFiles>> stored_files() override;
  Result<> finish() override;

 protected:
  virtual Result<Mount> mount() = 0;
  // Returns a location of the directory `name` that is valid after the reboot, unlike the temporary
  // mount point.
  virtual std::string stable_location(const std::string& name) const = 0;
  // Returns the probable reason for a read-only mount, for messages: "damaged? then fsck it".
  virtual const char* read_only_because() const = 0;

  const std::string directory_;  // on the file system; begins with /
  std::optional<Mount> mount_;

 private:
  Result<MountedFs> read_fs();
};

}  // namespace kdump

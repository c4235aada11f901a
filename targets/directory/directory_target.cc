// dir:/DIR and fs:DEVICE:/DIR: a directory on a file system, which the one finds mounted and the
// other mounts; and what they share with nfs://.
#include "targets/directory/directory_target.h"

#include <sys/stat.h>

#include <memory>

#include "targets/directory/local_stored_files.h"
#include "targets/factories.h"
#include "targets/storage/stack/storage_stack.h"
#include "targets/url/url.h"

namespace kdump {

Result<std::unique_ptr<TargetFile>> DirectoryTarget::create(const char* name, uint64_t) {
  if (!crash_) return fail(Kind::refused, "%s: no directory for %s yet", describe(), name);
  return crash_->create(name);
}

Result<> DirectoryTarget::discard() {
  if (!crash_) return {};
  const Result<> gone = crash_->discard();
  crash_.reset();
  return gone;
}

Result<Target::Space> MountingTarget::preflight() {
  if (!mount_) mount_ = TRY(mount());
  const MountedFs fs = TRY(look());
  return fs.space;
}

Result<> MountingTarget::begin(const std::string& name) {
  if (!mount_) return fail(Kind::refused, "%s is not mounted yet", describe());
  const MountedFs fs = TRY(look());
  crash_ = TRY(CrashDirectory::make(sys_, mount_->at(), directory_, name, fs));
  return {};
}

std::string MountingTarget::location() const {
  if (!crash_ || !mount_->is_ours()) return DirectoryTarget::location();
  return lasting_location(crash_->path().substr(crash_->path().rfind('/') + 1));
}

Result<std::unique_ptr<StoredFiles>> MountingTarget::stored_files() {
  if (!mount_) mount_ = TRY(mount());
  return std::make_unique<LocalStoredFiles>(sys_, mount_->at() + directory_);
}

Result<> MountingTarget::finish() {
  crash_.reset();
  if (!mount_) return {};
  const Result<> done = mount_->finish();
  mount_.reset();
  return done;
}

Result<MountedFs> MountingTarget::look() {
  MountedFs fs = TRY(read_mounted_fs(sys_, mount_->at()));
  // A read-write mount that comes out read-only.
  if (fs.is_read_only)
    return fail(Kind::refused, "%s: mounted read-only at %s (%s)", describe(), mount_->at().c_str(),
                read_only_because());
  return fs;
}

namespace {

class MountedDirectory final : public DirectoryTarget {
 public:
  MountedDirectory(std::string text, DirectoryUrl url, const TargetContext& context)
      : DirectoryTarget(std::move(text), context),
        directory_(std::move(url.directory)),
        refuse_tmpfs_(context.refuse_tmpfs) {}

  Result<Space> preflight() override {
    const MountedFs fs = TRY(look());
    return fs.space;
  }

  Result<> begin(const std::string& name) override {
    const MountedFs fs = TRY(look());
    crash_ = TRY(CrashDirectory::make(sys_, directory_, "/", name, fs));
    return {};
  }

  Result<std::unique_ptr<StoredFiles>> stored_files() override {
    struct stat status {};
    if (const int64_t done = sys_.stat(directory_.c_str(), status); done < 0)
      return fail_errno(static_cast<int>(-done), "%s", directory_.c_str());
    return std::make_unique<LocalStoredFiles>(sys_, directory_);
  }

  // Its files and directories are synced as they are made; others' mounts are not ours to sync.
  Result<> finish() override {
    crash_.reset();
    return {};
  }

 private:
  Result<MountedFs> look() {
    MountedFs fs = TRY(read_mounted_fs(sys_, directory_));
    if (refuse_tmpfs_ && fs.is_volatile())
      return fail(Kind::refused, "%s lies in memory: nothing there would survive the reboot",
                  directory_.c_str());
    if (fs.is_read_only)
      return fail(Kind::refused, "%s lies on a read-only file system", directory_.c_str());
    return fs;
  }

  const std::string directory_;
  const bool refuse_tmpfs_;
};

class FileSystemDirectory final : public MountingTarget {
 public:
  FileSystemDirectory(std::string text, FileSystemUrl url, const TargetContext& context)
      : MountingTarget(std::move(text), std::move(url.directory), context),
        device_(std::move(url.device)),
        mount_root_(context.mount_root),
        observer_(context.observer),
        finder_(context.sys, context.limits.step_s, context.observer) {}

 protected:
  Result<Mount> mount() override {
    TRY(make_storage(sys_, finder_, device_, observer_));
    const auto devices = TRY(finder_.find_file_system(device_));
    return Mount::make(sys_, devices, mount_root_);
  }

  std::string lasting_location(const std::string& name) const override {
    return text_ + (text_.ends_with('/') ? "" : "/") + name;
  }

  const char* read_only_because() const override { return "damaged? then fsck it"; }

 private:
  const DeviceName device_;
  const std::string mount_root_;
  Observer& observer_;
  DeviceFinder finder_;
};

}  // namespace

Result<std::unique_ptr<Target>> make_directory_target(const std::string& text,
                                                      std::string_view rest,
                                                      const TargetContext& context) {
  return std::make_unique<MountedDirectory>(text, TRY(parse_directory_url(rest)), context);
}

Result<std::unique_ptr<Target>> make_file_system_target(const std::string& text,
                                                        std::string_view rest,
                                                        const TargetContext& context) {
  return std::make_unique<FileSystemDirectory>(text, TRY(parse_file_system_url(rest)), context);
}

}  // namespace kdump

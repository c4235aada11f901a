// dir:/DIR and fs:DEVICE:/DIR: a directory on a file system, which the one finds mounted and the
// other mounts.
#include <memory>

#include "targets/crash_directory.h"
#include "targets/factories.h"
#include "targets/mounts.h"

namespace kdump {
namespace {

class DirectoryTarget : public Target {
 public:
  explicit DirectoryTarget(std::string text, const TargetContext& context)
      : text_(std::move(text)), sys_(context.sys) {}

  const char* describe() const override { return text_.c_str(); }
  Access access() const override { return Access::positional; }

  std::string location() const override { return crash_ ? crash_->path() : ""; }

  Result<std::unique_ptr<TargetFile>> create(const char* name, uint64_t) override {
    if (!crash_) return fail(Kind::refused, "%s: no directory for %s yet", describe(), name);
    return crash_->create(name);
  }

 protected:
  const std::string text_;
  Sys& sys_;
  std::optional<CrashDirectory> crash_;
};

class MountedDirectory final : public DirectoryTarget {
 public:
  MountedDirectory(std::string text, DirectoryUrl url, const TargetContext& context)
      : DirectoryTarget(std::move(text), context),
        directory_(std::move(url.directory)),
        volatile_is_refused_(context.volatile_is_refused) {}

  Result<Space> preflight() override {
    const MountedFs fs = TRY(look());
    return fs.space;
  }

  Result<> begin(const std::string& name) override {
    const MountedFs fs = TRY(look());
    crash_ = TRY(CrashDirectory::make(sys_, directory_, "/", name, fs));
    return {};
  }

  // Its files and directories are synced as they are made; others' mounts are not ours to sync.
  Result<> finish() override {
    crash_.reset();
    return {};
  }

 private:
  Result<MountedFs> look() {
    MountedFs fs = TRY(look_at_fs(sys_, directory_));
    if (volatile_is_refused_ && fs.is_volatile())
      return fail(Kind::refused, "%s lies in memory: nothing there would survive the reboot",
                  directory_.c_str());
    if (fs.is_read_only)
      return fail(Kind::refused, "%s lies on a read-only file system", directory_.c_str());
    return fs;
  }

  const std::string directory_;
  const bool volatile_is_refused_;
};

class FileSystemDirectory final : public DirectoryTarget {
 public:
  FileSystemDirectory(std::string text, FileSystemUrl url, const TargetContext& context)
      : DirectoryTarget(std::move(text), context),
        url_(std::move(url)),
        mount_root_(context.mount_root),
        finder_(context.sys, context.limits, context.observer) {}

  Result<Space> preflight() override {
    if (!mount_) {
      const auto devices = TRY(finder_.find_file_system(url_.device));
      mount_ = TRY(Mount::make(sys_, devices, mount_root_));
    }
    const MountedFs fs = TRY(look());
    return fs.space;
  }

  Result<> begin(const std::string& name) override {
    if (!mount_) return fail(Kind::refused, "%s is not mounted yet", describe());
    const MountedFs fs = TRY(look());
    crash_ = TRY(CrashDirectory::make(sys_, mount_->at(), url_.directory, name, fs));
    return {};
  }

  // Our own mount point means nothing after the reboot; the URL does, and its directory.
  std::string location() const override {
    if (!crash_ || !mount_->is_ours()) return DirectoryTarget::location();
    const std::string name = crash_->path().substr(crash_->path().rfind('/') + 1);
    return text_ + (text_.ends_with('/') ? "" : "/") + name;
  }

  Result<> finish() override {
    crash_.reset();
    if (!mount_) return {};
    const Result<> done = mount_->finish();
    mount_.reset();
    return done;
  }

 private:
  Result<MountedFs> look() {
    MountedFs fs = TRY(look_at_fs(sys_, mount_->at()));
    // A read-write mount that comes out read-only: the file system has found itself damaged.
    if (fs.is_read_only)
      return fail(Kind::refused, "%s: mounted read-only at %s (damaged? then fsck it)", describe(),
                  mount_->at().c_str());
    return fs;
  }

  const FileSystemUrl url_;
  const std::string mount_root_;
  DeviceFinder finder_;
  std::optional<Mount> mount_;
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

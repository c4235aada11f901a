// raw:DEVICE: which device, and that it may be written over. What is written where: raw_device.h.
#include <fcntl.h>

#include <cerrno>

#include "filter/base/text.h"
#include "targets/factories.h"
#include "targets/raw/raw_device.h"
#include "targets/raw/raw_stored_files.h"
#include "targets/storage/file_image.h"
#include "targets/storage/mounts.h"
#include "targets/storage/stack/storage_stack.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

class RawTarget final : public Target {
 public:
  RawTarget(std::string text, RawUrl url, const TargetContext& context)
      : text_(std::move(text)),
        url_(std::move(url)),
        sys_(context.sys),
        observer_(context.observer),
        finder_(context.sys, context.limits.step_s, context.observer) {}

  const char* describe() const override { return text_.c_str(); }
  Access access() const override { return Access::positional; }
  std::string location() const override { return location_; }

  Result<Space> preflight() override;
  Result<> begin(const std::string& name) override;
  Result<std::unique_ptr<TargetFile>> create(const char* name, uint64_t expected_bytes) override;
  Result<std::unique_ptr<StoredFiles>> stored_files() override;
  Result<> finish() override;

 private:
  Result<File> open_exclusively(const BlockDevice& device);
  Result<> check_contents(const File& file, const BlockDevice& device,
                          const std::optional<RawLabel>& label) const;

  const std::string text_;
  const RawUrl url_;
  Sys& sys_;
  Observer& observer_;
  DeviceFinder finder_;
  std::string path_;
  std::string location_;
  std::shared_ptr<RawDevice> device_;
};

// O_EXCL: the kernel refuses what is mounted, swapped to or part of an array, here or by anyone
// who opens it later.
Result<File> RawTarget::open_exclusively(const BlockDevice& device) {
  if (!device.partitions.empty())
    return fail(Kind::refused, "%s has %zu partitions (%s …): name one of them, or remove them",
                device.path.c_str(), device.partitions.size(), device.partitions[0].c_str());
  if (TRY(is_mounted(sys_, device)))
    return fail(Kind::refused, "%s is mounted", device.text().c_str());
  auto file = File::open(sys_, device.path, O_RDWR | O_EXCL);
  if (!file && file.error().sys_errno == EBUSY)
    return fail(Kind::refused, "%s is in use (mounted, swap, or part of an array)",
                device.text().c_str());
  return file;
}

// Nothing that someone may want is overwritten silently, an earlier dump least of all.
Result<> RawTarget::check_contents(const File& file, const BlockDevice& device,
                                   const std::optional<RawLabel>& label) const {
  if (url_.force) return {};
  if (label)
    return fail(Kind::refused, "%s holds the dump %s; raw:%s?force overwrites it", path_.c_str(),
                printable(label->crash).c_str(), printable(url_.device.text()).c_str());
  const Identity identity = TRY(read_identity(FileImage(file, device.size_bytes)));
  if (!identity.type.empty())
    return fail(Kind::refused, "%s holds %s; raw:%s?force overwrites it", path_.c_str(),
                identity.text().c_str(), printable(url_.device.text()).c_str());
  return {};
}

Result<Target::Space> RawTarget::preflight() {
  if (!device_) {
    TRY(make_storage(sys_, finder_, url_.device, observer_));
    const BlockDevice device = TRY(finder_.find(url_.device));
    path_ = device.path;
    File file = TRY(open_exclusively(device));
    const auto layout = RawLayout::of(TRY(file.size()));
    if (!layout) return wrap(layout.error(), "%s", path_.c_str());
    const auto label = TRY(read_raw_label(file, *layout));
    TRY(check_contents(file, device, label));
    device_ =
        std::make_shared<RawDevice>(sys_, std::move(file), *layout, label ? label->sequence : 0);
  }
  return Space{
      .free_bytes = device_->layout().files, .largest_file = std::nullopt, .no_sparse_files = true};
}

Result<> RawTarget::begin(const std::string& name) {
  if (!device_) return fail(Kind::refused, "%s is not open yet", describe());
  TRY(device_->begin(name));
  location_ = path_ + " (" + name + ")";
  return {};
}

Result<std::unique_ptr<TargetFile>> RawTarget::create(const char* name, uint64_t expected_bytes) {
  if (location_.empty()) return fail(Kind::refused, "%s: no crash for %s yet", describe(), name);
  return RawFile::create(device_, name, expected_bytes);
}

// Opened for reading without O_EXCL: others may have it open.
Result<std::unique_ptr<StoredFiles>> RawTarget::stored_files() {
  const BlockDevice device = TRY(finder_.find(url_.device));
  File file = TRY(File::open(sys_, device.path, O_RDONLY));
  return TRY(RawStoredFiles::of(std::move(file)));
}

Result<> RawTarget::finish() {
  location_.clear();
  if (!device_) return {};
  const Result<> synced = device_->sync();
  device_.reset();
  return synced;
}

}  // namespace

Result<std::unique_ptr<Target>> make_raw_target(const std::string& text, std::string_view rest,
                                                const TargetContext& context) {
  return std::make_unique<RawTarget>(text, TRY(parse_raw_url(rest)), context);
}

}  // namespace kdump

#include "targets/nfs/nfs_trial.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "targets/directory/crash_directory.h"

namespace kdump {
namespace {

constexpr char kTrialDirectory[] = ".kdump-init-trial", kTrialFile[] = "trial";
constexpr size_t kBlockBytes = 4096;
constexpr uint64_t kDataAt[] = {0, 4 * kBlockBytes};  // with a hole between, as dumps have them

Result<> try_file(CrashDirectory& crash) {
  const auto file = TRY(crash.create(kTrialFile));
  const std::vector<uint8_t> data(kBlockBytes, 0xa5);
  for (const uint64_t offset : kDataAt) TRY(file->write_at(offset, data));
  TRY(file->commit());
  for (const uint64_t offset : kDataAt) {
    std::vector<uint8_t> found(kBlockBytes);
    TRY(file->read_back(offset, found));
    if (found != data)
      return fail(Kind::corrupt, "%s: what was read back is not what was written",
                  crash.path().c_str());
  }
  return {};
}

bool is_misunderstanding(const Error& error) {
  constexpr int kErrors[] = {EIO, EREMOTEIO, EINVAL, EOPNOTSUPP, EPROTO, EBADMSG};
  return error.kind == Kind::corrupt ||
         std::find(std::begin(kErrors), std::end(kErrors), error.sys_errno) != std::end(kErrors);
}

}  // namespace

Result<> try_nfs_mount(Sys& sys, const Mount& mount, const std::string& directory) {
  const auto fs = read_mounted_fs(sys, mount.at());
  if (!fs || fs->is_read_only) return {};
  auto crash = CrashDirectory::make(sys, mount.at(), directory, kTrialDirectory, *fs);
  Result<> done = crash ? try_file(*crash) : std::unexpected(crash.error());
  if (!done && done.error().kind == Kind::timeout) return done;
  if (crash)
    if (const auto gone = crash->discard(); done && !gone) done = gone;
  if (!done && !is_misunderstanding(done.error()) && done.error().kind != Kind::timeout) return {};
  return done;
}

}  // namespace kdump

#include "targets/ssh/sftp_directory.h"

#include <algorithm>

#include "targets/crash_files.h"

namespace kdump {
namespace {

constexpr int kMaxSameName = 1000;  // as crash_directory.cc

std::string parent_of_remote(const std::string& path) {
  return path.substr(0, std::max<size_t>(path.rfind('/'), 1));
}

// Names of one crash that are tried on a server that does not let us look whether they exist.
constexpr int kMaxUnconfirmed = 20;
// A directory is synced where the server can. One that loses the connection over it, or never
// answers, is asked this often.
constexpr int kMaxSyncs = 2;

// SFTP does not tell a name that exists from one that is not possible: looking does, where the
// server permits it.
struct Attempt {
  Result<> made;
  bool exists = false;
  bool may_exist = false;
};

Attempt try_make(SshLink& link, const std::string& path, uint32_t mode) {
  Attempt attempt;
  attempt.made = link.exchange(
      "to make a directory", [&](SftpClient& sftp, int64_t until_ms, bool) -> Result<> {
        const Result<> done = sftp.make_directory(path, mode, until_ms);
        if (done || sftp.is_lost()) return done;
        attempt.exists = sftp.stat(path, until_ms).has_value();
        attempt.may_exist =
            attempt.exists || sftp.is_lost() || sftp.last_status() != sftp::kNoSuchFile;
        return done;
      });
  return attempt;
}

}  // namespace

Result<SftpDirectory> SftpDirectory::make(SshLink& link, const std::string& directory,
                                          std::string name) {
  SftpDirectory crash(link);
  const Result<> above = crash.make_parents(directory);
  TRY(link.usable());
  const Result<> made = crash.make_one(directory == "/" ? "" : directory, std::move(name));
  if (!made) return std::unexpected(above || !link.usable() ? made.error() : above.error());
  return crash;
}

// A server may refuse to make or show what exists: whether files can be written below is for the
// crash's own directory to find out. Returns the first failure that may matter to it.
Result<> SftpDirectory::make_parents(const std::string& directory) {
  Result<> result;
  for (size_t slash = 0; slash != std::string::npos;) {
    slash = directory.find('/', slash + 1);
    const std::string upto = directory.substr(0, slash);
    if (upto.ends_with('/')) continue;
    const Attempt attempt = try_make(*link_, upto, 0755);
    if (attempt.made) {
      made_.push_back(upto);
      TRY(sync_sftp_directory(*link_, parent_of_remote(upto)));
    } else if (!attempt.exists && result) {
      result = attempt.made;
    }
  }
  return result;
}

Result<> SftpDirectory::make_one(const std::string& directory, std::string name) {
  for (int i = 0; i < kMaxSameName; ++i) {
    const std::string path =
        directory + "/" + name + (i == 0 ? std::string() : "." + std::to_string(i));
    const Attempt attempt = try_make(*link_, path, 0700);
    if (attempt.made) {
      made_.push_back(path);
      return sync_sftp_directory(*link_, parent_of_remote(path));
    }
    if (attempt.exists || (attempt.may_exist && i + 1 < kMaxUnconfirmed)) continue;
    TRY(link_->usable());
    if (name.find(':') == std::string::npos) return attempt.made;
    std::replace(name.begin(), name.end(), ':', '-');
    i = -1;  // from the start, with the other name
  }
  return fail(Kind::refused, "%s exists %d times", name.c_str(), kMaxSameName);
}

Result<> SftpDirectory::remove() {
  return link_->exchange(
      "to remove the test files", [&](SftpClient& sftp, int64_t until_ms, bool) -> Result<> {
        for (const std::string& file : files_)
          for (const std::string& name : {file, incomplete_name(file)}) {
            const auto removed = sftp.remove(name, until_ms);
            if (!removed && (sftp.is_lost() || sftp.last_status() != sftp::kNoSuchFile))
              return removed;
          }
        TRY(sftp.remove_directory(path(), until_ms));
        // Those above may have got other things by now; then they stay.
        for (size_t i = made_.size() - 1; i-- > 0;)
          if (!sftp.remove_directory(made_[i], until_ms)) break;
        return {};
      });
}

Result<> sync_sftp_directory(SshLink& link, const std::string& path) {
  int tries = 0;
  return link.exchange("to sync a directory",
                       [&](SftpClient& sftp, int64_t until_ms, bool) -> Result<> {
                         if (!sftp.has_fsync() || tries++ == kMaxSyncs) return {};
                         const auto handle = sftp.open(path, sftp::kForRead, until_ms);
                         if (handle && sftp.fsync(*handle, until_ms))
                           (void)sftp.close(*handle, until_ms);
                         if (sftp.is_lost())
                           return fail(Kind::io, "%s: connection lost", link.host().c_str());
                         return {};
                       });
}

}  // namespace kdump

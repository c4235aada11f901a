#include "targets/ssh/sftp_stored_files.h"

#include "targets/ssh/sftp_directory.h"

namespace kdump {
namespace {

// A server that has names for ever; each answer brings a hundred.
constexpr int kMaxAnswers = 10'000;

}  // namespace

std::string SftpStoredFiles::full(const std::string& path) const {
  const std::string& top = link_.directory();
  return path.empty() ? top : top + (top.ends_with('/') ? "" : "/") + path;
}

Result<StoredFiles::Names> SftpStoredFiles::names(const std::string& directory,
                                                  bool (*is_wanted)(std::string_view),
                                                  size_t max_names) {
  const std::string path = full(directory);
  return link_.exchange(
      "to list a directory", [&](SftpClient& sftp, int64_t until_ms, bool) -> Result<Names> {
        Names found;
        const auto handle = sftp.open_directory(path, until_ms);
        if (!handle && !sftp.is_lost() && sftp.last_status() == sftp::kNoSuchFile) return found;
        if (!handle) return std::unexpected(handle.error());
        bool is_at_end = false;
        for (int i = 0; i < kMaxAnswers && !is_at_end; ++i) {
          std::vector<std::string> some = TRY(sftp.read_directory(*handle, until_ms));
          is_at_end = some.empty();
          for (std::string& name : some) {
            if (name == "." || name == ".." || !is_wanted(name)) continue;
            if (found.names.size() < max_names)
              found.names.push_back(std::move(name));
            else
              found.has_more = true;
          }
        }
        found.has_more |= !is_at_end;
        (void)sftp.close(*handle, until_ms);
        return found;
      });
}

Result<StoredFiles::Status> SftpStoredFiles::status(const std::string& path) {
  return link_.exchange("to read a file's status",
                        [&](SftpClient& sftp, int64_t until_ms, bool) -> Result<Status> {
                          const auto found = TRY(sftp.lstat(full(path), until_ms));
                          return Status{.is_file = found.is_file,
                                        .is_directory = found.is_directory,
                                        .bytes = found.has_size ? found.size : 0};
                        });
}

Result<std::string> SftpStoredFiles::read(const std::string& path, uint64_t offset,
                                          size_t max_bytes) {
  if (!TRY(status(path)).is_file) return fail(Kind::refused, "%s is no file", full(path).c_str());
  return link_.exchange(
      "to read a file", [&](SftpClient& sftp, int64_t until_ms, bool) -> Result<std::string> {
        const std::string handle = TRY(sftp.open(full(path), sftp::kForRead, until_ms));
        std::string content(max_bytes, '\0');
        const auto got = sftp.read(
            handle, offset, {reinterpret_cast<uint8_t*>(content.data()), max_bytes}, until_ms);
        if (sftp.is_lost()) return std::unexpected(got.error());
        (void)sftp.close(handle, until_ms);
        content.resize(TRY(got));
        return content;
      });
}

Result<> SftpStoredFiles::remove(const std::string& path) {
  return link_.exchange("to remove a file",
                        [&](SftpClient& sftp, int64_t until_ms, bool) -> Result<> {
                          const auto done = sftp.remove(full(path), until_ms);
                          if (!done && !sftp.is_lost() && sftp.last_status() == sftp::kNoSuchFile)
                            return {};
                          return done;
                        });
}

Result<> SftpStoredFiles::remove_directory(const std::string& path) {
  TRY(link_.exchange("to remove a directory",
                     [&](SftpClient& sftp, int64_t until_ms, bool) -> Result<> {
                       const auto done = sftp.remove_directory(full(path), until_ms);
                       if (!done && !sftp.is_lost() && sftp.last_status() == sftp::kNoSuchFile)
                         return {};
                       return done;
                     }));
  return sync_sftp_directory(link_, link_.directory());
}

}  // namespace kdump

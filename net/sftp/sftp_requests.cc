// The requests of an SftpClient that wait for their answer. How packets come and go:
// sftp_client.cc.
#include "net/sftp/sftp_client.h"

namespace kdump {

using sftp::Packet;
using sftp::Parser;

Result<> SftpClient::make_directory(const std::string& path, uint32_t mode, int64_t until_ms) {
  constexpr uint32_t kHasMode = 4;
  return call_for_status(std::move(Packet(sftp::kMkdir).string(path).u32(kHasMode).u32(mode)),
                         "make directory", path, until_ms);
}

Result<> SftpClient::remove_directory(const std::string& path, int64_t until_ms) {
  return call_for_status(std::move(Packet(sftp::kRmdir).string(path)), "remove", path, until_ms);
}

Result<> SftpClient::remove(const std::string& path, int64_t until_ms) {
  return call_for_status(std::move(Packet(sftp::kRemove).string(path)), "remove", path, until_ms);
}

Result<std::string> SftpClient::open(const std::string& path, uint32_t flags, int64_t until_ms) {
  constexpr uint32_t kHasMode = 4, kMode = 0600;
  Packet packet(sftp::kOpen);
  packet.string(path).u32(flags);
  if (flags & sftp::kCreate)
    packet.u32(kHasMode).u32(kMode);
  else
    packet.u32(0);
  return call_for_handle(std::move(packet), path, until_ms);
}

Result<std::string> SftpClient::open_directory(const std::string& path, int64_t until_ms) {
  return call_for_handle(std::move(Packet(sftp::kOpendir).string(path)), path, until_ms);
}

Result<std::string> SftpClient::call_for_handle(Packet packet, const std::string& path,
                                                int64_t until_ms) {
  const Answer answer = TRY(call(std::move(packet), until_ms));
  Parser parser(answer.body);
  if (answer.type != sftp::kHandle) return unexpected_answer(answer, "open", path);
  const std::string_view handle = parser.string();
  if (!parser.ok() || handle.size() > sftp::kMaxHandleBytes)
    return unexpected_answer(answer, "open", path);
  return std::string(handle);
}

Result<std::vector<std::string>> SftpClient::read_directory(const std::string& handle,
                                                            int64_t until_ms) {
  const Answer answer = TRY(call(std::move(Packet(sftp::kReaddir).string(handle)), until_ms));
  Parser parser(answer.body);
  if (answer.type == sftp::kStatus && parser.u32() == sftp::kEof && parser.ok())
    return std::vector<std::string>();
  if (answer.type != sftp::kName) return unexpected_answer(answer, "list", "directory");
  std::vector<std::string> names;
  for (uint32_t left = parser.u32(); left != 0 && parser.ok(); --left) {
    const std::string_view name = parser.string();
    parser.string();  // the line of ls -l
    sftp::parse_attributes(parser);
    if (parser.ok()) names.emplace_back(name);
  }
  // An answer without a name would look like the end.
  if (!parser.ok() || names.empty()) return unexpected_answer(answer, "list", "directory");
  return names;
}

Result<> SftpClient::close(const std::string& handle, int64_t until_ms) {
  return call_for_status(std::move(Packet(sftp::kClose).string(handle)), "close", "file", until_ms);
}

Result<sftp::Attributes> SftpClient::stat(const std::string& path, int64_t until_ms) {
  return call_for_attributes(std::move(Packet(sftp::kStat).string(path)), path, until_ms);
}

Result<sftp::Attributes> SftpClient::lstat(const std::string& path, int64_t until_ms) {
  return call_for_attributes(std::move(Packet(sftp::kLstat).string(path)), path, until_ms);
}

Result<sftp::Attributes> SftpClient::stat_handle(const std::string& handle, int64_t until_ms) {
  return call_for_attributes(std::move(Packet(sftp::kFstat).string(handle)), "file", until_ms);
}

Result<> SftpClient::truncate(const std::string& handle, uint64_t size, int64_t until_ms) {
  constexpr uint32_t kHasSize = 1;
  return call_for_status(std::move(Packet(sftp::kFsetstat).string(handle).u32(kHasSize).u64(size)),
                         "truncate", "file", until_ms);
}

Packet SftpClient::fsync_request(const std::string& handle) const {
  return std::move(Packet(sftp::kExtended).string(sftp::kFsync).string(handle));
}

Result<> SftpClient::fsync(const std::string& handle, int64_t until_ms) {
  return call_for_status(fsync_request(handle), "sync", "file", until_ms);
}

Result<> SftpClient::rename_new(const std::string& from, const std::string& to, int64_t until_ms) {
  const Result<> renamed = call_for_status(std::move(Packet(sftp::kRename).string(from).string(to)),
                                           "rename", from, until_ms);
  if (renamed || is_lost_ || !has_posix_rename_) return renamed;
  // Some file systems do not support link(2), by which the server's rename checks that `to` is
  // free.
  if (stat(to, until_ms) || is_lost_) return renamed;
  return call_for_status(
      std::move(Packet(sftp::kExtended).string(sftp::kPosixRename).string(from).string(to)),
      "rename", from, until_ms);
}

Result<std::optional<SftpClient::Space>> SftpClient::space(const std::string& path,
                                                           int64_t until_ms) {
  if (!has_statvfs_) return std::nullopt;
  const Answer answer =
      TRY(call(std::move(Packet(sftp::kExtended).string(sftp::kStatvfs).string(path)), until_ms));
  if (answer.type != sftp::kExtendedReply) return unexpected_answer(answer, "statvfs", path);
  Parser parser(answer.body);
  parser.u64();  // the preferred block
  const uint64_t block = parser.u64();
  parser.u64();  // all blocks
  parser.u64();  // the free ones
  const uint64_t available = parser.u64();
  for (int i = 0; i < 4; ++i) parser.u64();  // three counts of files, the file system's id
  const uint64_t flags = parser.u64();
  if (!parser.ok()) return unexpected_answer(answer, "statvfs", path);
  Space space{.free_bytes = 0, .is_read_only = (flags & 1) != 0};
  if (__builtin_mul_overflow(block, available, &space.free_bytes)) space.free_bytes = UINT64_MAX;
  return space;
}

}  // namespace kdump

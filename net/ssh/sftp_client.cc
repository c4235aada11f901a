#include "net/ssh/sftp_client.h"

#include <algorithm>

namespace kdump {

using sftp::Packet;
using sftp::Parser;

namespace {

constexpr uint32_t kProtocolVersion = 3;
// Every server takes 32 KiB in one write; OpenSSH's says how much more (limits@openssh.com).
constexpr uint32_t kSafeWriteBytes = 32 << 10;
constexpr uint32_t kMostWriteBytes = 256 << 10;
// No answer that is asked for here is longer; OpenSSH's own limit is 256 KiB.
constexpr uint32_t kMaxAnswerBytes = 64 << 10;

constexpr char kFsync[] = "fsync@openssh.com";
constexpr char kStatvfs[] = "statvfs@openssh.com";
constexpr char kPosixRename[] = "posix-rename@openssh.com";
constexpr char kLimits[] = "limits@openssh.com";

}  // namespace

Result<std::unique_ptr<SftpClient>> SftpClient::start(std::shared_ptr<SshSession> session,
                                                      int64_t until_ms) {
  SshChannel channel = TRY(SshChannel::subsystem(session, "sftp", until_ms));
  std::unique_ptr<SftpClient> client(new SftpClient(std::move(channel), session->host()));
  client->max_write_bytes_ = kSafeWriteBytes;
  TRY(client->negotiate(until_ms));
  return client;
}

Result<> SftpClient::negotiate(int64_t until_ms) {
  Packet init(sftp::kInit);
  init.u32(kProtocolVersion);
  TRY(send_whole(init, until_ms));
  std::optional<std::string_view> packet;
  while (!packet) {
    auto received = receive_packet();
    // Servers accept the subsystem and only then find that they have no program for it.
    if (!received && channel_.is_at_end()) {
      TRY(channel_.finish(until_ms));
      return fail(Kind::unsupported, "%s has no SFTP", host_.c_str());
    }
    packet = TRY(std::move(received));
    if (!packet && !channel_.is_at_end() && !wait(until_ms))
      return fail(Kind::timeout, "%s: SFTP does not answer", host_.c_str());
  }
  if (packet->empty() || static_cast<uint8_t>(packet->front()) != sftp::kVersion)
    return fail(Kind::unsupported, "%s answers something else than SFTP", host_.c_str());
  Parser parser(packet->substr(1));
  if (const uint32_t version = parser.u32(); version != kProtocolVersion)
    return fail(Kind::unsupported, "%s speaks version %u of SFTP, not 3", host_.c_str(), version);
  while (parser.ok() && !parser.at_end()) {
    const std::string_view name = parser.string();
    parser.string();
    has_fsync_ |= name == kFsync;
    has_statvfs_ |= name == kStatvfs;
    has_posix_rename_ |= name == kPosixRename;
    has_limits_ |= name == kLimits;
  }
  return has_limits_ ? learn_limits(until_ms) : Result<>();
}

Result<> SftpClient::learn_limits(int64_t until_ms) {
  const Answer answer = TRY(call(std::move(Packet(sftp::kExtended).string(kLimits)), until_ms));
  Parser parser(answer.body);
  if (answer.type != sftp::kExtendedReply) return {};
  parser.u64();  // the longest packet
  parser.u64();  // the longest read
  const uint64_t longest_write = parser.u64();
  if (parser.ok() && longest_write != 0)
    max_write_bytes_ =
        static_cast<uint32_t>(std::clamp<uint64_t>(longest_write, 4096, kMostWriteBytes));
  return {};
}

std::unexpected<Error> SftpClient::lost(const Error& why) {
  is_lost_ = true;
  return std::unexpected(why);
}

Result<size_t> SftpClient::send_some(Bytes data) {
  auto sent = channel_.send_some(data);
  if (!sent) return lost(sent.error());
  if (*sent == 0 && channel_.is_at_end())
    return lost(fail(Kind::io, "%s has ended SFTP", host_.c_str()).error());
  return sent;
}

Result<> SftpClient::send_whole(Packet& packet, int64_t until_ms) {
  for (Bytes left = packet.bytes(); !left.empty();) {
    const size_t sent = TRY(send_some(left));
    left = left.subspan(sent);
    if (sent == 0 && !wait(until_ms))
      return lost(fail(Kind::timeout, "%s takes no request", host_.c_str()).error());
  }
  return {};
}

// The whole of the next packet, without its length, if it has come.
Result<std::optional<std::string_view>> SftpClient::receive_packet() {
  for (;;) {
    const std::string_view have = std::string_view(input_).substr(input_begin_);
    if (have.size() >= sizeof(uint32_t)) {
      const uint32_t size = Parser(have).u32();
      if (size == 0 || size > kMaxAnswerBytes)
        return lost(
            fail(Kind::corrupt, "%s: an SFTP answer of %u bytes", host_.c_str(), size).error());
      if (have.size() - sizeof(uint32_t) >= size) {
        input_begin_ += sizeof(uint32_t) + size;
        return have.substr(sizeof(uint32_t), size);
      }
    }
    input_.erase(0, input_begin_);
    input_begin_ = 0;
    uint8_t part[4096];
    auto got = channel_.receive_some(part);
    if (!got) return lost(got.error());
    if (*got == 0 && channel_.is_at_end())
      return lost(fail(Kind::io, "%s has ended SFTP", host_.c_str()).error());
    if (*got == 0) return std::nullopt;
    input_.append(reinterpret_cast<const char*>(part), *got);
  }
}

Result<std::optional<SftpClient::Answer>> SftpClient::receive_some() {
  const auto packet = TRY(receive_packet());
  if (!packet) return std::nullopt;
  Parser parser(packet->substr(1));
  const Answer answer{.id = parser.u32(),
                      .type = static_cast<uint8_t>(packet->front()),
                      .body = packet->substr(std::min<size_t>(5, packet->size()))};
  if (!parser.ok())
    return lost(fail(Kind::corrupt, "%s: an SFTP answer without id", host_.c_str()).error());
  return answer;
}

Result<SftpClient::Answer> SftpClient::call(Packet packet, int64_t until_ms) {
  const uint32_t id = next_id();
  packet.set_id(id);
  TRY(send_whole(packet, until_ms));
  for (;;) {
    const auto answer = TRY(receive_some());
    if (answer && answer->id == id) return *answer;
    if (answer)
      return lost(
          fail(Kind::corrupt, "%s answers a request that was not made", host_.c_str()).error());
    if (!wait(until_ms))
      return lost(fail(Kind::timeout, "%s: SFTP does not answer", host_.c_str()).error());
  }
}

std::unexpected<Error> SftpClient::refused(uint32_t status, const char* what,
                                           const std::string& path) {
  last_status_ = status;
  const bool is_full = status == sftp::kNoSpace || status == sftp::kQuotaExceeded;
  return fail(is_full ? Kind::no_space : Kind::io, "%s: %s %s: %s", host_.c_str(), what,
              path.c_str(), sftp::status_name(status));
}

std::unexpected<Error> SftpClient::unexpected_answer(const Answer& answer, const char* what,
                                                     const std::string& path) {
  if (answer.type == sftp::kStatus) {
    Parser parser(answer.body);
    const uint32_t status = parser.u32();
    if (parser.ok() && status != sftp::kOk) return refused(status, what, path);
  }
  return lost(fail(Kind::corrupt, "%s: %s %s: an answer of type %u", host_.c_str(), what,
                   path.c_str(), answer.type)
                  .error());
}

Result<> SftpClient::call_for_status(Packet packet, const char* what, const std::string& path,
                                     int64_t until_ms) {
  const Answer answer = TRY(call(std::move(packet), until_ms));
  Parser parser(answer.body);
  if (answer.type == sftp::kStatus && parser.u32() == sftp::kOk && parser.ok()) return {};
  return unexpected_answer(answer, what, path);
}

Result<sftp::Attributes> SftpClient::call_for_attributes(Packet packet, const std::string& path,
                                                         int64_t until_ms) {
  const Answer answer = TRY(call(std::move(packet), until_ms));
  if (answer.type != sftp::kAttrs) return unexpected_answer(answer, "look at", path);
  Parser parser(answer.body);
  return sftp::parse_attributes(parser);
}

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
  const Answer answer = TRY(call(std::move(packet), until_ms));
  Parser parser(answer.body);
  if (answer.type != sftp::kHandle) return unexpected_answer(answer, "open", path);
  const std::string_view handle = parser.string();
  if (!parser.ok() || handle.size() > sftp::kMaxHandleBytes)
    return unexpected_answer(answer, "open", path);
  return std::string(handle);
}

Result<> SftpClient::close(const std::string& handle, int64_t until_ms) {
  return call_for_status(std::move(Packet(sftp::kClose).string(handle)), "close", "file", until_ms);
}

Result<sftp::Attributes> SftpClient::stat(const std::string& path, int64_t until_ms) {
  return call_for_attributes(std::move(Packet(sftp::kStat).string(path)), path, until_ms);
}

Result<sftp::Attributes> SftpClient::stat_handle(const std::string& handle, int64_t until_ms) {
  return call_for_attributes(std::move(Packet(sftp::kFstat).string(handle)), "file", until_ms);
}

Result<> SftpClient::truncate(const std::string& handle, uint64_t size, int64_t until_ms) {
  constexpr uint32_t kHasSize = 1;
  return call_for_status(std::move(Packet(sftp::kFsetstat).string(handle).u32(kHasSize).u64(size)),
                         "truncate", "file", until_ms);
}

Result<std::string> SftpClient::read(const std::string& handle, uint64_t offset, uint32_t size,
                                     int64_t until_ms) {
  constexpr uint32_t kMostAtOnce = 32 << 10;
  Packet packet(sftp::kRead);
  packet.string(handle).u64(offset).u32(std::min(size, kMostAtOnce));
  const Answer answer = TRY(call(std::move(packet), until_ms));
  Parser parser(answer.body);
  if (answer.type == sftp::kStatus && parser.u32() == sftp::kEof && parser.ok())
    return std::string();
  if (answer.type != sftp::kData) return unexpected_answer(answer, "read", "file");
  const std::string_view data = parser.string();
  if (data.size() > size) return unexpected_answer(answer, "read", "file");
  return std::string(data);
}

Packet SftpClient::fsync_request(const std::string& handle) const {
  return std::move(Packet(sftp::kExtended).string(kFsync).string(handle));
}

Result<> SftpClient::fsync(const std::string& handle, int64_t until_ms) {
  return call_for_status(fsync_request(handle), "sync", "file", until_ms);
}

Result<> SftpClient::rename_new(const std::string& from, const std::string& to, int64_t until_ms) {
  const Result<> renamed = call_for_status(std::move(Packet(sftp::kRename).string(from).string(to)),
                                           "rename", from, until_ms);
  if (renamed || is_lost_ || !has_posix_rename_) return renamed;
  // Some file systems cannot link, which is how the first way tells that the name is free.
  if (stat(to, until_ms) || is_lost_ || last_status_ != sftp::kNoSuchFile) return renamed;
  return call_for_status(
      std::move(Packet(sftp::kExtended).string(kPosixRename).string(from).string(to)), "rename",
      from, until_ms);
}

Result<std::optional<SftpClient::Space>> SftpClient::space(const std::string& path,
                                                           int64_t until_ms) {
  if (!has_statvfs_) return std::nullopt;
  const Answer answer =
      TRY(call(std::move(Packet(sftp::kExtended).string(kStatvfs).string(path)), until_ms));
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

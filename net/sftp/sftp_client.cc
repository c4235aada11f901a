#include "net/sftp/sftp_client.h"

#include <algorithm>

#include "net/ssh/ssh_channel.h"

namespace kdump {

using sftp::Packet;
using sftp::Parser;

namespace {

constexpr uint32_t kProtocolVersion = 3;
// Every server takes 32 KiB in one write; OpenSSH's says how much more (limits@openssh.com).
constexpr uint32_t kSafeWriteBytes = 32 << 10;
constexpr uint32_t kMaxWriteBytes = 256 << 10;
// OpenSSH's own limit; a hundred names of a directory can take 64 KiB.
constexpr uint32_t kMaxAnswerBytes = 256 << 10;
constexpr size_t kMaxGreetingBytes = 64 << 10;

}  // namespace

Result<std::unique_ptr<SftpClient>> SftpClient::start(std::shared_ptr<SshSession> session,
                                                      int64_t until_ms) {
  SshChannel channel = TRY(SshChannel::subsystem(session, "sftp", until_ms));
  return start(std::make_unique<SshChannel>(std::move(channel)), session->host(), until_ms);
}

Result<std::unique_ptr<SftpClient>> SftpClient::start(std::unique_ptr<ByteChannel> channel,
                                                      const std::string& host, int64_t until_ms) {
  std::unique_ptr<SftpClient> client(new SftpClient(std::move(channel), host));
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
    if (!received && channel_->is_at_end()) {
      TRY(channel_->finish(until_ms));
      return fail(Kind::unsupported, "%s has no SFTP", host_.c_str());
    }
    packet = TRY(std::move(received));
    if (!packet && !channel_->is_at_end() && !wait(until_ms))
      return fail(Kind::timeout, "%s: SFTP does not answer", host_.c_str());
  }
  if (packet->empty() || static_cast<uint8_t>(packet->front()) != sftp::kVersion)
    return fail(Kind::unsupported, "%s: the answer is not SFTP", host_.c_str());
  Parser parser(packet->substr(1));
  if (const uint32_t version = parser.u32(); version != kProtocolVersion)
    return fail(Kind::unsupported, "%s: unsupported SFTP version %u: expected 3", host_.c_str(),
                version);
  while (parser.ok() && !parser.at_end()) {
    const std::string_view name = parser.string();
    parser.string();
    has_fsync_ |= name == sftp::kFsync;
    has_statvfs_ |= name == sftp::kStatvfs;
    has_posix_rename_ |= name == sftp::kPosixRename;
    has_limits_ |= name == sftp::kLimits;
  }
  return has_limits_ ? read_limits(until_ms) : Result<>();
}

Result<> SftpClient::read_limits(int64_t until_ms) {
  const Answer answer =
      TRY(call(std::move(Packet(sftp::kExtended).string(sftp::kLimits)), until_ms));
  Parser parser(answer.body);
  if (answer.type != sftp::kExtendedReply) return {};
  parser.u64();  // the longest packet
  parser.u64();  // the longest read
  const uint64_t longest_write = parser.u64();
  if (parser.ok() && longest_write != 0)
    max_write_bytes_ =
        static_cast<uint32_t>(std::clamp<uint64_t>(longest_write, 4096, kMaxWriteBytes));
  return {};
}

std::unexpected<Error> SftpClient::lost(const Error& why) {
  is_lost_ = true;
  return std::unexpected(why);
}

Result<size_t> SftpClient::send_some(Bytes data) {
  auto sent = channel_->send_some(data);
  if (!sent) return lost(sent.error());
  if (*sent == 0 && channel_->is_at_end())
    return lost(fail(Kind::io, "%s has ended SFTP", host_.c_str()).error());
  return sent;
}

Result<> SftpClient::send_whole(Packet& packet, int64_t until_ms) {
  for (Bytes left = packet.bytes(); !left.empty();) {
    const size_t sent = TRY(send_some(left));
    left = left.subspan(sent);
    if (sent == 0 && !wait(until_ms))
      return lost(fail(Kind::timeout, "%s accepts no requests", host_.c_str()).error());
  }
  return {};
}

// What the start files of the account's shell print comes first. It is text, without the zero that
// a packet's length begins with.
Result<> SftpClient::skip_greeting() {
  const size_t begin = std::min(input_.find('\0'), input_.size());
  has_begun_ = begin != input_.size();
  input_.erase(0, begin);
  greeting_bytes_ += begin;
  if (greeting_bytes_ <= kMaxGreetingBytes) return {};
  return lost(fail(Kind::corrupt, "%s prints text instead of SFTP", host_.c_str()).error());
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
    // Two packets of the largest kind: each call ends with a recv() that finds nothing.
    constexpr size_t kMostAtOnce = 64 << 10;
    const size_t before = input_.size();
    Result<size_t> got = size_t{0};
    input_.resize_and_overwrite(before + kMostAtOnce, [&](char* bytes, size_t) {
      got = channel_->receive_some({reinterpret_cast<uint8_t*>(bytes) + before, kMostAtOnce});
      return before + got.value_or(0);
    });
    if (!got) return lost(got.error());
    if (*got == 0 && channel_->is_at_end())
      return lost(fail(Kind::io, "%s has ended SFTP", host_.c_str()).error());
    if (*got == 0) return std::nullopt;
    if (!has_begun_) TRY(skip_greeting());
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
    return lost(fail(Kind::corrupt, "%s: SFTP answer without an id", host_.c_str()).error());
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
      return lost(fail(Kind::corrupt, "%s answers an unknown request", host_.c_str()).error());
    if (!wait(until_ms))
      return lost(fail(Kind::timeout, "%s: SFTP does not answer", host_.c_str()).error());
  }
}

std::unexpected<Error> SftpClient::refused(uint32_t status, const char* what,
                                           const std::string& path) {
  last_status_ = status;
  const bool is_full = status == sftp::kNoSpace || status == sftp::kQuotaExceeded;
  const Kind kind = is_full                             ? Kind::no_space
                    : status == sftp::kPermissionDenied ? Kind::refused
                                                        : Kind::io;
  return fail(kind, "%s: %s %s: %s", host_.c_str(), what, path.c_str(), sftp::status_name(status));
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

}  // namespace kdump

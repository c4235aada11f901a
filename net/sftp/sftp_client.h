// An SFTP version 3 client over a channel: single requests, or many in flight, matched by their
// ids. Why not libssh2's client: docs/decisions/0006-sftp-client.md. A call fails because the
// connection is lost (is_lost() is true from then on), or because the server refused the request
// (last_status() is its Status).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "net/sftp/sftp_packet.h"
#include "net/ssh/byte_channel.h"
#include "net/ssh/ssh_session.h"

namespace kdump {

class SftpClient {
 public:
  // Starts the subsystem. Fails: unsupported, if the server has no SFTP; io; timeout.
  static Result<std::unique_ptr<SftpClient>> start(std::shared_ptr<SshSession> session,
                                                   int64_t until_ms);
  // Uses an open channel. host: for messages.
  static Result<std::unique_ptr<SftpClient>> start(std::unique_ptr<ByteChannel> channel,
                                                   const std::string& host, int64_t until_ms);

  bool is_lost() const { return is_lost_; }
  uint32_t last_status() const { return last_status_; }
  uint32_t max_write_bytes() const { return max_write_bytes_; }
  bool has_fsync() const { return has_fsync_; }

  // Each of these waits for its answer until until_ms.
  Result<> make_directory(const std::string& path, uint32_t mode, int64_t until_ms);
  Result<> remove_directory(const std::string& path, int64_t until_ms);
  Result<> remove(const std::string& path, int64_t until_ms);
  Result<std::string> open(const std::string& path, uint32_t flags, int64_t until_ms);
  Result<std::string> open_directory(const std::string& path, int64_t until_ms);
  // Returns the next names, in no order; none at the end of the directory.
  Result<std::vector<std::string>> read_directory(const std::string& handle, int64_t until_ms);
  Result<> close(const std::string& handle, int64_t until_ms);
  Result<sftp::Attributes> stat(const std::string& path, int64_t until_ms);
  Result<sftp::Attributes> lstat(const std::string& path, int64_t until_ms);  // follows no link
  Result<sftp::Attributes> stat_handle(const std::string& handle, int64_t until_ms);
  Result<> truncate(const std::string& handle, uint64_t size, int64_t until_ms);
  // Fills `out` with many requests in flight (sftp_read.cc); returns fewer bytes only at the end of
  // the file.
  Result<size_t> read(const std::string& handle, uint64_t offset, MutableBytes out,
                      int64_t until_ms);
  Result<> fsync(const std::string& handle, int64_t until_ms);
  // Fails if `to` exists; atomic on servers that link and unlink, such as OpenSSH's.
  Result<> rename_new(const std::string& from, const std::string& to, int64_t until_ms);
  struct Space {
    uint64_t free_bytes = 0;
    bool is_read_only = false;
  };
  // nullopt: the server does not offer statvfs@openssh.com.
  Result<std::optional<Space>> space(const std::string& path, int64_t until_ms);

  // For many requests in flight: request ids, bytes to send, answers.
  uint32_t next_id() { return ++id_; }
  Result<size_t> send_some(Bytes data);  // 0: would block, call again with the same data
  struct Answer {
    uint32_t id;
    uint8_t type;
    std::string_view body;  // valid until the next call
  };
  Result<std::optional<Answer>> receive_some();  // nullopt: none yet
  bool wait(int64_t until_ms) const { return channel_->wait(until_ms); }
  sftp::Packet fsync_request(const std::string& handle) const;
  // Makes the error of a status other than kOk.
  std::unexpected<Error> refused(uint32_t status, const char* what, const std::string& path);

 private:
  SftpClient(std::unique_ptr<ByteChannel> channel, const std::string& host)
      : channel_(std::move(channel)), host_(host) {}

  Result<> negotiate(int64_t until_ms);
  Result<> read_limits(int64_t until_ms);
  Result<> send_whole(sftp::Packet& packet, int64_t until_ms);
  Result<> skip_greeting();
  Result<std::optional<std::string_view>> receive_packet();
  Result<Answer> call(sftp::Packet packet, int64_t until_ms);
  Result<> call_for_status(sftp::Packet packet, const char* what, const std::string& path,
                           int64_t until_ms);
  Result<std::string> call_for_handle(sftp::Packet packet, const std::string& path,
                                      int64_t until_ms);
  Result<sftp::Attributes> call_for_attributes(sftp::Packet packet, const std::string& path,
                                               int64_t until_ms);
  std::unexpected<Error> lost(const Error& why);
  std::unexpected<Error> unexpected_answer(const Answer& answer, const char* what,
                                           const std::string& path);

  std::unique_ptr<ByteChannel> channel_;
  std::string host_;
  std::string input_;  // received bytes, from input_begin_ on
  size_t input_begin_ = 0;
  uint32_t id_ = 0;
  uint32_t last_status_ = 0;
  uint32_t max_write_bytes_;
  bool is_lost_ = false;
  bool has_begun_ = false;  // a packet has been received
  size_t greeting_bytes_ = 0;
  bool has_fsync_ = false, has_statvfs_ = false, has_posix_rename_ = false, has_limits_ = false;
};

}  // namespace kdump

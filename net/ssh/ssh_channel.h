// A channel of an SSH session: a subsystem's or a command's standard streams, or a connection that
// the server makes, without blocking.
#pragma once

#include "net/ssh/byte_channel.h"
#include "net/ssh/ssh_session.h"

struct _LIBSSH2_CHANNEL;

namespace kdump {

class SshChannel final : public ByteChannel {
 public:
  // Start a subsystem or a command. Fail: unsupported, if the server refuses; io; timeout.
  static Result<SshChannel> subsystem(std::shared_ptr<SshSession> session, const char* name,
                                      int64_t until_ms);
  static Result<SshChannel> command(std::shared_ptr<SshSession> session, const std::string& command,
                                    int64_t until_ms);

  // A TCP connection that the server makes to host (direct-tcpip).
  // Fails: io, where the server refuses, or does not reach it.
  static Result<SshChannel> connection(std::shared_ptr<SshSession> session, const std::string& host,
                                       uint16_t port, int64_t until_ms);

  SshChannel(SshChannel&& other) noexcept;
  SshChannel& operator=(SshChannel&&) = delete;
  ~SshChannel() override;

  Result<size_t> send_some(Bytes data) override;
  // Receives from standard output.
  Result<size_t> receive_some(MutableBytes out) override { return receive_some(0, out); }
  bool is_at_end() override;
  bool wait(int64_t until_ms) const override;
  // As wait(), but unread data is no reason to return: for a caller that can only send.
  bool wait_to_send(int64_t until_ms) const;
  SshSession& session() const { return *session_; }

  // Sends all of `data`. Fails: timeout, without progress for idle_ms; io.
  Result<> send_all(Bytes data, uint32_t idle_ms);

  // Returns a command's exit status and the first kMaxTextBytes of each stream. Call it before the
  // destructor: freeing a channel while the server still sends makes some versions of dropbear end
  // the whole connection (an assertion in its common-channel.c).
  Result<ExitStatus> finish(int64_t until_ms) override;
  static constexpr size_t kMaxTextBytes = 4096;

 private:
  SshChannel(std::shared_ptr<SshSession> session, _LIBSSH2_CHANNEL* channel)
      : session_(std::move(session)), channel_(channel) {}
  static Result<SshChannel> open(std::shared_ptr<SshSession> session, const char* request,
                                 const std::string& what, int64_t until_ms);
  Result<size_t> receive_some(int stream, MutableBytes out);
  Result<size_t> drain(int stream, std::string& into);
  std::string output_, errors_;  // the beginning of the output received while sending

  // The call that left a packet half-sent: a send, or a receive that sends a window adjustment or a
  // key exchange. Only the same call can complete the packet.
  enum class Half : uint8_t { none, send, receive };
  Half half_ = Half::none;
  bool awaits_window_ = false;  // the last send filled the server's window

  bool has_input() const;

  std::shared_ptr<SshSession> session_;
  _LIBSSH2_CHANNEL* channel_;
};

}  // namespace kdump

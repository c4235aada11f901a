// One SSH connection: connects, checks the host key, logs in. Channels (ssh_channel.h) share it.
// libssh2 with mbedTLS implements the protocol; only net/ssh uses them. Every wait has a deadline.
#pragma once

#include <memory>
#include <string>

#include "net/base/socket_address.h"
#include "net/base/tcp_socket.h"
#include "net/ssh/user_key.h"

struct _LIBSSH2_SESSION;

namespace kdump {

// The parameters of a login, without the server's address.
struct SshLogin {
  std::string user;
  std::string host;  // as in the URL, for known_hosts and messages
  uint16_t port = 22;
  std::string known_hosts_file;
  std::string known_hosts;  // text of the file
  UserKey key;
};

class SshSession {
 public:
  // Connects, checks the host key and logs in. until_ms: deadline on the clock of
  // Sys::monotonic_ms. Fails: refused, if the host key or the login is not accepted (the text says
  // what to change); io; timeout.
  static Result<std::shared_ptr<SshSession>> connect(const SocketAddress& server,
                                                     const SshLogin& login, int64_t until_ms);
  // The same over a connection that `bastion` makes to login.host, and keeps bastion for itself.
  static Result<std::shared_ptr<SshSession>> connect_through(std::shared_ptr<SshSession> bastion,
                                                             const SshLogin& login,
                                                             int64_t until_ms);
  ~SshSession();

  _LIBSSH2_SESSION* handle() const { return session_; }
  const std::string& host() const { return host_; }
  std::string cipher() const;  // for messages
  // What is doubtful about the server's certificate; empty: nothing.
  const std::string& warning() const { return warning_; }

  // Waits until libssh2's last call, which would have blocked, can continue. Returns false at the
  // deadline.
  bool wait(int64_t until_ms) const;
  // Returns true if libssh2's last call left a packet half-sent, which only the same call
  // completes.
  bool has_half_sent() const;

  // Repeats `call` while it returns LIBSSH2_ERROR_EAGAIN and returns its value. what: for messages.
  // Fails: on another negative value; timeout.
  template <class Call>
  Result<int> finish_call(const char* what, int64_t until_ms, Call call) {
    for (;;) {
      const int code = call();
      if (code >= 0) return code;
      if (!would_block(code)) return failed(code, what);
      if (!wait(until_ms)) return timed_out(what);
    }
  }
  // Makes the error of a negative return value of libssh2.
  std::unexpected<Error> failed(int code, const char* what) const;

 private:
  SshSession(Socket socket, std::unique_ptr<class SshChannel> tunnel, std::string host);
  static Result<std::shared_ptr<SshSession>> start(std::shared_ptr<SshSession> session,
                                                   const std::string& address,
                                                   const SshLogin& login, int64_t until_ms);

  static bool would_block(int code);
  std::unexpected<Error> timed_out(const char* what) const;
  Result<> set_methods(const struct OfferedMethods& ours);
  Result<> check_host_key(const class KnownHosts& known, const SshLogin& login);
  Result<> log_in(const SshLogin& login, int64_t until_ms);
  Result<> show_key(const SshLogin& login, const std::string& blob, int64_t until_ms);
  int socket() const;  // our own, or the bastion's
  // Nothing is sent or received any more, and no call waits.
  void cut();

  Socket socket_;
  std::unique_ptr<SshChannel> tunnel_;  // instead of a socket
  std::string host_, warning_;
  _LIBSSH2_SESSION* session_ = nullptr;
};

}  // namespace kdump

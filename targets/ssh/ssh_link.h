// The connection of an ssh: target: made when it is first needed, made again when it is lost, given
// up when that takes too long. What is sent over it is known to ssh_target, sftp_upload and
// ssh_stream.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/sftp/sftp_client.h"
#include "net/ssh/ssh_session.h"
#include "targets/schemes.h"
#include "targets/url/server_url.h"

namespace kdump {

class SshLink {
 public:
  SshLink(SshUrl url, const TargetContext& context);

  // Brings the connection up, if it is not. Fails: refused, where keys or files are not as needed.
  Result<> connect();
  void disconnect();

  // After connect():
  const std::shared_ptr<SshSession>& session() { return session_; }
  // nullptr: the server has no SFTP.
  SftpClient* sftp() { return sftp_.get(); }

  // Tries to connect again until until_ms: at once where the connection has lasted, after a pause
  // that doubles from try to try where none does. Fails: with the last attempt's reason; the link
  // is then given up, and every further use of it fails with that reason at once.
  Result<> reconnect(const Error& why, int64_t until_ms);
  // Whether the machine is another one, or has booted, since the time before the reconnection.
  // nullopt: the server does not tell.
  std::optional<bool> has_rebooted() const;
  Result<> usable() const;
  std::unexpected<Error> give_up(const Error& why);

  // Runs one exchange with the server; again on a new connection where the old one is lost.
  // call: (SftpClient&, int64_t until_ms) -> Result<…>. is_again tells it that an earlier try may
  // have had its effect.
  template <class Call>
  auto exchange(const char* what, Call call) -> decltype(call(*sftp(), int64_t{}, false)) {
    if (const auto good = usable(); !good) return std::unexpected(good.error());
    const int64_t until_ms = now_ms() + stall_ms();
    for (bool is_again = false;; is_again = true) {
      auto result = call(*sftp_, wait_for_step(what), is_again);
      if (result || !sftp_->is_lost()) return result;
      if (const auto back = reconnect(result.error(), until_ms); !back)
        return std::unexpected(back.error());
    }
  }

  // Tells the observer what is waited for; returns until when.
  int64_t wait_for_step(const char* what) { return wait_for(host(), what, context_.limits.step_s); }
  int64_t wait_for_stall(const char* what) {
    return wait_for(host(), what, context_.limits.stall_s);
  }
  int64_t stall_ms() const { return int64_t{context_.limits.stall_s} * 1000; }
  int64_t now_ms() const { return context_.sys.monotonic_ms(); }
  uint64_t buffer_bytes() const { return context_.buffer_bytes; }
  const std::string& host() const { return url_.server.host; }
  const std::string& directory() const { return url_.server.path; }
  // As Observer::may_wait_on(); the link is given up where it fails.
  Result<> may_wait_on();
  void note(const char* what) { context_.observer.note(what); }

 private:
  int64_t wait_for(const std::string& peer, const char* what, uint32_t seconds);
  void pause(int64_t until_ms);
  Result<SshLogin> load_login(const std::string& user, const std::string& host, uint16_t port,
                              const std::string& key);
  Result<Route> reach(int64_t until_ms);
  Result<std::shared_ptr<SshSession>> open_session(const Route& route, int64_t until_ms);
  Result<> log_in(const Route& route, int64_t until_ms);
  std::string read_boot_id(int64_t until_ms);

  const SshUrl url_;
  const TargetContext context_;
  std::optional<SshLogin> login_, jump_login_;
  std::shared_ptr<SshSession> session_;
  std::unique_ptr<SftpClient> sftp_;
  std::string boot_id_, boot_id_before_;
  int boot_id_losses_ = 0;     // connections that were lost over that question
  int64_t up_since_ms_ = 0;    // of the connection
  int64_t next_pause_ms_ = 0;  // before the next try to connect
  std::optional<Error> given_up_;
};

}  // namespace kdump

// The connection of an ssh: target: connects on first use, reconnects after a loss, and gives up
// after a deadline. Users: ssh_target, sftp_upload, ssh_stream.
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

  // Connects unless connected. Fails: refused, if a key or file is unusable or the server refuses
  // the login; io; timeout.
  Result<> connect();
  void disconnect();

  // Valid after connect().
  const std::shared_ptr<SshSession>& session() { return session_; }
  // Returns nullptr if the server has no SFTP.
  SftpClient* sftp() { return sftp_.get(); }

  // Reconnects until until_ms: the first attempt at once if the lost connection had lasted, later
  // ones after pauses that double. Fails: with the error of the last attempt; the link is then
  // given up, and every further use fails with that error. why: the error that lost the connection.
  Result<> reconnect(const Error& why, int64_t until_ms);
  // Returns true if the server has rebooted, or is another machine, since before the reconnection;
  // nullopt if unknown.
  std::optional<bool> has_rebooted() const;
  // Fails with the error of give_up() if the link was given up.
  Result<> usable() const;
  // Makes every further use fail with the first error given here; returns `why`.
  std::unexpected<Error> give_up(const Error& why);

  // Runs one exchange with the server, and repeats it on a new connection if the old one is lost.
  // call: (SftpClient&, int64_t until_ms, bool is_again) -> Result<…>. is_again: an earlier attempt
  // may have succeeded on the server. what: for the observer.
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

  // Report a wait to the observer and return its deadline.
  int64_t wait_for_step(const char* what) { return wait_for(host(), what, context_.limits.step_s); }
  int64_t wait_for_stall(const char* what) {
    return wait_for(host(), what, context_.limits.stall_s);
  }
  int64_t stall_ms() const { return int64_t{context_.limits.stall_s} * 1000; }
  int64_t now_ms() const { return context_.sys.monotonic_ms(); }
  uint64_t buffer_bytes() const { return context_.buffer_bytes; }
  const std::string& host() const { return url_.server.host; }
  const std::string& directory() const { return url_.server.path; }
  // As Observer::may_keep_waiting(); gives the link up if that fails.
  Result<> may_keep_waiting();
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
  int boot_id_losses_ = 0;     // connections lost while reading the boot id
  int64_t up_since_ms_ = 0;    // start of the connection
  int64_t next_pause_ms_ = 0;  // before the next attempt to connect
  std::optional<Error> given_up_;
};

}  // namespace kdump

#include "targets/ssh/ssh_link.h"

#include <algorithm>
#include <cerrno>

#include "filter/base/file.h"
#include "filter/base/text.h"

namespace kdump {
namespace {

constexpr size_t kMaxKnownHostsBytes = 1 << 20;
// Between tries to connect: 1 s, 2 s, 4 s and so on, but several tries within a stall. A connection
// that has lasted begins anew.
constexpr int64_t kFirstPauseMs = 1000, kLongestPauseMs = 16'000, kPausesInStall = 6;
constexpr int64_t kLastingMs = 60'000;
constexpr int kMaxBootIdLosses = 2;
// Linux: another one after each boot (Documentation/admin-guide/sysctl/kernel.rst).
constexpr char kBootId[] = "/proc/sys/kernel/random/boot_id";
constexpr uint32_t kBootIdBytes = 64;

}  // namespace

SshLink::SshLink(SshUrl url, const TargetContext& context)
    : url_(std::move(url)), context_(context) {}

int64_t SshLink::wait_for(const std::string& peer, const char* what, uint32_t seconds) {
  context_.observer.waiting_for(text("%s %s", peer.c_str(), what).c_str(), seconds);
  return now_ms() + int64_t{seconds} * 1000;
}

Result<> SshLink::connect() {
  given_up_.reset();
  if (session_) return {};
  if (url_.jump && !jump_login_)
    jump_login_ =
        TRY(load_login(url_.jump->user, url_.jump->host, url_.jump->port, url_.jump->key));
  if (!login_)
    login_ = TRY(load_login(url_.server.user, url_.server.host, url_.server.port, url_.key));
  const Route route = TRY(reach(INT64_MAX));
  // If many machines crash at once, a server drops connections before its banner (sshd's
  // MaxStartups).
  const int64_t until_ms = now_ms() + int64_t{context_.limits.step_s} * 1000;
  for (bool is_reported = false;; is_reported = true) {
    const auto done = log_in(route, INT64_MAX);
    if (done || done.error().kind != Kind::io || now_ms() >= until_ms) return done;
    if (!is_reported)
      context_.observer.note(
          text("%s; retrying for %u s", done.error().text, context_.limits.step_s).c_str());
    pause(until_ms);
  }
}

Result<SshLogin> SshLink::load_login(const std::string& user, const std::string& host,
                                     uint16_t port, const std::string& key_file) {
  SshLogin login;
  login.user = user;
  login.host = host;
  login.port = port;
  login.known_hosts_file = url_.known_hosts;
  login.known_hosts = TRY(read_small_file(context_.sys, url_.known_hosts, kMaxKnownHostsBytes));
  auto key = load_user_key(context_.sys, key_file);
  if (!key && key.error().sys_errno == ENOENT && key_file.starts_with(kSshDirectory))
    return fail(Kind::refused,
                "no key %s: where a shell was offered it is wiped; name another with ?key=FILE",
                key_file.c_str());
  login.key = TRY(std::move(key));
  return login;
}

// Reports the wait, because the previous named wait may be shorter.
void SshLink::pause(int64_t until_ms) {
  const int64_t longest_ms = std::min(kLongestPauseMs, stall_ms() / kPausesInStall);
  const int64_t pause_ms = std::clamp<int64_t>(until_ms - now_ms(), 0, next_pause_ms_);
  next_pause_ms_ = std::min(std::max(kFirstPauseMs, 2 * next_pause_ms_), longest_ms);
  if (pause_ms == 0) return;
  wait_for(host(), "to be retried", static_cast<uint32_t>(pause_ms / 1000 + 1));
  context_.sys.sleep_ms(pause_ms);
}

// Each step has its own time, but none goes beyond until_ms.
Result<Route> SshLink::reach(int64_t until_ms) {
  const auto left_s =
      std::clamp<int64_t>((until_ms - now_ms() + 999) / 1000, 1, int64_t{context_.limits.step_s});
  return context_.network.reach(url_.jump ? url_.jump->host : url_.server.host,
                                url_.jump ? url_.jump->port : url_.server.port,
                                static_cast<uint32_t>(left_s), context_.observer);
}

// The bastion and the server have a step's time each.
Result<std::shared_ptr<SshSession>> SshLink::open_session(const Route& route, int64_t until_ms) {
  const auto by_then = [&] { return std::min(until_ms, wait_for_step("to let us in")); };
  if (!jump_login_) return SshSession::connect(route.server, *login_, by_then());
  const int64_t bastion_until_ms =
      std::min(until_ms, wait_for(url_.jump->host, "to let us in", context_.limits.step_s));
  auto bastion = SshSession::connect(route.server, *jump_login_, bastion_until_ms);
  if (!bastion) return wrap(bastion.error(), "jump");
  if (const std::string& warning = (*bastion)->warning(); !warning.empty())
    note(text("%s: %s", url_.jump->host.c_str(), warning.c_str()).c_str());
  return SshSession::connect_through(std::move(*bastion), *login_, by_then());
}

Result<> SshLink::log_in(const Route& route, int64_t until_ms) {
  session_ = TRY(open_session(route, until_ms));
  if (const std::string& warning = session_->warning(); !warning.empty())
    note(text("%s: %s", host().c_str(), warning.c_str()).c_str());
  up_since_ms_ = now_ms();
  const int64_t sftp_until_ms = std::min(until_ms, wait_for_step("to start SFTP"));
  auto started = SftpClient::start(session_, sftp_until_ms);
  if (!started && started.error().kind == Kind::unsupported) return {};
  if (!started) {
    session_.reset();
    return std::unexpected(started.error());
  }
  sftp_ = std::move(*started);
  boot_id_ = read_boot_id(sftp_until_ms);
  if (sftp_->is_lost()) ++boot_id_losses_;
  return {};
}

// Returns an empty string if the server has no readable boot id: another system, or a chroot.
std::string SshLink::read_boot_id(int64_t until_ms) {
  if (boot_id_losses_ >= kMaxBootIdLosses) return {};
  const auto handle = sftp_->open(kBootId, sftp::kForRead, until_ms);
  if (!handle) return {};
  std::string id(kBootIdBytes, '\0');
  const auto read =
      sftp_->read(*handle, 0, {reinterpret_cast<uint8_t*>(id.data()), id.size()}, until_ms);
  (void)sftp_->close(*handle, until_ms);
  if (!read || sftp_->is_lost()) return {};
  id.resize(*read);
  return id;
}

void SshLink::disconnect() {
  sftp_.reset();
  session_.reset();
}

Result<> SshLink::reconnect(const Error& why, int64_t until_ms) {
  context_.observer.note(text("%s; connecting again", why.text).c_str());
  boot_id_before_ = boot_id_;
  const bool needs_sftp = sftp_ != nullptr;
  std::optional<Error> last;
  if (session_ && now_ms() - up_since_ms_ >= kLastingMs) next_pause_ms_ = 0;
  for (;;) {
    disconnect();
    pause(until_ms);
    if (now_ms() >= until_ms) break;
    const auto route = reach(until_ms);
    const auto back = route ? log_in(*route, until_ms) : std::unexpected(route.error());
    if (back && (!needs_sftp || (sftp_ && !sftp_->is_lost()))) return {};
    // A try that the deadline cuts short says less than the one before.
    if (!back && (!last || now_ms() < until_ms)) last = back.error();
  }
  disconnect();
  return give_up(
      wrap(last.value_or(why), "lost and not reconnected within %u s", context_.limits.stall_s)
          .error());
}

std::optional<bool> SshLink::has_rebooted() const {
  if (boot_id_.empty() || boot_id_before_.empty()) return std::nullopt;
  return boot_id_ != boot_id_before_;
}

std::unexpected<Error> SshLink::give_up(const Error& why) {
  if (!given_up_) given_up_ = why;
  return std::unexpected(why);
}

Result<> SshLink::may_keep_waiting() {
  const Result<> fast_enough = context_.observer.may_keep_waiting();
  return fast_enough ? fast_enough : give_up(fast_enough.error());
}

Result<> SshLink::usable() const {
  if (given_up_) return std::unexpected(*given_up_);
  if (!session_) return fail(Kind::refused, "%s is not connected", host().c_str());
  return {};
}

}  // namespace kdump

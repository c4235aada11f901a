#include "net/ssh/ssh_channel.h"

#include <libssh2.h>

#include <algorithm>
#include <utility>

#include "filter/base/sys.h"
#include "filter/base/text.h"

namespace kdump {

Result<SshChannel> SshChannel::open(std::shared_ptr<SshSession> session, const char* request,
                                    const std::string& what, int64_t until_ms) {
  _LIBSSH2_CHANNEL* handle = nullptr;
  TRY(session->finish_call("open a channel", until_ms, [&] {
    handle = libssh2_channel_open_session(session->handle());
    return handle ? 0 : libssh2_session_last_errno(session->handle());
  }));
  SshChannel channel(session, handle);
  const auto started = session->finish_call(request, until_ms, [&] {
    return libssh2_channel_process_startup(
        handle, request, static_cast<unsigned>(std::char_traits<char>::length(request)),
        what.c_str(), static_cast<unsigned>(what.size()));
  });
  if (started) return channel;
  if (libssh2_session_last_errno(session->handle()) == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED)
    return fail(Kind::unsupported, "%s refuses %s %.40s", session->host().c_str(), request,
                what.c_str());
  return std::unexpected(started.error());
}

Result<SshChannel> SshChannel::subsystem(std::shared_ptr<SshSession> session, const char* name,
                                         int64_t until_ms) {
  return open(std::move(session), "subsystem", name, until_ms);
}

Result<SshChannel> SshChannel::command(std::shared_ptr<SshSession> session,
                                       const std::string& command, int64_t until_ms) {
  return open(std::move(session), "exec", command, until_ms);
}

Result<SshChannel> SshChannel::connection(std::shared_ptr<SshSession> session,
                                          const std::string& host, uint16_t port,
                                          int64_t until_ms) {
  _LIBSSH2_CHANNEL* handle = nullptr;
  const std::string what = text("connect to %s port %u", host.c_str(), port);
  TRY(session->finish_call(what.c_str(), until_ms, [&] {
    handle = libssh2_channel_direct_tcpip_ex(session->handle(), host.c_str(), port, "127.0.0.1", 0);
    return handle ? 0 : libssh2_session_last_errno(session->handle());
  }));
  return SshChannel(std::move(session), handle);
}

SshChannel::SshChannel(SshChannel&& other) noexcept
    : session_(other.session_), channel_(std::exchange(other.channel_, nullptr)) {}

SshChannel::~SshChannel() {
  // If this would block, the session's end frees it.
  if (channel_) libssh2_channel_free(channel_);
}

Result<size_t> SshChannel::send_some(Bytes data) {
  if (half_ == Half::receive) return size_t{0};
  const ssize_t sent = libssh2_channel_write_ex(
      channel_, 0, reinterpret_cast<const char*>(data.data()), data.size());
  const bool is_half = sent == LIBSSH2_ERROR_EAGAIN && session_->has_half_sent();
  half_ = is_half ? Half::send : Half::none;
  awaits_window_ = sent == LIBSSH2_ERROR_EAGAIN && libssh2_channel_window_write(channel_) == 0;
  if (sent >= 0) return static_cast<size_t>(sent);
  if (sent == LIBSSH2_ERROR_EAGAIN) return size_t{0};
  return session_->failed(static_cast<int>(sent), "send");
}

Result<size_t> SshChannel::receive_some(int stream, MutableBytes out) {
  if (half_ == Half::send) return size_t{0};
  const ssize_t got =
      libssh2_channel_read_ex(channel_, stream, reinterpret_cast<char*>(out.data()), out.size());
  const bool is_half = got == LIBSSH2_ERROR_EAGAIN && session_->has_half_sent();
  half_ = is_half ? Half::receive : Half::none;
  if (got >= 0) return static_cast<size_t>(got);
  if (got == LIBSSH2_ERROR_EAGAIN) return size_t{0};
  return session_->failed(static_cast<int>(got), "receive");
}

// Every call of libssh2 takes whatever the socket has. What is waited for may have come while
// something else was asked, and then the socket will never tell.
bool SshChannel::has_input() const {
  if (half_ == Half::send) return false;
  unsigned long queued = 0;
  libssh2_channel_window_read_ex(channel_, &queued, nullptr);
  return queued != 0 || libssh2_channel_eof(channel_) == 1 ||
         (awaits_window_ && libssh2_channel_window_write(channel_) != 0);
}

bool SshChannel::wait(int64_t until_ms) const {
  if (real_sys().monotonic_ms() >= until_ms) return false;
  return has_input() || session_->wait(until_ms);
}

bool SshChannel::wait_to_send(int64_t until_ms) const {
  if (real_sys().monotonic_ms() >= until_ms) return false;
  return (awaits_window_ && libssh2_channel_window_write(channel_) != 0) ||
         session_->wait(until_ms);
}

bool SshChannel::is_at_end() {
  // To libssh2 a stream has no end while there is something unread in the other one.
  const auto drained = drain(SSH_EXTENDED_DATA_STDERR, errors_);
  return !drained || libssh2_channel_eof(channel_) == 1;
}

Result<> SshChannel::send_all(Bytes data, uint32_t idle_ms) {
  int64_t until_ms = real_sys().monotonic_ms() + idle_ms;
  while (!data.empty()) {
    const size_t sent = TRY(send_some(data));
    data = data.subspan(sent);
    // Unread, it would take the server's breath, and pass for news in wait().
    TRY(drain(0, output_));
    if (sent != 0)
      until_ms = real_sys().monotonic_ms() + idle_ms;
    else if (is_at_end())
      return fail(Kind::io, "%s: the remote command has ended", session_->host().c_str());
    else if (!wait(until_ms))
      return fail(Kind::timeout, "%s has accepted no data for %u s", session_->host().c_str(),
                  idle_ms / 1000);
  }
  return {};
}

Result<size_t> SshChannel::drain(int stream, std::string& into) {
  uint8_t part[1024];
  size_t total = 0;
  while (const size_t got = TRY(receive_some(stream, part))) {
    total += got;
    into.append(reinterpret_cast<const char*>(part), std::min(got, kMaxTextBytes - into.size()));
  }
  return total;
}

Result<ByteChannel::ExitStatus> SshChannel::finish(int64_t until_ms) {
  TRY(session_->finish_call("end of input", until_ms,
                            [&] { return libssh2_channel_send_eof(channel_); }));
  ExitStatus exited;
  while (!is_at_end()) {
    if (TRY(drain(0, output_)) != 0) continue;
    if (!is_at_end() && !wait(until_ms))
      return fail(Kind::timeout, "%s: the remote command does not exit", session_->host().c_str());
  }
  exited.output = output_;
  exited.errors = errors_;
  TRY(session_->finish_call("close", until_ms, [&] { return libssh2_channel_close(channel_); }));
  TRY(session_->finish_call("close", until_ms,
                            [&] { return libssh2_channel_wait_closed(channel_); }));
  char* signal = nullptr;
  libssh2_channel_get_exit_signal(channel_, &signal, nullptr, nullptr, nullptr, nullptr, nullptr);
  if (signal)
    libssh2_free(session_->handle(), signal);
  else
    exited.status = libssh2_channel_get_exit_status(channel_);
  return exited;
}

}  // namespace kdump

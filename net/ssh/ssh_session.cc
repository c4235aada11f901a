#include "net/ssh/ssh_session.h"

#include <libssh2.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>

#include "filter/base/sys.h"
#include "filter/base/text.h"
#include "filter/crypto/cpu_features.h"
#include "net/ssh/known_hosts.h"
#include "net/ssh/no_common_method.h"
#include "net/ssh/ssh_channel.h"
#include "net/ssh/wire.h"

namespace kdump {
namespace {

// Without SHA-1 and CBC, which no server needs that offers ECDSA or RSA with SHA-2.
constexpr char kKeyExchanges[] =
    "mlkem768x25519-sha256,curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,"
    "ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group16-sha512,"
    "diffie-hellman-group18-sha512,diffie-hellman-group14-sha256";
constexpr char kMacs[] =
    "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512";
// The fastest first: AES-GCM 4 GB/s with the CPU's instructions for AES, 0.1 without;
// ChaCha20-Poly1305 0.4 to 1.2; AES-CTR, packets in pieces and an HMAC, less than any of them.
constexpr char kCiphersWithAes[] =
    "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr,"
    "aes256-ctr";
constexpr char kCiphersWithoutAes[] =
    "chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,"
    "aes256-ctr";

// libssh2's messages can quote the server.
std::string server_text(const char* message) { return printable(message ? message : ""); }

// What libssh2 asks to be signed for a login, and why it could not be.
struct Signing {
  const PrivateKey& key;
  std::optional<Error> error;
};

// data: RFC 4252, section 7: the request names the algorithm.
Result<std::string> signature_of(const PrivateKey& key, Bytes data) {
  ByteReader reader(data, "login request");
  TRY(take_wire_string(reader));  // the session's id
  TRY(reader.take<uint8_t>());    // the message's number
  TRY(take_wire_string(reader));  // the user
  TRY(take_wire_string(reader));  // the service
  TRY(take_wire_string(reader));  // "publickey"
  TRY(reader.take<uint8_t>());    // with a signature
  const std::string_view algorithm = TRY(take_wire_string(reader));
  return key.sign(algorithm, {reinterpret_cast<const char*>(data.data()), data.size()});
}

int sign_login(LIBSSH2_SESSION*, unsigned char** signature, size_t* signature_size,
               const unsigned char* data, size_t size, void** abstract) {
  Signing& signing = *static_cast<Signing*>(*abstract);
  const auto made = signature_of(signing.key, {data, size});
  if (!made) {
    signing.error = made.error();
    return -1;
  }
  *signature = static_cast<unsigned char*>(malloc(made->size()));  // libssh2 frees it
  if (!*signature) return -1;
  memcpy(*signature, made->data(), made->size());
  *signature_size = made->size();
  return 0;
}

// libssh2's socket, where a bastion's channel is in its place.
ssize_t send_to_tunnel(libssh2_socket_t, const void* data, size_t size, int, void** abstract) {
  const auto sent =
      static_cast<SshChannel*>(*abstract)->send_some({static_cast<const uint8_t*>(data), size});
  if (!sent) return -EIO;
  return *sent != 0 ? static_cast<ssize_t>(*sent) : -EAGAIN;
}

ssize_t receive_from_tunnel(libssh2_socket_t, void* out, size_t size, int, void** abstract) {
  SshChannel& tunnel = *static_cast<SshChannel*>(*abstract);
  const auto got = tunnel.receive_some({static_cast<uint8_t*>(out), size});
  if (!got) return -EIO;
  if (*got == 0 && !tunnel.is_at_end()) return -EAGAIN;
  return static_cast<ssize_t>(*got);
}

// The same once nothing may wait for it.
ssize_t send_to_nowhere(libssh2_socket_t, const void*, size_t, int, void**) { return -EPIPE; }

ssize_t receive_from_nowhere(libssh2_socket_t, void*, size_t, int, void**) { return -EPIPE; }

}  // namespace

SshSession::SshSession(Socket socket, std::unique_ptr<SshChannel> tunnel, std::string host)
    : socket_(std::move(socket)), tunnel_(std::move(tunnel)), host_(std::move(host)) {}

int SshSession::socket() const { return tunnel_ ? tunnel_->session().socket() : socket_.get(); }

void SshSession::cut() {
  if (!tunnel_) {
    ::shutdown(socket_.get(), SHUT_RDWR);
    return;
  }
  libssh2_session_callback_set2(session_, LIBSSH2_CALLBACK_SEND,
                                reinterpret_cast<libssh2_cb_generic*>(send_to_nowhere));
  libssh2_session_callback_set2(session_, LIBSSH2_CALLBACK_RECV,
                                reinterpret_cast<libssh2_cb_generic*>(receive_from_nowhere));
}

bool SshSession::would_block(int code) { return code == LIBSSH2_ERROR_EAGAIN; }

std::unexpected<Error> SshSession::failed(int code, const char* what) const {
  // libssh2 has no words for it, or those of what it was about to do.
  if (code == LIBSSH2_ERROR_SOCKET_RECV || code == LIBSSH2_ERROR_SOCKET_DISCONNECT)
    return fail(Kind::io, "%s: %s: the server has ended the connection; its log may say why",
                host_.c_str(), what);
  char* message = nullptr;
  libssh2_session_last_error(session_, &message, nullptr, 0);
  const Kind kind = code == LIBSSH2_ERROR_TIMEOUT ? Kind::timeout : Kind::io;
  return fail(kind, "%s: %s: %s (libssh2 %d)", host_.c_str(), what, server_text(message).c_str(),
              code);
}

std::unexpected<Error> SshSession::timed_out(const char* what) const {
  return fail(Kind::timeout, "%s: %s: no answer in time", host_.c_str(), what);
}

bool SshSession::has_half_sent() const {
  return (libssh2_session_block_directions(session_) & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0;
}

bool SshSession::wait(int64_t until_ms) const {
  const int directions = libssh2_session_block_directions(session_);
  if (tunnel_ && directions == LIBSSH2_SESSION_BLOCK_OUTBOUND)
    return tunnel_->wait_to_send(until_ms);
  if (tunnel_) return tunnel_->wait(until_ms);
  pollfd waiting{.fd = socket_.get(), .events = 0, .revents = 0};
  if (directions & LIBSSH2_SESSION_BLOCK_OUTBOUND) waiting.events |= POLLOUT;
  if (directions != LIBSSH2_SESSION_BLOCK_OUTBOUND) waiting.events |= POLLIN;
  for (;;) {
    const int64_t left_ms = until_ms - real_sys().monotonic_ms();
    if (left_ms <= 0) return false;
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::min<int64_t>(left_ms, 1 << 30)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

Result<std::shared_ptr<SshSession>> SshSession::connect(const SocketAddress& server,
                                                        const SshLogin& login, int64_t until_ms) {
  int error = 0;
  Socket socket = connect_tcp(server, until_ms, error);
  if (!socket) return fail_errno(error, "connect to %s", server.text().c_str());
  const int yes = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  std::shared_ptr<SshSession> session(new SshSession(std::move(socket), nullptr, login.host));
  return start(std::move(session), server.host_text(), login, until_ms);
}

Result<std::shared_ptr<SshSession>> SshSession::connect_through(std::shared_ptr<SshSession> bastion,
                                                                const SshLogin& login,
                                                                int64_t until_ms) {
  auto tunnel = std::make_unique<SshChannel>(
      TRY(SshChannel::connection(std::move(bastion), login.host, login.port, until_ms)));
  std::shared_ptr<SshSession> session(new SshSession(Socket(), std::move(tunnel), login.host));
  return start(std::move(session), login.host, login, until_ms);
}

// address: where the server was found, for known_hosts.
Result<std::shared_ptr<SshSession>> SshSession::start(std::shared_ptr<SshSession> session,
                                                      const std::string& address,
                                                      const SshLogin& login, int64_t until_ms) {
  const KnownHosts known =
      KnownHosts::of_server(login.known_hosts, login.host, address, login.port);
  const std::string algorithms = TRY(known.algorithms(login.known_hosts_file.c_str()));

  static const int started = libssh2_init(0);
  if (started != 0) return fail(Kind::io, "libssh2 does not start (%d)", started);
  session->session_ = libssh2_session_init_ex(nullptr, nullptr, nullptr, session->tunnel_.get());
  if (!session->session_) return fail(Kind::io, "no memory for an SSH session");
  if (session->tunnel_) {
    libssh2_session_callback_set2(session->session_, LIBSSH2_CALLBACK_SEND,
                                  reinterpret_cast<libssh2_cb_generic*>(send_to_tunnel));
    libssh2_session_callback_set2(session->session_, LIBSSH2_CALLBACK_RECV,
                                  reinterpret_cast<libssh2_cb_generic*>(receive_from_tunnel));
  }
  libssh2_session_set_blocking(session->session_, 0);
  const char* const ciphers = cpu_features().aes ? kCiphersWithAes : kCiphersWithoutAes;
  const OfferedMethods ours{kKeyExchanges, algorithms, ciphers, kMacs,
                            KnownHosts::supported_algorithms()};
  TRY(session->set_methods(ours));
  const auto handshake = session->finish_call("SSH handshake", until_ms, [&] {
    return libssh2_session_handshake(session->session_, session->socket());
  });
  if (!handshake && libssh2_session_last_errno(session->session_) == LIBSSH2_ERROR_KEX_FAILURE) {
    size_t size = 0;
    const unsigned char* const kexinit = libssh2_session_refused_kexinit(session->session_, &size);
    if (kexinit)
      return no_common_method(login.host, {kexinit, size}, ours,
                              known.scan_line(login.known_hosts_file.c_str()));
  }
  if (!handshake) return std::unexpected(handshake.error());
  TRY(session->check_host_key(known, login));
  TRY(session->log_in(login, until_ms));
  return session;
}

SshSession::~SshSession() {
  if (!session_) return;
  // What libssh2 still wants to send goes nowhere, so that nothing waits. After its free the
  // socket is closed.
  cut();
  constexpr int kTries = 16;
  for (int i = 0; i < kTries && libssh2_session_free(session_) == LIBSSH2_ERROR_EAGAIN; ++i) {
  }
}

Result<> SshSession::set_methods(const OfferedMethods& ours) {
  const struct {
    int which;
    const std::string& methods;
  } wanted[] = {{LIBSSH2_METHOD_KEX, ours.key_exchanges}, {LIBSSH2_METHOD_HOSTKEY, ours.host_keys},
                {LIBSSH2_METHOD_CRYPT_CS, ours.ciphers},  {LIBSSH2_METHOD_CRYPT_SC, ours.ciphers},
                {LIBSSH2_METHOD_MAC_CS, ours.macs},       {LIBSSH2_METHOD_MAC_SC, ours.macs}};
  for (const auto& each : wanted)
    if (const int code = libssh2_session_method_pref(session_, each.which, each.methods.c_str()))
      return failed(code, "choice of algorithms");
  return {};
}

Result<> SshSession::check_host_key(const KnownHosts& known, const SshLogin& login) {
  size_t size = 0;
  int type = 0;
  const char* const blob = libssh2_session_hostkey(session_, &size, &type);
  if (!blob) return fail(Kind::refused, "%s presents no host key", host_.c_str());
  auto good = known.check({blob, size}, login.known_hosts_file.c_str(), ::time(nullptr));
  if (!good) return wrap(good.error(), "%s", host_.c_str());
  warning_ = std::move(*good);
  return {};
}

// blob: the public key, or its certificate.
// Fails: refused, where the server does not accept it.
Result<> SshSession::show_key(const SshLogin& login, const std::string& blob, int64_t until_ms) {
  Signing signing{.key = login.key.key, .error = {}};
  void* abstract = &signing;
  const auto done = finish_call("login", until_ms, [&] {
    return libssh2_userauth_publickey(session_, login.user.c_str(),
                                      reinterpret_cast<const unsigned char*>(blob.data()),
                                      blob.size(), sign_login, &abstract);
  });
  if (done) return {};
  if (signing.error) return wrap(*signing.error, "key %s", login.key.fingerprint.c_str());
  const int code = libssh2_session_last_errno(session_);
  if (code != LIBSSH2_ERROR_AUTHENTICATION_FAILED && code != LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED)
    return std::unexpected(done.error());
  return fail(Kind::refused, "not accepted");
}

Result<> SshSession::log_in(const SshLogin& login, int64_t until_ms) {
  const UserKey& key = login.key;
  for (const std::string* const blob : {&key.certificate, &key.key.public_blob()}) {
    if (blob->empty()) continue;
    const auto done = show_key(login, *blob, until_ms);
    if (done || done.error().kind != Kind::refused) return done;
  }
  const char* methods = nullptr;
  const auto asked = finish_call("login", until_ms, [&] {
    methods = libssh2_userauth_list(session_, login.user.c_str(),
                                    static_cast<unsigned>(login.user.size()));
    return methods ? 0 : libssh2_session_last_errno(session_);
  });
  if (asked && methods && !strstr(methods, "publickey"))
    return fail(Kind::refused, "%s does not accept a key alone of user %s, but asks for: %s",
                host_.c_str(), login.user.c_str(), server_text(methods).c_str());
  return fail(Kind::refused, "%s does not accept the key %s for user %s (authorized_keys?)%s%s",
              host_.c_str(), key.fingerprint.c_str(), login.user.c_str(),
              key.certificate_note.empty() ? "" : "; ", key.certificate_note.c_str());
}

std::string SshSession::cipher() const {
  return server_text(libssh2_session_methods(session_, LIBSSH2_METHOD_CRYPT_CS));
}

}  // namespace kdump

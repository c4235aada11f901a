#include "net/ssh/user_key.h"

#include <strings.h>
#include <sys/stat.h>

#include <cerrno>

#include "filter/base/file.h"
#include "filter/base/text.h"
#include "net/ssh/certificate.h"
#include "net/ssh/digest.h"
#include "net/ssh/wire.h"

namespace kdump {
namespace {

// A 16384-bit RSA key in PEM takes 13 KB.
constexpr size_t kMaxKeyFileBytes = 64 << 10;

// A private key's text, wiped when it is done with.
struct Wiped {
  std::string text;
  ~Wiped() { explicit_bzero(text.data(), text.size()); }
};

std::unexpected<Error> encrypted(const std::string& file) {
  return fail(Kind::refused,
              "key %s has a passphrase, which cannot be entered during a capture; remove it: "
              "ssh-keygen -p -N '' -f %s",
              file.c_str(), file.c_str());
}

std::unexpected<Error> another(const std::string& file, const char* what) {
  return fail(Kind::refused, "key %s %s; make another: ssh-keygen -t ed25519 -N '' -f FILE",
              file.c_str(), what);
}

// The numbers of a key in OpenSSH's container, behind its type.
Result<PrivateKey> take_key(std::string_view type, ByteReader& reader) {
  if (type == "ssh-ed25519") {
    TRY(take_wire_string(reader));  // the public half
    const std::string_view both = TRY(take_wire_string(reader));
    return PrivateKey::ed25519(both.substr(0, both.size() / 2));
  }
  if (type == "ssh-rsa") {
    PrivateKey::RsaNumbers numbers;
    numbers.n = TRY(take_wire_string(reader));
    numbers.e = TRY(take_wire_string(reader));
    numbers.d = TRY(take_wire_string(reader));
    TRY(take_wire_string(reader));  // q's inverse modulo p
    numbers.p = TRY(take_wire_string(reader));
    numbers.q = TRY(take_wire_string(reader));
    return PrivateKey::rsa(numbers);
  }
  const std::string_view curve = TRY(take_wire_string(reader));
  TRY(take_wire_string(reader));  // the public half
  const std::string_view number = TRY(take_wire_string(reader));
  return PrivateKey::ecdsa(curve, number);
}

// What a container says without a passphrase.
struct Container {
  bool is_encrypted = false;
  std::string_view type;
  std::string_view secrets;
};

Result<Container> open_container(std::string_view blob) {
  constexpr std::string_view kMagic("openssh-key-v1\0", 15);
  if (!blob.starts_with(kMagic)) return fail(Kind::corrupt, "no openssh-key-v1 in it");
  ByteReader reader(bytes_of_text(blob.substr(kMagic.size())), "key");
  Container found;
  found.is_encrypted = TRY(take_wire_string(reader)) != "none";
  TRY(take_wire_string(reader));  // the key derivation's name
  TRY(take_wire_string(reader));  // its options
  TRY(take_wire_u32(reader));     // how many keys: always one
  const std::string_view public_blob = TRY(take_wire_string(reader));
  ByteReader public_half(bytes_of_text(public_blob), "public key");
  found.type = TRY(take_wire_string(public_half));
  found.secrets = TRY(take_wire_string(reader));
  return found;
}

Result<PrivateKey> key_in(const Container& container) {
  ByteReader reader(bytes_of_text(container.secrets), "private key");
  const uint32_t check = TRY(take_wire_u32(reader));
  if (check != TRY(take_wire_u32(reader))) return fail(Kind::corrupt, "its check words differ");
  const std::string_view type = TRY(take_wire_string(reader));
  return take_key(type, reader);
}

Result<PrivateKey> openssh_key(const std::string& file, std::string_view text) {
  Wiped body{armoured(text)};
  auto decoded = base64_decode(body.text);
  if (!decoded) return fail(Kind::refused, "key %s is not base64", file.c_str());
  const Wiped blob{std::move(*decoded)};
  const auto container = open_container(blob.text);
  if (!container) return wrap(container.error(), "key %s", file.c_str());
  const std::string_view type = container->type;
  if (type.starts_with("sk-"))
    return another(file, "belongs to a FIDO token, which needs a person's touch");
  if (type != "ssh-ed25519" && type != "ssh-rsa" && !type.starts_with("ecdsa-sha2-nistp"))
    return another(file, "is neither Ed25519, ECDSA nor RSA");
  if (container->is_encrypted) return encrypted(file);
  auto key = key_in(*container);
  if (!key) return wrap(key.error(), "key %s", file.c_str());
  return key;
}

Result<PrivateKey> read_private_key(const std::string& file, const std::string& text) {
  const auto has = [&](const char* part) { return text.find(part) != text.npos; };
  if (has("-----BEGIN OPENSSH PRIVATE KEY-----")) return openssh_key(file, text);
  if (has("-----BEGIN ENCRYPTED PRIVATE KEY-----") || has(",ENCRYPTED")) return encrypted(file);
  if (has("-----BEGIN DSA PRIVATE KEY-----"))
    return another(file, "is DSA, which servers do not accept");
  for (const char* usable : {"-----BEGIN EC PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----",
                             "-----BEGIN PRIVATE KEY-----"}) {
    if (!has(usable)) continue;
    auto key = PrivateKey::pem(text);
    if (!key && key.error().kind == Kind::unsupported) return another(file, key.error().text);
    if (!key) return wrap(key.error(), "key %s", file.c_str());
    return key;
  }
  if (text.starts_with("ssh-") || text.starts_with("ecdsa-"))
    return fail(Kind::refused, "%s is a public key; name the private key, the file without .pub",
                file.c_str());
  if (text.starts_with("PuTTY-User-Key-File-"))
    return fail(Kind::refused,
                "key %s is PuTTY's; convert it: puttygen %s -O private-openssh -o FILE",
                file.c_str(), file.c_str());
  return fail(Kind::refused, "%s is not a private key in OpenSSH's format, PEM or PKCS #8",
              file.c_str());
}

// line: type, base64, comment.
Result<Certificate> certificate_of(std::string_view line, const PrivateKey& key,
                                   std::string& blob) {
  const size_t begin = line.find(' ') + 1;
  const auto decoded =
      base64_decode(line.substr(begin, line.find_first_of(" \r\n", begin) - begin));
  if (begin == 0 || !decoded) return fail(Kind::corrupt, "it is not base64");
  Certificate certificate = TRY(parse_certificate(*decoded));
  if (certificate.of != Certificate::Of::user)
    return fail(Kind::refused, "it is of a host, not of a user");
  if (certificate.key != key.public_blob()) return fail(Kind::refused, "it is of another key");
  blob = *decoded;
  return certificate;
}

// Nothing that is wrong with it is in the way of the key alone.
void load_certificate(Sys& sys, const std::string& file, UserKey& key) {
  const auto line = read_small_file(sys, file, kMaxKeyFileBytes);
  if (!line && line.error().sys_errno == ENOENT) return;
  const auto found = line ? certificate_of(*line, key.key, key.certificate)
                          : Result<Certificate>(std::unexpected(line.error()));
  key.certificate_note =
      found ? "its certificate is valid until " + certificate_time(found->valid_before)
            : text("%s is not used: %s", file.c_str(), found.error().text);
}

}  // namespace

Result<UserKey> load_user_key(Sys& sys, const std::string& file) {
  const Wiped text{TRY(read_small_file(sys, file, kMaxKeyFileBytes))};
  UserKey key;
  key.key = TRY(read_private_key(file, text.text));
  key.fingerprint = key_fingerprint(key.key.public_blob());
  load_certificate(sys, file + "-cert.pub", key);
  return key;
}

Result<> check_key_mode(Sys& sys, const std::string& file) {
  struct stat status {};
  const int64_t done = sys.stat(file.c_str(), status);
  if (done < 0) return fail_errno(static_cast<int>(-done), "stat %s", file.c_str());
  if ((status.st_mode & 077) == 0) return {};
  return fail(Kind::refused, "key %s has mode %04o, open to other users: chmod 600 %s",
              file.c_str(), status.st_mode & 07777, file.c_str());
}

}  // namespace kdump

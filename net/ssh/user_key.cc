#include "net/ssh/user_key.h"

#include <strings.h>

#include <cerrno>

#include "filter/base/bytes.h"
#include "filter/base/file.h"
#include "net/ssh/digest.h"

namespace kdump {
namespace {

// A 16384-bit RSA key in PEM takes 13 KB.
constexpr size_t kMaxKeyFileBytes = 64 << 10;

// Of a key in OpenSSH's own container: what can be told without a passphrase.
struct Container {
  bool is_encrypted = false;
  std::string type;
  std::string public_blob;
};

Result<std::string_view> take_string(ByteReader& reader) {
  const auto big_endian = TRY(reader.take<uint32_t>());
  const Bytes bytes = TRY(reader.take(__builtin_bswap32(big_endian)));
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<Container> parse_container(std::string_view blob) {
  constexpr std::string_view kMagic("openssh-key-v1\0", 15);
  if (!blob.starts_with(kMagic)) return fail(Kind::corrupt, "no openssh-key-v1 in it");
  blob.remove_prefix(kMagic.size());
  ByteReader reader({reinterpret_cast<const uint8_t*>(blob.data()), blob.size()}, "key");
  Container found;
  found.is_encrypted = TRY(take_string(reader)) != "none";
  TRY(take_string(reader));      // the key derivation's name
  TRY(take_string(reader));      // its options
  TRY(reader.take<uint32_t>());  // how many keys: always one
  found.public_blob = TRY(take_string(reader));
  ByteReader key(
      {reinterpret_cast<const uint8_t*>(found.public_blob.data()), found.public_blob.size()},
      "public key");
  found.type = TRY(take_string(key));
  return found;
}

// The base64 between the two lines of dashes, without its line ends.
std::string armoured(std::string_view text) {
  const size_t begin = text.find('\n');
  const size_t end = text.find("-----END");
  std::string body;
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return body;
  for (const char c : text.substr(begin, end - begin))
    if (c != '\n' && c != '\r') body += c;
  return body;
}

std::unexpected<Error> encrypted(const std::string& file) {
  return fail(Kind::refused,
              "key %s has a passphrase, and nobody is there to type it; take it off: "
              "ssh-keygen -p -m PEM -N '' -f %s",
              file.c_str(), file.c_str());
}

// What the private key's file itself says of its public half: empty, where it does not.
Result<std::string> check_openssh_key(const std::string& file, std::string_view text) {
  std::string body = armoured(text);
  auto blob = base64_decode(body);
  explicit_bzero(body.data(), body.size());
  const auto parsed = blob ? parse_container(*blob) : fail(Kind::corrupt, "not base64");
  if (blob) explicit_bzero(blob->data(), blob->size());
  if (!parsed) return wrap(parsed.error(), "key %s", file.c_str());
  if (parsed->type.starts_with("ecdsa-sha2-nistp")) {
    if (parsed->is_encrypted) return encrypted(file);
    return parsed->type + " " + base64_encode(parsed->public_blob);
  }
  if (parsed->type == "ssh-rsa")
    return fail(Kind::refused,
                "key %s: RSA in OpenSSH's format cannot be used here; convert it: "
                "ssh-keygen -p -m PEM -N '' -f %s",
                file.c_str(), file.c_str());
  return fail(Kind::refused,
              "key %s is %.40s, which cannot be used here; make another: "
              "ssh-keygen -t ecdsa -N '' -f FILE",
              file.c_str(), parsed->type.c_str());
}

Result<std::string> check_private_key(const std::string& file, std::string_view text) {
  const auto has = [&](std::string_view part) { return text.find(part) != text.npos; };
  if (has("-----BEGIN OPENSSH PRIVATE KEY-----")) return check_openssh_key(file, text);
  if (has("-----BEGIN ENCRYPTED PRIVATE KEY-----") || has("ENCRYPTED\n")) return encrypted(file);
  for (const std::string_view usable :
       {"-----BEGIN EC PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----"})
    if (has(usable)) return std::string();
  return fail(Kind::refused, "%s is no private key that can be used here (ECDSA, or RSA in PEM)",
              file.c_str());
}

// "TYPE BASE64 COMMENT" without the comment, and the key's own bytes.
Result<std::string> check_public_key(const std::string& file, std::string_view text,
                                     std::string& blob) {
  const size_t space = text.find(' ');
  if (space != std::string_view::npos) {
    const size_t end = text.find_first_of(" \r\n", space + 1);
    const std::string_view line = text.substr(0, end);
    if (const auto decoded = base64_decode(line.substr(space + 1)); decoded && !decoded->empty()) {
      blob = *decoded;
      return std::string(line);
    }
  }
  return fail(Kind::refused, "%s is no public key in OpenSSH's format", file.c_str());
}

}  // namespace

UserKey::~UserKey() { explicit_bzero(private_text.data(), private_text.size()); }

Result<UserKey> load_user_key(Sys& sys, const std::string& file) {
  UserKey key;
  key.private_text = TRY(read_small_file(sys, file, kMaxKeyFileBytes));
  key.public_text = TRY(check_private_key(file, key.private_text));
  const std::string public_file = file + ".pub";
  if (key.public_text.empty()) {
    const auto text = read_small_file(sys, public_file, kMaxKeyFileBytes);
    if (!text && text.error().sys_errno == ENOENT)
      return fail(Kind::refused, "no %s; make it: ssh-keygen -y -f %s > %s", public_file.c_str(),
                  file.c_str(), public_file.c_str());
    if (!text) return std::unexpected(text.error());
    key.public_text = *text;
  }
  std::string blob;
  key.public_text = TRY(check_public_key(public_file, key.public_text, blob));
  key.fingerprint = key_fingerprint(blob);
  return key;
}

}  // namespace kdump

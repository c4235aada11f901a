#include "net/ssh/digest.h"

#include <mbedtls/base64.h>
#include <mbedtls/md.h>

namespace kdump {
namespace {

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

std::optional<std::string> base64_decode(std::string_view text) {
  std::string decoded(text.size() / 4 * 3 + 3, '\0');
  size_t size = 0;
  if (mbedtls_base64_decode(bytes(decoded), decoded.size(), &size, bytes(text), text.size()) != 0)
    return std::nullopt;
  decoded.resize(size);
  return decoded;
}

std::string base64_encode(std::string_view data) {
  std::string encoded((data.size() + 2) / 3 * 4 + 1, '\0');
  size_t size = 0;
  // Fails only if the output is too small, which it is not.
  mbedtls_base64_encode(bytes(encoded), encoded.size(), &size, bytes(data), data.size());
  encoded.resize(size);
  return encoded;
}

std::string armoured(std::string_view text) {
  const size_t begin = text.find('\n', text.find("-----BEGIN"));
  const size_t end = text.find("-----END");
  std::string body;
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return body;
  body.reserve(end - begin);  // of a private key no copy stays behind
  for (const char c : text.substr(begin, end - begin))
    if (c != '\n' && c != '\r') body += c;
  return body;
}

std::string key_fingerprint(std::string_view key_blob) {
  std::string hash(32, '\0');
  mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), bytes(key_blob), key_blob.size(),
             bytes(hash));
  std::string encoded = base64_encode(hash);
  encoded.resize(encoded.find('='));
  return "SHA256:" + encoded;
}

std::string hmac_sha1(std::string_view key, std::string_view text) {
  std::string hash(20, '\0');
  mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA1), bytes(key), key.size(), bytes(text),
                  text.size(), bytes(hash));
  return hash;
}

}  // namespace kdump

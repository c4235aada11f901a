// The few text and hash functions that SSH's files are written in: base64 and its armour,
// SHA-256 fingerprints, and the HMAC-SHA1 that hides the names of known_hosts. Knows no format.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kdump {

// nullopt: not base64 (padding is required, as OpenSSH writes it).
std::optional<std::string> base64_decode(std::string_view text);

std::string base64_encode(std::string_view bytes);

// The base64 between two lines of dashes, without its line ends. Empty: there are none.
std::string armoured(std::string_view text);

// As OpenSSH prints it: "SHA256:" and 43 characters of base64.
std::string key_fingerprint(std::string_view key_blob);

// HMAC-SHA1 of text under key: 20 bytes.
std::string hmac_sha1(std::string_view key, std::string_view text);

}  // namespace kdump

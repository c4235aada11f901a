// Text and hash functions of SSH's files: base64 and PEM armour, SHA-256 fingerprints, and the
// HMAC-SHA1 of hashed names in known_hosts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kdump {

// Decodes base64 with padding, as OpenSSH writes it; nullopt if invalid.
std::optional<std::string> base64_decode(std::string_view text);

std::string base64_encode(std::string_view bytes);

// Returns the base64 between the BEGIN and END lines without line ends; empty if there are none.
std::string armoured(std::string_view text);

// Returns the fingerprint of a public key as OpenSSH prints it: "SHA256:" and 43 characters.
std::string key_fingerprint(std::string_view key_blob);

// Returns the HMAC-SHA1 of `text`, 20 bytes.
std::string hmac_sha1(std::string_view key, std::string_view text);

}  // namespace kdump

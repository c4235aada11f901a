// An OpenSSH certificate: a public key, for whom and until when, signed by an authority. Reads its
// fields and checks those of a host. Who may sign, known_hosts.h knows. Mirrors OpenSSH's
// PROTOCOL.certkeys and sshkey_cert_check_host().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "filter/base/result.h"

namespace kdump {

constexpr std::string_view kCertificateSuffix = "-cert-v01@openssh.com";

struct Certificate {
  enum class Of : uint32_t { user = 1, host = 2 };

  std::string type;  // with kCertificateSuffix
  std::string key;   // the plain public key, as it goes over the wire
  Of of{};
  std::vector<std::string> principals;         // none: it is of every host, or user
  uint64_t valid_after = 0, valid_before = 0;  // seconds since 1970; UINT64_MAX: for ever
  std::string critical_option;                 // the first one's name; empty: there is none
  std::string authority;                       // its public key
  std::string signed_part, signature;
};

// Whether a public key is a certificate, by its type.
bool is_certificate(std::string_view blob);

// Every field but the signature's truth. Fails: corrupt.
Result<Certificate> parse_certificate(std::string_view blob);

// Whether the host may show it at now_s by this machine's clock, which may be wrong: security.md.
// Verifies the signature, by whichever authority. Returns a warning, or nothing.
// Fails: refused, with the reason.
Result<std::string> check_host_certificate(const Certificate& certificate, const std::string& host,
                                           int64_t now_s);

// "2026-12-01T00:00:00Z".
std::string certificate_time(uint64_t seconds);

}  // namespace kdump

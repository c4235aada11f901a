#include "net/ssh/certificate.h"

#include <algorithm>
#include <ctime>

#include "filter/base/text.h"
#include "net/ssh/public_key.h"
#include "net/ssh/wire.h"

namespace kdump {
namespace {

// OpenSSH's SSHKEY_CERT_MAX_PRINCIPALS.
constexpr size_t kMaxPrincipals = 256;
// A hardware clock in local time is wrong by up to 14 hours.
constexpr uint64_t kClockErrorS = 24 * 3600;

// How many strings a public key of the type has, behind its type; 0: another type.
int fields_of(std::string_view type) {
  if (type == "ssh-ed25519") return 1;
  if (type == "ssh-rsa" || type.starts_with("ecdsa-sha2-nistp")) return 2;
  return 0;
}

Result<uint64_t> take_wire_u64(ByteReader& reader) {
  return __builtin_bswap64(TRY(reader.take<uint64_t>()));
}

}  // namespace

bool is_certificate(std::string_view blob) {
  ByteReader reader(bytes_of_text(blob), "key");
  const auto type = take_wire_string(reader);
  return type && type->ends_with(kCertificateSuffix);
}

Result<Certificate> parse_certificate(std::string_view blob) {
  Certificate found;
  ByteReader reader(bytes_of_text(blob), "certificate");
  found.type = TRY(take_wire_string(reader));
  if (!found.type.ends_with(kCertificateSuffix)) return fail(Kind::corrupt, "no certificate");
  const std::string plain = found.type.substr(0, found.type.size() - kCertificateSuffix.size());
  const int fields = fields_of(plain);
  if (fields == 0) return fail(Kind::corrupt, "a certificate of type %.60s", found.type.c_str());
  TRY(take_wire_string(reader));  // the nonce
  const size_t key_begin = reader.position();
  for (int i = 0; i < fields; ++i) TRY(take_wire_string(reader));
  found.key = wire_string(plain).append(blob.substr(key_begin, reader.position() - key_begin));
  TRY(take_wire_u64(reader));  // the serial number
  found.of = static_cast<Certificate::Of>(TRY(take_wire_u32(reader)));
  TRY(take_wire_string(reader));  // its name, for logs
  const std::string_view names = TRY(take_wire_string(reader));
  ByteReader principals(bytes_of_text(names), "principals");
  while (principals.left() != 0) {
    if (found.principals.size() == kMaxPrincipals)
      return fail(Kind::corrupt, "more than %zu principals", kMaxPrincipals);
    found.principals.emplace_back(TRY(take_wire_string(principals)));
  }
  found.valid_after = TRY(take_wire_u64(reader));
  found.valid_before = TRY(take_wire_u64(reader));
  const std::string_view critical = TRY(take_wire_string(reader));
  ByteReader options(bytes_of_text(critical), "critical options");
  if (options.left() != 0) {
    found.critical_option = TRY(take_wire_string(options));
    if (found.critical_option.empty()) return fail(Kind::corrupt, "an option without a name");
  }
  TRY(take_wire_string(reader));  // extensions, which may be ignored
  TRY(take_wire_string(reader));  // reserved
  found.authority = TRY(take_wire_string(reader));
  found.signed_part = blob.substr(0, reader.position());
  found.signature = TRY(take_wire_string(reader));
  if (reader.left() != 0) return fail(Kind::corrupt, "bytes behind the signature");
  return found;
}

std::string certificate_time(uint64_t seconds) {
  constexpr uint64_t kYear10000 = 253402300800;
  tm utc{};
  const time_t time = static_cast<time_t>(std::min(seconds, kYear10000 - 1));
  char out[32];
  if (!gmtime_r(&time, &utc) || strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
    return "?";
  return out;
}

Result<std::string> check_host_certificate(const Certificate& certificate, const std::string& host,
                                           int64_t now_s) {
  TRY(verify_signature(certificate.authority, certificate.signature, certificate.signed_part));
  if (certificate.of != Certificate::Of::host)
    return fail(Kind::refused, "it is of a user, not of a host");
  const auto& principals = certificate.principals;
  if (!principals.empty() && std::ranges::find(principals, host) == principals.end())
    return fail(Kind::refused, "it is of %.60s, not of %s", printable(principals[0]).c_str(),
                host.c_str());
  if (!certificate.critical_option.empty())
    return fail(Kind::refused, "its critical option %.40s is unsupported",
                printable(certificate.critical_option).c_str());
  const uint64_t now = static_cast<uint64_t>(std::max<int64_t>(now_s, 0));
  const uint64_t after = certificate.valid_after, before = certificate.valid_before;
  if (after >= before || (now > before && now - before > kClockErrorS))
    return fail(Kind::refused, "it has expired at %s, and the clock here is at %s",
                certificate_time(before).c_str(), certificate_time(now).c_str());
  if (now < after || now > before)
    return text("by the clock here (%s) the host's certificate is valid from %s to %s; using it",
                certificate_time(now).c_str(), certificate_time(after).c_str(),
                certificate_time(before).c_str());
  return std::string();
}

}  // namespace kdump

#include "net/ssh/no_common_method.h"

#include "filter/base/text.h"
#include "net/ssh/certificate.h"
#include "net/ssh/wire.h"

namespace kdump {
namespace {

// The lists of a KEXINIT that can have nothing in common, in their order.
enum List : uint8_t { kKeyExchange, kHostKey, kCipherOut, kCipherIn, kMacOut, kMacIn, kLists };

bool has(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (list.substr(0, comma) == name) return true;
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return false;
}

bool share_one(std::string_view ours, std::string_view theirs) {
  while (!ours.empty()) {
    const size_t comma = ours.find(',');
    if (has(theirs, ours.substr(0, comma))) return true;
    ours = comma == std::string_view::npos ? std::string_view() : ours.substr(comma + 1);
  }
  return false;
}

// Names that announce an extension and are no method (RFC 8308, OpenSSH's PROTOCOL, 1.10).
bool is_extension(std::string_view name) {
  return name.starts_with("ext-info-") || name.starts_with("kex-strict-");
}

Result<std::string> take_list(ByteReader& reader) {
  std::string_view left = TRY(take_wire_string(reader));
  std::string list;
  while (!left.empty()) {
    const size_t comma = left.find(',');
    const std::string_view name = left.substr(0, comma);
    if (!is_extension(name)) list.append(list.empty() ? "" : ",").append(name);
    left = comma == std::string_view::npos ? std::string_view() : left.substr(comma + 1);
  }
  return printable(list);
}

std::unexpected<Error> nothing_in_common(const std::string& host, const char* setting,
                                         const std::string& theirs, const std::string& ours) {
  return fail(Kind::refused,
              "%s: nothing in common; in its sshd_config, %s: it offers %.60s; supported: %s",
              host.c_str(), setting, theirs.c_str(), ours.c_str());
}

}  // namespace

std::unexpected<Error> no_common_method(const std::string& host, Bytes kexinit,
                                        const OfferedMethods& ours, const std::string& scan) {
  const std::string* const offered[kLists] = {&ours.key_exchanges, &ours.host_keys, &ours.ciphers,
                                              &ours.ciphers,       &ours.macs,      &ours.macs};
  const char* const setting[kLists] = {
      "KexAlgorithms", "HostKeyAlgorithms", "Ciphers", "Ciphers", "MACs", "MACs"};
  ByteReader reader(kexinit, "KEXINIT");
  constexpr size_t kCookieEnd = 1 + 16;  // the message's number, the cookie
  if (const auto cookie = reader.take(kCookieEnd); !cookie) return std::unexpected(cookie.error());
  for (int i = 0; i < kLists; ++i) {
    const auto theirs = take_list(reader);
    if (!theirs) return std::unexpected(theirs.error());
    if (share_one(*offered[i], *theirs)) continue;
    // The lists come last, where being shortened does the least harm. ssh-keyscan finds no key that
    // helps where the server signs with nothing supported.
    if (i == kHostKey && !share_one(ours.supported_host_keys, *theirs))
      return nothing_in_common(host, setting[i], *theirs, ours.supported_host_keys);
    if (i == kHostKey && offered[i]->ends_with(kCertificateSuffix))
      return fail(
          Kind::refused,
          "%s has no host certificate, and only a @cert-authority is known; %s; offered: %s",
          host.c_str(), scan.c_str(), theirs->c_str());
    if (i == kHostKey)
      return fail(Kind::refused, "%s has no host key of a known type; %s; known: %s; offered: %s",
                  host.c_str(), scan.c_str(), offered[i]->c_str(), theirs->c_str());
    return nothing_in_common(host, setting[i], *theirs, *offered[i]);
  }
  return fail(Kind::refused, "%s has no algorithms in common with this program", host.c_str());
}

}  // namespace kdump

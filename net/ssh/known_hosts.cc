#include "net/ssh/known_hosts.h"

#include <algorithm>

#include "filter/base/text.h"
#include "net/ssh/certificate.h"
#include "net/ssh/digest.h"
#include "net/ssh/wire.h"

namespace kdump {
namespace {

constexpr uint16_t kDefaultPort = 22;

// What is offered for each type of key, in OpenSSH's order. RSA signatures with SHA-1 are not taken
// from anybody.
struct Algorithm {
  std::string_view key_type;
  std::string_view offered;
};
constexpr Algorithm kAlgorithms[] = {
    {"ssh-ed25519", "ssh-ed25519"},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"},
    {"ssh-rsa", "rsa-sha2-512,rsa-sha2-256"},
};

template <class Predicate>
std::string algorithms_where(Predicate is_wanted) {
  std::string found;
  for (const Algorithm& each : kAlgorithms)
    if (is_wanted(each)) found += (found.empty() ? "" : ",") + std::string(each.offered);
  return found;
}

constexpr char kCertificateAlgorithms[] =
    "ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,"
    "ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com,"
    "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com";

std::string_view next_field(std::string_view& line) {
  const size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return line = {};
  line.remove_prefix(begin);
  const std::string_view field = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(field.size());
  return field;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Patterns of * and ?. Goes back only to the last *, so its time is bounded by the product.
bool matches_pattern(std::string_view pattern, std::string_view name) {
  size_t p = 0, n = 0, star = std::string_view::npos, star_name = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || lower(pattern[p]) == lower(name[n]))) {
      ++p, ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// |1|SALT|HASH, both in base64.
bool matches_hashed(std::string_view field, const std::string& name) {
  const size_t bar = field.find('|', 3);
  if (bar == std::string_view::npos) return false;
  const auto salt = base64_decode(field.substr(3, bar - 3));
  const auto hash = base64_decode(field.substr(bar + 1));
  return salt && hash && hmac_sha1(*salt, name) == *hash;
}

bool matches(std::string_view field, const std::string& name) {
  if (field.starts_with("|1|")) return matches_hashed(field, name);
  bool matched = false;
  while (!field.empty()) {
    const size_t comma = field.find(',');
    std::string_view pattern = field.substr(0, comma);
    field = comma == std::string_view::npos ? std::string_view() : field.substr(comma + 1);
    const bool is_negated = pattern.starts_with('!');
    if (is_negated) pattern.remove_prefix(1);
    if (pattern.empty() || !matches_pattern(pattern, name)) continue;
    if (is_negated) return false;
    matched = true;
  }
  return matched;
}

std::string lowered(std::string name) {
  for (char& c : name) c = lower(c);
  return name;
}

// How known_hosts writes a server: "[host]:port", "host" where the port is the usual one.
std::string with_port(const std::string& host, uint16_t port) {
  return port == kDefaultPort ? lowered(host) : text("[%s]:%u", lowered(host).c_str(), port);
}

}  // namespace

KnownHosts KnownHosts::of_server(std::string_view file, const std::string& host,
                                 const std::string& address, uint16_t port) {
  KnownHosts known;
  known.host_ = host;
  known.port_ = port;
  known.read(file, with_port(host, port), with_port(address, port));
  if (port == kDefaultPort) return known;
  const std::vector<KnownHostKey> with_its_port = known.keys_;
  known.read(file, lowered(host), lowered(address));
  if (!with_its_port.empty()) known.keys_ = with_its_port;
  return known;
}

void KnownHosts::read(std::string_view file, const std::string& name, const std::string& address) {
  while (!file.empty()) {
    const size_t end = file.find('\n');
    std::string_view line = file.substr(0, end);
    file = end == std::string_view::npos ? std::string_view() : file.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);

    std::string_view field = next_field(line);
    if (field.empty() || field.starts_with('#')) continue;
    std::string_view marker;
    if (field.starts_with('@')) {
      marker = field;
      field = next_field(line);
    }
    if (!matches(field, name) && !matches(field, address)) continue;
    const std::string_view type = next_field(line);
    const auto blob = base64_decode(next_field(line));
    if (!blob || !blob->starts_with(wire_string(type))) continue;
    if (marker.empty())
      keys_.push_back({std::string(type), *blob});
    else if (marker == "@revoked")
      revoked_.push_back(*blob);
    else if (marker == "@cert-authority")
      authorities_.push_back(*blob);
  }
}

std::string KnownHosts::scan_line(const char* file) const {
  return text("ssh-keyscan -p %u %s >> %s", port_, host_.c_str(), file);
}

std::string KnownHosts::supported_algorithms() {
  return algorithms_where([](const Algorithm&) { return true; });
}

Result<std::string> KnownHosts::algorithms(const char* file) const {
  const bool all_revoked = !has_usable();
  std::string offered = authorities_.empty() ? "" : kCertificateAlgorithms;
  const std::string of_keys = algorithms_where([&](const Algorithm& each) {
    return std::ranges::any_of(keys_, [&](const KnownHostKey& key) {
      return key.type == each.key_type && (all_revoked || !is_revoked(key.blob));
    });
  });
  if (!offered.empty() && !of_keys.empty()) offered += ",";
  offered += of_keys;
  if (!offered.empty()) return offered;
  // The line is what fixes it, so it comes where no shortening reaches it.
  const std::string line = scan_line(file);
  if (!keys_.empty())
    return fail(Kind::refused, "known_hosts has only a key of unsupported type %.40s for %s; %s",
                keys_.back().type.c_str(), host_.c_str(), line.c_str());
  return fail(Kind::refused, "known_hosts has no key of %s; check its fingerprint, then %s",
              host_.c_str(), line.c_str());
}

bool KnownHosts::is_revoked(std::string_view blob) const {
  return std::ranges::find(revoked_, blob) != revoked_.end();
}

bool KnownHosts::has_usable() const {
  const auto is_good = [this](const std::string& blob) { return !is_revoked(blob); };
  return std::ranges::any_of(keys_, is_good, &KnownHostKey::blob) ||
         std::ranges::any_of(authorities_, is_good);
}

Result<> KnownHosts::check_revoked(std::string_view blob, const char* file) const {
  if (!is_revoked(blob)) return {};
  return fail(Kind::refused, "%s presents the key %s, which %s lists as @revoked", host_.c_str(),
              key_fingerprint(blob).c_str(), file);
}

Result<> KnownHosts::check_key(std::string_view blob, const char* file) const {
  TRY(check_revoked(blob, file));
  const KnownHostKey* expected = nullptr;
  for (const KnownHostKey& key : keys_) {
    if (key.blob == blob) return {};
    if (!expected || blob.starts_with(wire_string(key.type))) expected = &key;
  }
  return fail(Kind::refused, "the host key %s differs from the known key %s",
              key_fingerprint(blob).c_str(),
              expected ? key_fingerprint(expected->blob).c_str() : "none");
}

Result<std::string> KnownHosts::check_certificate(const Certificate& certificate, const char* file,
                                                  int64_t now_s) const {
  if (std::ranges::find(authorities_, certificate.authority) == authorities_.end())
    return fail(Kind::refused, "%s has no @cert-authority %s for it", file,
                key_fingerprint(certificate.authority).c_str());
  return check_host_certificate(certificate, lowered(host_), now_s);
}

Result<std::string> KnownHosts::check(std::string_view blob, const char* file,
                                      int64_t now_s) const {
  if (!is_certificate(blob)) {
    TRY(check_key(blob, file));
    return std::string();
  }
  const auto certificate = parse_certificate(blob);
  if (!certificate) return wrap(certificate.error(), "host certificate");
  TRY(check_revoked(certificate->authority, file));
  TRY(check_revoked(certificate->key, file));
  auto good = check_certificate(*certificate, file, now_s);
  if (good) return good;
  if (check_key(certificate->key, file)) return std::string();
  return wrap(good.error(), "host certificate");
}

}  // namespace kdump

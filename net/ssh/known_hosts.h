// What a known_hosts file says of one server: the keys it may show, the authorities that may sign
// its certificate, and the keys that are revoked. Mirrors the format of sshd(8), SSH_KNOWN_HOSTS
// FILE FORMAT: patterns, hashed names, [host]:port, @cert-authority, @revoked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "filter/base/result.h"

namespace kdump {

struct KnownHostKey {
  std::string type;  // ssh-ed25519, ecdsa-sha2-nistp256, ssh-rsa, …
  std::string blob;  // in wire format
};

class KnownHosts {
 public:
  // host: as the user names the server. address: where it was found, matched too.
  // Ignores lines that it cannot read, as ssh does. The host's keys without a port count where
  // none is known with it; its authorities and revoked keys always do.
  static KnownHosts of_server(std::string_view text, const std::string& host,
                              const std::string& address, uint16_t port);

  const std::vector<KnownHostKey>& keys() const { return keys_; }

  // Every host key algorithm that this program can offer, in SSH's form.
  static std::string supported_algorithms();

  // Whether a key or an authority is known that is not revoked.
  bool has_usable() const;

  // The host key algorithms to offer, in SSH's form (comma-separated): those of certificates where
  // an authority is known, then those of the known keys, of revoked ones only where there are no
  // others. Fails: refused, with the ssh-keyscan line that helps. file: known_hosts' name, for the
  // message.
  Result<std::string> algorithms(const char* file) const;

  // Whether the server may show this key, or this certificate at now_s by the clock here. A
  // certificate that does not hold is taken for its key, as ssh does. Returns a warning, or
  // nothing. Fails: refused, with both fingerprints, or with what is wrong with the certificate.
  Result<std::string> check(std::string_view blob, const char* file, int64_t now_s) const;

  // Returns the command line that adds the server's keys to the file.
  std::string scan_line(const char* file) const;

 private:
  void read(std::string_view file, const std::string& name, const std::string& address);
  bool is_revoked(std::string_view blob) const;
  Result<> check_revoked(std::string_view blob, const char* file) const;
  Result<> check_key(std::string_view blob, const char* file) const;
  Result<std::string> check_certificate(const struct Certificate& certificate, const char* file,
                                        int64_t now_s) const;

  std::string host_;
  uint16_t port_ = 0;
  std::vector<KnownHostKey> keys_;
  std::vector<std::string> revoked_, authorities_;  // blobs
};

}  // namespace kdump

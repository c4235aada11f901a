// What a known_hosts file says of one server: the keys it may show, and those it must not. Mirrors
// the format of sshd(8), SSH_KNOWN_HOSTS FILE FORMAT: patterns, hashed names, [host]:port,
// @revoked. Certificates are not used: @cert-authority lines are counted, for the message.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "filter/base/result.h"

namespace kdump {

struct KnownHostKey {
  std::string type;  // ssh-ed25519, ecdsa-sha2-nistp256, ssh-rsa, …
  std::string blob;  // as it comes over the wire
};

class KnownHosts {
 public:
  // host: as the user names the server. address: where it was found, matched too.
  // Lines that cannot be read are passed over, as ssh does, and what is known of the host without
  // a port counts where nothing is known with it.
  static KnownHosts of_server(std::string_view text, const std::string& host,
                              const std::string& address, uint16_t port);

  const std::vector<KnownHostKey>& keys() const { return keys_; }

  // The host key algorithms to offer, in SSH's form (comma-separated): those of the known keys.
  // Fails: refused, with the ssh-keyscan line that helps. file: known_hosts' name, for the message.
  Result<std::string> algorithms(const char* file) const;

  // Whether the server may show this key. Fails: refused, with both fingerprints.
  Result<> check(std::string_view blob, const char* file) const;

  // What adds the server's keys to the file.
  std::string scan_line(const char* file) const;

 private:
  void read(std::string_view file, const std::string& name, const std::string& address);

  std::string host_;
  uint16_t port_ = 0;
  std::vector<KnownHostKey> keys_;
  std::vector<std::string> revoked_;  // blobs
  unsigned authorities_ = 0;
};

}  // namespace kdump

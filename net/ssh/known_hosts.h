// The host keys that a known_hosts file accepts and revokes for one server. Mirrors sshd(8),
// SSH_KNOWN_HOSTS FILE FORMAT: patterns, hashed names, [host]:port, @revoked. Certificates are
// unsupported; @cert-authority lines are only counted, for the message. Decision:
// docs/decisions/0014-ssh-files.md.
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
  // Collects the keys of a server. text: of the file. host: as in the URL. address: its IP address,
  // which is matched too. Malformed lines are skipped, as ssh does. Entries without a port apply if
  // there are none with the port.
  static KnownHosts of_server(std::string_view text, const std::string& host,
                              const std::string& address, uint16_t port);

  const std::vector<KnownHostKey>& keys() const { return keys_; }

  // Returns the host key algorithms to offer, comma-separated: those of the known keys. file: the
  // file's name, for messages. Fails: refused, without a known key; the text has an ssh-keyscan
  // line.
  Result<std::string> algorithms(const char* file) const;

  // Checks the server's key. Fails: refused, with the known and the presented fingerprint.
  Result<> check(std::string_view blob, const char* file) const;

  // Returns the command line that adds the server's keys to the file.
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

// Parses the common part of network URLs, //[USER@]HOST[:PORT]/PATH[?NAME=VALUE&…], and ssh://.
// Pure: names are not resolved.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "filter/base/result.h"

namespace kdump {

struct ServerUrl {
  struct Option {
    std::string name;
    std::string value;  // empty without '='
  };
  std::string user;   // empty: none
  std::string host;   // a name or address without brackets; a zone follows % ([fe80::1%25eth0])
  uint16_t port = 0;  // 0: none
  std::string path;   // begins with /, without ..
  std::vector<Option> options;

  // Checks the options. Fails: refused, for an option that is not in `known` or is given twice.
  Result<> only_options(std::initializer_list<std::string_view> known) const;
  // Returns the option's value, or `otherwise` without it.
  std::string option(std::string_view name, std::string_view otherwise = {}) const;
};

// rest: the URL after the scheme's colon. Fails: refused, with the error.
Result<ServerUrl> parse_server_url(std::string_view rest);

// ssh://USER@HOST[:PORT]/DIR[?key=FILE&known_hosts=FILE]
//
// The default paths are the same for the command and in the capture image. scripts/mkinitramfs
// packs the files of key= and known_hosts= under the default paths (key mode 0600, public key as
// key.pub) and removes both options from the packed argument. All targets share one known_hosts. A
// second, different key becomes kSshDirectory/key.2, and its target is packed with
// ?key=/etc/kdump-init/ssh/key.2.
struct SshUrl {
  ServerUrl server;  // user and port are set
  std::string key;   // private key; the public one is key + ".pub"
  std::string known_hosts;
};

constexpr char kSshDirectory[] = "/etc/kdump-init/ssh";  // holds key, key.pub, known_hosts

Result<SshUrl> parse_ssh_url(std::string_view rest);

}  // namespace kdump

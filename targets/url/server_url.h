// Parses the common part of network URLs, //[USER@]HOST[:PORT]/PATH[?NAME=VALUE&…], and ssh://.
// Pure: names are not resolved.
#pragma once

#include <optional>
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

// ssh://USER@HOST[:PORT]/DIR[?key=FILE&known_hosts=FILE&jump=USER@HOST[:PORT]&jump_key=FILE]
//
// jump names a bastion, whose key is in the same known_hosts; jump_key is key where it is left out.
// The files' defaults are the same for the command and in the capture kernel, where the image
// carries them. scripts/mkinitramfs packs what key= and known_hosts= name under those defaults
// (key mode 0600, the public key beside it as key.pub) and leaves both options out of the packed
// argument. All targets share one known_hosts, which is keyed by host; a second, different key
// becomes kSshDirectory/key.2, and its target is packed with ?key=/etc/kdump-init/ssh/key.2.
struct SshUrl {
  struct Jump {
    std::string user, host;
    uint16_t port = 0;
    std::string key;
  };
  ServerUrl server;  // user and port are filled in
  std::string key;   // private key; the public one is key + ".pub"
  std::string known_hosts;
  std::optional<Jump> jump;
};

constexpr char kSshDirectory[] = "/etc/kdump-init/ssh";  // holds key, key.pub, known_hosts

Result<SshUrl> parse_ssh_url(std::string_view rest);

}  // namespace kdump

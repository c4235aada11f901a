// The part that the URLs of network targets share: //[USER@]HOST[:PORT]/PATH[?NAME=VALUE&…], and
// ssh:// itself. Text in, fields out; nothing is looked up.
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
    std::string value;  // empty where there is no =
  };
  std::string user;   // empty: none given
  std::string host;   // a name or an address: without brackets, a zone after % ([fe80::1%25eth0])
  uint16_t port = 0;  // 0: none given
  std::string path;   // begins with /, has no .. in it
  std::vector<Option> options;

  // Fails: refused, where an option is not among these, or given twice.
  Result<> only_options(std::initializer_list<std::string_view> known) const;
  // The option's value, or what to take without it.
  std::string option(std::string_view name, std::string_view otherwise = {}) const;
};

// Takes what follows the scheme's colon. Fails: refused, with what is wrong in it.
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

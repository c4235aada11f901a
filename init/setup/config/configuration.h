// The meaning of a configuration file: targets, kernel arguments, and what to pack. Plain data.
#pragma once

#include <string>
#include <vector>

namespace kdump {

enum class ConfigKind : uint8_t { none, own, fedora, debian, suse };

struct Configuration {
  struct Explained {
    unsigned line = 0;
    std::string directive, result;
  };
  std::string file;  // that counts; "" where there is none
  ConfigKind kind = ConfigKind::none;
  std::vector<std::string> targets;           // URLs in order; key= and known_hosts= are packed
  std::vector<std::string> arguments;         // rd.kdump.* but the targets, and the network's
  std::vector<std::string> kernel_arguments;  // of the capture kernel itself: scripts/load
  std::vector<std::string> pack_options;      // of scripts/mkinitramfs: --shell, --pre FILE, …
  std::vector<std::string> refused;           // "FILE:LINE: directive: reason"
  std::vector<std::string> notes;  // the same form: understood, but not as its author may think
  std::vector<Explained> explained;
  bool force_rebuild = false;  // pack at each start of the service
  // A target, or what may have been meant as one, is refused: no other place is taken instead.
  bool target_is_refused = false;
};

}  // namespace kdump

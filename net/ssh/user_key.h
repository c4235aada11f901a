// The key that a user logs in with, out of its file: which forms can be used here, and the
// sentence with the ssh-keygen line for those that cannot. Mirrors OpenSSH's PROTOCOL.key.
#pragma once

#include <string>

#include "filter/base/result.h"
#include "filter/base/sys.h"
#include "net/ssh/private_key.h"

namespace kdump {

struct UserKey {
  PrivateKey key;
  std::string fingerprint;  // as ssh-keygen -l prints it
};

// Fails: refused, where the key cannot be used, with what makes it usable.
Result<UserKey> load_user_key(Sys& sys, const std::string& file);

// Fails: refused, where others than the owner can read the file, which ssh(1) does not accept.
// Not checked in a capture: a loose mode in the image must not lose a dump.
Result<> check_key_mode(Sys& sys, const std::string& file);

}  // namespace kdump

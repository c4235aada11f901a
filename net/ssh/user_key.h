// The key that a user logs in with: which forms of private key files can be used here, and the
// sentence with the ssh-keygen line for those that cannot. Mirrors OpenSSH's PROTOCOL.key.
#pragma once

#include <string>

#include "filter/base/result.h"
#include "filter/base/sys.h"

namespace kdump {

struct UserKey {
  std::string private_text;  // the file
  std::string public_text;   // "TYPE BASE64": FILE.pub, or taken from the private key
  std::string fingerprint;   // as ssh-keygen -l prints it

  ~UserKey();  // wipes the private key
  UserKey() = default;
  UserKey(UserKey&&) = default;
  UserKey& operator=(UserKey&&) = default;
};

// Fails: refused, where the key cannot be used, with what makes it usable.
Result<UserKey> load_user_key(Sys& sys, const std::string& file);

}  // namespace kdump

// Loads a user's private key from its file. Errors for unsupported forms contain the ssh-keygen
// line that converts the key. Mirrors OpenSSH's PROTOCOL.key.
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

// Fails: refused, if the key cannot be used; the text says how to convert it. io.
Result<UserKey> load_user_key(Sys& sys, const std::string& file);

}  // namespace kdump

// The key that a user logs in with, out of its file, and the certificate beside it: which forms can
// be used here, and the sentence with the ssh-keygen line for those that cannot. Mirrors OpenSSH's
// PROTOCOL.key.
#pragma once

#include <string>

#include "filter/base/result.h"
#include "filter/base/sys.h"
#include "net/ssh/private_key.h"

namespace kdump {

struct UserKey {
  PrivateKey key;
  std::string fingerprint;  // as ssh-keygen -l prints it
  std::string certificate;  // as it goes over the wire; empty: there is none that can be used
  // Of the certificate, for a refused login: until when it is valid, or why it is not used.
  std::string certificate_note;
};

// file-cert.pub is read where it exists. Fails: refused, where the key cannot be used, with what
// makes it usable.
Result<UserKey> load_user_key(Sys& sys, const std::string& file);

// Fails: refused, where others than the owner can read the file, which ssh(1) does not accept.
// Not checked in a capture: a loose mode in the image must not lose a dump.
Result<> check_key_mode(Sys& sys, const std::string& file);

}  // namespace kdump

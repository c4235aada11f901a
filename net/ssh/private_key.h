// A private key that signs for SSH: RSA, ECDSA on NIST's curves, Ed25519. Made from its numbers or
// from PEM text; OpenSSH's container: user_key.h. Mirrors RFC 4253, 5656, 8332 and 8709.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "filter/base/result.h"

namespace kdump {

class PrivateKey {
 public:
  PrivateKey() = default;  // empty

  struct RsaNumbers {  // big endian
    std::string_view n, e, d, p, q;
  };
  // Fail: corrupt, if the numbers are not a valid key.
  static Result<PrivateKey> rsa(const RsaNumbers& numbers);
  // curve: "nistp256", "nistp384" or "nistp521"; d: big endian.
  static Result<PrivateKey> ecdsa(std::string_view curve, std::string_view d);
  static Result<PrivateKey> ed25519(std::string_view seed);
  // Parses PEM text of PKCS #1, SEC 1 or PKCS #8 without a passphrase. Fails: unsupported, for
  // another kind of key; corrupt.
  static Result<PrivateKey> pem(const std::string& text);

  // Returns the public key in wire format.
  const std::string& public_blob() const { return public_blob_; }

  // Returns the signature of `data` without the algorithm name that precedes it on the wire.
  // algorithm: of the login request. Fails: unsupported, if the key cannot sign with it; io.
  Result<std::string> sign(std::string_view algorithm, std::string_view data) const;

 private:
  struct Secret;
  static Result<PrivateKey> of(std::shared_ptr<Secret> secret);
  std::shared_ptr<const Secret> secret_;  // wiped when the last copy is destroyed
  std::string public_blob_;
};

}  // namespace kdump

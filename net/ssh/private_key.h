// A private key that signs for SSH: RSA, ECDSA on NIST's curves, Ed25519. Made of its numbers or
// of PEM's text; knows no file and no other container. Mirrors RFC 4253, 5656, 8332 and 8709.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "filter/base/result.h"

namespace kdump {

class PrivateKey {
 public:
  PrivateKey() = default;  // signs nothing

  struct RsaNumbers {  // big endian
    std::string_view n, e, d, p, q;
  };
  // Fail: corrupt, where the numbers are no key.
  static Result<PrivateKey> rsa(const RsaNumbers& numbers);
  // curve: "nistp256", "nistp384" or "nistp521"; d: big endian.
  static Result<PrivateKey> ecdsa(std::string_view curve, std::string_view d);
  static Result<PrivateKey> ed25519(std::string_view seed);
  // PKCS #1, SEC 1 or PKCS #8, between their lines of dashes and without a passphrase.
  // Fails: unsupported, where it is a key of another kind; corrupt.
  static Result<PrivateKey> pem(const std::string& text);

  // The public half as it goes over the wire, its type first.
  const std::string& public_blob() const { return public_blob_; }

  // A signature's own bytes, without the algorithm's name that precedes them.
  // algorithm: as the login request names it.
  Result<std::string> sign(std::string_view algorithm, std::string_view data) const;

 private:
  struct Secret;
  static Result<PrivateKey> of(std::shared_ptr<Secret> secret);
  std::shared_ptr<const Secret> secret_;  // wiped with the last copy
  std::string public_blob_;
};

}  // namespace kdump

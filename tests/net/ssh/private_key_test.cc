// Private keys out of their numbers: what a server would otherwise have to refuse.
#include "net/ssh/private_key.h"

#include <doctest/doctest.h>

#include "net/ssh/wire.h"

using namespace kdump;

namespace {

std::string hex(std::string_view digits) {
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  return bytes;
}

}  // namespace

TEST_CASE("Ed25519 signs as RFC 8032 has it (7.1, test 2)") {
  const auto key =
      PrivateKey::ed25519(hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  REQUIRE(key);
  CHECK(key->public_blob() ==
        wire_string("ssh-ed25519") +
            wire_string(hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")));
  CHECK(*key->sign("ssh-ed25519", "\x72") ==
        hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"));
  CHECK(!key->sign("rsa-sha2-512", "x"));
  CHECK(!key->sign("", "x"));
  CHECK(!PrivateKey().sign("ssh-ed25519", "x"));
}

TEST_CASE("numbers that are no key are refused") {
  CHECK(!PrivateKey::ed25519("short"));
  CHECK(!PrivateKey::ecdsa("nistp256", ""));
  CHECK(!PrivateKey::ecdsa("nistp256", std::string(32, '\xff')));  // above the group's order
  CHECK(!PrivateKey::ecdsa("nistp224", "x"));
  CHECK(PrivateKey::ecdsa("nistp521", std::string("\0\0\x05", 3)));
  CHECK(!PrivateKey::rsa({}));
  CHECK(!PrivateKey::rsa({.n = "\x0f", .e = "\x03", .d = "\x03", .p = "\x03", .q = "\x07"}));
  CHECK(!PrivateKey::pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
}

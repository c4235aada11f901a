#include "net/ssh/private_key.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/pk.h>
#include <primitives.h>
#include <strings.h>
#include <sys/random.h>

#include <cerrno>

#include "net/ssh/digest.h"
#include "net/ssh/key_math.h"
#include "net/ssh/wire.h"

namespace kdump {
namespace {

int random_bytes(void*, unsigned char* out, size_t size) {
  while (size != 0) {
    const ssize_t got = ::getrandom(out, size, 0);
    if (got < 0 && errno != EINTR) return MBEDTLS_ERR_ECP_RANDOM_FAILED;
    if (got > 0) out += got, size -= static_cast<size_t>(got);
  }
  return 0;
}

std::unexpected<Error> no_key(const char* kind, int code) {
  return fail(Kind::corrupt, "its numbers are no %s key (mbedTLS -%#x)", kind,
              static_cast<unsigned>(-code));
}

// PKCS #8 of Ed25519 (RFC 8410), which mbedTLS does not know: an OCTET STRING of 32 bytes inside
// another one, after the algorithm's identifier.
Result<PrivateKey> pkcs8_ed25519(std::string_view der) {
  constexpr std::string_view kBeforeSeed("\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 11);
  constexpr size_t kVersionEnd = 5;  // SEQUENCE, its length, INTEGER 0 or 1
  if (der.size() < kVersionEnd + kBeforeSeed.size() + ED25519_SEED_BYTES || der[0] != 0x30 ||
      !der.substr(kVersionEnd).starts_with(kBeforeSeed))
    return fail(Kind::unsupported, "is neither RSA, Ed25519 nor ECDSA on an SSH curve");
  return PrivateKey::ed25519(der.substr(kVersionEnd + kBeforeSeed.size(), ED25519_SEED_BYTES));
}

}  // namespace

struct PrivateKey::Secret {
  mbedtls_pk_context pk;  // empty: Ed25519
  uint8_t seed[ED25519_SEED_BYTES] = {};

  Secret() { mbedtls_pk_init(&pk); }
  ~Secret() {
    mbedtls_pk_free(&pk);
    explicit_bzero(seed, sizeof seed);
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  const Curve* curve() const {
    for (const Curve& each : kCurves)
      if (mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(pk)) == each.id) return &each;
    return nullptr;
  }

  Result<std::string> public_blob() const;
  Result<std::string> sign_rsa(mbedtls_md_type_t hash, std::string_view data) const;
  Result<std::string> sign_ecdsa(mbedtls_md_type_t hash, std::string_view data) const;
};

Result<std::string> PrivateKey::Secret::public_blob() const {
  switch (mbedtls_pk_get_type(&pk)) {
    case MBEDTLS_PK_NONE: {
      std::string key(ED25519_PUBLIC_BYTES, '\0');
      ed25519_public_key(bytes(key), seed);
      return wire_string("ssh-ed25519") + wire_string(key);
    }
    case MBEDTLS_PK_RSA: {
      Number n, e;
      if (const int code =
              mbedtls_rsa_export(mbedtls_pk_rsa(pk), &n, nullptr, nullptr, nullptr, &e))
        return no_key("RSA", code);
      if (mbedtls_mpi_size(&n) > kMaxRsaBytes)
        return fail(Kind::unsupported, "has more than %zu bits", kMaxRsaBytes * 8);
      return wire_string("ssh-rsa") + e.wire() + n.wire();
    }
    case MBEDTLS_PK_ECKEY: {
      const Curve* const found = curve();
      if (!found) return fail(Kind::unsupported, "is on a curve unsupported by SSH");
      std::string point(MBEDTLS_ECP_MAX_PT_LEN, '\0');
      size_t size = 0;
      if (const int code = mbedtls_ecp_write_public_key(
              mbedtls_pk_ec(pk), MBEDTLS_ECP_PF_UNCOMPRESSED, &size, bytes(point), point.size()))
        return no_key("ECDSA", code);
      point.resize(size);
      return wire_string("ecdsa-sha2-" + std::string(found->name)) + wire_string(found->name) +
             wire_string(point);
    }
    default:
      return fail(Kind::unsupported, "is neither RSA, Ed25519 nor ECDSA");
  }
}

Result<PrivateKey> PrivateKey::of(std::shared_ptr<Secret> secret) {
  PrivateKey key;
  key.public_blob_ = TRY(secret->public_blob());
  key.secret_ = std::move(secret);
  return key;
}

Result<PrivateKey> PrivateKey::rsa(const RsaNumbers& numbers) {
  const auto secret = std::make_shared<Secret>();
  mbedtls_pk_setup(&secret->pk, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA));
  mbedtls_rsa_context* const context = mbedtls_pk_rsa(secret->pk);
  int code =
      mbedtls_rsa_import_raw(context, bytes(numbers.n), numbers.n.size(), bytes(numbers.p),
                             numbers.p.size(), bytes(numbers.q), numbers.q.size(), bytes(numbers.d),
                             numbers.d.size(), bytes(numbers.e), numbers.e.size());
  if (code == 0) code = mbedtls_rsa_complete(context);
  if (code == 0) code = mbedtls_rsa_check_privkey(context);
  if (code != 0) return no_key("RSA", code);
  return of(secret);
}

Result<PrivateKey> PrivateKey::ecdsa(std::string_view curve, std::string_view d) {
  while (d.starts_with('\0')) d.remove_prefix(1);
  for (const Curve& each : kCurves) {
    if (each.name != curve) continue;
    const auto secret = std::make_shared<Secret>();
    mbedtls_pk_setup(&secret->pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    mbedtls_ecp_keypair* const pair = mbedtls_pk_ec(secret->pk);
    int code = mbedtls_ecp_read_key(each.id, pair, bytes(d), d.size());
    if (code == 0) code = mbedtls_ecp_keypair_calc_public(pair, random_bytes, nullptr);
    if (code != 0) return no_key("ECDSA", code);
    return of(secret);
  }
  return fail(Kind::unsupported, "is on the curve %.20s, unsupported by SSH",
              std::string(curve).c_str());
}

Result<PrivateKey> PrivateKey::ed25519(std::string_view seed) {
  const auto secret = std::make_shared<Secret>();
  if (seed.size() != sizeof secret->seed)
    return fail(Kind::corrupt, "an Ed25519 key of %zu bytes", seed.size());
  memcpy(secret->seed, seed.data(), seed.size());
  return of(secret);
}

Result<PrivateKey> PrivateKey::pem(const std::string& text) {
  const auto secret = std::make_shared<Secret>();
  // With the NUL, by which mbedTLS distinguishes PEM from DER.
  const int code = mbedtls_pk_parse_key(&secret->pk, bytes(std::string_view(text)), text.size() + 1,
                                        nullptr, 0, random_bytes, nullptr);
  if (code == 0) return of(secret);
  if (code != MBEDTLS_ERR_PK_UNKNOWN_PK_ALG && code != MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE &&
      code != MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE)
    return fail(Kind::corrupt, "the file contains no readable key (mbedTLS -%#x)",
                static_cast<unsigned>(-code));
  std::string body = armoured(text);
  auto der = base64_decode(body);
  explicit_bzero(body.data(), body.size());
  if (!der) return fail(Kind::corrupt, "not base64");
  auto key = pkcs8_ed25519(*der);
  explicit_bzero(der->data(), der->size());
  return key;
}

Result<std::string> PrivateKey::Secret::sign_rsa(mbedtls_md_type_t hash,
                                                 std::string_view data) const {
  const std::string digest = TRY(digest_of(hash, data));
  std::string signature(kMaxRsaBytes, '\0');
  size_t size = 0;
  mbedtls_pk_context* const key = const_cast<mbedtls_pk_context*>(&pk);  // its blinding changes
  if (const int code = mbedtls_pk_sign(key, hash, bytes(digest), digest.size(), bytes(signature),
                                       signature.size(), &size, random_bytes, nullptr))
    return fail(Kind::io, "RSA cannot sign (mbedTLS -%#x)", static_cast<unsigned>(-code));
  signature.resize(size);
  return signature;
}

Result<std::string> PrivateKey::Secret::sign_ecdsa(mbedtls_md_type_t hash,
                                                   std::string_view data) const {
  const std::string digest = TRY(digest_of(hash, data));
  Number d, r, s;
  mbedtls_ecp_group group;
  mbedtls_ecp_group_init(&group);
  int code = mbedtls_ecp_export(mbedtls_pk_ec(pk), &group, &d, nullptr);
  if (code == 0)
    code =
        mbedtls_ecdsa_sign(&group, &r, &s, &d, bytes(digest), digest.size(), random_bytes, nullptr);
  mbedtls_ecp_group_free(&group);
  if (code != 0)
    return fail(Kind::io, "ECDSA cannot sign (mbedTLS -%#x)", static_cast<unsigned>(-code));
  return r.wire() + s.wire();
}

Result<std::string> PrivateKey::sign(std::string_view algorithm, std::string_view data) const {
  constexpr std::string_view kOfCertificate = "-cert-v01@openssh.com";
  if (algorithm.ends_with(kOfCertificate)) algorithm.remove_suffix(kOfCertificate.size());
  const mbedtls_pk_type_t type = secret_ ? mbedtls_pk_get_type(&secret_->pk) : MBEDTLS_PK_OPAQUE;
  if (type == MBEDTLS_PK_NONE && algorithm == "ssh-ed25519") {
    std::string signature(ED25519_SIGNATURE_BYTES, '\0');
    ed25519_sign(bytes(signature), secret_->seed, bytes(data), data.size());
    return signature;
  }
  if (type == MBEDTLS_PK_ECKEY) {
    const Curve* const curve = secret_->curve();
    if (algorithm == "ecdsa-sha2-" + std::string(curve->name))
      return secret_->sign_ecdsa(curve->hash, data);
  }
  if (type == MBEDTLS_PK_RSA)
    for (const RsaAlgorithm& each : kRsaAlgorithms)
      if (algorithm == each.name) return secret_->sign_rsa(each.hash, data);
  return fail(Kind::unsupported, "the key cannot sign as %.60s", std::string(algorithm).c_str());
}

}  // namespace kdump

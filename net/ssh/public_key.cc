#include "net/ssh/public_key.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/rsa.h>
#include <primitives.h>

#include "net/ssh/key_math.h"
#include "net/ssh/wire.h"

namespace kdump {
namespace {

struct Rsa : mbedtls_rsa_context {
  Rsa() { mbedtls_rsa_init(this); }
  ~Rsa() { mbedtls_rsa_free(this); }
  Rsa(const Rsa&) = delete;
  Rsa& operator=(const Rsa&) = delete;
};

struct Group : mbedtls_ecp_group {
  Group() { mbedtls_ecp_group_init(this); }
  ~Group() { mbedtls_ecp_group_free(this); }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
};

struct Point : mbedtls_ecp_point {
  Point() { mbedtls_ecp_point_init(this); }
  ~Point() { mbedtls_ecp_point_free(this); }
  Point(const Point&) = delete;
  Point& operator=(const Point&) = delete;
};

ByteReader reader_of(std::string_view text, const char* what) {
  return ByteReader(bytes_of_text(text), what);
}

Result<bool> is_by_rsa(ByteReader& key, std::string_view algorithm, std::string_view signature,
                       std::string_view data) {
  constexpr size_t kMinRsaBytes = 1024 / 8;  // OpenSSH's RequiredRSASize
  const std::string_view e = TRY(take_wire_string(key));
  const std::string_view n = TRY(take_wire_string(key));
  // mbedTLS takes time with the size, which the server chooses.
  if (n.size() > kMaxRsaBytes + 1 || e.size() > sizeof(uint64_t))
    return fail(Kind::unsupported, "an RSA key of more than %zu bits", kMaxRsaBytes * 8);
  Rsa rsa;
  if (mbedtls_rsa_import_raw(&rsa, bytes(n), n.size(), nullptr, 0, nullptr, 0, nullptr, 0, bytes(e),
                             e.size()) != 0 ||
      mbedtls_rsa_complete(&rsa) != 0 || mbedtls_rsa_get_len(&rsa) < kMinRsaBytes)
    return fail(Kind::corrupt, "its numbers are no RSA key");
  for (const RsaAlgorithm& each : kRsaAlgorithms) {
    if (each.name != algorithm || each.hash == MBEDTLS_MD_SHA1) continue;
    const std::string digest = TRY(digest_of(each.hash, data));
    return signature.size() == mbedtls_rsa_get_len(&rsa) &&
           mbedtls_rsa_pkcs1_verify(&rsa, each.hash, static_cast<unsigned>(digest.size()),
                                    bytes(digest), bytes(signature)) == 0;
  }
  return fail(Kind::unsupported, "signed with %.40s", std::string(algorithm).c_str());
}

Result<bool> is_by_ecdsa(const Curve& curve, ByteReader& key, std::string_view signature,
                         std::string_view data) {
  if (TRY(take_wire_string(key)) != curve.name) return fail(Kind::corrupt, "of two curves");
  const std::string_view q = TRY(take_wire_string(key));
  Group group;
  Point point;
  if (mbedtls_ecp_group_load(&group, curve.id) != 0 ||
      mbedtls_ecp_point_read_binary(&group, &point, bytes(q), q.size()) != 0 ||
      mbedtls_ecp_check_pubkey(&group, &point) != 0)
    return fail(Kind::corrupt, "its point is not on the curve");
  ByteReader reader = reader_of(signature, "signature");
  const std::string_view r_bytes = TRY(take_wire_string(reader));
  const std::string_view s_bytes = TRY(take_wire_string(reader));
  Number r, s;
  if (mbedtls_mpi_read_binary(&r, bytes(r_bytes), r_bytes.size()) != 0 ||
      mbedtls_mpi_read_binary(&s, bytes(s_bytes), s_bytes.size()) != 0)
    return fail(Kind::corrupt, "its signature has no two numbers");
  const std::string digest = TRY(digest_of(curve.hash, data));
  return mbedtls_ecdsa_verify(&group, bytes(digest), digest.size(), &point, &r, &s) == 0;
}

Result<bool> is_by_ed25519(ByteReader& key, std::string_view signature, std::string_view data) {
  const std::string_view point = TRY(take_wire_string(key));
  return point.size() == ED25519_PUBLIC_BYTES && signature.size() == ED25519_SIGNATURE_BYTES &&
         ed25519_verify(bytes(signature), bytes(point), bytes(data), data.size()) == 0;
}

Result<bool> is_by(std::string_view key, std::string_view signature, std::string_view data) {
  ByteReader key_reader = reader_of(key, "key");
  ByteReader signature_reader = reader_of(signature, "signature");
  const std::string_view type = TRY(take_wire_string(key_reader));
  const std::string_view algorithm = TRY(take_wire_string(signature_reader));
  const std::string_view own = TRY(take_wire_string(signature_reader));
  if (type == "ssh-rsa") return is_by_rsa(key_reader, algorithm, own, data);
  if (type == algorithm && type == "ssh-ed25519") return is_by_ed25519(key_reader, own, data);
  for (const Curve& curve : kCurves)
    if (type == algorithm && type == "ecdsa-sha2-" + std::string(curve.name))
      return is_by_ecdsa(curve, key_reader, own, data);
  return fail(Kind::unsupported, "a key of type %.40s", std::string(type).c_str());
}

}  // namespace

Result<> verify_signature(std::string_view key, std::string_view signature, std::string_view data) {
  if (!TRY(is_by(key, signature, data))) return fail(Kind::refused, "its signature is wrong");
  return {};
}

}  // namespace kdump

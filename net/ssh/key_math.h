// What private and public keys share: the tables of SSH's curves and RSA signatures, mbedTLS's
// numbers and hashes. Mirrors RFC 5656 and RFC 8332.
#pragma once

#include <mbedtls/bignum.h>
#include <mbedtls/ecp.h>
#include <mbedtls/md.h>

#include <string>
#include <string_view>

#include "filter/base/result.h"

namespace kdump {

struct Curve {
  mbedtls_ecp_group_id id;
  std::string_view name;
  mbedtls_md_type_t hash;
};
inline constexpr Curve kCurves[] = {
    {MBEDTLS_ECP_DP_SECP256R1, "nistp256", MBEDTLS_MD_SHA256},
    {MBEDTLS_ECP_DP_SECP384R1, "nistp384", MBEDTLS_MD_SHA384},
    {MBEDTLS_ECP_DP_SECP521R1, "nistp521", MBEDTLS_MD_SHA512},
};

struct RsaAlgorithm {
  std::string_view name;
  mbedtls_md_type_t hash;
};
// The last one signs for servers that know no other; nothing is verified with it.
inline constexpr RsaAlgorithm kRsaAlgorithms[] = {
    {"rsa-sha2-512", MBEDTLS_MD_SHA512},
    {"rsa-sha2-256", MBEDTLS_MD_SHA256},
    {"ssh-rsa", MBEDTLS_MD_SHA1},
};

// OpenSSH makes keys of at most 16384 bits.
constexpr size_t kMaxRsaBytes = 16384 / 8;

inline const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
inline unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

struct Number : mbedtls_mpi {
  Number() { mbedtls_mpi_init(this); }
  ~Number() { mbedtls_mpi_free(this); }
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;

  std::string wire() const;  // as an mpint
};

Result<std::string> digest_of(mbedtls_md_type_t hash, std::string_view data);

}  // namespace kdump

#include "net/ssh/key_math.h"

#include "net/ssh/wire.h"

namespace kdump {

std::string Number::wire() const {
  std::string number(mbedtls_mpi_size(this), '\0');
  mbedtls_mpi_write_binary(this, bytes(number), number.size());
  return wire_mpint(number);
}

Result<std::string> digest_of(mbedtls_md_type_t hash, std::string_view data) {
  const mbedtls_md_info_t* const info = mbedtls_md_info_from_type(hash);
  std::string digest(info ? mbedtls_md_get_size(info) : 0, '\0');
  if (!info || mbedtls_md(info, bytes(data), data.size(), bytes(digest)) != 0)
    return fail(Kind::unsupported, "no hash of number %d", hash);
  return digest;
}

}  // namespace kdump

// Decodes SSH's data types (RFC 4251, section 5) from untrusted bytes and encodes them.
#pragma once

#include <string>
#include <string_view>

#include "filter/base/bytes.h"
#include "filter/base/text.h"

namespace kdump {

inline Result<uint32_t> take_wire_u32(ByteReader& reader) {
  return __builtin_bswap32(TRY(reader.take<uint32_t>()));
}

// Returns the contents of a string or mpint, a view of the reader's bytes.
inline Result<std::string_view> take_wire_string(ByteReader& reader) {
  const uint32_t size = TRY(take_wire_u32(reader));
  const Bytes bytes = TRY(reader.take(size));
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// Encodes a string with its length.
inline std::string wire_string(std::string_view text) {
  const uint32_t size = __builtin_bswap32(static_cast<uint32_t>(text.size()));
  std::string data(reinterpret_cast<const char*>(&size), sizeof size);
  return data += text;
}

// Encodes a non-negative number. number: big endian; leading zeros are removed.
inline std::string wire_mpint(std::string_view number) {
  while (number.starts_with('\0')) number.remove_prefix(1);
  const bool looks_negative = !number.empty() && (number[0] & 0x80);
  return wire_string(std::string(looks_negative ? 1 : 0, '\0').append(number));
}

}  // namespace kdump

// SHA-1 (FIPS 180-4), for the signature of a crash, which `sha1sum` is to confirm. Names things; it
// protects nothing.
#pragma once

#include <string>
#include <string_view>

namespace kdump {

// 40 hexadecimal digits.
std::string sha1_of(std::string_view text);

}  // namespace kdump

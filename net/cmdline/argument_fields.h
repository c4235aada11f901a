// The fields of one network argument: what stands between its colons. Shared by the readers of
// ip= (ip_argument.h) and of the rest (network_arguments.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filter/base/result.h"
#include "net/base/ip_address.h"

namespace kdump {

// Splits at the colons outside of brackets, which go away; six fields in a row of two hexadecimal
// digits are one, a MAC address.
std::vector<std::string> split_fields(std::string_view value);

// The items between commas that are not empty.
std::vector<std::string> split_list(std::string_view value, char separator);

// An interface name that the kernel takes, or a MAC address.
bool is_device(std::string_view text);
bool is_interface_name(std::string_view text);

// A whole decimal number of at most max.
std::optional<uint32_t> parse_decimal(std::string_view text, uint32_t max);
// 68 is what IPv4 needs; larger than any link's is the kernel's to refuse.
std::optional<uint32_t> parse_mtu(std::string_view text);
// "24", or "255.255.255.0" for IPv4.
std::optional<uint8_t> parse_prefix(std::string_view text, const IpAddress& of);

}  // namespace kdump

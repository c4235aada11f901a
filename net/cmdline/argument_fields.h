// Parses the colon-separated fields of network arguments. Shared by ip_argument.h and
// network_arguments.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filter/base/result.h"
#include "net/base/ip_address.h"

namespace kdump {

// Splits at colons outside brackets and removes the brackets. Six consecutive fields of two
// hexadecimal digits become one field, a MAC address.
std::vector<std::string> split_fields(std::string_view value);

// Splits at `separator` and drops empty items.
std::vector<std::string> split_list(std::string_view value, char separator);

// Returns true for a valid interface name or a MAC address.
bool is_device(std::string_view text);
bool is_interface_name(std::string_view text);

// Parses `text` as a decimal number up to max; nullopt otherwise.
std::optional<uint32_t> parse_decimal(std::string_view text, uint32_t max);
// Parses an MTU of at least 68 bytes, IPv4's minimum. The kernel refuses too large ones.
std::optional<uint32_t> parse_mtu(std::string_view text);
// Parses "24", or "255.255.255.0" for IPv4.
std::optional<uint8_t> parse_prefix(std::string_view text, const IpAddress& of);

}  // namespace kdump

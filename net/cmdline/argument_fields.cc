#include "net/cmdline/argument_fields.h"

#include <net/if.h>

#include <algorithm>

#include "filter/base/numbers.h"
#include "net/base/mac_address.h"

namespace kdump {
namespace {

constexpr size_t kMacFields = 6;
constexpr uint32_t kMinMtu = 68, kMaxMtu = 65536;

bool is_hex_octet(const std::string& field) {
  return field.size() == 2 && std::all_of(field.begin(), field.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

}  // namespace

std::vector<std::string> split_fields(std::string_view value) {
  std::vector<std::string> fields(1);
  int depth = 0;
  for (const char byte : value) {
    if (byte == '[')
      ++depth;
    else if (byte == ']' && depth > 0)
      --depth;
    else if (byte == ':' && depth == 0)
      fields.emplace_back();
    else
      fields.back() += byte;
  }
  for (size_t i = 0; i + kMacFields <= fields.size(); ++i) {
    const auto begin = fields.begin() + static_cast<ptrdiff_t>(i), end = begin + kMacFields;
    if (!std::all_of(begin, end, is_hex_octet)) continue;
    for (auto next = begin + 1; next != end; ++next) *begin += ":" + *next;
    fields.erase(begin + 1, end);
  }
  return fields;
}

std::vector<std::string> split_list(std::string_view value, char separator) {
  std::vector<std::string> items;
  while (!value.empty()) {
    const size_t end = value.find(separator);
    if (end != 0) items.emplace_back(value.substr(0, end));
    value.remove_prefix(end == std::string_view::npos ? value.size() : end + 1);
  }
  return items;
}

bool is_interface_name(std::string_view text) {
  // dev_valid_name() of the kernel.
  if (text.empty() || text.size() >= IFNAMSIZ || text == "." || text == "..") return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '/' && c != ':' && c != '%';
  });
}

bool is_device(std::string_view text) {
  return is_interface_name(text) || MacAddress::parse(text).has_value();
}

std::optional<uint32_t> parse_decimal(std::string_view text, uint32_t max) {
  const auto value = whole_number<uint32_t>(text);
  return value && *value <= max ? value : std::nullopt;
}

std::optional<uint32_t> parse_mtu(std::string_view text) {
  const auto mtu = parse_decimal(text, kMaxMtu);
  return mtu && *mtu >= kMinMtu ? mtu : std::nullopt;
}

std::optional<uint8_t> parse_prefix(std::string_view text, const IpAddress& of) {
  if (const auto length = parse_decimal(text, of.max_prefix()))
    return static_cast<uint8_t>(*length);
  const auto netmask = IpAddress::parse(text);
  return of.is_v4() && netmask ? prefix_of_netmask(*netmask) : std::nullopt;
}

}  // namespace kdump

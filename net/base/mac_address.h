// A hardware address of six octets, which identifies an interface independently of its name.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "filter/base/text.h"

namespace kdump {

struct MacAddress {
  std::array<uint8_t, 6> octets{};

  bool operator==(const MacAddress&) const = default;

  std::string text() const {
    const auto& o = octets;
    return kdump::text("%02x:%02x:%02x:%02x:%02x:%02x", o[0], o[1], o[2], o[3], o[4], o[5]);
  }

  // Parses "52:54:00:12:34:56", also with '-' for ':', and BOOTIF='s form "01-52-54-00-12-34-56".
  static std::optional<MacAddress> parse(std::string_view text) {
    if (text.size() == 20 && text.starts_with("01-")) text.remove_prefix(3);
    if (text.size() != 17) return std::nullopt;
    const auto digit = [](char c) {
      if (c >= '0' && c <= '9') return c - '0';
      if (c >= 'a' && c <= 'f') return c - 'a' + 10;
      if (c >= 'A' && c <= 'F') return c - 'A' + 10;
      return -1;
    };
    MacAddress out;
    for (size_t i = 0; i < 6; ++i) {
      const int high = digit(text[i * 3]), low = digit(text[i * 3 + 1]);
      const bool is_separated = i == 5 || text[i * 3 + 2] == ':' || text[i * 3 + 2] == '-';
      if (high < 0 || low < 0 || !is_separated) return std::nullopt;
      out.octets[i] = static_cast<uint8_t>(high * 16 + low);
    }
    return out;
  }
};

}  // namespace kdump

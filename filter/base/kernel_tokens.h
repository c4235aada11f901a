// Splits a kernel command line into NAME and NAME=VALUE tokens, as the kernel's next_arg() does
// (lib/cmdline.c): double quotes protect spaces, and are removed around a whole token or a whole
// value. The meaning of the tokens is the caller's.
#pragma once

#include <optional>
#include <string_view>

namespace kdump {

struct KernelToken {
  std::string_view name;
  std::string_view value;  // empty without '='
};

// Removes the next token from the front of `text` and returns it; nullopt if only space is left.
std::optional<KernelToken> next_kernel_token(std::string_view& text);

}  // namespace kdump

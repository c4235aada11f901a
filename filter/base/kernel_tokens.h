// The words of a kernel command line, split as the kernel's next_arg() does (lib/cmdline.c):
// quotes keep spaces together, and are stripped around a whole token or a whole value. Which
// words mean something, their readers know.
#pragma once

#include <optional>
#include <string_view>

namespace kdump {

struct KernelToken {
  std::string_view name;
  std::string_view value;  // empty also where there is no '='
};

// Takes the next token off the front of text; nothing when only space is left.
std::optional<KernelToken> next_kernel_token(std::string_view& text);

}  // namespace kdump

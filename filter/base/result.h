// Errors are values: every function that can fail returns Result<T>. An Error owns no heap memory,
// so that it can report ENOMEM. Its text reads "outer: inner" and names the argument, file or
// offset; code decides by `kind`, never by text.
#pragma once

#include <cinttypes>
#include <cstdint>
#include <expected>
#include <utility>

namespace kdump {

enum class Kind : uint8_t {
  io,           // a system call or device failed
  corrupt,      // input that contradicts itself or its format
  unsupported,  // valid input that this program does not handle
  no_space,     // the target is full, or the file is too large for it
  timeout,      // a deadline passed
  refused,      // an argument or a policy forbids it
};

// Returns the name used in messages and in report.json.
const char* kind_name(Kind kind);

struct [[nodiscard]] Error {
  Kind kind{};
  int sys_errno = 0;    // 0: no system call failed
  char text[192] = {};  // NUL-terminated, truncated rather than overflowed
};

template <class T = void>
using Result = std::expected<T, Error>;

// Makes an error without errno.
[[gnu::format(printf, 2, 3)]] std::unexpected<Error> fail(Kind kind, const char* format, ...);

// Makes the error of a failed system call. sys_errno: positive; it determines the kind, and its
// text is appended.
[[gnu::format(printf, 2, 3)]] std::unexpected<Error> fail_errno(int sys_errno, const char* format,
                                                                ...);

// Prepends the caller's context: "outer: inner", with the same kind and errno.
[[gnu::format(printf, 2, 3)]] std::unexpected<Error> wrap(const Error& inner, const char* format,
                                                          ...);

// Evaluates to the value of a Result, or returns its error from the enclosing function.
#define TRY(expression)                                      \
  __extension__({                                            \
    auto try_result = (expression);                          \
    if (!try_result) [[unlikely]]                            \
      return std::unexpected(std::move(try_result).error()); \
    *std::move(try_result);                                  \
  })

}  // namespace kdump

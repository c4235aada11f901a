// Errors are values. Result<T> is what every fallible function returns; an Error owns no heap,
// so it can report that there is none left. Messages read "outer: inner" and carry the argument,
// file or offset; code decides by kind, never by text.
#pragma once

#include <cinttypes>
#include <cstdint>
#include <expected>
#include <utility>

namespace kdump {

enum class Kind : uint8_t {
  io,           // a system call or device failed
  corrupt,      // input that contradicts itself or its format
  unsupported,  // sound input that this program does not handle
  no_space,     // the target is full, or will not hold the file
  timeout,      // a deadline passed
  refused,      // an argument, or a policy, forbids it
};

// The name used in messages and in report.json.
const char* kind_name(Kind kind);

struct [[nodiscard]] Error {
  Kind kind{};
  int sys_errno = 0;    // 0: no system call failed
  char text[192] = {};  // NUL-terminated, truncated rather than overflowed
};

template <class T = void>
using Result = std::expected<T, Error>;

[[gnu::format(printf, 2, 3)]] std::unexpected<Error> fail(Kind kind, const char* format, ...);

// A failed system call: the kind follows from the errno (a positive value), whose text is appended.
[[gnu::format(printf, 2, 3)]] std::unexpected<Error> fail_errno(int sys_errno, const char* format,
                                                                ...);

// Puts what the caller knew in front: "outer: inner", same kind and errno.
[[gnu::format(printf, 2, 3)]] std::unexpected<Error> wrap(const Error& inner, const char* format,
                                                          ...);

// A private copy for std::expected's value, or an early return of its error.
#define TRY(expression)                                      \
  __extension__({                                            \
    auto try_result = (expression);                          \
    if (!try_result) [[unlikely]]                            \
      return std::unexpected(std::move(try_result).error()); \
    *std::move(try_result);                                  \
  })

}  // namespace kdump

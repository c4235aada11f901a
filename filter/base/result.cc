#include "filter/base/result.h"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace kdump {
namespace {

// Both return where the text ends, or would if there were room for it.
size_t print(Error& error, const char* format, va_list arguments) {
  const int length = vsnprintf(error.text, sizeof error.text, format, arguments);
  return length < 0 ? 0 : static_cast<size_t>(length);
}

size_t append(Error& error, size_t at, const char* text) {
  const size_t length = strlen(text), last = sizeof error.text - 1;
  if (at < last) {
    const size_t fits = length < last - at ? length : last - at;
    memcpy(error.text + at, text, fits);
    error.text[at + fits] = '\0';
  }
  return at + length;
}

Kind kind_of(int sys_errno) {
  switch (sys_errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Kind::no_space;
    case ETIMEDOUT:
      return Kind::timeout;
    case EACCES:
    case EPERM:
    case EROFS:
      return Kind::refused;
    case ENOSYS:
    case EOPNOTSUPP:
      return Kind::unsupported;
    default:
      return Kind::io;
  }
}

}  // namespace

const char* kind_name(Kind kind) {
  switch (kind) {
    case Kind::io:
      return "io";
    case Kind::corrupt:
      return "corrupt";
    case Kind::unsupported:
      return "unsupported";
    case Kind::no_space:
      return "no_space";
    case Kind::timeout:
      return "timeout";
    case Kind::refused:
      return "refused";
  }
  return "unknown";
}

std::unexpected<Error> fail(Kind kind, const char* format, ...) {
  Error error{.kind = kind};
  va_list arguments;
  va_start(arguments, format);
  print(error, format, arguments);
  va_end(arguments);
  return std::unexpected(error);
}

std::unexpected<Error> fail_errno(int sys_errno, const char* format, ...) {
  Error error{.kind = kind_of(sys_errno), .sys_errno = sys_errno};
  va_list arguments;
  va_start(arguments, format);
  const size_t end = print(error, format, arguments);
  va_end(arguments);
  append(error, append(error, end, ": "), strerror(sys_errno));
  return std::unexpected(error);
}

std::unexpected<Error> wrap(const Error& inner, const char* format, ...) {
  Error error{.kind = inner.kind, .sys_errno = inner.sys_errno};
  va_list arguments;
  va_start(arguments, format);
  const size_t end = print(error, format, arguments);
  va_end(arguments);
  append(error, append(error, end, ": "), inner.text);
  return std::unexpected(error);
}

}  // namespace kdump

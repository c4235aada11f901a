#include "filter/base/result.h"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace kdump {
namespace {

size_t print(Error& error, size_t at, const char* format, va_list arguments) {
  if (at >= sizeof error.text) return at;
  const int length = vsnprintf(error.text + at, sizeof error.text - at, format, arguments);
  return length < 0 ? at : at + static_cast<size_t>(length);
}

// Cuts what does not fit; by hand, since g++ at -O2 takes snprintf's cut for a mistake.
void append(Error& error, size_t at, const char* separator, const char* text) {
  for (const char* part : {separator, text}) {
    if (at >= sizeof error.text) return;
    const size_t size = std::min(strlen(part), sizeof error.text - 1 - at);
    memcpy(error.text + at, part, size);
    error.text[at += size] = '\0';
  }
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
  print(error, 0, format, arguments);
  va_end(arguments);
  return std::unexpected(error);
}

std::unexpected<Error> fail_errno(int sys_errno, const char* format, ...) {
  Error error{.kind = kind_of(sys_errno), .sys_errno = sys_errno};
  va_list arguments;
  va_start(arguments, format);
  const size_t end = print(error, 0, format, arguments);
  va_end(arguments);
  append(error, end, ": ", strerror(sys_errno));
  return std::unexpected(error);
}

std::unexpected<Error> wrap(const Error& inner, const char* format, ...) {
  Error error{.kind = inner.kind, .sys_errno = inner.sys_errno};
  va_list arguments;
  va_start(arguments, format);
  const size_t end = print(error, 0, format, arguments);
  va_end(arguments);
  append(error, end, ": ", inner.text);
  return std::unexpected(error);
}

}  // namespace kdump

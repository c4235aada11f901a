#include "filter/base/text.h"

#include <cstdarg>
#include <cstdio>

namespace kdump {

std::string text(const char* format, ...) {
  // Long enough for any warning; what is longer is cut, for the numbers in it may be hostile.
  char buffer[512];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  return length < 0 ? std::string() : std::string(buffer);
}

std::string printable(std::string_view text) {
  std::string clean(text);
  for (char& c : clean)
    if (c < ' ' || c > '~') c = '?';
  return clean;
}

}  // namespace kdump

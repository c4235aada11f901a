// Writes JSON, two spaces an indentation, always valid whatever the strings hold: names and
// messages may come from a hostile kernel. Knows nothing of what is reported.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kdump {

// A quoted string. Bytes that are not UTF-8 become U+FFFD, control characters \u00xx.
void append_json_string(std::string& out, std::string_view text);

// key: the member's name in an object, nullptr in an array and for the outermost object.
class JsonWriter {
 public:
  void begin_object(const char* key = nullptr) { open(key, '{'); }
  void end_object() { close('}'); }
  void begin_array(const char* key) { open(key, '['); }
  void end_array() { close(']'); }

  void text(const char* key, std::string_view value);
  void number(const char* key, uint64_t value);
  void signed_number(const char* key, int64_t value);
  // As seconds with three decimals.
  void milliseconds(const char* key, int64_t value);
  void boolean(const char* key, bool value);
  void null(const char* key);

  // The finished text, with a newline at its end.
  std::string take();

 private:
  void open(const char* key, char bracket);
  void close(char bracket);
  void item(const char* key);  // separator, indentation and key of the next value

  std::string out_;
  unsigned depth_ = 0;
  bool first_ = true;  // nothing stands yet in the innermost object or array
};

}  // namespace kdump

#include "filter/base/text_list.h"

namespace kdump {

std::string_view take_part(std::string_view& list, char separator) {
  const size_t end = list.find(separator);
  const std::string_view part = list.substr(0, end);
  list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
  return part;
}

bool is_listed(std::string_view text, std::string_view list) {
  while (!list.empty())
    if (take_part(list, '|') == text) return true;
  return false;
}

bool begins_as_listed(std::string_view text, std::string_view list) {
  while (!list.empty())
    if (text.starts_with(take_part(list, '|'))) return true;
  return false;
}

}  // namespace kdump

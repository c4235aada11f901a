#include "init/setup/shell_output.h"

#include "targets/ssh/ssh_stream.h"

namespace kdump {

std::string shell_assignment(std::string_view name, std::string_view value) {
  return std::string(name) + "=" + shell_quoted(value) + "\n";
}

std::string shell_array(std::string_view name, const std::vector<std::string>& values) {
  std::string all = std::string(name) + "=(";
  for (const std::string& value : values)
    all += (all.ends_with('(') ? "" : " ") + shell_quoted(value);
  return all + ")\n";
}

}  // namespace kdump

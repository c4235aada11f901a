// See command_io.h.
#include "init/cli/command_io.h"

#include <sys/stat.h>

#include <cstdio>
#include <string_view>

#include "filter/base/text.h"
#include "init/capture/standard_output.h"
#include "targets/crash_files.h"

namespace kdump {
namespace {

constexpr std::string_view kRawPrefix = "raw:";

bool exists(Sys& sys, const std::string& path) {
  struct stat status {};
  return sys.stat(path.c_str(), status) >= 0;
}

}  // namespace

std::string find_dump_in(Sys& sys, const std::string& argument) {
  struct stat status {};
  const std::string path =
      argument.starts_with(kRawPrefix) ? argument.substr(kRawPrefix.size()) : argument;
  if (sys.stat(path.c_str(), status) < 0 || !S_ISDIR(status.st_mode)) return path;
  const std::string dump = path + "/" + kDumpName;
  return exists(sys, dump) || !exists(sys, incomplete_name(dump)) ? dump : incomplete_name(dump);
}

Result<std::unique_ptr<Vmcore>> open_input(Sys& sys, const std::string& argument,
                                           MemMapUse mem_map_use) {
  return Vmcore::open(sys, find_dump_in(sys, argument).c_str(), mem_map_use);
}

ExitStatus print(const std::string& text) {
  StandardOutput out(real_sys());
  const auto written = out.write_at(0, bytes_of_text(text));
  return written ? ExitStatus::saved : print_error(written.error());
}

ExitStatus print_error(const Error& error) {
  fprintf(stderr, "kdump-init: %s\n", error.text);
  return ExitStatus::not_saved;
}

void print_error(const std::string& warning) {
  fprintf(stderr, "kdump-init: warning: %s\n", warning.c_str());
}

}  // namespace kdump

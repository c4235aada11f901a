// See command_io.h.
#include "init/cli/command_io.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>

#include "filter/base/file.h"
#include "filter/base/text.h"
#include "init/capture/standard_output.h"

namespace kdump {
namespace {

// What kind of dump the file begins like, or nullptr. The signatures are in docs/format.md.
const char* dump_kind(Sys& sys, const std::string& path) {
  uint8_t head[12];
  const auto file = File::open(sys, path, O_RDONLY);
  if (!file || !file->read_at(0, head)) return nullptr;
  const std::string_view signature(reinterpret_cast<const char*>(head), sizeof head);
  if (signature.starts_with("KDUMP   ")) return "a kdump-compressed dump";
  if (signature == "makedumpfile") return "a flattened dump";
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<Vmcore>> open_input(Sys& sys, const std::string& path,
                                           MemMapUse mem_map_use) {
  auto opened = Vmcore::open(sys, path.c_str(), mem_map_use);
  if (opened || opened.error().sys_errno != 0) return opened;
  if (const char* const kind = dump_kind(sys, path))
    return fail(Kind::unsupported, "%s is %s; this command reads the vmcore that it was made of",
                path.c_str(), kind);
  return opened;
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

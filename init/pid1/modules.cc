#include "init/pid1/modules.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "filter/base/file.h"
#include "filter/base/kernel_tokens.h"
#include "init/capture/child.h"
#include "targets/directory/crash_directory.h"

namespace kdump {
namespace {

// A thousand modules; an image carries some tens.
constexpr size_t kMaxListBytes = 128 * 1024;
constexpr size_t kMaxCommandLineBytes = 64 * 1024;

Result<> load(Sys& sys, const Module& module) {
  const File file = TRY(File::open(sys, module.path, O_RDONLY));
  const int64_t done = sys.finit_module(file.fd(), module.parameters.c_str());
  if (done >= 0 || done == -EEXIST) return {};
  const auto failure = fail_errno(static_cast<int>(-done), "load %s", module.path.c_str());
  // What these two mean here is not what their texts say.
  if (done == -ENOEXEC) return wrap(failure.error(), "not a module of this kernel");
  if (done == -ENOENT) return wrap(failure.error(), "a symbol that it needs is missing");
  return failure;
}

// An initramfs lies in memory, where a loaded module would otherwise be twice: with all drivers
// 20 MB of the little that this machine has. Should it stay, that harms nothing.
void release(Sys& sys, const Module& module) {
  const auto root = read_mounted_fs(sys, "/");
  if (root && root->is_volatile()) sys.unlink(module.path.c_str());
}

std::string with_underscores(std::string_view name) {
  std::string plain(name);
  std::replace(plain.begin(), plain.end(), '-', '_');
  return plain;
}

}  // namespace

std::string module_parameters(std::string_view path, std::string_view command_line) {
  const std::string_view file = path.substr(path.rfind('/') + 1);  // rfind() + 1 is 0 without one
  const std::string module = with_underscores(file.substr(0, file.find('.')));
  std::string parameters;
  while (const auto token = next_kernel_token(command_line)) {
    const size_t dot = token->name.find('.');
    if (dot == token->name.npos || with_underscores(token->name.substr(0, dot)) != module) continue;
    const std::string_view name = token->name.substr(dot + 1);
    parameters += (parameters.empty() ? "" : " ") + std::string(name);
    if (token->value.empty()) continue;
    const bool has_space = token->value.find_first_of(" \t") != token->value.npos;
    const char* const quote = has_space ? "\"" : "";
    parameters += "=" + (quote + std::string(token->value)) + quote;
  }
  return parameters;
}

std::vector<Module> parse_module_list(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  std::vector<Module> modules;
  while (!text.empty()) {
    const size_t line_end = text.find('\n');
    std::string_view line = text.substr(0, line_end);
    text.remove_prefix(line_end == std::string_view::npos ? text.size() : line_end + 1);

    const size_t first = line.find_first_not_of(kSpace);
    if (first == std::string_view::npos || line[first] == '#') continue;
    line = line.substr(first, line.find_last_not_of(kSpace) + 1 - first);
    const std::string_view path = line.substr(0, line.find_first_of(kSpace));
    const std::string_view rest = line.substr(path.size());
    const size_t parameters = rest.find_first_not_of(kSpace);
    modules.push_back(
        {.path = (path.starts_with('/') ? "" : "/") + std::string(path),
         .parameters = std::string(parameters < rest.size() ? rest.substr(parameters) : "")});
  }
  return modules;
}

void load_modules(Sys& sys, uint32_t seconds_each, Console& console) {
  const auto list = read_small_file(sys, kModuleList, kMaxListBytes);
  if (!list) {
    // No list: everything that is needed is built into the kernel.
    if (list.error().sys_errno != ENOENT) console.say("modules: %s", list.error().text);
    return;
  }
  const auto command_line = read_small_file(sys, "/proc/cmdline", kMaxCommandLineBytes);
  for (Module& module : parse_module_list(*list)) {
    if (command_line) module.parameters += " " + module_parameters(module.path, *command_line);
    const auto ended = run_bounded(module.path.c_str(), seconds_each, [&] {
      if (const auto loaded = load(sys, module); !loaded)
        console.say("module: %s; going on", loaded.error().text);
      else
        release(sys, module);
    });
    if (!ended) console.say("module: %s; going on", ended.error().text);
  }
}

}  // namespace kdump

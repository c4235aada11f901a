// See command_script.h.
#include "init/cli/command_script.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "init/cli/command_io.h"
#include "targets/directory/local_file.h"

namespace kdump {
namespace {

constexpr const char* kScripts[] = {"config", "status", "test", "service"};
constexpr const char* kSetupCommand = "config";  // of kdump-init-setup
constexpr size_t kPathBytes = 4096;              // PATH_MAX

}  // namespace

bool is_script_command(const char* word) {
  for (const char* const script : kScripts)
    if (!strcmp(word, script)) return true;
  return false;
}

std::vector<std::string> script_paths(const std::string& program, const std::string& command) {
  const std::string above = parent_of(parent_of(program));
  if (command == kSetupCommand)
    return {above + "/lib/kdump-init/kdump-init-setup", parent_of(program) + "/kdump-init-setup"};
  return {above + "/lib/kdump-init/commands/" + command, above + "/scripts/commands/" + command};
}

ExitStatus script_command(char** argv) {
  char program[kPathBytes] = {};
  const auto out = std::span(program).first(sizeof program - 1);
  if (const int64_t done = real_sys().readlink("/proc/self/exe", out); done < 0)
    return print_error(fail_errno(static_cast<int>(-done), "read /proc/self/exe").error());
  // The script runs this program again, wherever it was called from.
  ::setenv("KDUMP_INIT_PROGRAM", program, 1);
  const std::vector<std::string> places = script_paths(program, argv[1]);
  for (const std::string& place : places) {
    std::vector<char*> arguments{const_cast<char*>(place.c_str())};
    const bool is_script = strcmp(argv[1], kSetupCommand) != 0;
    for (char** argument = argv + (is_script ? 2 : 1); *argument; ++argument)
      arguments.push_back(*argument);
    arguments.push_back(nullptr);
    ::execv(place.c_str(), arguments.data());
    if (errno == ENOENT && ::access(place.c_str(), F_OK) != 0) continue;
    if (errno == ENOENT)
      return print_error(
          fail(Kind::unsupported, "%s: bash(1), which runs it, is not installed", place.c_str())
              .error());
    return print_error(fail_errno(errno, "run %s", place.c_str()).error());
  }
  fprintf(stderr,
          "kdump-init: '%s' is part of the installed package, and there is neither %s nor %s; "
          "install the whole of it, or use a checkout\n",
          argv[1], places[0].c_str(), places[1].c_str());
  return ExitStatus::not_saved;
}

}  // namespace kdump

// See command.h. Parses the command line and runs the command.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <new>
#include <string_view>

#include "filter/kernel/printk_log.h"
#include "filter/kernel/report/crash_report.h"
#include "init/capture/kernel_arguments.h"
#include "init/capture/report/crash_json.h"
#include "init/capture/report/crash_text.h"
#include "init/capture/standard_output.h"
#include "init/cli/command.h"
#include "init/cli/command_check.h"
#include "init/cli/command_dump.h"
#include "init/cli/command_io.h"
#include "init/cli/command_line.h"
#include "init/cli/command_list.h"
#include "init/cli/command_script.h"
#include "init/cli/command_verify.h"
#include "init/cli/info.h"
#include "init/cli/terminal_text.h"

namespace kdump {
namespace {

ExitStatus dmesg_command(const CommandLine& line) {
  const auto vmcore = open_input(real_sys(), line.settings.vmcore);
  if (!vmcore) return print_error(vmcore.error());
  StandardOutput out(real_sys());
  TerminalText shown(out);
  const bool is_terminal = isatty(STDOUT_FILENO) == 1;
  const auto log = write_kernel_log(**vmcore, is_terminal ? static_cast<Sink&>(shown) : out);
  if (!log) return print_error(log.error());
  if (log->warning.empty()) return ExitStatus::saved;
  print_error(log->warning);
  return log->records > 0 ? ExitStatus::incomplete : ExitStatus::not_saved;
}

ExitStatus info_command(const CommandLine& line) {
  const auto vmcore = open_input(real_sys(), line.settings.vmcore);
  if (!vmcore) return print_error(vmcore.error());
  const auto info = gather_info(**vmcore, line.settings, kUsefulLevels);
  if (!info) return print_error(info.error());
  return print(line.json ? info_as_json(*info) : info_as_text(*info));
}

ExitStatus report_command(const CommandLine& line) {
  // Long enough for any vmcore on a slow disk.
  constexpr int64_t kBudgetMs = 60'000;
  const auto vmcore = open_input(real_sys(), line.settings.vmcore, MemMapUse::unwanted);
  if (!vmcore) return print_error(vmcore.error());
  const CrashReport report = make_crash_report(**vmcore, real_sys(), kBudgetMs);
  const CrashedSystem& system = (*vmcore)->system();
  return print(line.json ? crash_report_as_json(report, system)
                         : crash_report_as_text(report, system));
}

ExitStatus run(const CommandLine& line) {
  ::signal(SIGXFSZ, SIG_IGN);  // `ulimit -f`: write(2) fails with EFBIG, which is reported
  if (line.verb == Verb::arguments) return print(kernel_arguments_text());
  if (line.help) return print(help_text(line.verb));
  switch (line.verb) {
    case Verb::version:
      return print("kdump-init " KDUMP_INIT_VERSION "\n");
    case Verb::dump:
      return dump_command(line);
    case Verb::dmesg:
      return dmesg_command(line);
    case Verb::info:
      return info_command(line);
    case Verb::report:
      return report_command(line);
    case Verb::check:
      return check_command(line);
    case Verb::verify:
      return verify_command(line);
    case Verb::list:
      return list_command(line);
    case Verb::general:
    case Verb::arguments:
      break;
  }
  return print(help_text(Verb::general));
}

}  // namespace

int command_main(int argc, char** argv) {
  std::set_new_handler([] {
    constexpr std::string_view kText = "kdump-init: out of memory\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kText.data(), kText.size());
    ::_exit(static_cast<int>(ExitStatus::not_saved));
  });
  if (argc > 1 && is_script_command(argv[1])) return static_cast<int>(script_command(argv));
  const int skipped = argc > 0 ? 1 : 0;  // the program's name, if the caller gave one
  const auto line = parse_command_line({argv + skipped, static_cast<size_t>(argc - skipped)});
  // The configured targets are known to a script, which calls this again with them.
  if (line && line->verb == Verb::list && !line->help && line->settings.targets.empty())
    return static_cast<int>(script_command(argv));
  if (line) return static_cast<int>(run(*line));
  fprintf(stderr, "kdump-init: %s; try 'kdump-init --help'\n", line.error().text);
  return static_cast<int>(ExitStatus::usage);
}

}  // namespace kdump

// See command_dump.h.
#include "init/cli/command_dump.h"

#include <unistd.h>

#include <cstdio>

#include "init/capture/capture.h"
#include "init/capture/job/target_job.h"
#include "init/capture/pace.h"
#include "init/cli/command_io.h"
#include "init/cli/info.h"

namespace kdump {
namespace {

ExitStatus dry_run(Vmcore& vmcore, const Settings& settings) {
  const auto info = gather_info(vmcore, settings, settings.levels);
  if (!info) return complain(info.error());
  for (const std::string& warning : info->warnings) complain(warning);
  return print(dump_sizes_as_text(info->dumps) + missing_as_text(info->missing_bytes));
}

ExitStatus exit_status(Board::Outcome outcome) {
  switch (outcome) {
    case Board::Outcome::saved:
      return ExitStatus::saved;
    case Board::Outcome::lacks_memory:
    case Board::Outcome::incomplete:
      return ExitStatus::incomplete;
    case Board::Outcome::none:
    case Board::Outcome::failed:
      break;
  }
  return ExitStatus::not_saved;
}

}  // namespace

ExitStatus dump_command(const CommandLine& line) {
  if (line.output == "-" && isatty(STDOUT_FILENO)) {
    fputs("kdump-init: dump: -o -: standard output is a terminal\n", stderr);
    return ExitStatus::usage;
  }
  {
    // Looked at before anything is created: a wrong file is the commonest mistake.
    const auto vmcore = open_input(real_sys(), line.settings.vmcore);
    if (!vmcore) return complain(vmcore.error());
    if (line.dry_run) return dry_run(**vmcore, line.settings);
  }
  const auto board = Board::create();
  if (!board) return complain(board.error());
  Console console(
      {.screen_fd = STDERR_FILENO, .board = *board, .zero_ms = real_sys().monotonic_ms()});

  const bool is_output = !line.output.empty();
  const std::unique_ptr<Network> network = network_as_it_is();
  const JobContext context{.network = *network,
                           .report_path = line.report_path,
                           .flatten = line.flatten,
                           .is_output = is_output};
  Settings settings = line.settings;
  if (is_output) settings.targets = {line.output};
  const TargetJob job = [&](const Attempt& attempt) {
    run_target_job(real_sys(), settings, attempt, context, **board, console);
  };
  const Watch watch{.stall_s = settings.stall_timeout_s,
                    .limit_s = settings.limit_s != 0 ? settings.limit_s : kLongestLimitS};
  return exit_status(capture(settings, watch, job, **board, console).outcome);
}

}  // namespace kdump

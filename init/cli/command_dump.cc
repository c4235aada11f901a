// See command_dump.h.
#include "init/cli/command_dump.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "filter/base/file.h"
#include "init/capture/capture.h"
#include "init/capture/child.h"
#include "init/capture/job/output_job.h"
#include "init/capture/job/target_job.h"
#include "init/capture/pace.h"
#include "init/cli/command_io.h"
#include "init/cli/info.h"
#include "targets/directory/local_file.h"

namespace kdump {
namespace {

ExitStatus dry_run(Vmcore& vmcore, const Settings& settings) {
  const auto info = gather_info(vmcore, settings, settings.levels);
  if (!info) return print_error(info.error());
  for (const std::string& warning : info->warnings) print_error(warning);
  return print(dump_sizes_as_text(info->dumps) + missing_as_text(info->missing_bytes));
}

// Creates the report's file, so that the jobs write over nothing but that. Fails: refused, where
// something has its name, or the dump of this very run will.
Result<> create_report(const CommandLine& line) {
  const std::string& report = line.report_path;
  if (report.empty()) return {};
  const auto file = File::open(real_sys(), report, O_WRONLY | O_CREAT | O_EXCL);
  if (!file && file.error().sys_errno == EEXIST)
    return fail(Kind::refused, "--report: %s exists and is not overwritten", report.c_str());
  if (!file) return wrap(file.error(), "--report");
  if (line.output.empty() || line.output == "-") return {};
  // Now that there is a report, its name is in the way of a dump of that name.
  const Result<> is_free = LocalFile::refuse_existing(real_sys(), line.output);
  if (is_free) return {};
  ::unlink(report.c_str());
  return is_free;
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
  Settings settings = line.settings;
  settings.vmcore = find_dump_in(real_sys(), settings.vmcore);
  {
    // Looked at before anything is created: a wrong file is the commonest mistake.
    const auto vmcore = open_input(real_sys(), settings.vmcore);
    if (!vmcore) return print_error(vmcore.error());
    if (line.dry_run) return dry_run(**vmcore, settings);
  }
  const auto board = Board::create();
  if (!board) return print_error(board.error());
  if (const Result<> created = create_report(line); !created) return print_error(created.error());
  Console console(
      {.screen_fd = STDERR_FILENO, .board = *board, .zero_ms = real_sys().monotonic_ms()});

  report_write_signals_as_errors();  // a closed standard error ends no dump
  const bool is_output = !line.output.empty();
  const std::unique_ptr<Network> network = existing_network();
  const JobContext context{
      .network = *network, .report_path = line.report_path, .flatten = line.flatten};
  if (is_output) settings.targets = {line.output};
  const TargetJob job = [&](const Attempt& attempt) {
    const auto run = is_output ? run_output_job : run_target_job;
    run(real_sys(), settings, attempt, context, **board, console);
  };
  const SupervisorOptions options{
      .stall_s = settings.stall_timeout_s,
      .limit_s = settings.limit_s != 0 ? settings.limit_s : kLongestLimitS};
  return exit_status(capture(settings, options, job, **board, console).outcome);
}

}  // namespace kdump

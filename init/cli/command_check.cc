// See command_check.h. What is done with one target is check_job's.
#include "init/cli/command_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "init/capture/job/check_job.h"
#include "init/capture/kernel_arguments.h"
#include "init/capture/reservation.h"
#include "init/capture/supervise.h"
#include "init/cli/command_io.h"
#include "init/cli/mount_root.h"
#include "net/ssh/user_key.h"
#include "targets/url/server_url.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

std::string format_memory(Sys& sys, const Settings& settings) {
  struct stat vmcore;
  if (sys.stat(settings.vmcore.c_str(), vmcore) < 0)
    return format_reservation(sys, settings.targets);
  return format_capture_memory(read_capture_memory(sys), settings.targets);
}

// ssh(1) does not accept a key that others can read, and the packer refuses it.
Result<> check_key_of(const std::string& target) {
  constexpr std::string_view kScheme = "ssh:";
  if (!target.starts_with(kScheme)) return {};
  const SshUrl url = TRY(parse_ssh_url(std::string_view(target).substr(kScheme.size())));
  for (const std::string& key : {url.key, url.jump ? url.jump->key : url.key}) {
    struct stat status {};
    if (real_sys().stat(key.c_str(), status) < 0) continue;  // the job reports that
    TRY(check_key_mode(real_sys(), key));
  }
  return {};
}

}  // namespace

ExitStatus check_command(const CommandLine& line) {
  const KernelArguments arguments = parse_kernel_arguments("", line.kernel_arguments, true);
  for (const std::string& warning : arguments.warnings) print_error(warning);
  const Settings& settings = arguments.settings;
  if (settings.targets.empty())
    return print_error(fail(Kind::refused, "check: no valid rd.kdump.target= among them").error());
  const auto board = Board::create();
  if (!board) return print_error(board.error());
  const MountRoot root;
  const auto mount_root = root.path();
  if (!mount_root) return print_error(mount_root.error());

  Console console(
      {.screen_fd = STDOUT_FILENO, .board = *board, .zero_ms = real_sys().monotonic_ms()});
  console.say("%s", format_memory(real_sys(), settings).c_str());
  const std::unique_ptr<Network> network = existing_network();
  const SupervisorOptions options{.stall_s = settings.stall_timeout_s};
  size_t good = 0;
  bool first_is_good = false;
  for (const std::string& target : settings.targets) {
    const std::string shown = without_options(target);
    if (const auto checked = check_key_of(target); !checked) {
      console.say("FAILED %s: %s (%s)", shown.c_str(), checked.error().text,
                  kind_name(checked.error().kind));
      continue;
    }
    const JobResult result = supervise(
        options, shown.c_str(),
        [&] {
          enter_private_mount_namespace();
          run_check_job(real_sys(), settings, target, *network, *mount_root, **board, console);
        },
        **board, console);
    const bool is_good = result.outcome == Board::Outcome::saved;
    if (is_good) ++good;
    if (is_good && target == settings.targets.front()) first_is_good = true;
    if (result.interrupted) return ExitStatus::not_saved;
  }
  if (settings.targets.size() > 1)
    console.say("%zu of %zu targets would work%s", good, settings.targets.size(),
                first_is_good ? "" : ", not the first");
  return first_is_good ? ExitStatus::saved : ExitStatus::not_saved;
}

}  // namespace kdump

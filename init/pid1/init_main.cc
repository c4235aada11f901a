// PID 1 itself does as little as possible, and nothing that can block on a device: modules, jobs,
// sync and unmount are all in children with deadlines. It prepares, forks the capture, and ends
// the machine in the way that was asked for.
#include "init/pid1/init_main.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "filter/base/file.h"
#include "filter/base/text.h"
#include "init/capture/capture.h"
#include "init/capture/child.h"
#include "init/capture/job/target_job.h"
#include "init/capture/job_progress.h"
#include "init/capture/kernel_arguments.h"
#include "init/capture/pace.h"
#include "init/capture/reservation.h"
#include "init/pid1/crash_handler.h"
#include "init/pid1/early_mounts.h"
#include "init/pid1/fence.h"
#include "init/pid1/hooks.h"
#include "init/pid1/last_resort.h"
#include "init/pid1/modules.h"
#include "init/pid1/reboot.h"
#include "init/pid1/rescue.h"
#include "init/pid1/sysctls.h"
#include "init/pid1/watchdog.h"
#include "net/capture_network.h"
#include "net/cmdline/network_arguments.h"

namespace kdump {
namespace {

constexpr char kPackedArguments[] = "/etc/kdump-init/cmdline";
constexpr size_t kMaxArgumentBytes = 64 * 1024;
// Of the job, which uses by far the most memory: if that runs out, the job goes, and is reported.
constexpr std::string_view kJobOomScore = "500";
// Pressing ctrl-alt-del once is what people do when they see a machine that seems to hang.
constexpr uint32_t kInterruptsToStop = 2;

// Standard input, output and error all are the console, or at least open.
int open_screen() {
  const int console_fd = ::open("/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  const int fd = console_fd >= 0 ? console_fd : ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (fd < 0) return -1;
  for (int number = 0; number < 3; ++number) ::dup2(fd, number);
  if (console_fd < 0 && fd > 2) ::close(fd);
  return console_fd;
}

std::string read_arguments(Sys& sys, const char* path, Console& console) {
  const auto text = read_small_file(sys, path, kMaxArgumentBytes);
  if (text) return *text;
  // An image need not have any arguments packed.
  if (text.error().sys_errno != ENOENT) console.say("%s", text.error().text);
  return "";
}

// What the image and the command line ask for, of the dump and of the network.
struct BootConfig {
  Settings dump;
  NetworkSettings network;
};

BootConfig read_boot_config(Sys& sys, Console& console) {
  const bool shell_is_packed = ::access(kBusybox, X_OK) == 0;
  const std::string packed = read_arguments(sys, kPackedArguments, console);
  const std::string command_line = read_arguments(sys, "/proc/cmdline", console);
  KernelArguments dump = parse_kernel_arguments(packed, command_line, shell_is_packed);
  NetworkArguments network = parse_network_arguments(packed, command_line);
  for (const std::string& warning : dump.warnings) console.say("%s", warning.c_str());
  for (const std::string& warning : network.warnings) console.say("%s", warning.c_str());
  return {.dump = std::move(dump.settings), .network = std::move(network.settings)};
}

void log_version(Console& console) {
  utsname kernel{};
  ::uname(&kernel);
  console.say("kdump-init " KDUMP_INIT_VERSION " on Linux %s, %s", kernel.release, kernel.machine);
}

// rd.neednet=1, rd.kdump.fence=: also where no target needs it, or there is none.
void bring_up_network(Sys& sys, CaptureNetwork& network, uint32_t step_s, Board& board,
                      Console& console) {
  constexpr uint32_t kWaits = 4;  // an interface, its carrier, its lease, and one to spare
  const auto done = run_bounded("network", kWaits * step_s, [&] {
    JobProgress progress(sys, board, console);
    if (const auto up = network.bring_up(step_s, progress); !up)
      console.say("network: %s; continuing", up.error().text);
  });
  if (!done) console.say("%s; going on", done.error().text);
}

HookEnvironment pre_hook_environment(const Settings& settings) {
  HookEnvironment environment;
  for (const std::string& target : settings.targets)
    environment.target += (environment.target.empty() ? "" : " ") + target;
  return environment;
}

HookEnvironment post_hook_environment(const CaptureResult& captured) {
  const bool is_saved = captured.outcome == Board::Outcome::saved;
  const bool is_part = captured.outcome == Board::Outcome::lacks_memory ||
                       captured.outcome == Board::Outcome::incomplete;
  return {.target = captured.target,
          .location = captured.location,
          .status = is_saved  ? "saved"
                    : is_part ? "incomplete"
                              : "failed",
          .reason = captured.error.text,
          .exit_status = is_saved  ? "0"
                         : is_part ? "3"
                                   : "1"};
}

CaptureResult capture_all(Sys& sys, const Settings& settings, Network& network, Board& board,
                          Console& console) {
  struct stat vmcore;
  if (sys.stat(settings.vmcore.c_str(), vmcore) < 0) {
    CaptureResult none;
    none.error = fail(Kind::refused,
                      "no crash dump here: %s is missing (booted without a crash, or "
                      "CONFIG_PROC_VMCORE off)",
                      settings.vmcore.c_str())
                     .error();
    return none;
  }
  if (settings.targets.empty()) {
    CaptureResult none;
    none.error = fail(Kind::refused, "nowhere to save: no valid rd.kdump.target= is given").error();
    return none;
  }
  const CaptureMemory memory = read_capture_memory(sys);
  console.say("%s", format_capture_memory(memory, settings.targets).c_str());
  run_hooks(sys, kHookDirectory, "pre", pre_hook_environment(settings), settings.hook_timeout_s,
            console);
  const JobContext context{.network = network, .refuse_tmpfs = true, .set_client_identity = true};
  const SupervisorOptions options{
      .stall_s = settings.stall_timeout_s,
      .limit_s = settings.limit_s != 0 ? settings.limit_s : kLongestLimitS,
      .retry_s = settings.retry_s,
      .interrupts = kInterruptsToStop};
  const CaptureResult captured = capture(
      settings, options,
      [&](const Attempt& attempt) {
        if (const auto set = set_sysctl(sys, "/proc/self/oom_score_adj", kJobOomScore); !set)
          console.say("%s", set.error().text);
        run_target_job(sys, settings, attempt, context, board, console);
      },
      board, console);
  run_hooks(sys, kHookDirectory, "post", post_hook_environment(captured), settings.hook_timeout_s,
            console);
  return captured;
}

FinalAction final_action(FailureAction action) {
  switch (action) {
    case FailureAction::halt:
      return FinalAction::halt;
    case FailureAction::poweroff:
      return FinalAction::poweroff;
    case FailureAction::shell:
    case FailureAction::reboot:
      break;
  }
  return FinalAction::reboot;
}

// Each target has its own line; the last line mentions that there were several.
std::string format_failure(const Settings& settings, const CaptureResult& captured) {
  const bool all_were_tried = !captured.target.empty() && !captured.interrupted;
  if (all_were_tried && settings.targets.size() > 1)
    return text("all %zu targets failed; last error: %s", settings.targets.size(),
                captured.error.text);
  return captured.error.text;
}

[[noreturn]] void end(Sys& sys, const Settings& settings, const CaptureResult& captured,
                      int screen_fd, Console& console) {
  const auto end_with = [&] [[noreturn]] (FinalAction action, const std::string& outcome) {
    end_machine(action, captured.abandoned, outcome.c_str(), screen_fd, console);
  };
  const std::string shortage =
      format_shortage(read_capture_memory(sys), captured.error, settings.targets);
  if (!shortage.empty()) console.say("%s", shortage.c_str());
  if (captured.outcome == Board::Outcome::saved)
    end_with(settings.final, "saved " + captured.location);
  // Who has interrupted it is there, and may want the shell.
  if (captured.outcome == Board::Outcome::lacks_memory ||
      (captured.outcome == Board::Outcome::incomplete && !captured.interrupted))
    end_with(settings.final,
             text("saved INCOMPLETE %s (%s)", captured.location.c_str(), captured.error.text));

  std::string reason = format_failure(settings, captured);
  if (!shortage.empty()) reason += "; memory ran out";
  preserve_log_tail(sys, settings, console);
  if (settings.failure != FailureAction::shell)
    end_with(final_action(settings.failure), "NOT SAVED: " + reason);
  console.say("NOT SAVED: %s; shell, or reboot in %us", reason.c_str(), settings.shell_timeout_s);
  const ShellResult shell = offer_shell(sys, settings, reason.c_str(), screen_fd, console);
  // What was done in the shell is not known here.
  end_with(FinalAction::reboot,
           shell.was_used ? shell.how : "NOT SAVED: " + reason + "; " + shell.how);
}

}  // namespace

bool is_machine_init() {
  if (::getpid() != 1) return false;
  // The machine's own namespace has a fixed number (include/linux/proc_ns.h, PROC_PID_INIT_INO).
  // Where the link cannot be read, /proc is not mounted: no earlier program has prepared anything.
  constexpr char kFirstNamespace[] = "pid:[4026531836]";
  char name[64] = {};
  const ssize_t length = ::readlink("/proc/self/ns/pid", name, sizeof name - 1);
  return length < 0 || strcmp(name, kFirstNamespace) == 0;
}

void init_main() {
  Sys& sys = real_sys();
  const BlockedSignals blocked;  // from here on they are read, never delivered
  report_write_signals_as_errors();
  ::umask(077);
  const std::vector<Error> mount_failures = mount_early(sys);
  const auto prepared = prepare_reboot();
  const int screen_fd = open_screen();
  install_crash_handler(screen_fd);
  ::reboot(RB_DISABLE_CAD);  // ctrl-alt-del becomes a SIGINT

  const auto board = Board::create();
  const int kmsg_fd = ::open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
  Console console({.screen_fd = screen_fd, .kmsg_fd = kmsg_fd, .board = board ? *board : nullptr});
  log_version(console);
  for (const Error& failure : mount_failures) console.say("%s; going on", failure.text);
  if (!prepared) console.say("%s; going on", prepared.error().text);
  set_sysctls(sys, console);
  const WatchdogOptions watchdogs{.start_idle = ::access(kWatchdogsRan, F_OK) == 0};
  if (const auto kept = start_watchdog_feeder(watchdogs, console); !kept)
    console.say("%s; going on", kept.error().text);

  const BootConfig config = read_boot_config(sys, console);
  CaptureResult captured;
  if (board) {
    load_modules(sys, config.dump.step_timeout_s, console);
    const std::unique_ptr<CaptureNetwork> network = capture_network(config.network);
    if (config.network.network_is_needed || !config.dump.fence_nodes.empty())
      bring_up_network(sys, *network, config.dump.step_timeout_s, **board, console);
    if (!config.dump.fence_nodes.empty()) start_fence_messages(config.dump, console);
    captured = capture_all(sys, config.dump, *network, **board, console);
  } else {
    captured.error = board.error();
  }
  end(sys, config.dump, captured, screen_fd, console);
}

}  // namespace kdump

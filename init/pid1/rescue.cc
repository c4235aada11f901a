#include "init/pid1/rescue.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>

#include "filter/base/file.h"
#include "init/capture/child.h"
#include "init/capture/heartbeat.h"
#include "init/pid1/secrets.h"

namespace kdump {
namespace {

constexpr int64_t kCountdownEveryS = 30, kLastCountdownS = 10;
constexpr size_t kMaxSysfsBytes = 4096;

// The last word of /sys/class/tty/NAME/active.
Result<std::string> active_terminal(Sys& sys, const std::string& name) {
  const std::string path = "/sys/class/tty/" + name + "/active";
  std::string text = TRY(read_small_file(sys, path, kMaxSysfsBytes));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  if (text.empty()) return fail(Kind::unsupported, "%s: the kernel has no console", path.c_str());
  const size_t space = text.rfind(' ');
  return space == std::string::npos ? text : text.substr(space + 1);
}

// Detects an empty line: a person pressed Enter on purpose. Noise on a serial line and words typed
// for another program are no empty line.
class EnterDetector {
 public:
  bool look(Bytes input) {
    for (const uint8_t byte : input) {
      const bool is_end = byte == '\n' || byte == '\r';
      if (is_end && at_line_start_) return true;
      at_line_start_ = is_end;
    }
    return false;
  }

 private:
  bool at_line_start_ = true;
};

// When to print the countdown next: at whole half minutes, and shortly before its end.
int64_t next_countdown_s(int64_t left_s) {
  if (left_s > kCountdownEveryS) return (left_s - 1) / kCountdownEveryS * kCountdownEveryS;
  return left_s > kLastCountdownS ? kLastCountdownS : 0;
}

enum class Answer : uint8_t { enter, timeout, interrupted };

// ctrl-alt-del, or a signal sent on purpose: it ends the wait.
bool was_interrupted() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  const timespec now{};
  return ::sigtimedwait(&set, nullptr, &now) > 0;
}

Answer wait_for_enter(Sys& sys, uint32_t timeout_s, int screen_fd, Console& console) {
  EnterDetector detector;
  ::tcflush(screen_fd, TCIFLUSH);  // keys that were pressed before the question
  const int64_t end_ms = sys.monotonic_ms() + int64_t{timeout_s} * 1000;
  int64_t next_shown_s = timeout_s;
  for (;;) {
    const int64_t left_ms = end_ms - sys.monotonic_ms();
    if (left_ms <= 0) return Answer::timeout;
    if (const int64_t left_s = (left_ms + 999) / 1000; left_s <= next_shown_s) {
      console.show("press Enter for a shell; reboot in %" PRId64 "s", left_s);
      next_shown_s = next_countdown_s(left_s);
    }
    if (was_interrupted()) return Answer::interrupted;
    reap_ended_children();
    watchdog_heartbeat();

    const int64_t nap_ms = left_ms < 1000 ? left_ms : 1000;
    pollfd screen{.fd = screen_fd, .events = POLLIN, .revents = 0};
    if (::poll(&screen, 1, static_cast<int>(nap_ms)) <= 0) continue;
    uint8_t input[256];
    const ssize_t got = ::read(screen_fd, input, sizeof input);
    if (got > 0 && detector.look({input, static_cast<size_t>(got)})) return Answer::enter;
    // A terminal that hung up is always ready and never has anything: not in a loop.
    if (got <= 0) sys.sleep_ms(nap_ms);
  }
}

// In the child: becomes a shell with the terminal as its controlling one. Returns only if it
// cannot.
Result<> become_shell(const std::string& terminal, const std::string& greeting) {
  ::setsid();
  // A serial line without carrier would make a plain open wait for one.
  const int fd = ::open(terminal.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return fail_errno(errno, "open %s", terminal.c_str());
  ::fcntl(fd, F_SETFL, 0);
  if (::ioctl(fd, TIOCSCTTY, 1) != 0) return fail_errno(errno, "take %s over", terminal.c_str());
  for (int number = 0; number < 3; ++number) ::dup2(fd, number);
  if (fd > 2) ::close(fd);
  restore_signals_for_exec();
  [[maybe_unused]] const ssize_t put = ::write(1, greeting.data(), greeting.size());

  // Applets come as links, made only now: an image that needs no shell has none of them.
  const char* const arguments[] = {
      "sh", "-c", "/bin/busybox --install -s /bin 2>/dev/null; exec sh -i", nullptr};
  const char* const environment[] = {"PATH=/bin:/sbin:/usr/bin:/usr/sbin", "HOME=/", "TERM=vt102",
                                     "PS1=kdump# ", nullptr};
  ::execve(kBusybox, const_cast<char**>(arguments), const_cast<char**>(environment));
  return fail_errno(errno, "run %s", kBusybox);
}

ShellResult run_shell(Sys& sys, const std::string& terminal, const std::string& greeting,
                      Console& console) {
  const BlockedSignals blocked;
  auto shell = Child::start([&] {
    if (const auto done = become_shell(terminal, greeting); !done)
      console.say("shell: %s", done.error().text);
    ::_exit(1);
  });
  if (!shell) return {.was_used = false, .how = std::string("no shell: ") + shell.error().text};
  constexpr int64_t kForeverMs = 86'400'000;  // a person is there and ends it
  for (;;) {
    switch (shell->wait(sys.monotonic_ms() + kForeverMs, true)) {
      case Child::Event::ended:
        return {.was_used = true, .how = "the shell was left"};
      case Child::Event::interrupted:
      case Child::Event::terminated:
        return {.was_used = true, .how = "the shell was interrupted"};
      case Child::Event::timed_out:
        break;
    }
  }
}

// A URL for people to type, in single quotes: only if a shell takes that as one word.
bool is_plain(const std::string& url) {
  for (const char byte : url)
    if (byte < ' ' || byte > '~' || byte == '\'') return false;
  return true;
}

}  // namespace

Result<std::string> console_terminal(Sys& sys) {
  std::string name = TRY(active_terminal(sys, "console"));
  // tty0 stands for the virtual terminal that is in front.
  if (name == "tty0") name = TRY(active_terminal(sys, name));
  return "/dev/" + name;
}

std::string shell_greeting(const Settings& settings, const char* reason, bool has_vmcore) {
  std::string greeting = std::string("\r\nNOT SAVED: ") + reason + "\r\n";
  if (has_vmcore) {
    greeting += "The memory of the crashed kernel is " + settings.vmcore +
                " until the next reboot. To save it by hand:\r\n";
    bool has_target = false;
    for (const std::string& target : settings.targets) {
      if (!is_plain(target)) continue;
      greeting += "    /init dump " + settings.vmcore + " '" + target + "'\r\n";
      has_target = true;
    }
    if (!has_target) greeting += "    /init dump " + settings.vmcore + " TARGET\r\n";
    greeting += "    /init --help\r\n";
  }
  greeting += "Leave with exit or ^D: the machine then reboots.\r\n";
  return greeting;
}

ShellResult offer_shell(Sys& sys, const Settings& settings, const char* reason, int screen_fd,
                        Console& console) {
  const auto terminal = console_terminal(sys);
  if (!terminal)
    return {.was_used = false, .how = std::string("no shell: ") + terminal.error().text};
  if (screen_fd < 0) return {.was_used = false, .how = "no shell: no console"};
  wipe_secrets(sys, console);
  switch (wait_for_enter(sys, settings.shell_timeout_s, screen_fd, console)) {
    case Answer::enter:
      break;
    case Answer::timeout:
      return {.was_used = false, .how = "no key was pressed"};
    case Answer::interrupted:
      return {.was_used = false, .how = "interrupted"};
  }
  console.say("shell on %s; reboot when it is left", terminal->c_str());
  struct stat vmcore;
  const bool has_vmcore = sys.stat(settings.vmcore.c_str(), vmcore) >= 0;
  return run_shell(sys, *terminal, shell_greeting(settings, reason, has_vmcore), console);
}

}  // namespace kdump

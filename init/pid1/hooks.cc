#include "init/pid1/hooks.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "filter/base/text.h"
#include "init/capture/child.h"

namespace kdump {
namespace {

// The log has 64 KiB for the whole run: what a hook says beyond this is dropped.
constexpr uint32_t kMaxLines = 100;
constexpr size_t kLineBytes = 200;
constexpr int kLookEveryMs = 100;
// By which the process that watches the hook may be late itself, before PID 1 ends it.
constexpr uint32_t kGraceS = 5;

// Cuts what a hook writes into lines.
class LineTeller {
 public:
  LineTeller(const std::string& name, Console& console) : name_(name), console_(console) {}

  void take(const char* data, size_t size) {
    for (size_t i = 0; i < size; ++i) {
      if (data[i] != '\n') line_ += data[i];
      if (data[i] == '\n' || line_.size() == kLineBytes) end_line();
    }
  }
  void end_line() {
    if (line_.empty()) return;
    if (told_ < kMaxLines) console_.say("%s: %s", name_.c_str(), line_.c_str());
    if (++told_ == kMaxLines) console_.say("%s: it says more, which is dropped", name_.c_str());
    line_.clear();
  }

 private:
  const std::string& name_;
  Console& console_;
  std::string line_;
  uint32_t told_ = 0;
};

[[noreturn]] void become_hook(const std::string& path, const std::vector<std::string>& environment,
                              const std::string& argument, int output_fd) {
  ::setpgid(0, 0);
  restore_signals_for_exec();
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (nothing >= 0) ::dup2(nothing, 0);
  ::dup2(output_fd, 1);
  ::dup2(output_fd, 2);
  std::vector<char*> variables;
  for (const std::string& variable : environment)
    variables.push_back(const_cast<char*>(variable.c_str()));
  variables.push_back(nullptr);
  char* const arguments[] = {const_cast<char*>(path.c_str()),
                             argument.empty() ? nullptr : const_cast<char*>(argument.c_str()),
                             nullptr};
  ::execve(path.c_str(), arguments, variables.data());
  const char* const why = strerror(errno);
  [[maybe_unused]] const ssize_t written = ::write(2, why, strlen(why));
  ::_exit(126);
}

// In a child of PID 1's, which may be killed: follows one hook to its end.
void follow(const std::string& name, const std::string& path,
            const std::vector<std::string>& environment, const std::string& argument,
            uint32_t seconds, Console& console) {
  int pipe_fds[2];
  if (::pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0)
    return console.say("%s: pipe: %s; going on", name.c_str(), strerror(errno));
  const pid_t pid = ::fork();
  if (pid < 0) return console.say("%s: fork: %s; going on", name.c_str(), strerror(errno));
  if (pid == 0) {
    ::fcntl(pipe_fds[1], F_SETFL, 0);
    become_hook(path, environment, argument, pipe_fds[1]);
  }
  ::close(pipe_fds[1]);
  ::setpgid(pid, pid);  // in both processes, since either may run first

  LineTeller teller(name, console);
  const int64_t end_ms = real_sys().monotonic_ms() + int64_t{seconds} * 1000;
  int status = 0;
  bool has_ended = false, is_late = false;
  while (!has_ended && !is_late) {
    // What it leaves running may keep the pipe open: its own end counts.
    has_ended = ::waitpid(pid, &status, WNOHANG) == pid;
    is_late = real_sys().monotonic_ms() >= end_ms;
    pollfd output{.fd = pipe_fds[0], .events = POLLIN, .revents = 0};
    ::poll(&output, 1, has_ended ? 0 : kLookEveryMs);
    char data[4096];
    ssize_t size = 0;
    while (!(is_late = real_sys().monotonic_ms() >= end_ms) &&
           (size = ::read(pipe_fds[0], data, sizeof data)) > 0)
      teller.take(data, static_cast<size_t>(size));
    // Once it has closed its output a poll is over at once.
    if (size == 0 && !has_ended && !is_late) real_sys().sleep_ms(kLookEveryMs);
  }
  teller.end_line();
  if (!has_ended) {
    ::kill(-pid, SIGKILL);
    console.say("%s: not done after %us, ended; going on", name.c_str(), seconds);
  } else if (status != 0) {
    console.say(WIFSIGNALED(status) ? "%s: killed by signal %d; going on"
                                    : "%s: exited with status %d; going on",
                name.c_str(), WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  }
}

}  // namespace

void run_hooks(Sys& sys, const std::string& directory, const char* when,
               const HookEnvironment& environment, uint32_t seconds_each, Console& console) {
  const std::string in = directory + "/" + when;
  std::vector<std::string> names;
  sys.list_directory(
      in.c_str(),
      [](void* to, const char* name) {
        static_cast<std::vector<std::string>*>(to)->push_back(name);
      },
      &names);
  if (names.empty()) return;
  std::sort(names.begin(), names.end());
  const std::vector<std::string> variables = {
      "PATH=/bin:/sbin:/usr/bin:/usr/sbin",     "HOME=/",
      std::string("KDUMP_INIT_HOOK=") + when,   "KDUMP_INIT_TARGET=" + environment.target,
      "KDUMP_INIT_DIR=" + environment.location, "KDUMP_INIT_STATUS=" + environment.status,
      "KDUMP_INIT_REASON=" + environment.reason};
  for (const std::string& file : names) {
    const std::string name = std::string(when) + " hook " + file;
    console.say("%s: started, %us at most", name.c_str(), seconds_each);
    const auto done = run_bounded(name.c_str(), seconds_each + kGraceS, [&] {
      follow(name, in + "/" + file, variables, environment.exit_status, seconds_each, console);
    });
    if (!done) console.say("%s; going on", done.error().text);
  }
}

}  // namespace kdump

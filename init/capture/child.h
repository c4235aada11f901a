// A forked process that does what its parent must not do itself, because it can block, crash or
// be killed: started, waited for with a deadline, killed, and left behind where even that fails.
// Waiting also reaps every other child that has ended, as PID 1 has to.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "filter/base/result.h"

namespace kdump {

// Ignores SIGPIPE and SIGXFSZ: write(2) then fails with EPIPE or EFBIG, and the caller reports it.
void report_write_signals_as_errors();
// Undoes in a child what would be ignored by the program that it is about to become.
void restore_signals_for_exec();

// Blocks the signals that Child::wait reads, for as long as it lives.
class BlockedSignals {
 public:
  BlockedSignals();
  ~BlockedSignals();
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t previous_;
};

class Child {
 public:
  enum class Event : uint8_t { ended, interrupted, terminated, timed_out };

  // Runs `work` in a child and then exits there with status 0. The child starts with nothing
  // blocked, no handlers, and SIGINT, SIGHUP, SIGPIPE and SIGXFSZ ignored, besides what the parent
  // ignores; SIGTERM comes if the parent dies.
  // BlockedSignals must be in force. Fails: io, where fork() has failed for 3 s.
  static Result<Child> start(const std::function<void()>& work);

  // Waits for the child's end until that time (CLOCK_MONOTONIC), or for a SIGINT (interrupted),
  // SIGTERM or SIGHUP (terminated) sent to the parent if `for_signals_too`. A SIGHUP that the
  // parent ignores stays ignored.
  Event wait(int64_t until_ms, bool for_signals_too = false);
  void signal(int number) const;
  // Waits up to `seconds`, then kills the child. Fails: timeout (with `what`, and whether SIGKILL
  // ended it), io where it did not exit with status 0.
  Result<> end_within(uint32_t seconds, const char* what);
  // SIGKILL. False: it was still there after at_most_ms, in uninterruptible sleep.
  bool kill(int64_t at_most_ms);

  // Of a child that has ended: "exited with status 3", "killed by signal 9 (Killed)"; where `work`
  // found no memory the error has ENOMEM.
  Error end() const;
  bool exited_with_success() const { return has_ended_ && status_ == 0; }

 private:
  explicit Child(pid_t pid) : pid_(pid) {}
  bool reap();

  pid_t pid_;
  bool has_ended_ = false;
  int status_ = 0;
};

// For PID 1 while it waits for something else than a child.
void reap_ended_children();

// Runs `work` in a child that has this long. Fails as Child::start() and end_within() do.
Result<> run_bounded(const char* what, uint32_t seconds, const std::function<void()>& work);

}  // namespace kdump

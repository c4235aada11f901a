// What happened, out of the vmcore alone: the reason, the stack of every CPU, tasks, modules,
// memory, a signature. No debug symbols are needed: types come from the kernel's BTF, names from
// its kallsyms, frames from its unwind tables. Where one of them is missing, so is what depends on
// it, and `missing` says which and why; the log always gives something.
//
// Lists and stacks are bounded, reading has a time budget, and no size out of the vmcore is
// allocated: it can neither hold up a dump nor take its memory.
#pragma once

#include "filter/kernel/report/frame_names.h"
#include "filter/kernel/report/kernel_modules.h"
#include "filter/kernel/report/log_facts.h"
#include "filter/kernel/report/memory_counters.h"
#include "filter/kernel/report/signature.h"
#include "filter/kernel/report/tasks.h"
#include "filter/kernel/unwind/trace.h"
#include "filter/kernel/vmcore.h"

namespace kdump {

struct CpuTrace {
  std::optional<uint32_t> cpu;  // its number
  bool panicked = false;
  std::optional<Task> task;
  Trace trace;
};

struct BlockedTask {
  Task task;
  Trace trace;
  std::optional<LockWait> wait;
  std::optional<Task> owner;  // of the lock
  bool is_owner = false;      // not blocked itself: it holds what others wait for
};

struct TaskCounts {
  struct State {
    char letter = '?';
    uint32_t tasks = 0;
  };
  uint32_t total = 0;
  std::vector<State> states;  // the most frequent first
  std::vector<BlockedTask> blocked;
  uint32_t blocked_left_out = 0;  // beyond CrashReport::kMaxBlocked
};

struct CrashReport {
  static constexpr size_t kMaxBlocked = 64, kMaxOwners = 16;
  static constexpr size_t kMaxFrames = 4096;  // of all stacks together

  // Where the signature's frames come from.
  enum class Source : uint8_t { none, stack, log };

  Signature signature;
  Source source = Source::none;
  LogFacts log;
  std::optional<uint64_t> uptime_ms;
  std::string build_id, hardware, command_line;  // printable; empty: not known
  std::optional<uint64_t> taint_mask;
  std::string taint_letters;

  std::optional<uint32_t> panicked_cpu;
  std::vector<CpuTrace> cpus;  // that which panicked first
  std::vector<Task> parents;   // of the task that panicked
  TaskCounts tasks;
  MemoryCounters memory;
  std::vector<KernelModule> modules;
  FrameNames names;
  std::vector<std::string> missing;  // sentences

  const CpuTrace* panicked() const {
    return !cpus.empty() && cpus[0].panicked ? &cpus[0] : nullptr;
  }
};

// budget_ms: how long it may read, besides naming functions. Never fails.
CrashReport make_crash_report(Vmcore& vmcore, Sys& sys, int64_t budget_ms);

}  // namespace kdump

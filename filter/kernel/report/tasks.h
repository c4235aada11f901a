// The tasks of the crashed kernel: what each is, how many are in which state, which are blocked and
// on what.
//
// Source: include/linux/sched.h, sched/signal.h, hung_task.h.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "filter/kernel/types/kernel_types.h"

namespace kdump {

struct Task {
  uint64_t address = 0;  // of its task_struct
  uint64_t stack = 0;    // the lowest address of its stack
  int32_t pid = -1, tgid = -1;
  char state = '?';  // as `ps` has it: R, S, D, T, t, X, Z, P, I
  bool is_kernel_thread = false;
  std::string comm;  // printable
};

// "running", "disk sleep"; "unknown".
const char* task_state_name(char state);

// What a blocked task waits for, where the kernel says it (CONFIG_DETECT_HUNG_TASK_BLOCKER).
struct LockWait {
  const char* kind = "";  // "mutex", "semaphore", "rwsem (read)" or "rwsem (write)"
  uint64_t lock = 0;      // its address
  uint64_t owner = 0;     // address of the task_struct that holds it; 0: not known
};

class TaskReader {
 public:
  // More than PID_MAX_DEFAULT; each of them counts.
  static constexpr uint32_t kMaxTasks = 65'536;
  static constexpr size_t kMaxParents = 16;

  TaskReader(MemoryReader& reader, const KernelSymbols& symbols, const KernelTypes& types)
      : reader_(reader), symbols_(symbols), types_(types) {}

  // nullopt: it cannot be read.
  std::optional<Task> read(uint64_t address);
  // The nearest first, up to the first task of all.
  std::vector<Task> parents_of(const Task& task);
  std::optional<LockWait> wait_of(const Task& task);
  // Visits every thread of every process, until it returns false. Returns why the list ends before
  // the last one; else empty.
  using Visit = std::function<bool(const Task&)>;
  std::string each(const Visit& visit);

 private:
  char state_of(uint64_t address);
  enum class Walk : uint8_t { whole, stopped, lost };
  // The threads of one process. lost: the list cannot be read, or there are too many tasks.
  Walk each_thread(uint64_t process, uint32_t& count, const Visit& visit);

  MemoryReader& reader_;
  const KernelSymbols& symbols_;
  const KernelTypes& types_;
};

}  // namespace kdump

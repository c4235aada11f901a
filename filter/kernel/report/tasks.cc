#include "filter/kernel/report/tasks.h"

#include <bit>

#include "filter/base/text.h"

namespace kdump {
namespace {

constexpr uint32_t kKernelThread = 0x200000;  // PF_KTHREAD
constexpr size_t kCommBytes = 16;             // TASK_COMM_LEN

struct StateRow {
  char letter;
  const char* name;
};
// By the highest bit of TASK_REPORT that is set, from none on; then TASK_IDLE.
constexpr StateRow kStates[] = {
    {'R', "running"}, {'S', "sleeping"},     {'D', "disk sleep"},
    {'T', "stopped"}, {'t', "tracing stop"}, {'X', "dead"},
    {'Z', "zombie"},  {'P', "parked"},       {'I', "idle"},
};

}  // namespace

const char* task_state_name(char state) {
  for (const StateRow& row : kStates)
    if (row.letter == state) return row.name;
  return "unknown";
}

char TaskReader::state_of(uint64_t address) {
  constexpr uint32_t kReported = 0x7f, kIdle = 0x402, kRtLockWait = 0x1000, kFrozen = 0x8000;
  // Renamed by 2f064a59a11f ("sched: Change task_struct::state", v5.14).
  auto state = types_.read<uint32_t>(reader_, address, Type::task_state);
  if (!state) state = types_.read<uint32_t>(reader_, address, Type::task_state_before_5_14);
  const auto exit_state = types_.read<uint32_t>(reader_, address, Type::task_exit_state);
  if (!state || !exit_state) return '?';
  if (*state == kIdle) return 'I';
  const uint32_t bits = (*state | *exit_state) & kReported;
  if (bits == 0 && *state & (kRtLockWait | kFrozen)) return 'D';
  return kStates[std::bit_width(bits)].letter;
}

std::optional<Task> TaskReader::read(uint64_t address) {
  const auto pid = types_.read<int32_t>(reader_, address, Type::task_pid);
  const auto comm = types_.address(address, Type::task_comm);
  const auto stack = types_.read<uint64_t>(reader_, address, Type::task_stack);
  if (!pid || !comm || !stack) return std::nullopt;
  const auto flags = types_.read<uint32_t>(reader_, address, Type::task_flags);
  return Task{.address = address,
              .stack = *stack,
              .pid = *pid,
              .tgid = types_.read<int32_t>(reader_, address, Type::task_tgid).value_or(*pid),
              .state = state_of(address),
              .is_kernel_thread = flags && *flags & kKernelThread,
              .comm = reader_.text(*comm, kCommBytes)};
}

std::vector<Task> TaskReader::parents_of(const Task& task) {
  std::vector<Task> parents;
  for (uint64_t at = task.address; parents.size() < kMaxParents;) {
    const auto parent = types_.read<uint64_t>(reader_, at, Type::task_real_parent);
    if (!parent || *parent == at) break;
    auto read_parent = read(*parent);
    if (!read_parent) break;
    at = *parent;
    parents.push_back(*std::move(read_parent));
  }
  return parents;
}

std::optional<LockWait> TaskReader::wait_of(const Task& task) {
  constexpr uint64_t kKindMask = 3, kOwnerFlags = 7;
  constexpr const char* kKinds[] = {"mutex", "semaphore", "rwsem (read)", "rwsem (write)"};
  const auto blocker = types_.read<uint64_t>(reader_, task.address, Type::task_blocker);
  if (!blocker || *blocker == 0) return std::nullopt;
  const uint64_t kind = *blocker & kKindMask;
  LockWait wait{.kind = kKinds[kind], .lock = *blocker & ~kKindMask};
  if (kind == 1) return wait;  // a semaphore has no owner
  const auto owner =
      types_.read<uint64_t>(reader_, wait.lock, kind == 0 ? Type::mutex_owner : Type::rwsem_owner);
  wait.owner = owner.value_or(0) & ~kOwnerFlags;
  return wait;
}

TaskReader::Walk TaskReader::each_thread(uint64_t process, uint32_t& count, const Visit& visit) {
  const auto signal = types_.read<uint64_t>(reader_, process, Type::task_signal);
  if (!signal) return Walk::lost;
  const uint64_t head = *types_.address(*signal, Type::signal_thread_head);
  auto next = reader_.read<uint64_t>(head);
  while (next && *next != head && count < kMaxTasks) {
    const auto task = read(*next - types_.query(Type::task_thread_node).offset());
    if (!task) return Walk::lost;
    ++count;
    if (!visit(*task)) return Walk::stopped;
    next = reader_.read<uint64_t>(*next);
  }
  return next && *next == head ? Walk::whole : Walk::lost;
}

std::string TaskReader::each(const Visit& visit) {
  const auto first = symbols_.find("init_task");
  for (const Type needed :
       {Type::task_tasks, Type::task_signal, Type::task_thread_node, Type::signal_thread_head})
    if (!first || !types_.has(needed))
      return *types_.why() ? types_.why() : "kallsyms or BTF do not describe the list";
  uint32_t count = 0;
  uint64_t process = first->value;
  do {
    const uint32_t before = count;
    const Walk walk = each_thread(process, count, visit);
    if (walk == Walk::stopped) return {};
    const auto next = types_.read<uint64_t>(reader_, process, Type::task_tasks);
    if (walk == Walk::lost || !next || count >= kMaxTasks)
      return text("the list cannot be followed beyond %u tasks", count);
    // A process without a thread is none; it would let a list that runs in a circle go on.
    if (count == before) return text("the list is corrupt after %u tasks", count);
    process = *next - types_.query(Type::task_tasks).offset();
  } while (process != first->value);
  return {};
}

}  // namespace kdump

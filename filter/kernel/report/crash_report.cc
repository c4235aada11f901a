#include "filter/kernel/report/crash_report.h"

#include <algorithm>

#include "filter/base/text.h"
#include "filter/kernel/cpu_states.h"
#include "filter/kernel/printk_log.h"
#include "filter/kernel/report/cpu_stacks.h"
#include "filter/kernel/symbols/kernel_symbols.h"
#include "filter/kernel/unwind/unwinder.h"

namespace kdump {
namespace {

constexpr size_t kCommandLineBytes = 2048, kHardwareBytes = 128;
// Tasks that tell how stacks are aligned.
constexpr uint32_t kTasksToLearn = 64;

class Gatherer {
 public:
  Gatherer(Vmcore& vmcore, Sys& sys, int64_t budget_ms, CrashReport& report)
      : vmcore_(vmcore),
        report_(report),
        symbols_(vmcore.symbols()),
        reader_(vmcore.address_space(), sys, budget_ms),
        types_(reader_, symbols_),
        tasks_(reader_, symbols_, types_),
        stacks_(vmcore.elf().machine(), reader_, symbols_, types_) {}

  void run();

 private:
  void miss(const char* what, const char* why) {
    report_.missing.push_back(text("%s: %s", what, why));
  }
  void read_log();
  void read_facts();
  void read_modules();
  void read_cpus();
  CpuTrace read_cpu(const CpuState& state, bool panicked);
  void read_tasks();
  void add_blocked(const Task& task, bool is_owner);
  void add_owners();
  Trace trace_of(const Task& task);
  bool has_room_for_frames() const { return frames_ < CrashReport::kMaxFrames; }
  bool runs(uint64_t task) const {
    return std::ranges::any_of(report_.cpus, [task](const CpuTrace& cpu) {
      return cpu.task && cpu.task->address == task;
    });
  }
  void name_frames();
  void sign();
  std::vector<NamedFrame> named(const Trace& trace) const;

  Vmcore& vmcore_;
  CrashReport& report_;
  const KernelSymbols& symbols_;
  MemoryReader reader_;
  KernelTypes types_;
  TaskReader tasks_;
  CpuStacks stacks_;
  std::unique_ptr<Unwinder> unwinder_;
  size_t frames_ = 0;
};

void Gatherer::run() {
  read_log();
  if (*symbols_.why()) miss("symbols", symbols_.why());
  if (*types_.why()) miss("types", types_.why());
  auto unwinder = make_unwinder(
      vmcore_.elf().machine(),
      {reader_, symbols_, types_, vmcore_.info(), vmcore_.info().symbol("_stext").value_or(0)});
  if (unwinder)
    unwinder_ = *std::move(unwinder);
  else
    miss("stacks", unwinder.error().text);
  read_facts();
  read_modules();
  read_cpus();
  read_tasks();
  report_.memory = read_memory_counters(reader_, symbols_, types_, vmcore_.page_size());
  if (reader_.is_cut_short()) miss("time", "reading took too long: the report is cut short");
  name_frames();
  sign();
}

void Gatherer::read_log() {
  LogReader log;
  const auto written = write_kernel_log(vmcore_, log);
  report_.log = log.take();
  if (!written) return miss("log", written.error().text);
  if (written->newest_ts_nsec) report_.uptime_ms = written->newest_ts_nsec / 1'000'000;
  if (!written->warning.empty()) miss("log", written->warning.c_str());
}

void Gatherer::read_facts() {
  report_.build_id = printable(vmcore_.info().value("BUILD-ID").value_or(""));
  if (const auto at = symbols_.find("dump_stack_arch_desc_str"))
    report_.hardware = reader_.text(at->value, kHardwareBytes);
  if (const auto at = symbols_.find("saved_command_line"))
    if (const auto line = reader_.read<uint64_t>(at->value))
      report_.command_line = reader_.text(*line, kCommandLineBytes);
  if (const auto at = symbols_.find("tainted_mask"))
    report_.taint_mask = reader_.read<uint64_t>(at->value);
}

void Gatherer::read_modules() {
  const TaintLetters letters(reader_, symbols_, types_);
  if (report_.taint_mask) report_.taint_letters = letters.of(*report_.taint_mask);
  ModuleList list = list_modules(reader_, symbols_, types_, letters);
  if (!list.problem.empty()) miss("modules", list.problem.c_str());
  report_.modules = std::move(list.modules);
  if (!unwinder_) return;
  for (const KernelModule& module : report_.modules)
    for (const KernelModule::Part& part : module.parts)
      if (part.begin != part.end) {
        CodeRegion code = module.orc;
        code.begin = part.begin;
        code.end = part.end;
        unwinder_->add_code(code);
      }
}

void Gatherer::read_cpus() {
  uint32_t seen = 0;
  tasks_.each([&](const Task& task) {
    stacks_.learn(task.stack);
    return ++seen < kTasksToLearn;
  });
  const CpuStates scene = read_cpu_states(vmcore_);
  report_.panicked_cpu = scene.panic_cpu;
  if (scene.panicked) report_.cpus.push_back(read_cpu(scene.cpus[*scene.panicked], true));
  size_t left_out = 0;
  for (size_t i = 0; i < scene.cpus.size(); ++i) {
    if (i == scene.panicked) continue;
    if (has_room_for_frames())
      report_.cpus.push_back(read_cpu(scene.cpus[i], false));
    else
      ++left_out;
  }
  if (left_out != 0) miss("stacks", text("%zu more CPUs are left out", left_out).c_str());
  if (report_.cpus.empty()) miss("stacks", "the vmcore has no registers of CPUs");
  if (const CpuTrace* panicked = report_.panicked(); panicked && panicked->task)
    report_.parents = tasks_.parents_of(*panicked->task);
}

CpuTrace Gatherer::read_cpu(const CpuState& state, bool panicked) {
  CpuTrace cpu{.cpu = state.cpu, .panicked = panicked, .task = {}, .trace = {}};
  std::vector<Stack> stacks;
  if (state.cpu) {
    if (const auto task = stacks_.current_task(*state.cpu)) cpu.task = tasks_.read(*task);
    if (cpu.task) stacks.push_back(stacks_.task_stack(cpu.task->stack));
    for (const Stack& stack : stacks_.stacks_of(*state.cpu)) stacks.push_back(stack);
  }
  if (stacks.empty()) stacks.push_back(CpuStacks::around(state.registers.sp.value));
  if (unwinder_)
    cpu.trace = unwinder_->unwind_cpu(state.registers, stacks);
  else
    cpu.trace = {.frames = {{state.registers.ip.value, StackKind::unknown, true, true}},
                 .end = "its stack cannot be unwound"};
  frames_ += cpu.trace.frames.size();
  return cpu;
}

Trace Gatherer::trace_of(const Task& task) {
  if (!unwinder_ || !has_room_for_frames()) return {.frames = {}, .end = "not unwound"};
  const Stack stack = stacks_.task_stack(task.stack);
  Trace trace = unwinder_->unwind_task(task.address, {&stack, 1});
  frames_ += trace.frames.size();
  return trace;
}

void Gatherer::add_blocked(const Task& task, bool is_owner) {
  BlockedTask blocked{.task = task,
                      .trace = trace_of(task),
                      .wait = tasks_.wait_of(task),
                      .owner = {},
                      .is_owner = is_owner};
  if (blocked.wait && blocked.wait->owner != 0) blocked.owner = tasks_.read(blocked.wait->owner);
  report_.tasks.blocked.push_back(std::move(blocked));
}

// Who holds what others wait for may sleep in another way: its stack is what one wants.
void Gatherer::add_owners() {
  std::vector<BlockedTask>& blocked = report_.tasks.blocked;
  const size_t waiting = blocked.size();
  for (size_t i = 0; i < waiting && blocked.size() < waiting + CrashReport::kMaxOwners; ++i) {
    if (!blocked[i].owner) continue;
    const Task owner = *blocked[i].owner;
    const bool is_known = std::ranges::any_of(
        blocked, [&](const BlockedTask& one) { return one.task.address == owner.address; });
    if (!is_known && !runs(owner.address)) add_blocked(owner, true);
  }
}

void Gatherer::read_tasks() {
  TaskCounts& counts = report_.tasks;
  const std::string problem = tasks_.each([&](const Task& task) {
    ++counts.total;
    auto state = std::ranges::find(counts.states, task.state, &TaskCounts::State::letter);
    if (state == counts.states.end()) state = counts.states.insert(state, {task.state, 0});
    ++state->tasks;
    if (task.state != 'D' || runs(task.address)) return true;
    // The one that the log accuses is wanted, wherever it is in the list.
    const bool is_accused = task.pid == report_.log.hung_pid;
    if (counts.blocked.size() < CrashReport::kMaxBlocked || is_accused)
      add_blocked(task, false);
    else
      ++counts.blocked_left_out;
    return true;
  });
  if (!problem.empty()) miss("tasks", problem.c_str());
  for (size_t i = 1; i < counts.states.size(); ++i)
    for (size_t j = i; j > 0 && counts.states[j - 1].tasks < counts.states[j].tasks; --j)
      std::swap(counts.states[j - 1], counts.states[j]);
  add_owners();
}

void Gatherer::name_frames() {
  for (const CpuTrace& cpu : report_.cpus) report_.names.add(cpu.trace);
  for (const BlockedTask& blocked : report_.tasks.blocked) report_.names.add(blocked.trace);
  const std::string problem = report_.names.resolve(vmcore_, reader_, types_, report_.modules);
  if (!problem.empty() && !*symbols_.why()) miss("functions", problem.c_str());
}

std::vector<NamedFrame> Gatherer::named(const Trace& trace) const {
  std::vector<NamedFrame> frames;
  for (const Frame& frame : trace.frames) {
    if (!frame.is_reliable) break;
    const FrameName name = report_.names.of(frame);
    frames.push_back({name.function, name.module});
  }
  return frames;
}

// By the stack; where that does not lead anywhere, by the log's Call Trace, which gives the same.
void Gatherer::sign() {
  const LogFacts& log = report_.log;
  const bool is_hung = is_hung_task(log.reason);
  std::vector<NamedFrame> frames;
  if (is_hung) {
    for (const BlockedTask& blocked : report_.tasks.blocked)
      if (blocked.task.pid == log.hung_pid) frames = named(blocked.trace);
  } else if (const CpuTrace* panicked = report_.panicked()) {
    frames = named(panicked->trace);
  }
  report_.signature = make_signature(frames, log.reason, log.event);
  report_.source = CrashReport::Source::stack;
  if (!report_.signature.frames.empty()) return;
  report_.signature = make_signature(is_hung ? log.hung_frames : log.frames, log.reason, log.event);
  report_.source =
      report_.signature.id.empty() ? CrashReport::Source::none : CrashReport::Source::log;
}

}  // namespace

CrashReport make_crash_report(Vmcore& vmcore, Sys& sys, int64_t budget_ms) {
  CrashReport report;
  Gatherer(vmcore, sys, budget_ms, report).run();
  return report;
}

}  // namespace kdump

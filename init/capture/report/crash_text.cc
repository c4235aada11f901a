#include "init/capture/report/crash_text.h"

#include <algorithm>
#include <cinttypes>

#include "filter/base/text.h"
#include "init/capture/report/cpu_states_text.h"
#include "init/capture/report/crash_name.h"

namespace kdump {
namespace {

constexpr size_t kHeadFrames = 8;

std::string fact(const char* name, const std::string& value) {
  return value.empty() ? "" : text("%-10s ", name) + printable(value) + "\n";
}

std::string task_as_text(const Task& task) {
  return text("%s, pid %d", task.comm.c_str(), task.pid);
}

std::string frame_as_text(const Frame& frame, const FrameNames& names) {
  const FrameName name = names.of(frame);
  std::string out = frame.is_reliable ? "" : "? ";
  if (name.function.empty())
    out += text("%#018" PRIx64, frame.ip);
  else
    out += text("%s+%#" PRIx64 "/%#" PRIx64, name.function.c_str(), name.offset, name.size_bytes);
  if (!name.module.empty()) out += " [" + name.module + "]";
  return out;
}

// has_stacks: each stack is named where it begins.
std::string trace_as_text(const Trace& trace, const FrameNames& names, bool has_stacks) {
  std::string out;
  const char* stack = "";
  for (const Frame& frame : trace.frames) {
    const char* const here = has_stacks ? stack_name(frame.stack) : "";
    out += text("  %-6s", here == stack ? "" : here) + frame_as_text(frame, names) + "\n";
    stack = here;
  }
  return out + text("        (%s)\n", trace.end);
}

bool is_same(const Trace& one, const Trace& other) {
  return std::ranges::equal(one.frames, other.frames, {}, &Frame::ip, &Frame::ip);
}

std::string cpus_as_text(const CrashReport& report) {
  std::string out;
  std::vector<bool> shown(report.cpus.size());
  for (size_t i = 0; i < report.cpus.size(); ++i) {
    if (shown[i]) continue;
    const CpuTrace& cpu = report.cpus[i];
    out += cpu.cpu ? text("CPU %u", *cpu.cpu) : std::string("CPU of unknown number");
    if (cpu.task) out += ", " + task_as_text(*cpu.task);
    out += cpu.panicked ? ", panicked\n" : "\n";
    // Idle CPUs have the same stack: it is shown once.
    size_t same = 0;
    std::string others;
    for (size_t j = i + 1; j < report.cpus.size() && !cpu.panicked; ++j) {
      const CpuTrace& other = report.cpus[j];
      if (shown[j] || cpu.trace.frames.empty() || !is_same(cpu.trace, other.trace)) continue;
      shown[j] = true;
      ++same;
      others += other.cpu ? text(" %u", *other.cpu) : std::string(" ?");
    }
    if (same != 0) out += text("and %zu more with this stack:%s\n", same, others.c_str());
    out += trace_as_text(cpu.trace, report.names, true) + "\n";
  }
  return out;
}

std::string blocked_as_text(const BlockedTask& blocked) {
  std::string out = text("%c  %s", blocked.task.state, task_as_text(blocked.task).c_str());
  if (blocked.is_owner) out += ", holds a lock that others wait for";
  if (!blocked.wait) return out;
  out += text(", waits for a %s", blocked.wait->kind);
  if (blocked.owner)
    out += text(" held by %s (%d)", blocked.owner->comm.c_str(), blocked.owner->pid);
  return out;
}

std::string tasks_as_text(const CrashReport& report) {
  const TaskCounts& tasks = report.tasks;
  if (tasks.total == 0) return {};
  std::string states;
  for (const TaskCounts::State& state : tasks.states)
    states +=
        text("%s%u %s", states.empty() ? "" : ", ", state.tasks, task_state_name(state.letter));
  std::string out = fact("tasks", text("%u: ", tasks.total) + states);
  std::vector<bool> shown(tasks.blocked.size());
  for (size_t i = 0; i < tasks.blocked.size(); ++i) {
    if (shown[i]) continue;
    out += blocked_as_text(tasks.blocked[i]) + "\n";
    for (size_t j = i + 1; j < tasks.blocked.size(); ++j) {
      if (!is_same(tasks.blocked[i].trace, tasks.blocked[j].trace)) continue;
      shown[j] = true;
      out += blocked_as_text(tasks.blocked[j]) + "\n";
    }
    out += trace_as_text(tasks.blocked[i].trace, report.names, false);
  }
  if (tasks.blocked_left_out)
    out += text("%u more blocked tasks are left out\n", tasks.blocked_left_out);
  return out + "\n";
}

std::string memory_as_text(const MemoryCounters& memory) {
  std::string out;
  for (const MemoryCounters::Row& row : memory.rows) {
    if (!row.kib) continue;
    std::string name = row.name;
    std::ranges::replace(name, '_', ' ');
    out += text("%s%s %" PRIu64, out.empty() ? "" : ", ", name.c_str(), *row.kib / 1024);
  }
  if (out.empty()) return out;
  out = fact("memory", "MiB: " + out);
  for (const ZoneCounters& zone : memory.zones)
    out += text("node %u %-8s managed %10" PRIu64 " KiB, free %10" PRIu64 ", min/low/high %" PRIu64
                "/%" PRIu64 "/%" PRIu64 "\n",
                zone.node, zone.name.c_str(), zone.managed_kib, zone.free_kib, zone.min_kib,
                zone.low_kib, zone.high_kib);
  return out + "\n";
}

std::string modules_as_text(const std::vector<KernelModule>& modules) {
  if (modules.empty()) return {};
  std::string out = fact("modules", text("%zu", modules.size()));
  for (const KernelModule& module : modules) {
    // As /proc/modules marks one that comes or goes.
    const char* const marks[] = {"", "+", "-"};
    const char* const mark = module.state < std::size(marks) ? marks[module.state] : "?";
    const std::string flags = module.taints + mark;
    out += text("%-24s %8" PRIu64 " %-3s %s", module.name.c_str(), module.size_bytes,
                flags.empty() ? "-" : flags.c_str(),
                module.build_id.empty() ? "-" : module.build_id.c_str());
    out += module.version.empty() ? "\n" : " " + module.version + "\n";
  }
  return out + "\n";
}

std::string parents_as_text(const std::vector<Task>& parents) {
  std::string out;
  for (const Task& parent : parents)
    out += text("%s%s (%d)", out.empty() ? "; parents " : ", ", parent.comm.c_str(), parent.pid);
  return out;
}

std::string panicked_task(const CrashReport& report) {
  const CpuTrace* const cpu = report.panicked();
  if (!cpu || !cpu->task) return {};
  return task_as_text(*cpu->task) + (cpu->cpu ? text(", CPU %u", *cpu->cpu) : std::string());
}

std::string taint_as_text(const CrashReport& report) {
  if (!report.taint_mask) return {};
  if (*report.taint_mask == 0) return "no";
  return report.taint_letters.empty() ? text("%#" PRIx64, *report.taint_mask)
                                      : report.taint_letters;
}

std::string signature_as_text(const CrashReport& report) {
  const bool is_of_log = report.source == CrashReport::Source::log;
  return report.signature.short_id() + (is_of_log ? ", from the log" : "");
}

}  // namespace

std::string crash_report_as_text(const CrashReport& report, const CrashedSystem& system) {
  std::string crashed = utc_time(system.crash_time_s);
  if (report.uptime_ms) crashed += ", up " + uptime_as_text(*report.uptime_ms);
  std::string kernel = system.release;
  if (!report.build_id.empty()) kernel += "  build-id " + report.build_id;
  std::string out =
      printable(report.signature.title) + "\n" + fact("signature", signature_as_text(report)) +
      fact("reason", report.log.reason) + fact("kernel", kernel) + fact("host", system.nodename) +
      fact("hardware", report.hardware) + fact("crashed", crashed) +
      fact("tainted", taint_as_text(report)) + fact("command", report.command_line) +
      fact("task", panicked_task(report) + parents_as_text(report.parents)) + "\n" +
      cpus_as_text(report) + tasks_as_text(report) + memory_as_text(report.memory) +
      modules_as_text(report.modules);
  for (const std::string& missing : report.missing) out += fact("missing", missing);
  if (!report.log.text.empty())
    out += std::string(report.missing.empty() ? "" : "\n") + "the kernel's own words:\n" +
           report.log.text;
  return out;
}

std::vector<std::string> crash_report_head(const CrashReport& report) {
  std::vector<std::string> lines;
  lines.push_back(printable(report.signature.title) + ", signature " + signature_as_text(report));
  if (std::string task = panicked_task(report); !task.empty()) lines.push_back("task " + task);
  const CpuTrace* const cpu = report.panicked();
  const Trace* const trace = cpu ? &cpu->trace : nullptr;
  for (size_t i = 0; trace && i < std::min(trace->frames.size(), kHeadFrames); ++i)
    lines.push_back("at " + frame_as_text(trace->frames[i], report.names));
  return lines;
}

}  // namespace kdump

#include "init/capture/report/crash_text.h"

#include <algorithm>
#include <cinttypes>

#include "filter/base/text.h"
#include "init/capture/report/cpu_states_text.h"
#include "init/capture/report/crash_name.h"

namespace kdump {
namespace {

constexpr size_t kHeadFrames = 8;

void add_fact(std::string& out, const char* name, std::string_view value) {
  if (value.empty()) return;
  append_text(out, "%-10s ", name);
  out += printable(value);
  out += '\n';
}

void add_task(std::string& out, const Task& task) {
  append_text(out, "%s, pid %d", task.comm.c_str(), task.pid);
}

void add_frame(std::string& out, const Frame& frame, const FrameNames& names) {
  const FrameName name = names.of(frame);
  if (!frame.is_reliable) out += "? ";
  if (*name.function == '\0')
    append_text(out, "%#018" PRIx64, frame.ip);
  else
    append_text(out, "%s+%#" PRIx64 "/%#" PRIx64, name.function, name.offset, name.size_bytes);
  if (*name.module) append_text(out, " [%s]", name.module);
}

// has_stacks: each stack is named where it begins.
void add_trace(std::string& out, const Trace& trace, const FrameNames& names, bool has_stacks) {
  const char* stack = "";
  for (const Frame& frame : trace.frames) {
    const char* const here = has_stacks ? stack_name(frame.stack) : "";
    append_text(out, "  %-6s", here == stack ? "" : here);
    add_frame(out, frame, names);
    out += '\n';
    stack = here;
  }
  append_text(out, "        (%s)\n", trace.end);
}

bool is_same(const Trace& one, const Trace& other) {
  if (one.frames.size() != other.frames.size()) return false;
  for (size_t i = 0; i < one.frames.size(); ++i)
    if (one.frames[i].ip != other.frames[i].ip) return false;
  return true;
}

void add_cpus(std::string& out, const CrashReport& report) {
  std::string shown(report.cpus.size(), '\0');
  for (size_t i = 0; i < report.cpus.size(); ++i) {
    if (shown[i]) continue;
    const CpuTrace& cpu = report.cpus[i];
    if (cpu.cpu)
      append_text(out, "CPU %u", *cpu.cpu);
    else
      out += "CPU of unknown number";
    if (cpu.task) {
      out += ", ";
      add_task(out, *cpu.task);
    }
    out += cpu.panicked ? ", panicked\n" : "\n";
    // Idle CPUs have the same stack: it is shown once.
    size_t same = 0;
    std::string others;
    for (size_t j = i + 1; j < report.cpus.size() && !cpu.panicked; ++j) {
      const CpuTrace& other = report.cpus[j];
      if (shown[j] || cpu.trace.frames.empty() || !is_same(cpu.trace, other.trace)) continue;
      shown[j] = 1;
      ++same;
      if (other.cpu)
        append_text(others, " %u", *other.cpu);
      else
        others += " ?";
    }
    if (same != 0) {
      append_text(out, "and %zu more with this stack:", same);
      out += others;
      out += '\n';
    }
    add_trace(out, cpu.trace, report.names, true);
    out += '\n';
  }
}

void add_blocked(std::string& out, const BlockedTask& blocked) {
  append_text(out, "%c  ", blocked.task.state);
  add_task(out, blocked.task);
  if (blocked.is_owner) out += ", holds a lock that others wait for";
  if (blocked.wait) append_text(out, ", waits for a %s", blocked.wait->kind);
  if (blocked.wait && blocked.owner)
    append_text(out, " held by %s (%d)", blocked.owner->comm.c_str(), blocked.owner->pid);
  out += '\n';
}

void add_tasks(std::string& out, const CrashReport& report) {
  const TaskCounts& tasks = report.tasks;
  if (tasks.total == 0) return;
  std::string states;
  append_text(states, "%u: ", tasks.total);
  const char* separator = "";
  for (const TaskCounts::State& state : tasks.states) {
    append_text(states, "%s%u %s", separator, state.tasks, task_state_name(state.letter));
    separator = ", ";
  }
  add_fact(out, "tasks", states);
  std::string shown(tasks.blocked.size(), '\0');
  for (size_t i = 0; i < tasks.blocked.size(); ++i) {
    if (shown[i]) continue;
    for (size_t j = i; j < tasks.blocked.size(); ++j) {
      if (!is_same(tasks.blocked[i].trace, tasks.blocked[j].trace)) continue;
      shown[j] = 1;
      add_blocked(out, tasks.blocked[j]);
    }
    add_trace(out, tasks.blocked[i].trace, report.names, false);
  }
  if (tasks.blocked_left_out)
    append_text(out, "%u more blocked tasks are left out\n", tasks.blocked_left_out);
  out += '\n';
}

void add_memory(std::string& out, const MemoryCounters& memory) {
  std::string kinds;
  for (const MemoryCounters::Row& row : memory.rows) {
    if (!row.kib) continue;
    kinds += kinds.empty() ? "MiB: " : ", ";
    for (const char* c = row.name; *c; ++c) kinds += *c == '_' ? ' ' : *c;
    append_text(kinds, " %" PRIu64, *row.kib / 1024);
  }
  if (kinds.empty()) return;
  add_fact(out, "memory", kinds);
  for (const ZoneCounters& zone : memory.zones)
    append_text(out,
                "node %u %-8s managed %10" PRIu64 " KiB, free %10" PRIu64 ", min/low/high %" PRIu64
                "/%" PRIu64 "/%" PRIu64 "\n",
                zone.node, zone.name.c_str(), zone.managed_kib, zone.free_kib, zone.min_kib,
                zone.low_kib, zone.high_kib);
  out += '\n';
}

void add_modules(std::string& out, const std::vector<KernelModule>& modules) {
  if (modules.empty()) return;
  add_fact(out, "modules", text("%zu", modules.size()));
  for (const KernelModule& module : modules) {
    // As /proc/modules marks one that comes or goes.
    std::string flags = module.taints;
    if (module.state != 0) flags += module.state == 1 ? '+' : module.state == 2 ? '-' : '?';
    append_text(out, "%-24s %8" PRIu64 " %-3s %s%s%s\n", module.name.c_str(), module.size_bytes,
                flags.empty() ? "-" : flags.c_str(),
                module.build_id.empty() ? "-" : module.build_id.c_str(),
                module.version.empty() ? "" : " ", module.version.c_str());
  }
  out += '\n';
}

std::string panicked_task(const CrashReport& report) {
  std::string out;
  const CpuTrace* const cpu = report.panicked();
  if (!cpu || !cpu->task) return out;
  add_task(out, *cpu->task);
  if (cpu->cpu) append_text(out, ", CPU %u", *cpu->cpu);
  return out;
}

void add_panicked_task(std::string& out, const CrashReport& report) {
  std::string task = panicked_task(report);
  const char* separator = "; parents ";
  for (const Task& parent : report.parents) {
    append_text(task, "%s%s (%d)", separator, parent.comm.c_str(), parent.pid);
    separator = ", ";
  }
  add_fact(out, "task", task);
}

void add_taint(std::string& out, const CrashReport& report) {
  if (!report.taint_mask) return;
  std::string taint = report.taint_letters;
  if (*report.taint_mask == 0) taint = "no";
  if (taint.empty()) append_text(taint, "%#" PRIx64, *report.taint_mask);
  add_fact(out, "tainted", taint);
}

std::string signature_as_text(const CrashReport& report) {
  std::string out = report.signature.short_id();
  if (report.source == CrashReport::Source::log) out += ", from the log";
  return out;
}

}  // namespace

std::string crash_report_as_text(const CrashReport& report, const CrashedSystem& system) {
  std::string out = printable(report.signature.title);
  out += '\n';
  add_fact(out, "signature", signature_as_text(report));
  add_fact(out, "reason", report.log.reason);
  std::string line = system.release;
  if (!report.build_id.empty()) append_text(line, "  build-id %s", report.build_id.c_str());
  add_fact(out, "kernel", line);
  add_fact(out, "host", system.nodename);
  add_fact(out, "hardware", report.hardware);
  line = utc_time(system.crash_time_s);
  if (report.uptime_ms) append_text(line, ", up %s", uptime_as_text(*report.uptime_ms).c_str());
  add_fact(out, "crashed", line);
  add_taint(out, report);
  add_fact(out, "command", report.command_line);
  add_panicked_task(out, report);
  out += '\n';
  add_cpus(out, report);
  add_tasks(out, report);
  add_memory(out, report.memory);
  add_modules(out, report.modules);
  for (const std::string& missing : report.missing) add_fact(out, "missing", missing);
  if (!report.log.text.empty()) {
    if (!report.missing.empty()) out += '\n';
    out += "the kernel's own words:\n";
    out += report.log.text;
  }
  return out;
}

std::vector<std::string> crash_report_head(const CrashReport& report) {
  std::vector<std::string> lines;
  lines.push_back(printable(report.signature.title) + ", signature " + signature_as_text(report));
  if (std::string task = panicked_task(report); !task.empty()) lines.push_back("task " + task);
  const CpuTrace* const cpu = report.panicked();
  const Trace* const trace = cpu ? &cpu->trace : nullptr;
  for (size_t i = 0; trace && i < std::min(trace->frames.size(), kHeadFrames); ++i) {
    std::string line = "at ";
    add_frame(line, trace->frames[i], report.names);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace kdump

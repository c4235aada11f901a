#include "init/capture/report/crash_json.h"

#include <cinttypes>

#include "filter/base/text.h"
#include "init/capture/report/crash_name.h"
#include "init/capture/report/json.h"
#include "init/capture/report/vmcore_json.h"

namespace kdump {
namespace {

std::string address(uint64_t at) { return text("%#018" PRIx64, at); }

void add_task_members(JsonWriter& json, const Task& task) {
  json.signed_number("pid", task.pid);
  json.signed_number("tgid", task.tgid);
  json.text("comm", task.comm);
  json.text("state", std::string_view(&task.state, 1));
  json.boolean("kthread", task.is_kernel_thread);
}

void add_short_task(JsonWriter& json, const char* key, const Task& task) {
  json.begin_object(key);
  json.signed_number("pid", task.pid);
  json.text("comm", task.comm);
  json.end_object();
}

void add_trace(JsonWriter& json, const Trace& trace, const FrameNames& names) {
  json.begin_array("trace");
  for (const Frame& frame : trace.frames) {
    const FrameName name = names.of(frame);
    json.begin_object();
    json.text("ip", address(frame.ip));
    add_text_or_null(json, "function", name.function);
    json.number("offset", name.offset);
    json.number("size", name.size_bytes);
    add_text_or_null(json, "module", name.module);
    json.text("stack", stack_name(frame.stack));
    json.boolean("reliable", frame.is_reliable);
    json.end_object();
  }
  json.end_array();
  json.text("trace_end", trace.end);
}

void add_signature(JsonWriter& json, const CrashReport& report) {
  const Signature& signature = report.signature;
  json.begin_object("signature");
  json.number("version", kSignatureVersion);
  add_text_or_null(json, "id", signature.id);
  add_text_or_null(json, "title", signature.title);
  json.begin_array("frames");
  for (const NamedFrame& frame : signature.frames)
    json.text(nullptr, frame.module.empty() ? frame.function : frame.function + "@" + frame.module);
  json.end_array();
  const bool is_known = report.source != CrashReport::Source::none;
  add_text_or_null(json, "source",
                   !is_known                                     ? ""
                   : report.source == CrashReport::Source::stack ? "stack"
                                                                 : "log");
  json.end_object();
}

void add_panicked_task(JsonWriter& json, const CrashReport& report) {
  const CpuTrace* const cpu = report.panicked();
  if (!cpu || !cpu->task) return json.null("task");
  json.begin_object("task");
  add_task_members(json, *cpu->task);
  json.begin_array("parents");
  for (const Task& parent : report.parents) add_short_task(json, nullptr, parent);
  json.end_array();
  json.end_object();
}

void add_cpus(JsonWriter& json, const CrashReport& report) {
  json.begin_array("cpus");
  for (const CpuTrace& cpu : report.cpus) {
    json.begin_object();
    add_number_or_null(json, "cpu", cpu.cpu);
    json.boolean("panicked", cpu.panicked);
    if (cpu.task) {
      json.begin_object("task");
      add_task_members(json, *cpu.task);
      json.end_object();
    } else {
      json.null("task");
    }
    add_trace(json, cpu.trace, report.names);
    json.end_object();
  }
  json.end_array();
}

void add_blocked(JsonWriter& json, const BlockedTask& blocked, const FrameNames& names) {
  json.begin_object();
  add_task_members(json, blocked.task);
  json.boolean("owner_only", blocked.is_owner);
  if (blocked.wait) {
    json.begin_object("blocker");
    json.text("kind", blocked.wait->kind);
    json.text("lock", address(blocked.wait->lock));
    if (blocked.owner)
      add_short_task(json, "owner", *blocked.owner);
    else
      json.null("owner");
    json.end_object();
  } else {
    json.null("blocker");
  }
  add_trace(json, blocked.trace, names);
  json.end_object();
}

void add_tasks(JsonWriter& json, const CrashReport& report) {
  json.begin_object("tasks");
  json.number("total", report.tasks.total);
  json.begin_object("states");
  for (const TaskCounts::State& state : report.tasks.states) {
    const char letter[] = {state.letter, '\0'};
    json.number(letter, state.tasks);
  }
  json.end_object();
  json.begin_array("blocked");
  for (const BlockedTask& blocked : report.tasks.blocked) add_blocked(json, blocked, report.names);
  json.end_array();
  json.number("blocked_left_out", report.tasks.blocked_left_out);
  json.end_object();
}

void add_modules(JsonWriter& json, const std::vector<KernelModule>& modules) {
  json.begin_array("modules");
  for (const KernelModule& module : modules) {
    json.begin_object();
    json.text("name", module.name);
    json.number("size", module.size_bytes);
    json.text("state", module_state_name(module.state));
    json.text("taints", module.taints);
    add_text_or_null(json, "build_id", module.build_id);
    add_text_or_null(json, "version", module.version);
    add_text_or_null(json, "srcversion", module.srcversion);
    json.end_object();
  }
  json.end_array();
}

void add_memory(JsonWriter& json, const MemoryCounters& memory) {
  json.begin_object("memory");
  for (const MemoryCounters::Row& row : memory.rows)
    add_number_or_null(json, (std::string(row.name) + "_kib").c_str(), row.kib);
  json.begin_array("zones");
  for (const ZoneCounters& zone : memory.zones) {
    json.begin_object();
    json.number("node", zone.node);
    json.text("zone", zone.name);
    json.number("managed_kib", zone.managed_kib);
    json.number("free_kib", zone.free_kib);
    json.number("min_kib", zone.min_kib);
    json.number("low_kib", zone.low_kib);
    json.number("high_kib", zone.high_kib);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace

std::string crash_report_as_json(const CrashReport& report, const CrashedSystem& system) {
  JsonWriter json;
  json.begin_object();
  json.number("schema", 1);
  add_signature(json, report);
  add_text_or_null(json, "kernel", system.release);
  add_text_or_null(json, "kernel_version", system.version);
  add_text_or_null(json, "machine", system.machine);
  add_text_or_null(json, "host", system.nodename);
  add_text_or_null(json, "crash_time", utc_time(system.crash_time_s));
  json.number("cpu_count", system.cpus);
  add_text_or_null(json, "build_id", report.build_id);
  add_text_or_null(json, "hardware", report.hardware);
  add_text_or_null(json, "command_line", report.command_line);
  if (report.uptime_ms)
    json.milliseconds("uptime_seconds", static_cast<int64_t>(*report.uptime_ms));
  else
    json.null("uptime_seconds");
  add_text_or_null(json, "reason", report.log.reason);
  add_number_or_null(json, "panicked_cpu", report.panicked_cpu);
  json.begin_object("tainted");
  add_number_or_null(json, "mask", report.taint_mask);
  json.text("flags", report.taint_letters);
  json.end_object();
  add_panicked_task(json, report);
  add_cpus(json, report);
  add_tasks(json, report);
  add_modules(json, report.modules);
  add_memory(json, report.memory);
  add_text_or_null(json, "log", report.log.text);
  json.begin_array("missing");
  for (const std::string& missing : report.missing) json.text(nullptr, missing);
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace kdump

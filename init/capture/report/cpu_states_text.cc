// See cpu_states_text.h.
#include "init/capture/report/cpu_states_text.h"

#include <cinttypes>

#include "filter/base/text.h"
#include "init/capture/report/vmcore_json.h"

namespace kdump {
namespace {

constexpr size_t kShownCpus = 32;
constexpr int kShownNameBytes = 48;
constexpr size_t kRegistersALine = 3;

// As the kernel's own messages have it, or the address alone: of a module, or in user space.
std::string function_as_text(const Kallsyms::Place& place) {
  if (place.name.empty()) {
    const bool is_user = static_cast<int64_t>(place.at.value) >= 0;
    return text("%#" PRIx64 "%s", place.at.value, is_user ? " (user space)" : "");
  }
  return text("%.*s+%#" PRIx64 "/%#" PRIx64, kShownNameBytes, place.name.c_str(), place.offset,
              place.size_bytes);
}

std::string cpu_number(const CpuState& state) {
  return state.cpu ? text("%u", *state.cpu) : std::string("?");
}

std::string hex(uint64_t value) { return text("0x%016" PRIx64, value); }

std::string registers_as_text(const CpuState& state) {
  std::string out = text("registers of CPU %s\n", cpu_number(state).c_str());
  size_t in_line = 0;
  for (const RegisterRow& row : state.registers.rows) {
    out += text("%s%-8s %016" PRIx64, in_line ? "  " : "", row.name, state.registers.value(row));
    if (++in_line < kRegistersALine) continue;
    out += '\n';
    in_line = 0;
  }
  if (in_line) out += '\n';
  return out;
}

}  // namespace

std::string uptime_as_text(uint64_t milliseconds) {
  const uint64_t seconds = milliseconds / 1000, days = seconds / 86400;
  const std::string clock =
      text("%02u:%02u:%02u", static_cast<unsigned>(seconds / 3600 % 24),
           static_cast<unsigned>(seconds / 60 % 60), static_cast<unsigned>(seconds % 60));
  return days ? text("%" PRIu64 " d %s", days, clock.c_str()) : clock;
}

std::string panicked_as_text(const CpuStates& scene) {
  if (scene.panicked) {
    const CpuState& state = scene.cpus[*scene.panicked];
    return text("CPU %s, pid %d, at %s", cpu_number(state).c_str(), state.registers.pid,
                function_as_text(state.function).c_str());
  }
  return scene.panic_cpu ? text("CPU %u, which left no registers", *scene.panic_cpu) : "";
}

std::string cpus_as_text(const CpuStates& scene) {
  if (scene.cpus.empty()) return {};
  std::string out = "cpu        pid  at\n";
  for (size_t i = 0; i < scene.cpus.size(); ++i) {
    if (i >= kShownCpus && i != scene.panicked) continue;
    const CpuState& state = scene.cpus[i];
    out += text("%-4s%-2s%8d  %s\n", cpu_number(state).c_str(), i == scene.panicked ? "*" : "",
                state.registers.pid, function_as_text(state.function).c_str());
  }
  if (scene.cpus.size() > kShownCpus)
    out += text("and others, %zu in all: see --json\n", scene.cpus.size());
  if (scene.panicked) out += "\n" + registers_as_text(scene.cpus[*scene.panicked]);
  return out;
}

void add_cpu_states(JsonWriter& json, const CpuStates& scene) {
  add_number_or_null(json, "panic_cpu", scene.panic_cpu);
  json.begin_array("cpu_states");
  for (const CpuState& state : scene.cpus) {
    const Kallsyms::Place& function = state.function;
    const bool named = !function.name.empty();
    json.begin_object();
    add_number_or_null(json, "cpu", state.cpu);
    json.signed_number("pid", state.registers.pid);
    json.text("ip", hex(state.registers.ip.value));
    add_text_or_null(json, "function", function.name);
    add_number_or_null(json, "function_offset",
                       named ? std::optional(function.offset) : std::nullopt);
    add_number_or_null(json, "function_size",
                       named ? std::optional(function.size_bytes) : std::nullopt);
    json.begin_object("registers");
    for (const RegisterRow& row : state.registers.rows)
      json.text(row.name, hex(state.registers.value(row)));
    json.end_object();
    json.end_object();
  }
  json.end_array();
}

}  // namespace kdump

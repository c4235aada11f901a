// Formats what the CPUs executed at the crash, as `info` shows it: text for a console of 80
// columns, and JSON. Texts are printable ASCII whatever the vmcore holds.
#pragma once

#include <optional>
#include <string>

#include "filter/kernel/cpu_states.h"
#include "init/capture/report/json.h"

namespace kdump {

// "00:07:42", "3 d 00:07:42".
std::string uptime_as_text(uint64_t milliseconds);

// "CPU 1, pid 711, at sysrq_handle_crash+0x1a/0x20"; empty where the panicking CPU is unknown.
std::string panicked_as_text(const CpuStates& scene);

// A line a CPU, at most 32 of them, and the registers of the one that panicked.
std::string cpus_as_text(const CpuStates& scene);

// panic_cpu and cpu_states.
void add_cpu_states(JsonWriter& json, const CpuStates& scene);

}  // namespace kdump

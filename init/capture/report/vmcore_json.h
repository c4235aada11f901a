// What report.json and `info --json` have in common: the crashed system and its pages by class.
#pragma once

#include <optional>

#include "filter/kernel/vmcore.h"
#include "filter/pages/plan.h"
#include "init/capture/report/json.h"

namespace kdump {

// Empty text and absent numbers become null: a field is always there.
void add_text_or_null(JsonWriter& json, const char* key, std::string_view text);
void add_number_or_null(JsonWriter& json, const char* key, std::optional<uint64_t> value);

// kernel, kernel_version, machine, host, crash_time, cpus.
void add_system(JsonWriter& json, const CrashedSystem& system);
// total and one number a class; all null without a plan.
void add_pages(JsonWriter& json, const Plan* plan);

}  // namespace kdump

// The crash report for programs: crash.json and `report --json`. docs/crash.schema.json is its
// schema; a field once published keeps its name and unit.
#pragma once

#include <string>

#include "filter/kernel/report/crash_report.h"

namespace kdump {

std::string crash_report_as_json(const CrashReport& report, const CrashedSystem& system);

}  // namespace kdump

// The crash report for people: crash.txt, the screen of `report`, and its head on the console.
// Every line is printable ASCII, whatever the vmcore holds.
#pragma once

#include <string>
#include <vector>

#include "filter/kernel/report/crash_report.h"

namespace kdump {

std::string crash_report_as_text(const CrashReport& report, const CrashedSystem& system);

// What the console gets, a line each: title, signature, reason, task and the stack's first frames.
std::vector<std::string> crash_report_head(const CrashReport& report);

}  // namespace kdump

// The names of a crash's files, the same on every target, and the suffix of an incomplete file.
#pragma once

#include <string>

namespace kdump {

constexpr char kDumpName[] = "vmcore";
constexpr char kDmesgName[] = "vmcore-dmesg.txt";
constexpr char kOwnLogName[] = "kdump-init.log";
constexpr char kCrashTextName[] = "crash.txt";
constexpr char kCrashJsonName[] = "crash.json";
constexpr char kReportName[] = "report.json";
constexpr char kManifestName[] = "SHA256SUMS";

constexpr char kIncompleteSuffix[] = "-incomplete";

inline std::string incomplete_name(const std::string& name) { return name + kIncompleteSuffix; }

}  // namespace kdump

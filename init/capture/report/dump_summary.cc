// See dump_summary.h.
#include "init/capture/report/dump_summary.h"

#include <algorithm>

#include "filter/base/text.h"
#include "filter/kernel/report/panic_reason.h"
#include "init/capture/report/crash_name.h"
#include "init/capture/report/human_size.h"
#include "init/capture/report/json_text.h"
#include "init/capture/report/vmcore_json.h"
#include "targets/crash_files.h"

namespace kdump {
namespace {

constexpr size_t kReportBytes = 64 << 10;    // ours have 3 KiB
constexpr size_t kCrashHeadBytes = 2 << 10;  // a title has at most a reason's length
constexpr size_t kLogHeadBytes = 4 << 10;    // "Linux version" is the first line
constexpr size_t kLogTailBytes = 64 << 10;   // the panic is near the end
constexpr int kColumns = 80;

// Empty: not there, or not readable.
std::string read_part(StoredFiles& files, const DumpSummary& summary, const std::string& name,
                      uint64_t offset, size_t most) {
  if (!summary.contents.find(name)) return {};
  return files.read(summary.dump.name + "/" + name, offset, most).value_or(std::string());
}

std::string kernel_of_log(const std::string& head) {
  constexpr std::string_view kVersion = "Linux version ";
  const size_t at = head.find(kVersion);
  if (at == std::string::npos) return {};
  const size_t begin = at + kVersion.size();
  return head.substr(begin, head.find_first_of(" \n", begin) - begin);
}

std::string reason_of_log(const std::string& tail) {
  PanicReason reason;
  if (!reason.write_at(0, bytes_of_text(tail))) return {};
  return reason.take();
}

// The first two lines of crash.txt: the title, and the word "signature" with what follows it.
void read_crash(StoredFiles& files, DumpSummary& summary) {
  constexpr std::string_view kSignature = "signature ";
  const std::string head = read_part(files, summary, kCrashTextName, 0, kCrashHeadBytes);
  const size_t end = head.find('\n');
  const std::string_view second =
      end == std::string::npos ? std::string_view() : std::string_view(head).substr(end + 1);
  if (!second.starts_with(kSignature)) return;
  summary.title = head.substr(0, end);
  const size_t begin = second.find_first_not_of(' ', kSignature.size());
  if (begin == std::string_view::npos) return;
  summary.signature = second.substr(begin, second.find_first_of("\n,", begin) - begin);
}

std::string cut(std::string text, size_t columns) {
  if (text.size() <= columns) return text;
  return text.substr(0, columns - 3) + "...";
}

}  // namespace

const char* DumpSummary::state() const {
  if (contents.is_complete) return lacks_memory ? "incomplete" : "complete";
  if (contents.is_incomplete) return "incomplete";
  return contents.find(kDmesgName) ? "log only" : "nothing";
}

DumpSummary read_dump_summary(StoredFiles& files, const StoredDump& dump) {
  DumpSummary summary;
  summary.dump = dump;
  auto contents = read_dump_contents(files, dump);
  if (!contents) {
    summary.problem = contents.error().text;
    return summary;
  }
  summary.contents = *std::move(contents);
  const std::string report = read_part(files, summary, kReportName, 0, kReportBytes);
  summary.lacks_memory = json_member_text(report, "status") == "incomplete";
  summary.kernel = json_member_text(report, "kernel").value_or("");
  summary.reason = json_member_text(report, "reason").value_or("");
  read_crash(files, summary);
  const DumpContents::Entry* const log = summary.contents.find(kDmesgName);
  if (!log) return summary;
  if (summary.kernel.empty())
    summary.kernel = kernel_of_log(read_part(files, summary, kDmesgName, 0, kLogHeadBytes));
  if (summary.reason.empty())
    summary.reason = reason_of_log(
        read_part(files, summary, kDmesgName,
                  log->bytes - std::min<uint64_t>(log->bytes, kLogTailBytes), kLogTailBytes));
  return summary;
}

std::string summary_as_text(const DumpSummary& summary) {
  const std::string end =
      summary.problem.empty()
          ? text("  %9s  %-10s", human_size(summary.contents.bytes).c_str(), summary.state())
          : "  not readable";
  const int room = kColumns - 2 - static_cast<int>(end.size());
  const std::string description =
      !summary.problem.empty()
          ? summary.problem
          : (summary.kernel.empty() ? "unknown kernel" : summary.kernel) + ": " +
                (summary.reason.empty() ? "unknown reason" : summary.reason);
  const std::string first = text(
      "  %-*s%s", room, cut(summary.dump.name, static_cast<size_t>(room)).c_str(), end.c_str());
  return first.substr(0, first.find_last_not_of(' ') + 1) + "\n    " +
         cut(printable(description), kColumns - 4) + "\n";
}

std::string summary_as_line(const DumpSummary& summary, const std::string& where) {
  const bool has_dump =
      summary.problem.empty() && (summary.contents.is_complete || summary.contents.is_incomplete);
  const std::string state = has_dump ? summary.state() : "none";
  return printable(where + "/" + summary.dump.name) + "\t" + state + "\t" +
         utc_time(summary.dump.crash_time_s) + "\t" + summary.dump.host + "\t" +
         printable(summary.kernel.empty() ? "unknown kernel" : summary.kernel) + "\t" +
         std::to_string(summary.contents.bytes) + "\t" + printable(summary.reason) + "\t" +
         printable(summary.title) + "\t" + printable(summary.signature) + "\n";
}

void add_summary(JsonWriter& json, const DumpSummary& summary) {
  json.begin_object();
  json.text("name", summary.dump.name);
  json.text("host", summary.dump.host);
  add_text_or_null(json, "crash_time", utc_time(summary.dump.crash_time_s));
  json.text("state", summary.problem.empty() ? summary.state() : "unreadable");
  add_text_or_null(json, "problem", summary.problem);
  add_text_or_null(json, "kernel", summary.kernel);
  add_text_or_null(json, "reason", summary.reason);
  add_text_or_null(json, "title", summary.title);
  add_text_or_null(json, "signature", summary.signature);
  json.number("bytes", summary.contents.bytes);
  json.end_object();
}

}  // namespace kdump

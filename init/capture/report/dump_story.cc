// See dump_story.h.
#include "init/capture/report/dump_story.h"

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
std::string read_part(StoredFiles& files, const DumpStory& story, const std::string& name,
                      uint64_t offset, size_t most) {
  if (!story.contents.find(name)) return {};
  return files.read(story.dump.name + "/" + name, offset, most).value_or(std::string());
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
  if (!reason.write_at(0, {reinterpret_cast<const uint8_t*>(tail.data()), tail.size()})) return {};
  return reason.take();
}

// The first two lines of crash.txt: the title, and the word "signature" with what follows it.
void read_crash(StoredFiles& files, DumpStory& story) {
  constexpr std::string_view kSignature = "signature ";
  const std::string head = read_part(files, story, kCrashTextName, 0, kCrashHeadBytes);
  const size_t end = head.find('\n');
  const std::string_view second =
      end == std::string::npos ? std::string_view() : std::string_view(head).substr(end + 1);
  if (!second.starts_with(kSignature)) return;
  story.title = head.substr(0, end);
  const size_t begin = second.find_first_not_of(' ', kSignature.size());
  if (begin == std::string_view::npos) return;
  story.signature = second.substr(begin, second.find_first_of("\n,", begin) - begin);
}

std::string cut(std::string text, size_t columns) {
  if (text.size() <= columns) return text;
  return text.substr(0, columns - 3) + "...";
}

}  // namespace

const char* DumpStory::state() const {
  if (contents.is_complete) return lacks_memory ? "incomplete" : "complete";
  if (contents.is_incomplete) return "incomplete";
  return contents.find(kDmesgName) ? "log only" : "nothing";
}

DumpStory read_dump_story(StoredFiles& files, const StoredDump& dump) {
  DumpStory story;
  story.dump = dump;
  auto contents = look_into_dump(files, dump);
  if (!contents) {
    story.problem = contents.error().text;
    return story;
  }
  story.contents = *std::move(contents);
  const std::string report = read_part(files, story, kReportName, 0, kReportBytes);
  story.lacks_memory = json_member_text(report, "status") == "incomplete";
  story.kernel = json_member_text(report, "kernel").value_or("");
  story.reason = json_member_text(report, "reason").value_or("");
  read_crash(files, story);
  const DumpContents::Entry* const log = story.contents.find(kDmesgName);
  if (!log) return story;
  if (story.kernel.empty())
    story.kernel = kernel_of_log(read_part(files, story, kDmesgName, 0, kLogHeadBytes));
  if (story.reason.empty())
    story.reason = reason_of_log(
        read_part(files, story, kDmesgName,
                  log->bytes - std::min<uint64_t>(log->bytes, kLogTailBytes), kLogTailBytes));
  return story;
}

std::string story_as_text(const DumpStory& story) {
  const std::string end =
      story.problem.empty()
          ? text("  %9s  %-10s", human_size(story.contents.bytes).c_str(), story.state())
          : "  not readable";
  const int room = kColumns - 2 - static_cast<int>(end.size());
  const std::string told = !story.problem.empty()
                               ? story.problem
                               : (story.kernel.empty() ? "unknown kernel" : story.kernel) + ": " +
                                     (story.reason.empty() ? "no reason is told" : story.reason);
  const std::string first =
      text("  %-*s%s", room, cut(story.dump.name, static_cast<size_t>(room)).c_str(), end.c_str());
  return first.substr(0, first.find_last_not_of(' ') + 1) + "\n    " +
         cut(printable(told), kColumns - 4) + "\n";
}

std::string story_as_line(const DumpStory& story, const std::string& where) {
  const bool has_dump =
      story.problem.empty() && (story.contents.is_complete || story.contents.is_incomplete);
  const std::string state = has_dump ? story.state() : "none";
  return printable(where + "/" + story.dump.name) + "\t" + state + "\t" +
         utc_time(story.dump.crash_time_s) + "\t" + story.dump.host + "\t" +
         printable(story.kernel.empty() ? "unknown kernel" : story.kernel) + "\t" +
         std::to_string(story.contents.bytes) + "\t" + printable(story.reason) + "\t" +
         printable(story.title) + "\t" + printable(story.signature) + "\n";
}

void add_story(JsonWriter& json, const DumpStory& story) {
  json.begin_object();
  json.text("name", story.dump.name);
  json.text("host", story.dump.host);
  add_text_or_null(json, "crash_time", utc_time(story.dump.crash_time_s));
  json.text("state", story.problem.empty() ? story.state() : "unreadable");
  add_text_or_null(json, "problem", story.problem);
  add_text_or_null(json, "kernel", story.kernel);
  add_text_or_null(json, "reason", story.reason);
  add_text_or_null(json, "title", story.title);
  add_text_or_null(json, "signature", story.signature);
  json.number("bytes", story.contents.bytes);
  json.end_object();
}

}  // namespace kdump

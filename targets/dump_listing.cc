#include "targets/dump_listing.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <tuple>

#include "targets/crash_files.h"

namespace kdump {
namespace {

constexpr size_t kMaxNameBytes = 255;  // NAME_MAX
// -YYYY-MM-DD-HH:MM:SS: 'd' is a digit, ':' may be a dash.
constexpr std::string_view kTimeForm = "-dddd-dd-dd-dd:dd:dd";
constexpr uint32_t kMaxNumber = 1000;  // as crash_directory.cc numbers them

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_host_byte(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
         c == '-';
}

bool has_time_form(std::string_view text) {
  return std::equal(text.begin(), text.end(), kTimeForm.begin(), kTimeForm.end(),
                    [](char have, char form) {
                      if (form == 'd') return is_digit(have);
                      return have == form || (form == ':' && have == '-');
                    });
}

int number_at(std::string_view text, size_t at, size_t digits) {
  int number = 0;
  std::from_chars(text.data() + at, text.data() + at + digits, number);
  return number;
}

// nullopt: there is no such time.
std::optional<int64_t> parse_time(std::string_view text) {
  tm time{};
  time.tm_year = number_at(text, 1, 4) - 1900;
  time.tm_mon = number_at(text, 6, 2) - 1;
  time.tm_mday = number_at(text, 9, 2);
  time.tm_hour = number_at(text, 12, 2);
  time.tm_min = number_at(text, 15, 2);
  time.tm_sec = number_at(text, 18, 2);
  const tm asked = time;
  const int64_t seconds = timegm(&time);
  const auto fields = [](const tm& t) {
    return std::tie(t.tm_year, t.tm_mon, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
  };
  if (fields(asked) != fields(time)) return std::nullopt;
  return seconds;
}

// Takes ".N" off the end of a name; 0: there is none.
uint32_t take_number(std::string_view& name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot + 1 == name.size() || name[dot + 1] == '0') return 0;
  uint32_t number = 0;
  const char* const end = name.data() + name.size();
  const auto [at, error] = std::from_chars(name.data() + dot + 1, end, number);
  if (error != std::errc() || at != end || number >= kMaxNumber) return 0;
  name = name.substr(0, dot);
  return number;
}

// What kdump-init leaves in a crash's directory, finished or not.
bool is_file_of_dump(std::string_view name) {
  if (name.ends_with(kIncompleteSuffix)) name.remove_suffix(sizeof kIncompleteSuffix - 1);
  for (const char* const known : {kDumpName, kDmesgName, kCrashTextName, kCrashJsonName,
                                  kOwnLogName, kReportName, kManifestName})
    if (name == known) return true;
  return false;
}

}  // namespace

std::optional<StoredDump> parse_dump_name(std::string_view name) {
  StoredDump dump;
  dump.name = name;
  if (name.size() > kMaxNameBytes) return std::nullopt;
  // The time itself has no dot, so that ".N" is none of it.
  if (name.size() > kTimeForm.size() && !has_time_form(name.substr(name.size() - kTimeForm.size())))
    dump.number = take_number(name);
  if (name.size() <= kTimeForm.size()) return std::nullopt;
  const std::string_view host = name.substr(0, name.size() - kTimeForm.size());
  const std::string_view time = name.substr(host.size());
  if (!has_time_form(time) || !std::all_of(host.begin(), host.end(), is_host_byte) ||
      host.front() == '.' || host.front() == '-')
    return std::nullopt;
  const auto seconds = parse_time(time);
  if (!seconds) return std::nullopt;
  dump.host = host;
  dump.crash_time_s = *seconds;
  return dump;
}

Result<DumpListing> list_dumps(StoredFiles& files) {
  StoredFiles::Names found = TRY(files.names(
      "", [](std::string_view name) { return parse_dump_name(name).has_value(); },
      kMaxListedDumps));
  DumpListing listing{.dumps = {}, .has_more = found.has_more};
  for (const std::string& name : found.names)
    if (auto dump = parse_dump_name(name)) listing.dumps.push_back(*std::move(dump));
  std::sort(listing.dumps.begin(), listing.dumps.end(),
            [](const StoredDump& one, const StoredDump& other) {
              return std::tie(one.crash_time_s, one.number, one.name) >
                     std::tie(other.crash_time_s, other.number, other.name);
            });
  return listing;
}

const DumpContents::Entry* DumpContents::find(std::string_view name) const {
  for (const Entry& entry : entries)
    if (entry.name == name) return &entry;
  return nullptr;
}

Result<DumpContents> read_dump_contents(StoredFiles& files, const StoredDump& dump) {
  // A link may lead anywhere.
  if (!TRY(files.status(dump.name)).is_directory)
    return fail(Kind::refused, "%s is not a directory", dump.name.c_str());
  const auto found = TRY(files.names(
      dump.name, [](std::string_view) { return true; }, kMaxDumpFiles));
  DumpContents contents;
  contents.has_other_things = found.has_more;
  for (const std::string& name : found.names) {
    const bool is_known = is_file_of_dump(name);
    const auto status = TRY(files.status(dump.name + "/" + name));
    contents.has_other_things |= !is_known || !status.is_file;
    if (!status.is_file) continue;
    contents.entries.push_back({name, status.bytes});
    if (__builtin_add_overflow(contents.bytes, status.bytes, &contents.bytes))
      contents.bytes = UINT64_MAX;
    contents.freed_bytes += std::min(status.freed_bytes, UINT64_MAX - contents.freed_bytes);
    contents.is_complete |= name == kDumpName;
    contents.is_incomplete |= name == incomplete_name(kDumpName);
    contents.is_ours |= name == kOwnLogName || name == kReportName;
  }
  return contents;
}

// The vmcore goes first: what is interrupted is not taken for a whole dump, and keeps its log.
Result<> remove_stored_dump(StoredFiles& files, const StoredDump& dump,
                            const DumpContents& contents) {
  TRY(files.remove(dump.name + "/" + kDumpName));
  for (const DumpContents::Entry& entry : contents.entries)
    if (entry.name != kDumpName) TRY(files.remove(dump.name + "/" + entry.name));
  return files.remove_directory(dump.name);
}

}  // namespace kdump

// See crash_name.h.
#include "init/capture/report/crash_name.h"

#include <cstdio>
#include <ctime>

namespace kdump {
namespace {

// Seconds since 1970 that have a year of four digits.
bool is_plausible(int64_t time_s) { return time_s > 0 && time_s < 253'402'300'800; }

std::string print_time(const char* format, int64_t time_s) {
  const time_t time = time_s;
  struct tm parts {};
  char text[64];
  if (!is_plausible(time_s) || !gmtime_r(&time, &parts)) return {};
  return std::string(text, strftime(text, sizeof text, format, &parts));
}

bool is_safe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

std::string safe_host(std::string_view nodename) {
  std::string host;
  for (const char c : nodename) {
    const bool may_lead = c != '.' && c != '-';
    if (is_safe(c) && (may_lead || !host.empty()) && host.size() < kHostBytes) host += c;
  }
  return host.empty() ? "localhost" : host;
}

std::string crash_directory_name(std::string_view nodename, int64_t crash_time_s, int64_t now_s) {
  const int64_t time_s = is_plausible(crash_time_s) ? crash_time_s : now_s;
  const std::string time = print_time("%Y-%m-%d-%H:%M:%S", time_s);
  // A machine without a clock may stand before 1970 as well.
  return safe_host(nodename) + "-" + (time.empty() ? "1970-01-01-00:00:00" : time);
}

std::string utc_time(int64_t time_s) { return print_time("%Y-%m-%dT%H:%M:%SZ", time_s); }

}  // namespace kdump

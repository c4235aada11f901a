// What a crash is called on a target: HOST-YYYY-MM-DD-HH:MM:SS, as Fedora's kdump does. The time
// is UTC: the capture kernel knows no time zone. Both parts come from hostile memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kdump {

// At most this much of the host name: file names end at 255 bytes.
constexpr size_t kHostBytes = 64;

// The nodename with only [A-Za-z0-9._-] left, not beginning with a dot or a dash; "localhost" if
// nothing is left.
std::string safe_host(std::string_view nodename);

// The directory's name. A crash time that cannot be (0: unknown) is replaced by now_s.
std::string crash_directory_name(std::string_view nodename, int64_t crash_time_s, int64_t now_s);

// "2026-11-21T03:21:31Z"; empty for a time that cannot be.
std::string utc_time(int64_t time_s);

}  // namespace kdump

// Parses the URLs of local targets, and the fields that all URLs share. Pure: opens nothing.
// Network targets: server_url.h.
#pragma once

#include <string>
#include <string_view>

#include "filter/base/result.h"
#include "targets/storage/device_name.h"

namespace kdump {

struct FileSystemUrl {  // fs:DEVICE:/DIR
  DeviceName device;
  std::string directory;  // begins with /, without ..
};

struct RawUrl {  // raw:DEVICE[?force]
  DeviceName device;
  bool force = false;
};

struct DirectoryUrl {  // dir:/DIR
  std::string directory;
};

// rest: the URL after the scheme's colon. Fail: refused, with the error.
Result<FileSystemUrl> parse_file_system_url(std::string_view rest);
Result<RawUrl> parse_raw_url(std::string_view rest);
Result<DirectoryUrl> parse_directory_url(std::string_view rest);

// The URL as messages show it after its first time: a server's options may be long.
std::string without_options(const std::string& url);

// A directory that does not begin with / or climbs by ".." is refused.
Result<std::string> parse_directory(std::string_view encoded);
Result<std::string> check_directory(std::string path);  // percent-decoded

// The text of a URL, well-formed or not, for a message: what may be a password becomes ***, which
// is what lies between a colon, but that of ://, and the last @ before a ?.
std::string without_password(std::string_view url);

}  // namespace kdump

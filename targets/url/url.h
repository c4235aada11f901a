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

// Check a directory. Fail: refused, if it does not begin with / or contains "..".
Result<std::string> parse_directory(std::string_view encoded);
Result<std::string> check_directory(std::string path);  // percent-decoded

}  // namespace kdump

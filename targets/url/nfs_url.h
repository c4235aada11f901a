// nfs://HOST[:PORT]/EXPORT[?path=DIR&vers=VERSION&OPTION…]: text in, fields out.
#pragma once

#include "targets/url/server_url.h"

namespace kdump {

struct NfsUrl {
  ServerUrl server;                   // host and port are filled in; path is the export
  std::string directory;              // path=, below the export; "/" if not given
  std::vector<std::string> versions;  // those to try, newest first: "4.2" … "3"
  std::string options;                // further mount options, "noresvport,wsize=65536"; may be ""
};

// Options that this program sets itself, or that would let a dead server hang the capture, are
// refused by name; all others are the kernel's to know.
Result<NfsUrl> parse_nfs_url(std::string_view rest);

}  // namespace kdump

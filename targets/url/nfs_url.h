// Parses nfs://HOST[:PORT]/EXPORT[?path=DIR&vers=VERSION&OPTION…]. Pure.
#pragma once

#include "targets/url/server_url.h"

namespace kdump {

struct NfsUrl {
  ServerUrl server;                   // host and port are set; path is the export
  std::string directory;              // path=, below the export; default "/"
  std::vector<std::string> versions;  // to try, newest first: "4.2" … "3"
  std::string options;                // further mount options, "noresvport,wsize=65536"; may be ""
};

// rest: the URL after the scheme's colon. Refuses options that this program sets itself or that
// would let a dead server hang the capture; passes all others to the kernel. Fails: refused, with
// the error.
Result<NfsUrl> parse_nfs_url(std::string_view rest);

}  // namespace kdump

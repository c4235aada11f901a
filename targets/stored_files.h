// The files that are on a target already, as earlier crashes have left them, all of it hostile
// (anyone may write to a shared directory): to be read, and the oldest to be removed (retention.h).
// What of it is a dump: dump_listing.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "filter/base/result.h"

namespace kdump {

// Valid until its target's finish(). A path is relative to the target's directory, "" that itself.
class StoredFiles {
 public:
  struct Status {
    bool is_file = false;       // a regular one
    bool is_directory = false;  // neither: a link, which is not followed, or a device
    uint64_t bytes = 0;
    uint64_t freed_bytes = 0;  // what removing it gives back, as far as that is known
  };
  struct Names {
    std::vector<std::string> names;  // in no order, without . and ..
    bool has_more = false;           // than `most`
  };

  virtual ~StoredFiles() = default;

  // The names in a directory that are wanted, at most `most`. A directory that is not there has
  // none.
  virtual Result<Names> names(const std::string& directory, bool (*is_wanted)(std::string_view),
                              size_t most) = 0;
  virtual Result<Status> look(const std::string& path) = 0;
  // At most `most` bytes of a regular file from offset on; fewer where it ends.
  virtual Result<std::string> read(const std::string& path, uint64_t offset, size_t most) = 0;
  // A file; what is gone already is as good as removed.
  virtual Result<> remove(const std::string& path) = 0;
  // A directory that is empty; its absence is durable then.
  virtual Result<> remove_directory(const std::string& path) = 0;
};

}  // namespace kdump

// The files of earlier crashes on a target: lists, reads and removes them. Their contents and names
// are hostile, since anyone may write to a shared directory. Recognising dumps: dump_listing.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "filter/base/result.h"

namespace kdump {

// Valid until the target's finish(). Paths are relative to the target's directory; "" is that
// directory.
class StoredFiles {
 public:
  struct Status {
    bool is_file = false;       // a regular one
    bool is_directory = false;  // neither: a link or a device
    uint64_t bytes = 0;
    uint64_t freed_bytes = 0;  // space that its removal frees, as far as known
  };
  struct Names {
    std::vector<std::string> names;  // in no order, without . and ..
    bool has_more = false;           // there are more than max_names
  };

  virtual ~StoredFiles() = default;

  // Returns at most max_names names in a directory for which is_wanted() is true; none if the
  // directory does not exist.
  virtual Result<Names> names(const std::string& directory, bool (*is_wanted)(std::string_view),
                              size_t max_names) = 0;
  // Returns the status of a path; does not follow links.
  virtual Result<Status> status(const std::string& path) = 0;
  // Reads up to max_bytes of a regular file from `offset` on; fewer only at its end.
  virtual Result<std::string> read(const std::string& path, uint64_t offset, size_t max_bytes) = 0;
  // Removes a file; succeeds if it does not exist.
  virtual Result<> remove(const std::string& path) = 0;
  // Removes an empty directory durably.
  virtual Result<> remove_directory(const std::string& path) = 0;
};

}  // namespace kdump

// The contract of targets: a target stores the files of one crash. Targets do not depend on dumps,
// and the engine does not depend on targets; init/capture/job joins them.
//
// Order: preflight → begin → (create → write_at* → commit or keep_incomplete) for each file →
// finish. A test before any crash (check_job.h) reads back and discards before finish. Every wait
// is within Limits; the supervisor kills a process whose call blocks in the kernel longer.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "filter/base/observer.h"
#include "filter/base/result.h"
#include "filter/base/sink.h"
#include "filter/base/sys.h"
#include "targets/stored_files.h"

namespace kdump {

// One file on a target. Until commit() it has its incomplete name, or an equivalent mark.
class TargetFile : public Sink {
 public:
  // Makes all written data durable under the incomplete name. Fails as commit() would.
  virtual Result<> sync() = 0;
  // Flushes, syncs, renames to the final name and syncs the directory: only then is the file
  // "saved".
  virtual Result<> commit() = 0;
  // Syncs the written data and keeps it under the incomplete name, for a partial dump. The
  // destructor of an uncommitted file leaves it under that name, unsynced.
  virtual Result<> keep_incomplete() = 0;
  // Renames a committed file back to its incomplete name, durably, because read-back found that it
  // differs from the written data. Fails: unsupported, if the target cannot rename it.
  virtual Result<> demote() {
    return fail(Kind::unsupported, "cannot rename a committed file on this target");
  }
  // Reads data that sync() or commit() made durable, from the device or server and not from a
  // cache. Fails: unsupported, if the target cannot be read; corrupt, if the file ends before; io.
  virtual Result<> read_back(uint64_t offset, MutableBytes out) = 0;
};

class Target {
 public:
  // positional: write_at accepts any offset in any order. append_only: each write must start at the
  // end of the previous one (a stream); dumps are then flattened.
  enum class Access : uint8_t { positional, append_only };

  struct Space {
    std::optional<uint64_t> free_bytes;    // nullopt: unknown
    std::optional<uint64_t> largest_file;  // nullopt: no limit below free_bytes (vfat: 4 GiB - 1)
    // Blocks reserved for root, in addition to free_bytes, less the space that the system needs to
    // boot.
    uint64_t reserved_bytes = 0;
    bool is_hint = false;          // free_bytes is a server's statement, which may be wrong
    bool no_sparse_files = false;  // the target cannot store holes
  };

  // Limits of waits, seconds.
  struct Limits {
    uint32_t step_s = 30;          // for a device, a link, an answer (rd.kdump.timeout)
    uint32_t stall_s = 60;         // for what is written to get on (rd.kdump.stall)
    bool has_next_target = false;  // another target follows: no wait is longer than these
  };

  virtual ~Target() = default;

  virtual const char* describe() const = 0;  // the URL, for messages; contains no secrets
  virtual Access access() const = 0;
  // Prepares the target for the first write: finds the device, mounts it, or connects. Repeatable.
  // Creates no file.
  virtual Result<Space> preflight() = 0;
  // Makes the directory of this crash, `name` (or name.1, name.2, … if it exists), and syncs its
  // parent. ':' becomes '-' if the target refuses it in names.
  virtual Result<> begin(const std::string& name) = 0;
  // Returns the location of that directory, for messages and report.json.
  virtual std::string location() const = 0;
  // Creates a file in the crash's directory, exclusively. expected_bytes: upper bound of its size,
  // 0 if unknown; a hint for the layout. A larger file fails in write_at with no_space, so that a
  // truncated dump remains possible.
  virtual Result<std::unique_ptr<TargetFile>> create(const char* name, uint64_t expected_bytes) = 0;
  // False: begin() overwrites what earlier runs have stored.
  virtual bool keeps_earlier_crashes() const { return false; }
  // Whether single files can be removed through stored_files(), so that one gives its room to
  // another.
  virtual bool can_remove_files() const { return false; }
  // Whether discard() works. False: a trial must stop after preflight().
  virtual bool can_discard() const { return false; }
  // Removes everything that begin() and create() made, also after failures: the files, the crash's
  // directory and its new parents. Does not remove files of others.
  virtual Result<> discard() {
    return fail(Kind::refused, "%s: cannot remove the test files", describe());
  }
  // Returns the files of earlier crashes. Mounts or connects if preflight() has not; read-only is
  // sufficient. Fails: unsupported, if the target cannot list files; as preflight() does.
  virtual Result<std::unique_ptr<StoredFiles>> stored_files() {
    return fail(Kind::unsupported, "%s: cannot list files on this target", describe());
  }
  // Syncs, and unmounts or disconnects. After it only preflight() and stored_files() may be called.
  // Also called after failures: performs every step and returns the first error.
  virtual Result<> finish() = 0;
};

}  // namespace kdump

// The contract every target fulfils: a place that takes the files of one crash. Targets know
// nothing of dumps, and the engine nothing of targets; init/capture/job joins them.
//
// Order: preflight → begin → (create → write_at* → commit or keep_incomplete) for each file →
// finish. A trial before any crash (check_job.h) reads back and discards before it finishes.
// Every call that can wait does so within Limits; a call that blocks in the kernel all the same
// is ended from outside, by the supervisor of the process that runs it.
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

// One file on a target. Until commit() it bears its incomplete name, or what stands for it there.
class TargetFile : public Sink {
 public:
  // Makes all that was written durable, under the incomplete name. Fails as commit() would.
  virtual Result<> sync() = 0;
  // Flush, sync, rename to the final name, sync the directory: only then is the file "saved".
  virtual Result<> commit() = 0;
  // Syncs what has arrived and keeps it under its incomplete name: a partial dump is evidence.
  // The destructor of an uncommitted file closes it and leaves it, unsynced, under that name.
  virtual Result<> keep_incomplete() = 0;
  // Takes commit() back, durably: what bears the final name is not what was written, as reading it
  // has shown. Fails: unsupported, where a name once given stays.
  virtual Result<> retract() { return fail(Kind::unsupported, "a name that was given here stays"); }
  // Reads what sync() or commit() has made durable from where it lies now, not out of a memory of
  // ours. Fails: unsupported, where nothing can be read.
  virtual Result<> read_back(uint64_t offset, MutableBytes out) = 0;
};

class Target {
 public:
  // positional: write_at takes any offset, in any order. append_only: each write must begin where
  // the last one ended (a stream); dumps go there flattened.
  enum class Access : uint8_t { positional, append_only };

  struct Space {
    std::optional<uint64_t> free_bytes;    // nullopt: unknown
    std::optional<uint64_t> largest_file;  // nullopt: no limit below free_bytes (vfat: 4 GiB - 1)
    // Beyond free_bytes: the file system's blocks for root, less what a system's own needs to boot.
    uint64_t reserved_bytes = 0;
    bool is_hint = false;         // free_bytes is a server's word, which may be wrong
    bool gaps_take_room = false;  // there are no sparse files
  };

  // How long the parts of a target may wait, seconds.
  struct Limits {
    uint32_t step_s = 30;   // for a device, a link, an answer (rd.kdump.timeout)
    uint32_t stall_s = 60;  // for what is written to get on (rd.kdump.stall)
  };

  virtual ~Target() = default;

  virtual const char* describe() const = 0;  // for messages: the URL; never contains secrets
  virtual Access access() const = 0;
  // Brings the target as far as a first write: device found, mounted, or connected. Repeatable.
  // Leaves no file behind.
  virtual Result<Space> preflight() = 0;
  // Makes the directory of this crash, `name` (or name.1, name.2, … where it exists), syncs its
  // parent, and remembers it. Where the target refuses ':' in names it becomes '-'.
  virtual Result<> begin(const std::string& name) = 0;
  // Where begin() put it, for messages and report.json.
  virtual std::string location() const = 0;
  // Exclusively creates a file of the crash's directory. expected_bytes: the most it is going to
  // hold, 0 if unknown; a hint, for layout. What does not fit fails in write_at with no_space, so
  // that a truncated dump can be tried where even that is better than none.
  virtual Result<std::unique_ptr<TargetFile>> create(const char* name, uint64_t expected_bytes) = 0;
  // False: begin() overwrites what earlier runs have stored.
  virtual bool keeps_earlier_crashes() const { return false; }
  // Whether single files can be removed through stored_files(), so that one gives its room to
  // another.
  virtual bool can_remove_files() const { return false; }
  // Whether discard() works. False: a trial must not go further than preflight().
  virtual bool can_discard() const { return false; }
  // Takes back what begin() and create() have made, also after failures: the files, the crash's
  // directory, and those above it that were not there before. Nothing that others have put there.
  virtual Result<> discard() {
    return fail(Kind::refused, "%s: what was written cannot be taken back", describe());
  }
  // What is there already. Brings the target up as far as reading needs, where preflight() has not;
  // it may be read-only. Fails: unsupported, where nothing can be listed.
  virtual Result<std::unique_ptr<StoredFiles>> stored_files() {
    return fail(Kind::unsupported, "%s: nothing there can be listed", describe());
  }
  // Syncs and unmounts or disconnects what preflight() or stored_files() brought up. After
  // it only these may be called. Also after failures: tries everything, reports the first error.
  virtual Result<> finish() = 0;
};

}  // namespace kdump

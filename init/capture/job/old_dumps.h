// Applies rd.kdump.keep= to the target of a job: when old dumps are removed, and the messages about
// it. targets/retention.h selects them.
#pragma once

#include "init/capture/console.h"
#include "init/capture/job_progress.h"
#include "init/capture/settings.h"
#include "targets/target.h"

namespace kdump {

// The old dumps of one host on the target of a job, which has begun.
class OldDumps {
 public:
  // All that is passed must outlive this.
  OldDumps(Sys& sys, const Settings& settings, Target& target, std::string host,
           JobProgress& progress)
      : sys_(sys),
        settings_(settings),
        target_(target),
        host_(std::move(host)),
        progress_(progress) {}

  // After the new dump is saved: removes those beyond rd.kdump.keep=. is_whole: the new one counts
  // among them. A failure is a note: it costs no dump.
  void remove_surplus(bool is_whole);
  // Returns how many bytes removing old dumps could free. Removes nothing.
  uint64_t removable_bytes();
  // While the new dump is written: removes the oldest dumps until `bytes` are free. Returns how
  // much more space the target then has; 0 where nothing can be removed or nothing was freed.
  uint64_t make_room(uint64_t bytes);

 private:
  enum class When : uint8_t { surplus, trial, needed };
  uint64_t remove(When when, uint64_t stop_after_bytes, bool is_whole);

  Sys& sys_;
  const Settings& settings_;
  Target& target_;
  const std::string host_;
  JobProgress& progress_;
};

}  // namespace kdump

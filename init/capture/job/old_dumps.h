// rd.kdump.keep= on the target of a job: when its old dumps go, and what is said of it. What may go
// is targets/retention's to know.
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
  // Before it is saved: what there would be for it if those that may go went. Removes nothing.
  uint64_t removable_bytes();
  // While it is written: removes the oldest, as many as give back so much. Returns how much more
  // room the target then has; 0, if nothing more can go or it was of no use.
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

// Receives the waits and notes of a run, for the console and the supervisor.
#pragma once

#include <cstdint>

#include "filter/base/result.h"

namespace kdump {

struct Observer {
  virtual ~Observer() = default;
  // Called before a wait of at most `at_most_s` seconds. The console shows it if it takes long; the
  // supervisor kills the job some time after that deadline.
  virtual void waiting_for(const char* what, uint32_t at_most_s) = 0;
  // Shows a line that is no error, such as the list of block devices.
  virtual void note(const char*) {}
  // Called by a target while its transfer is slow. Fails: timeout, if the transfer would take
  // longer than is useful and another target is configured.
  virtual Result<> may_keep_waiting() { return {}; }
};

}  // namespace kdump

// Where the parts of a run say what they wait for, so that a person, and the supervisor, know.
#pragma once

#include <cstdint>

#include "filter/base/result.h"

namespace kdump {

struct Observer {
  virtual ~Observer() = default;
  // Before the wait; shown on the console if it takes long.
  virtual void waiting_for(const char* what, uint32_t at_most_s) = 0;
  // What a person should know and no error says, such as which block devices there are.
  virtual void note(const char*) {}
  // Asked by a target while it sends what moves slowly. Fails: timeout, where the job has found for
  // a while that this comes to nothing in a useful time, and another target is there.
  virtual Result<> may_wait_on() { return {}; }
};

}  // namespace kdump

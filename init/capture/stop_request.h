// SIGTERM asks a job to stop. While a StopRequest lives the signal is only noted, so that the job
// can end in order: what has been written is synced and kept, the log and the report say why. A
// job that does not come to look in time is killed by its supervisor.
#pragma once

#include <csignal>

namespace kdump {

class StopRequest {
 public:
  StopRequest();
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  static bool was_made();

 private:
  struct sigaction before_ {};
};

}  // namespace kdump

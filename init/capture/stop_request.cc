// See stop_request.h.
#include "init/capture/stop_request.h"

namespace kdump {
namespace {

volatile sig_atomic_t made = 0;

void note(int) { made = 1; }

}  // namespace

StopRequest::StopRequest() {
  made = 0;
  struct sigaction action {};
  action.sa_handler = note;
  sigaction(SIGTERM, &action, &before_);
}

StopRequest::~StopRequest() {
  sigaction(SIGTERM, &before_, nullptr);
  made = 0;
}

bool StopRequest::was_made() { return made != 0; }

}  // namespace kdump

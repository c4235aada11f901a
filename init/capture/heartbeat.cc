#include "init/capture/heartbeat.h"

#include <unistd.h>

#include "filter/base/sys.h"

namespace kdump {
namespace {

std::atomic<int64_t>* last_beat_ms = nullptr;  // set once, early
pid_t owner = 0;

}  // namespace

void start_heartbeat(std::atomic<int64_t>& beat_ms) {
  last_beat_ms = &beat_ms;
  owner = ::getpid();
  watchdog_heartbeat();
}

void watchdog_heartbeat() {
  if (last_beat_ms && ::getpid() == owner) *last_beat_ms = real_sys().monotonic_ms();
}

}  // namespace kdump

// PID 1 shows that it moves, in waits that have an end (child.h, rescue.cc): the watchdog keeper
// (init/pid1/watchdog.h) feeds hardware watchdogs only as long as it does.
#pragma once

#include <atomic>
#include <cstdint>

namespace kdump {

// From now on watchdog_heartbeat() of this process, not of its children, puts the time of
// CLOCK_MONOTONIC there. Beats once.
void start_heartbeat(std::atomic<int64_t>& beat_ms);

// Does nothing before start_heartbeat().
void watchdog_heartbeat();

}  // namespace kdump

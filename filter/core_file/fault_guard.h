// Accesses mapped memory that may be unreadable. A page of the vmcore that cannot be read (poisoned
// memory, a truncated file) raises SIGBUS in the access; run_guarded() turns this into a return
// value. Guards are per thread, may be nested and need no system call.
#pragma once

#include <cstdint>
#include <type_traits>

#include "filter/base/bytes.h"

namespace kdump {

// Installs the handlers of SIGBUS and SIGSEGV in this process. Code that maps a vmcore calls this
// before each mapping: an "installed" flag would survive a fork whose child resets the handlers.
void install_fault_guard();

// Runs access(context). Returns true if it completed; false if it touched an unreadable byte of
// `range`, and *fault is then the index of that byte in `range`. Faults elsewhere go to the
// previous signal handlers. install_fault_guard() must have been called in this process. `access`
// must own no object with a destructor: a fault leaves it by a jump.
bool run_guarded(Bytes range, void (*access)(void*), void* context, size_t* fault);

// The same for a lambda.
template <class Access>
bool guarded(Bytes range, size_t* fault, Access&& access) {
  using Callable = std::remove_reference_t<Access>;
  return run_guarded(
      range, [](void* context) { (*static_cast<Callable*>(context))(); }, &access, fault);
}

}  // namespace kdump

// Touching mapped memory that may not be there: a page of the vmcore that cannot be read (poisoned
// memory, a file cut short) arrives as SIGBUS in the middle of whatever touched it. Under a guard
// it becomes a return value. Per thread, may be nested, costs no system call.
#pragma once

#include <cstdint>
#include <type_traits>

#include "filter/base/bytes.h"

namespace kdump {

// Installs the handlers of SIGBUS and SIGSEGV in this process. Whatever maps a vmcore calls this
// first, each time: a flag "installed" would survive a fork whose child resets the handlers.
void install_fault_guard();

// Runs access(context). Returns true if it ran to its end; false if it touched a byte of `range`
// that cannot be read, with *fault that byte's index in range. Faults elsewhere are not caught:
// they go to whoever handled them before.
// install_fault_guard() must have been called in this process.
// access must own nothing that needs a destructor: it may be left in the middle.
bool run_guarded(Bytes range, void (*access)(void*), void* context, size_t* fault);

// The same for a lambda.
template <class Access>
bool guarded(Bytes range, size_t* fault, Access&& access) {
  using Callable = std::remove_reference_t<Access>;
  return run_guarded(
      range, [](void* context) { (*static_cast<Callable*>(context))(); }, &access, fault);
}

}  // namespace kdump

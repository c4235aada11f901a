#include "filter/core_file/fault_guard.h"

#include <csetjmp>
#include <csignal>

namespace kdump {
namespace {

struct Frame {
  uintptr_t begin, size;
  Frame* outer;
  volatile uintptr_t fault;
  sigjmp_buf resume;
};

thread_local Frame* innermost = nullptr;

// What handled the signals before on_fault.
struct sigaction previous_bus, previous_segv;

void on_fault(int signal, siginfo_t* info, void*) {
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  for (Frame* frame = innermost; frame; frame = frame->outer) {
    // One unsigned comparison: an address below begin wraps to a large number.
    if (address - frame->begin >= frame->size) continue;
    frame->fault = address - frame->begin;
    siglongjmp(frame->resume, 1);
  }
  // Not ours: the instruction faults again on return, under the old handler.
  sigaction(signal, signal == SIGBUS ? &previous_bus : &previous_segv, nullptr);
}

void install(int signal, struct sigaction& previous) {
  struct sigaction action {
  }, before{};
  action.sa_sigaction = on_fault;
  sigemptyset(&action.sa_mask);
  // SA_NODEFER: the handler is left by a jump that, being cheap, does not restore the mask.
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(signal, &action, &before);
  const bool was_installed = (before.sa_flags & SA_SIGINFO) && before.sa_sigaction == on_fault;
  if (!was_installed) previous = before;
}

}  // namespace

void install_fault_guard() {
  install(SIGBUS, previous_bus);
  install(SIGSEGV, previous_segv);
}

bool run_guarded(Bytes range, void (*access)(void*), void* context, size_t* fault) {
  Frame frame;
  frame.begin = reinterpret_cast<uintptr_t>(range.data());
  frame.size = range.size();
  frame.outer = innermost;
  frame.fault = 0;
  if (sigsetjmp(frame.resume, 0) != 0) {
    innermost = frame.outer;
    *fault = frame.fault;
    return false;
  }
  innermost = &frame;
  access(context);
  innermost = frame.outer;
  return true;
}

}  // namespace kdump

#include "init/pid1/crash_handler.h"

#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "init/pid1/reboot.h"

// Where the program is loaded, from the linker: a static-pie lies anywhere.
extern "C" const char __ehdr_start[] __attribute__((visibility("hidden")));

namespace kdump {
namespace {

int handler_screen_fd = -1;
alignas(16) char handler_stack[16 * 1024];

// A line put together without printf, which may not be called here.
class Line {
 public:
  Line& text(const char* from) {
    while (*from != '\0' && length_ < sizeof bytes_) bytes_[length_++] = *from++;
    return *this;
  }
  Line& number(uint64_t value, unsigned base) {
    char digits[21] = {};
    size_t at = sizeof digits - 1;
    do digits[--at] = "0123456789abcdef"[value % base];
    while ((value /= base) != 0);
    return text(digits + at);
  }
  void write_to(int fd) const { [[maybe_unused]] const ssize_t put = ::write(fd, bytes_, length_); }

 private:
  char bytes_[160];
  size_t length_ = 0;
};

uint64_t code_address(const ucontext_t& context) {
#if defined(__x86_64__)
  return static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return context.uc_mcontext.pc;
#else
  static_cast<void>(context);
  return 0;
#endif
}

void on_crash(int number, siginfo_t* info, void* context) {
  const uint64_t code = code_address(*static_cast<const ucontext_t*>(context));
  Line line;
  line.text("\nkdump: PID 1 crashed: signal ").number(static_cast<unsigned>(number), 10);
  // Sent, not raised by the processor: there is no address.
  if (info->si_code > 0)
    line.text(", address 0x").number(reinterpret_cast<uint64_t>(info->si_addr), 16);
  line.text(", at kdump-init+0x").number(code - reinterpret_cast<uint64_t>(__ehdr_start), 16);
  line.text("; rebooting\n").write_to(handler_screen_fd);
  const timespec for_the_uart{.tv_sec = 1, .tv_nsec = 0};
  ::nanosleep(&for_the_uart, nullptr);
  reboot_at_once();
}

}  // namespace

void install_crash_handler(int screen_fd) {
  handler_screen_fd = screen_fd;
  const stack_t stack{.ss_sp = handler_stack, .ss_flags = 0, .ss_size = sizeof handler_stack};
  ::sigaltstack(&stack, nullptr);  // the crash may be an overflow of the ordinary stack
  struct sigaction action {};
  action.sa_sigaction = on_crash;
  // A second crash, in the handler, is the kernel's: it panics.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
  sigfillset(&action.sa_mask);
  for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGSYS, SIGTRAP})
    ::sigaction(number, &action, nullptr);
}

}  // namespace kdump

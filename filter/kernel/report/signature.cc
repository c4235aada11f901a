#include "filter/kernel/report/signature.h"

#include <algorithm>

#include "filter/base/text.h"
#include "filter/base/text_list.h"
#include "filter/crypto/sha1.h"

namespace kdump {
namespace {

constexpr size_t kFrames = 6;
constexpr size_t kShortDigits = 16;

// Where what was interrupted begins: names, or beginnings of names.
constexpr std::string_view kBoundaries =
    "asm_common_interrupt|asm_exc_nmi|end_repeat_nmi|nmi_restore|ret_from_intr|el1h_64_irq|"
    "el1h_64_fiq|el1h_64_error";
constexpr std::string_view kBoundaryPrefix = "asm_sysvec_";

// On the way from the fault to the capture kernel.
constexpr std::string_view kMachinery =
    "__crash_kexec|crash_kexec|panic|vpanic|nmi_panic|die|__die|oops_end|die_addr|"
    "page_fault_oops|kernelmode_fixup_or_oops|bad_area_nosemaphore|__bad_area_nosemaphore|"
    "do_kern_addr_fault|do_user_addr_fault|handle_bug|report_bug|__warn|dump_stack|"
    "dump_stack_lvl|show_stack|dump_backtrace|machine_kexec|die_kernel_fault|"
    "__do_kernel_fault|do_page_fault|do_translation_fault|do_mem_abort|el1_abort|"
    "el1h_64_sync_handler|el1h_64_sync";
constexpr std::string_view kExceptions = "exc_|asm_exc_";
constexpr std::string_view kNmis = "exc_nmi|asm_exc_nmi";

// How a task comes to sleep: names, or beginnings of names.
constexpr std::string_view kWaiting =
    "__schedule|schedule|io_schedule|schedule_timeout|schedule_preempt_disabled|"
    "__mutex_lock|mutex_lock|rwsem_down_|down_|__down|rt_mutex_|__rt_mutex_|"
    "wait_for_completion|__wait_for_common|do_wait_for_common|bit_wait|__wait_on_bit|"
    "out_of_line_wait_on_bit|folio_wait_|wait_on_page_bit";

struct KindRow {
  const char* begin;  // of the reason, or of the line that names the crash
  const char* kind;
  enum class Stack : uint8_t { ordinary, interrupted, task } stack = Stack::ordinary;
};
// The first that fits; the reason goes first.
constexpr KindRow kReasons[] = {
    {"softlockup", "soft lockup", KindRow::Stack::interrupted},
    {"Hard LOCKUP", "hard lockup", KindRow::Stack::interrupted},
    {"RCU Stall", "RCU stall", KindRow::Stack::interrupted},
    {"hung_task", "hung task", KindRow::Stack::task},
    {"Out of memory", "out of memory"},
    {"System is deadlocked on memory", "out of memory"},
    {"out of memory", "out of memory"},
    {"Attempted to kill init", "init died"},
    {"kernel stack overflow", "stack overflow"},
    {"stack-protector", "stack corruption"},
};
constexpr KindRow kEvents[] = {
    {"BUG: kernel NULL pointer", "page fault"},
    {"BUG: unable to handle", "page fault"},
    {"Unable to handle kernel", "page fault"},
    {"kernel BUG at", "BUG"},
    {"general protection fault", "general protection fault"},
    {"Oops: general protection fault", "general protection fault"},
    {"Oops: stack guard page", "stack overflow"},
    {"BUG: stack guard page", "stack overflow"},
    {"BUG: IRQ stack guard page", "stack overflow"},
    {"BUG: TASK stack guard page", "stack overflow"},
    {"Insufficient stack space", "stack overflow"},
    {"PANIC: double fault", "double fault"},
    {"traps: PANIC: double fault", "double fault"},
    {"double fault", "double fault"},
    {"invalid opcode", "invalid opcode"},
    {"Oops: invalid opcode", "invalid opcode"},
    {"divide error", "divide error"},
    {"Oops: divide error", "divide error"},
};
constexpr KindRow kAnyPanic{"", "panic"};

const KindRow& kind_of(std::string_view reason, std::string_view event) {
  for (const KindRow& row : kReasons)
    if (reason.starts_with(row.begin)) return row;
  for (const KindRow& row : kEvents)
    if (event.starts_with(row.begin)) return row;
  return kAnyPanic;
}

bool is_boundary(std::string_view name) {
  return name.starts_with(kBoundaryPrefix) || is_listed(name, kBoundaries);
}

bool is_machinery(std::string_view name) {
  return is_listed(name, kMachinery) ||
         (begins_as_listed(name, kExceptions) && !is_listed(name, kNmis));
}

// What compilers add: "foo.cold", "foo.isra.0", "__pfx_foo".
std::string plain_name(std::string_view name) {
  constexpr std::string_view kPadding = "__pfx_";
  if (name.starts_with(kPadding)) name.remove_prefix(kPadding.size());
  return std::string(name.substr(0, name.find('.')));
}

void drop_leading(std::vector<NamedFrame>& frames, bool (*is_dropped)(std::string_view)) {
  const auto first = std::ranges::find_if_not(
      frames, [is_dropped](const NamedFrame& frame) { return is_dropped(frame.function); });
  frames.erase(frames.begin(), first);
}

// Digits, and hexadecimal numbers behind 0x, become N.
std::string without_numbers(std::string_view reason) {
  std::string out;
  for (size_t i = 0; i < reason.size();) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!is_digit(reason[i])) {
      out += reason[i++];
      continue;
    }
    const bool is_hex = reason.substr(i).starts_with("0x");
    if (is_hex) i += 2;
    while (i < reason.size() &&
           (is_digit(reason[i]) || (is_hex && (reason[i] | 32) >= 'a' && (reason[i] | 32) <= 'f')))
      ++i;
    out += 'N';
  }
  return out;
}

}  // namespace

bool is_hung_task(std::string_view reason) {
  return kind_of(reason, {}).stack == KindRow::Stack::task;
}

std::string Signature::short_id() const {
  return id.empty() ? id : text("%u-%s", kSignatureVersion, id.substr(0, kShortDigits).c_str());
}

Signature make_signature(std::span<const NamedFrame> frames, std::string_view reason,
                         std::string_view event) {
  const KindRow& kind = kind_of(reason, event);
  Signature signature;
  std::vector<NamedFrame>& left = signature.frames;
  for (const NamedFrame& frame : frames)
    if (!frame.function.empty()) left.push_back({plain_name(frame.function), frame.module});
  const auto boundary = std::ranges::find_if(
      left, [](const NamedFrame& frame) { return is_boundary(frame.function); });
  if (boundary != left.end()) {
    // What was interrupted is chance, unless it is what is at fault.
    if (kind.stack == KindRow::Stack::interrupted)
      left.erase(left.begin(), boundary + 1);
    else
      left.erase(boundary, left.end());
  }
  drop_leading(left, is_machinery);
  if (kind.stack == KindRow::Stack::task)
    drop_leading(left, [](std::string_view name) {
      return name == "down" || begins_as_listed(name, kWaiting);
    });
  if (left.size() > kFrames) left.resize(kFrames);

  std::string hashed;
  for (const NamedFrame& frame : left) hashed += frame.function + "\n";
  if (left.empty() && !reason.empty()) hashed = without_numbers(reason) + "\n";
  if (!hashed.empty()) signature.id = sha1_of(hashed);
  if (left.empty()) {
    signature.title = reason.empty() ? std::string(event) : std::string(reason);
    return signature;
  }
  signature.title = std::string(kind.kind) + " in " + left[0].function;
  if (!left[0].module.empty()) signature.title += " [" + left[0].module + "]";
  return signature;
}

}  // namespace kdump

#include "filter/kernel/unwind/trace.h"

#include <algorithm>
#include <cstddef>

namespace kdump {

const char* stack_name(StackKind kind) {
  switch (kind) {
    case StackKind::unknown:
      break;
    case StackKind::task:
      return "task";
    case StackKind::irq:
      return "irq";
    case StackKind::entry:
      return "entry";
    case StackKind::double_fault:
      return "df";
    case StackKind::nmi:
      return "nmi";
    case StackKind::debug:
      return "db";
    case StackKind::machine_check:
      return "mce";
    case StackKind::vc:
      return "vc";
    case StackKind::vc2:
      return "vc2";
    case StackKind::overflow:
      return "overflow";
    case StackKind::sdei:
      return "sdei";
  }
  return "?";
}

const char* StackWalk::move_to(uint64_t sp, bool may_stay) {
  // The end of a stack may be the beginning of the next.
  constexpr uint64_t kGuardPage = 4096;
  const bool stays = current_ && sp >= begin_ && sp <= current_->end;
  const Stack* next = stays ? current_ : find_stack(stacks_, sp);
  if (!next && !current_) next = find_stack(stacks_, (sp | (kGuardPage - 1)) + 1);
  if (!next) return "the stack pointer lies on no known stack";
  if (next == current_) {
    if (sp < sp_ || (sp == sp_ && !may_stay)) return "the stack pointer does not grow";
  } else {
    const uint64_t bit = uint64_t{1} << (static_cast<size_t>(next - stacks_.data()) % 64);
    if (entered_ & bit) return "a stack would be entered twice";
    entered_ |= bit;
    current_ = next;
    begin_ = std::min(next->begin, sp);
  }
  sp_ = sp;
  return nullptr;
}

}  // namespace kdump

// What an unwinder yields: the addresses on a stack, innermost first, without names. And where the
// stacks lie between which it may move.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace kdump {

enum class StackKind : uint8_t {
  unknown,
  task,
  irq,
  entry,
  double_fault,
  nmi,
  debug,
  machine_check,
  vc,  // #VC of SEV-ES guests
  vc2,
  overflow,  // arm64
  sdei,      // arm64
};

// As the report has it: "irq", "df"; "?" for unknown.
const char* stack_name(StackKind kind);

struct Stack {
  StackKind kind = StackKind::unknown;
  uint64_t begin = 0, end = 0;
};

struct Frame {
  uint64_t ip = 0;
  StackKind stack = StackKind::unknown;
  bool is_exact = false;    // an instruction pointer out of registers; else a return address
  bool is_reliable = true;  // else what follows a function that no table describes

  // The address by which the function is named: a return address may lie behind its function's end,
  // where the call does not return.
  uint64_t named_by() const { return is_exact || ip == 0 ? ip : ip - 1; }
};

struct Trace {
  // Interrupt, NMI and task stacks of one CPU together rarely have 40.
  static constexpr size_t kMaxFrames = 64;

  std::vector<Frame> frames;
  const char* end = "";  // why it has no further frame; a static text
};

// The stack that holds the address; its end counts, for that is where a stack pointer begins.
inline const Stack* find_stack(std::span<const Stack> stacks, uint64_t sp) {
  for (const Stack& stack : stacks)
    if (sp >= stack.begin && sp <= stack.end) return &stack;
  return nullptr;
}

// Holds an unwinder to stacks that are known, each entered once, upwards. It may begin in the page
// below a stack: the guard page of one that overflowed.
class StackWalk {
 public:
  explicit StackWalk(std::span<const Stack> stacks) : stacks_(stacks) {}

  // Moves to `sp`. may_stay: to the same place, as after registers were taken off the stack.
  // nullptr: done; else why not.
  const char* move_to(uint64_t sp, bool may_stay);
  StackKind kind() const { return current_ ? current_->kind : StackKind::unknown; }
  // Whether the address lies on the current stack.
  bool holds(uint64_t at) const { return current_ && at >= begin_ && at < current_->end; }

 private:
  std::span<const Stack> stacks_;
  const Stack* current_ = nullptr;
  uint64_t begin_ = 0;  // of the current one
  uint64_t sp_ = 0;
  uint64_t entered_ = 0;  // a bit a stack
};

}  // namespace kdump

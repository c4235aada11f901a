// x86_64 by ORC, as arch/x86/kernel/unwind_orc.c does it, with two differences: the step over
// __crash_kexec(), which has no ORC, and no guesses once the tables end.
#include <algorithm>

#include "filter/kernel/unwind/unwinder.h"

namespace kdump {
namespace {

using Kind = OrcEntry::Kind;
using Register = OrcEntry::Register;

// struct pt_regs, which is also how NT_PRSTATUS begins: places of its 64-bit words.
constexpr size_t kRegsWords = 21;
enum Word : uint8_t {
  kR13 = 2,
  kBp = 4,
  kR10 = 7,
  kAx = 10,
  kDx = 12,
  kDi = 14,
  kIp = 16,
  kCs,
  kSp = 19
};
constexpr uint64_t kWord = sizeof(uint64_t), kUserMode = 3;

// Debian's __crash_kexec() has 0x150 bytes of code and takes less than 0x200 of the stack.
constexpr uint64_t kCrashKexecBytes = 0x400, kCrashKexecStack = 0x400;

struct State {
  uint64_t ip = 0, sp = 0, bp = 0;
  bool is_exact = false;
  std::optional<std::array<uint64_t, kRegsWords>> regs;  // all of them, where they are known
};

class OrcUnwinder final : public Unwinder {
 public:
  OrcUnwinder(const UnwindSources& sources, OrcTable table)
      : reader_(sources.reader),
        types_(sources.types),
        table_(std::move(table)),
        crash_kexec_(sources.symbols.find("__crash_kexec")) {
    // ret_from_fork is where a new task begins: it was never called.
    const auto fork = sources.symbols.find("ret_from_fork_asm");
    ret_from_fork_ = fork ? fork : sources.symbols.find("ret_from_fork");
  }

  Trace unwind_cpu(const CpuRegisters& registers, std::span<const Stack> stacks) override;
  Trace unwind_task(uint64_t task, std::span<const Stack> stacks) override;
  void add_code(const CodeRegion& region) override { table_.add(region); }

 private:
  Trace walk(State state, std::span<const Stack> stacks);
  const char* step(State& state, bool& is_reliable, const StackWalk& stack);
  const char* step_over_crash_kexec(State& state);
  const char* step_by_frame_pointer(State& state, const StackWalk& stack);
  std::optional<uint64_t> frame_address(const OrcEntry& entry, const State& state);
  const char* load_caller(const OrcEntry& entry, uint64_t frame, State& state);

  MemoryReader& reader_;
  const KernelTypes& types_;
  OrcTable table_;
  std::optional<Vaddr> crash_kexec_, ret_from_fork_;
};

Trace OrcUnwinder::unwind_cpu(const CpuRegisters& registers, std::span<const Stack> stacks) {
  State state{.is_exact = true, .regs = std::array<uint64_t, kRegsWords>{}};
  memcpy(state.regs->data(), registers.values.data(), kRegsWords * kWord);
  state.ip = (*state.regs)[kIp];
  state.sp = (*state.regs)[kSp];
  state.bp = (*state.regs)[kBp];
  if ((*state.regs)[kCs] & kUserMode) return {.frames = {}, .end = "user mode"};
  return walk(std::move(state), stacks);
}

// Source: struct inactive_task_frame, arch/x86/include/asm/switch_to.h.
Trace OrcUnwinder::unwind_task(uint64_t task, std::span<const Stack> stacks) {
  const auto frame = types_.read<uint64_t>(reader_, task, Type::task_thread_sp);
  if (!frame || !types_.has(Type::inactive_frame))
    return {.frames = {}, .end = "its saved stack pointer cannot be read"};
  const auto bp = types_.read<uint64_t>(reader_, *frame, Type::inactive_frame_bp);
  const auto ip = types_.read<uint64_t>(reader_, *frame, Type::inactive_frame_ret_addr);
  if (!bp || !ip) return {.frames = {}, .end = "its saved frame cannot be read"};
  return walk({.ip = *ip,
               .sp = *frame + types_.query(Type::inactive_frame).size_bytes,
               .bp = *bp,
               .is_exact = ret_from_fork_ && ret_from_fork_->value == *ip,
               .regs = {}},
              stacks);
}

Trace OrcUnwinder::walk(State state, std::span<const Stack> stacks) {
  Trace trace;
  StackWalk stack(stacks);
  bool is_reliable = true, may_stay = true;
  for (;;) {
    if (const char* why = stack.move_to(state.sp, may_stay)) {
      // The first frame is known by its registers alone.
      if (trace.frames.empty())
        trace.frames.push_back({state.ip, StackKind::unknown, state.is_exact, is_reliable});
      trace.end = why;
      return trace;
    }
    trace.frames.push_back({state.ip, stack.kind(), state.is_exact, is_reliable});
    if (trace.frames.size() == Trace::kMaxFrames) {
      trace.end = "too many frames";
      return trace;
    }
    const char* const why = trace.frames.size() == 1 && crash_kexec_ &&
                                    state.ip - crash_kexec_->value < kCrashKexecBytes
                                ? step_over_crash_kexec(state)
                                : step(state, is_reliable, stack);
    if (why) {
      trace.end = why;
      return trace;
    }
    may_stay = state.is_exact;
  }
}

// A return address of it: the word whose preceding call leads there.
const char* OrcUnwinder::step_over_crash_kexec(State& state) {
  constexpr uint8_t kCall = 0xe8;
  for (uint64_t at = state.sp; at < state.sp + kCrashKexecStack; at += kWord) {
    const auto word = reader_.read<uint64_t>(at);
    if (!word) break;
    std::array<uint8_t, 5> call;
    if (!table_.is_code(*word) || !reader_.read(*word - call.size(), call)) continue;
    const auto offset = static_cast<uint64_t>(int64_t{load<int32_t>(call.data() + 1)});
    if (call[0] != kCall || *word + offset != crash_kexec_->value) continue;
    state = {.ip = *word, .sp = at + kWord, .bp = state.bp, .is_exact = false, .regs = {}};
    return nullptr;
  }
  return "no return address of __crash_kexec is found";
}

// Code without ORC, such as BPF's, usually keeps frame pointers. All beyond it is a guess.
const char* OrcUnwinder::step_by_frame_pointer(State& state, const StackWalk& stack) {
  if (!stack.holds(state.bp) || state.bp < state.sp) return "no unwind information";
  const auto bp = reader_.read<uint64_t>(state.bp), ip = reader_.read<uint64_t>(state.bp + kWord);
  if (!bp || !ip || !table_.is_code(*ip)) return "no unwind information";
  state = {.ip = *ip, .sp = state.bp + 2 * kWord, .bp = *bp, .is_exact = false, .regs = {}};
  return nullptr;
}

std::optional<uint64_t> OrcUnwinder::frame_address(const OrcEntry& entry, const State& state) {
  const auto offset = static_cast<uint64_t>(int64_t{entry.sp_offset});
  const auto saved = [&](Word word) {
    return state.regs ? std::optional((*state.regs)[word]) : std::nullopt;
  };
  switch (entry.sp_reg) {
    case Register::sp:
      return state.sp + offset;
    case Register::bp:
      return state.bp + offset;
    case Register::sp_indirect: {
      const auto at = reader_.read<uint64_t>(state.sp);
      return at ? std::optional(*at + offset) : std::nullopt;
    }
    case Register::bp_indirect:
      return reader_.read<uint64_t>(state.bp + offset);
    case Register::ax:
      return saved(kAx);
    case Register::dx:
      return saved(kDx);
    case Register::di:
      return saved(kDi);
    case Register::r10:
      return saved(kR10);
    case Register::r13:
      return saved(kR13);
    case Register::undefined:
    case Register::prev_sp:
      break;
  }
  return std::nullopt;
}

// From the frame at `frame` (the stack pointer as it was before) to its caller.
const char* OrcUnwinder::load_caller(const OrcEntry& entry, uint64_t frame, State& state) {
  constexpr const char* kUnreadable = "the stack cannot be read";
  State caller{.bp = state.bp, .regs = {}};
  const uint64_t offset = static_cast<uint64_t>(int64_t{entry.bp_offset});
  if (entry.kind == Kind::call) {
    const auto ip = reader_.read<uint64_t>(frame - kWord);
    if (!ip) return kUnreadable;
    caller.ip = *ip;
    caller.sp = frame;
  } else {
    // The last five words of pt_regs, or all of it.
    const bool is_whole = entry.kind == Kind::regs;
    std::array<uint64_t, kRegsWords> regs = {};
    const size_t first = is_whole ? 0 : kIp;
    if (!reader_.read(
            frame, {reinterpret_cast<uint8_t*>(regs.data() + first), (kRegsWords - first) * kWord}))
      return kUnreadable;
    if (regs[kCs] & kUserMode) return "user mode";
    caller.ip = regs[kIp];
    caller.sp = regs[kSp];
    if (is_whole) {
      caller.bp = regs[kBp];
      caller.regs = regs;
    }
  }
  if (entry.bp_reg == Register::prev_sp || entry.bp_reg == Register::bp) {
    const uint64_t base = entry.bp_reg == Register::bp ? state.bp : frame;
    const auto bp = reader_.read<uint64_t>(base + offset);
    if (!bp) return kUnreadable;
    caller.bp = *bp;
  }
  caller.is_exact = entry.is_signal.value_or(entry.kind != Kind::call);
  state = std::move(caller);
  return nullptr;
}

const char* OrcUnwinder::step(State& state, bool& is_reliable, const StackWalk& stack) {
  if (state.ip == 0) return "no address";
  const auto entry = table_.find(state.is_exact ? state.ip : state.ip - 1);
  if (!entry) {
    is_reliable = false;
    return step_by_frame_pointer(state, stack);
  }
  if (entry->kind == Kind::end_of_stack) return "end of stack";
  if (entry->kind == Kind::undefined) return "no unwind information";
  const auto frame = frame_address(*entry, state);
  if (!frame) return "its frame needs a register that is not saved";
  return load_caller(*entry, *frame, state);
}

}  // namespace

Result<std::unique_ptr<Unwinder>> make_orc_unwinder(const UnwindSources& sources) {
  OrcTable table =
      TRY(OrcTable::open(sources.reader, sources.symbols, sources.types, sources.text_begin));
  return std::make_unique<OrcUnwinder>(sources, std::move(table));
}

}  // namespace kdump

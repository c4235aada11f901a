// By frame pointers: arm64's frame records, and x86_64 kernels that are built with
// CONFIG_UNWINDER_FRAME_POINTER. A function that was interrupted before it had set up its frame
// hides its caller.
//
// Source: arch/arm64/kernel/stacktrace.c, arch/arm64/include/asm/stacktrace/frame.h;
// arch/x86/kernel/unwind_frame.c, arch/x86/include/asm/frame.h.
#include <algorithm>

#include "filter/kernel/unwind/unwinder.h"

namespace kdump {
namespace {

constexpr uint64_t kWord = sizeof(uint64_t);

struct State {
  uint64_t ip = 0, fp = 0;
  bool is_exact = false;
};

class FrameUnwinder : public Unwinder {
 public:
  explicit FrameUnwinder(const UnwindSources& sources)
      : reader_(sources.reader), types_(sources.types) {
    if (const auto end = sources.symbols.find("_etext"))
      code_.push_back({.begin = sources.text_begin, .end = end->value});
    const auto init = sources.symbols.find("_sinittext"),
               init_end = sources.symbols.find("_einittext");
    if (init && init_end) code_.push_back({.begin = init->value, .end = init_end->value});
  }
  void add_code(const CodeRegion& region) override { code_.push_back(region); }

 protected:
  Trace walk(State state, std::span<const Stack> stacks) {
    Trace trace;
    StackWalk stack(stacks);
    for (;;) {
      const char* const lost = stack.move_to(address_of_record(state.fp), false);
      trace.frames.push_back({state.ip, stack.kind(), state.is_exact, true});
      trace.end = lost                                       ? lost
                  : trace.frames.size() == Trace::kMaxFrames ? "too many frames"
                  : !is_code(state.ip)                       ? "its address is not in code"
                                                             : step(state);
      if (trace.end) return trace;
    }
  }
  // A pointer to a record may carry a mark.
  virtual uint64_t address_of_record(uint64_t fp) const { return fp; }
  // Goes on to the caller. nullptr: done; else why there is none.
  virtual const char* step(State& state) = 0;

  MemoryReader& reader_;
  const KernelTypes& types_;

 private:
  bool is_code(uint64_t ip) const {
    return std::ranges::any_of(
        code_, [ip](const CodeRegion& region) { return ip >= region.begin && ip < region.end; });
  }
  std::vector<CodeRegion> code_;
};

class Arm64Unwinder final : public FrameUnwinder {
 public:
  explicit Arm64Unwinder(const UnwindSources& sources)
      : FrameUnwinder(sources),
        // Signed return addresses: these bits hold the signature, and are set in a kernel address.
        signature_(static_cast<uint64_t>(sources.info.number("KERNELPACMASK").value_or(0))) {}

  Trace unwind_cpu(const CpuRegisters& registers, std::span<const Stack> stacks) override {
    constexpr size_t kFp = 29, kPstate = 33;
    constexpr uint64_t kModeMask = 0xf;  // 0: EL0, user mode
    const uint8_t* const values = registers.values.data();
    if ((load<uint64_t>(values + kWord * kPstate) & kModeMask) == 0)
      return {.frames = {}, .end = "user mode"};
    return walk({registers.ip.value, load<uint64_t>(values + kWord * kFp), true}, stacks);
  }
  Trace unwind_task(uint64_t task, std::span<const Stack> stacks) override {
    const auto context = types_.address(task, Type::task_cpu_context);
    const auto fp =
        context ? types_.read<uint64_t>(reader_, *context, Type::context_fp) : std::nullopt;
    const auto pc =
        context ? types_.read<uint64_t>(reader_, *context, Type::context_pc) : std::nullopt;
    if (!fp || !pc) return {.frames = {}, .end = "its saved registers cannot be read"};
    return walk({*pc | signature_, *fp, false}, stacks);
  }

 private:
  const char* step(State& state) override {
    constexpr const char* kUnreadable = "the stack cannot be read";
    constexpr uint64_t kFinal = 1, kRegisters = 2;  // FRAME_META_TYPE_*
    const auto fp = reader_.read<uint64_t>(state.fp), lr = reader_.read<uint64_t>(state.fp + kWord);
    if (!fp || !lr) return kUnreadable;
    if (*fp != 0 || *lr != 0) {
      state = {*lr | signature_, *fp, false};
      return nullptr;
    }
    // The last record; since c2c6b27b5aa1 ("arm64: stacktrace: unwind exception boundaries", v6.13)
    // it says whether it is, or lies in registers that an exception has saved.
    if (!types_.has(Type::meta_type)) return "end of stack";
    const auto type = types_.read<uint64_t>(reader_, state.fp, Type::meta_type);
    if (!type) return kUnreadable;
    if (*type == kFinal) return "end of stack";
    if (*type != kRegisters || !types_.has(Type::regs_stackframe)) return "its frame is corrupt";
    constexpr uint64_t kFpInRegisters = 29 * kWord;
    const uint64_t regs = state.fp - types_.query(Type::regs_stackframe).offset();
    const auto pc = types_.read<uint64_t>(reader_, regs, Type::regs_pc);
    const auto saved = reader_.read<uint64_t>(regs + kFpInRegisters);
    if (!pc || !saved) return kUnreadable;
    state = {*pc, *saved, true};
    return nullptr;
  }

  uint64_t signature_;
};

class X86FrameUnwinder final : public FrameUnwinder {
 public:
  using FrameUnwinder::FrameUnwinder;

  Trace unwind_cpu(const CpuRegisters& registers, std::span<const Stack> stacks) override {
    const uint8_t* const values = registers.values.data();
    if (load<uint64_t>(values + kWord * kCs) & kUserMode) return {.frames = {}, .end = "user mode"};
    return walk({registers.ip.value, load<uint64_t>(values + kWord * kBp), true}, stacks);
  }
  Trace unwind_task(uint64_t task, std::span<const Stack> stacks) override {
    const auto frame = types_.read<uint64_t>(reader_, task, Type::task_thread_sp);
    const auto bp =
        frame ? types_.read<uint64_t>(reader_, *frame, Type::inactive_frame_bp) : std::nullopt;
    const auto ip = frame ? types_.read<uint64_t>(reader_, *frame, Type::inactive_frame_ret_addr)
                          : std::nullopt;
    if (!bp || !ip) return {.frames = {}, .end = "its saved frame cannot be read"};
    return walk({*ip, *bp, false}, stacks);
  }

 private:
  static constexpr size_t kBp = 4, kIp = 16, kCs = 17;  // in struct pt_regs
  static constexpr uint64_t kUserMode = 3, kRegistersMark = 1;

  uint64_t address_of_record(uint64_t fp) const override { return fp & ~kRegistersMark; }

  const char* step(State& state) override {
    constexpr const char* kUnreadable = "the stack cannot be read";
    const uint64_t at = state.fp & ~kRegistersMark;
    const bool is_registers = state.fp & kRegistersMark;
    const auto bp = reader_.read<uint64_t>(at + (is_registers ? kWord * kBp : 0));
    const auto ip = reader_.read<uint64_t>(at + kWord * (is_registers ? kIp : 1));
    if (!bp || !ip) return kUnreadable;
    if (is_registers) {
      const auto cs = reader_.read<uint64_t>(at + kWord * kCs);
      if (!cs) return kUnreadable;
      if (*cs & kUserMode) return "user mode";
    }
    if (*ip == 0) return "end of stack";
    state = {*ip, *bp, is_registers};
    return nullptr;
  }
};

}  // namespace

Result<std::unique_ptr<Unwinder>> make_frame_unwinder(uint16_t elf_machine,
                                                      const UnwindSources& sources) {
  if (!sources.symbols.find("_etext"))
    return fail(Kind::unsupported, "kallsyms does not name the end of the kernel's code");
  if (elf_machine == kMachineAarch64) return std::make_unique<Arm64Unwinder>(sources);
  if (elf_machine != kMachineX86_64)
    return fail(Kind::unsupported, "stacks of ELF machine %u are not understood", elf_machine);
  if (!sources.types.has(Type::task_thread_sp))
    return fail(Kind::unsupported, "neither ORC nor types are known: %s", sources.types.why());
  return std::make_unique<X86FrameUnwinder>(sources);
}

}  // namespace kdump

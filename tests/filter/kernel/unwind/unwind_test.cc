// From registers to the addresses on a stack: ORC in each of its formats, frame pointers of x86_64,
// frame records of arm64, and what becomes of stacks that are damaged.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <random>

#include "filter/kernel/cpu_states.h"
#include "filter/kernel/unwind/orc_table.h"
#include "filter/kernel/unwind/unwinder.h"
#include "tests/fixtures/report_core.h"

namespace kdump {
namespace {

using Format = ReportCore::OrcFormat;
using Register = OrcEntry::Register;

constexpr int64_t kBudgetMs = 60'000;
constexpr size_t kHashBytes = 20;
using Hash = std::array<uint8_t, kHashBytes>;
constexpr Hash kHashOf64 = {0xfe, 0x5d, 0x32, 0xbf, 0x58, 0x1b, 0xd6, 0x3b, 0x2c, 0xa9,
                            0xa5, 0xc6, 0x5b, 0xa5, 0xa6, 0x25, 0xea, 0xb3, 0xfe, 0x24};
constexpr Hash kHashOf73 = {0x13, 0x7c, 0x36, 0xad, 0x76, 0x27, 0xc4, 0xdd, 0x55, 0x93,
                            0x21, 0x76, 0xbb, 0x0e, 0xcd, 0xbd, 0x50, 0x41, 0xfc, 0x82};

// A crashed kernel, opened, with what an unwinder is made of.
class Kernel {
 public:
  explicit Kernel(ReportCore& core, std::string_view info = {})
      : core_(core),
        vmcore_(core.open()),
        info_({reinterpret_cast<const uint8_t*>(info.data()), info.size()}, 0),
        reader_(vmcore_->address_space(), real_sys(), kBudgetMs),
        types_(reader_, vmcore_->symbols()) {}

  UnwindSources sources(MemoryReader& reader) {
    return {reader, vmcore_->symbols(), types_, info_, code(0)};
  }
  std::unique_ptr<Unwinder> frames(uint16_t machine) {
    auto made = make_frame_unwinder(machine, sources(reader_));
    REQUIRE(made);
    return *std::move(made);
  }
  Result<OrcTable> orc() { return OrcTable::open(reader_, vmcore_->symbols(), types_, code(0)); }
  uint64_t code(uint64_t offset) const {
    return core_.core().tables().image_vaddr(ReportCore::kCode + offset);
  }
  // An address in the last task's stack, and that stack.
  static constexpr uint64_t kPaddr = ReportCore::kStacks + 4 * ReportCore::kStackBytes;
  uint64_t stack(uint64_t offset) const {
    return core_.core().tables().direct_vaddr(kPaddr + offset);
  }
  Stack whole_stack() const { return {StackKind::task, stack(0), stack(ReportCore::kStackBytes)}; }
  Vmcore& vmcore() { return *vmcore_; }
  MemoryReader& reader() { return reader_; }
  const KernelTypes& types() const { return types_; }

 private:
  ReportCore& core_;
  std::unique_ptr<Vmcore> vmcore_;
  Vmcoreinfo info_;
  MemoryReader reader_;
  KernelTypes types_;
};

void put(ReportCore& core, uint64_t offset, std::initializer_list<uint64_t> words) {
  for (const uint64_t word : words) {
    core.core().image().put(Kernel::kPaddr + offset, word);
    offset += 8;
  }
}

// "+0x100 +0x204! (end of stack)": addresses from the beginning of the code, ! where exact.
std::string as_text(const Trace& trace, const Kernel& kernel) {
  std::string out;
  for (const Frame& frame : trace.frames) {
    char text[32];
    snprintf(text, sizeof text, "+%#llx%s ",
             static_cast<unsigned long long>(frame.ip - kernel.code(0)), frame.is_exact ? "!" : "");
    out += text;
  }
  return out + "(" + trace.end + ")";
}

template <size_t Words>
CpuRegisters registers_of(const std::array<uint64_t, Words>& values, uint64_t ip) {
  CpuRegisters registers;
  registers.ip = {ip};
  registers.values = {reinterpret_cast<const uint8_t*>(values.data()), sizeof values};
  return registers;
}

}  // namespace

TEST_CASE("a stack pointer in the guard page belongs to the stack above, at the beginning only") {
  const Stack stacks[] = {{StackKind::task, 0x10000, 0x14000}, {StackKind::irq, 0x20000, 0x24000}};
  StackWalk walk(stacks);
  CHECK(walk.move_to(0xfe88, false) == nullptr);
  CHECK(walk.kind() == StackKind::task);
  CHECK(walk.move_to(0xff80, false) == nullptr);
  CHECK(walk.move_to(0x10090, false) == nullptr);
  CHECK(std::string(walk.move_to(0x1ff00, false)) == "the stack pointer lies on no known stack");
  StackWalk below(stacks);
  CHECK(std::string(below.move_to(0xeff8, false)) == "the stack pointer lies on no known stack");
}

TEST_CASE("ORC is recognised by the hash of its definitions, also without BTF") {
  struct Row {
    Format format;
    Hash hash;
    const char* known_as;
  };
  for (const Row& row :
       {Row{Format::of_6_12, kHashOf64, "of 6.4"}, Row{Format::of_7_3, kHashOf73, "of 7.3"}}) {
    for (const bool has_btf : {false, true}) {
      CAPTURE(row.known_as);
      CAPTURE(has_btf);
      ReportCore core(row.format, has_btf);
      core.core().image().write(ReportCore::kOrcHeader, row.hash);
      core.core().rewrite();
      Kernel kernel(core);
      auto table = kernel.orc();
      REQUIRE(table);
      CHECK(std::string(table->format()) == row.known_as);
      const auto panic = table->find(kernel.code(0x530));
      REQUIRE(panic);
      CHECK(panic->kind == OrcEntry::Kind::call);
      CHECK(panic->sp_reg == Register::sp);
      CHECK(panic->sp_offset == 16);
      const auto schedule = table->find(kernel.code(0xa10));
      REQUIRE(schedule);
      CHECK(schedule->sp_reg == Register::bp);
      CHECK(schedule->bp_reg == Register::prev_sp);
      CHECK(schedule->bp_offset == -16);
    }
  }
}

TEST_CASE("with an unknown hash BTF gives the layout and counting the registers") {
  for (const Format format : {Format::of_6_1, Format::of_6_3, Format::of_6_12, Format::of_7_3}) {
    CAPTURE(static_cast<int>(format));
    ReportCore core(format);
    Kernel kernel(core);
    auto table = kernel.orc();
    REQUIRE(table);
    CHECK(std::string(table->format()) ==
          (format == Format::of_7_3 ? "with the registers of 7.3" : "with the registers of 6.x"));
    const auto entry = table->find(kernel.code(0x740));
    REQUIRE(entry);
    CHECK(entry->kind == OrcEntry::Kind::regs);
    CHECK(entry->is_signal.has_value() == (format != Format::of_6_1));
    CHECK(table->find(kernel.code(0x910))->kind == OrcEntry::Kind::end_of_stack);
    CHECK(table->find(kernel.code(0x410))->kind == OrcEntry::Kind::undefined);
  }
}

TEST_CASE("ORC that is neither known by its hash nor by BTF, or has other registers, is refused") {
  ReportCore core(Format::of_6_12, false);
  Kernel unknown(core);
  const auto refused = unknown.orc();
  REQUIRE_FALSE(refused);
  CHECK(std::string(refused.error().text).starts_with("the format of ORC is not known"));

  ReportCore other(Format::of_6_12);
  for (uint64_t i = 0; i < 17; ++i)  // all bases are a register that is the base of few
    other.core().image().put<uint8_t>(ReportCore::kOrcs + 6 * i + 4, 0x07);
  other.core().rewrite();
  Kernel odd(other);
  const auto counted = odd.orc();
  REQUIRE_FALSE(counted);
  CHECK(std::string(counted.error().text) == "the registers of ORC are numbered in an unknown way");
}

TEST_CASE("register 10 of the old numbers is AX, which kernels since 7.1 have") {
  ReportCore core(Format::of_6_12);
  core.core().image().put<uint8_t>(ReportCore::kOrcs + 6 * 2 + 4, 0x0a);  // of panic()
  core.core().rewrite();
  Kernel kernel(core);
  auto table = kernel.orc();
  REQUIRE(table);
  CHECK(table->find(kernel.code(0x530))->sp_reg == Register::ax);
}

TEST_CASE("frame pointers of x86_64 lead over registers that an interrupt has saved") {
  constexpr size_t kBp = 4, kIp = 16, kCs = 17, kWords = 21;
  ReportCore core;
  Kernel places(core);
  put(core, 0x3000, {places.stack(0x3041), places.code(0x110)});  // marked: registers
  put(core, 0x3040 + 8 * kBp, {places.stack(0x3200)});
  put(core, 0x3040 + 8 * kIp, {places.code(0x220), 0x10});
  put(core, 0x3200, {places.stack(0x3300), places.code(0x330)});
  put(core, 0x3300, {0, 0});
  core.core().rewrite();
  Kernel kernel(core);
  std::array<uint64_t, kWords> values = {};
  values[kBp] = kernel.stack(0x3000);
  values[kCs] = 0x10;
  const auto unwinder = kernel.frames(kMachineX86_64);
  const Stack stack = kernel.whole_stack();
  const CpuRegisters registers = registers_of(values, kernel.code(0x100));
  CHECK(as_text(unwinder->unwind_cpu(registers, {&stack, 1}), kernel) ==
        "+0x100! +0x110 +0x220! +0x330 (end of stack)");

  put(core, 0x3040 + 8 * kCs, {0x33});
  core.core().rewrite();
  Kernel user(core);
  CHECK(as_text(user.frames(kMachineX86_64)->unwind_cpu(registers, {&stack, 1}), user) ==
        "+0x100! +0x110 (user mode)");
  put(core, 0x3000, {places.stack(0x3000), places.code(0x110)});
  core.core().rewrite();
  Kernel circle(core);
  CHECK(as_text(circle.frames(kMachineX86_64)->unwind_cpu(registers, {&stack, 1}), circle) ==
        "+0x100! +0x110 (the stack pointer does not grow)");
}

TEST_CASE("frame records of arm64: signed addresses, saved registers, the end of a stack") {
  constexpr size_t kFp = 29, kPstate = 33, kWords = 34;
  constexpr uint64_t kKernelMode = 5, kFinal = 1, kRegisters = 2;
  constexpr uint64_t kSigned = ~(uint64_t{0x5a} << 56);  // clears bits that the signature took
  constexpr std::string_view kInfo = "NUMBER(KERNELPACMASK)=0xff00000000000000\n";
  std::array<uint64_t, kWords> values = {};
  values[kPstate] = kKernelMode;
  struct Row {
    Format format;
    uint64_t meta;
    const char* trace;
  };
  for (const Row& row : {
           Row{Format::of_6_12, kRegisters, "+0x100! +0x110 +0x224! +0x330 (end of stack)"},
           Row{Format::of_6_12, kFinal, "+0x100! +0x110 (end of stack)"},
           Row{Format::of_6_12, 7, "+0x100! +0x110 (its frame is corrupt)"},
           // Before 6.13 a record of zeros is the last one, whatever follows it.
           Row{Format::of_6_1, kRegisters, "+0x100! +0x110 (end of stack)"},
       }) {
    CAPTURE(row.trace);
    ReportCore core(row.format);
    Kernel places(core);
    put(core, 0x3000, {places.stack(0x3200), places.code(0x110) & kSigned});
    // The registers' own record, behind x0 to x30, sp, pc, pstate and two words more.
    put(core, 0x3200, {0, 0, row.meta});
    put(core, 0x3200 - 288 + 8 * kFp, {places.stack(0x3400)});
    put(core, 0x3200 - 288 + 256, {places.code(0x224)});
    put(core, 0x3400, {places.stack(0x3500), places.code(0x330) & kSigned});
    put(core, 0x3500, {0, 0, kFinal});
    core.core().rewrite();
    Kernel kernel(core, kInfo);
    values[kFp] = kernel.stack(0x3000);
    const Stack stack = kernel.whole_stack();
    const auto unwinder = kernel.frames(kMachineAarch64);
    CHECK(as_text(unwinder->unwind_cpu(registers_of(values, kernel.code(0x100)), {&stack, 1}),
                  kernel) == row.trace);
  }
  ReportCore core;
  Kernel kernel(core);
  values[kPstate] = 0;
  const Stack stack = kernel.whole_stack();
  CHECK(as_text(kernel.frames(kMachineAarch64)
                    ->unwind_cpu(registers_of(values, kernel.code(0x100)), {&stack, 1}),
                kernel) == "(user mode)");
}

// Damages the part of the stacks that is used and the registers, unwinds them by each unwinder, and
// mends them. With KDUMP_INIT_ALL 100,000 times.
TEST_CASE("unwinding damaged stacks is bounded") {
  constexpr uint64_t kSeed = 20261201, kUsed = 0x3c00;
  constexpr size_t kWords = 34;  // arm64 has most
  const size_t rounds = getenv("KDUMP_INIT_ALL") ? 100'000 : 3'000;
  CAPTURE(kSeed);
  std::mt19937_64 random(kSeed);
  size_t longest = 0, done = 0;
  for (const Format format : {Format::of_6_1, Format::of_6_3, Format::of_6_12, Format::of_7_3}) {
    ReportCore core(format);
    Kernel kernel(core, "NUMBER(KERNELPACMASK)=0xff00000000000000\n");
    const int fd = ::open(core.path().c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(fd >= 0);
    struct stat status {};
    REQUIRE(::fstat(fd, &status) == 0);
    const auto bytes = static_cast<size_t>(status.st_size);
    void* const mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(mapped != MAP_FAILED);
    ::close(fd);
    const CpuStates scene = read_cpu_states(kernel.vmcore());
    REQUIRE(scene.panicked);
    const CpuRegisters& sound = scene.cpus[*scene.panicked].registers;
    std::vector<Stack> stacks;
    for (uint64_t i = 0; i < 5; ++i) {
      const uint64_t begin =
          core.core().tables().direct_vaddr(ReportCore::kStacks + i * ReportCore::kStackBytes);
      stacks.push_back(
          {i % 2 ? StackKind::task : StackKind::irq, begin, begin + ReportCore::kStackBytes});
    }
    const auto any_value = [&](uint64_t old) -> uint64_t {
      switch (random() % 6) {
        case 0:
          return 0;
        case 1:
          return old ^ uint64_t { 1 } << random() % 64;
        case 2:
          return random();
        case 3:  // code
          return kernel.code(random() % 0x10000);
        case 4:  // a place on a stack, marked as x86 marks registers, or not
          return stacks[random() % stacks.size()].begin + kUsed + random() % 0x400;
        default:
          return ~uint64_t{0} << random() % 64;
      }
    };
    struct Patch {
      uint64_t* at;
      uint64_t old;
    };
    std::vector<Patch> patches;
    for (size_t round = 0; round < rounds / 4; ++round) {
      constexpr unsigned kPercents[] = {2, 10, 50};
      const unsigned percent = kPercents[round % std::size(kPercents)];
      const bool is_long = round / 3 % 4 == 0;
      for (uint64_t i = 0; i < stacks.size(); ++i)
        for (uint64_t at = kUsed; at < ReportCore::kStackBytes; at += 8) {
          if (!is_long && random() % 100 >= percent) continue;
          auto* const word = reinterpret_cast<uint64_t*>(
              static_cast<uint8_t*>(mapped) +
              core.core().file_offset(ReportCore::kStacks + i * ReportCore::kStackBytes + at));
          patches.push_back({word, *word});
          // Now and then whole chains of frames: a pointer to the next one, an address of code.
          if (!is_long || random() % 50 == 0)
            *word = any_value(*word);
          else
            *word = at % 16 == 0 ? stacks[i].begin + at + 16 : kernel.code(random() % 0x10000);
        }
      std::array<uint64_t, kWords> values = {};
      memcpy(values.data(), sound.values.data(),
             std::min(sizeof values, static_cast<size_t>(sound.values.size())));
      CpuRegisters registers = registers_of(values, sound.ip.value);
      if (round % 2) {
        for (uint64_t& value : values)
          if (random() % 4 == 0) value = any_value(value);
        registers.ip = {any_value(sound.ip.value)};
      }
      // Each has no memory of what the last one read.
      MemoryReader reader(kernel.vmcore().address_space(), real_sys(), kBudgetMs);
      const UnwindSources sources = kernel.sources(reader);
      const auto unwinder = round % 3 == 0   ? make_frame_unwinder(kMachineAarch64, sources)
                            : round % 3 == 1 ? make_frame_unwinder(kMachineX86_64, sources)
                                             : make_orc_unwinder(sources);
      REQUIRE(unwinder);
      const uint64_t task =
          core.core().tables().image_vaddr(ReportCore::kTasks + round % 5 * ReportCore::kTaskBytes);
      const Trace traces[] = {(*unwinder)->unwind_cpu(registers, stacks),
                              (*unwinder)->unwind_task(task, stacks)};
      for (const Trace& trace : traces) {
        longest = std::max(longest, trace.frames.size());
        if (trace.frames.size() > Trace::kMaxFrames || *trace.end == '\0') FAIL(round);
      }
      ++done;
      while (!patches.empty()) {
        *patches.back().at = patches.back().old;
        patches.pop_back();
      }
    }
    ::munmap(mapped, bytes);
  }
  CHECK(done == rounds);
  CHECK(longest > Trace::kMaxFrames / 2);
  MESSAGE("unwinds of damaged stacks: ", done, ", the longest has ", longest, " frames");
}

}  // namespace kdump

// Who was where when the kernel crashed: registers, numbers and functions of the CPUs, and what is
// left of it where the vmcore does not say.
#include "filter/kernel/cpu_states.h"

#include <doctest/doctest.h>
#include <elf.h>

#include "tests/fixtures/text_core.h"

namespace kdump {
namespace {

// Three CPUs left notes; of the four that are possible the second was offline.
const char* const kKernel =
    "kernel x86_64-6.1\n"
    "symbol 0x100000 T _stext\nsymbol 0x100400 T default_idle\nsymbol 0x100500 T panic\n"
    "symbol 0x130000 D __per_cpu_offset\nsymbol 0x130100 D nr_cpu_ids\n"
    "symbol 0x130200 D crash_notes\nsymbol 0x130300 D panic_cpu\nsymbol 0x200000 B _end\n"
    "cpu 0 0x100410 =0xffffc90000000f00\ncpu 711 0x100520 =0xffffc90000013e00\n"
    "cpu 4242 =0x7f0000001234 =0x7ffe00000010\n";

constexpr uint64_t kNotes = 0x140000, kNoteStep = 0x1000;
constexpr uint32_t kNumbers[] = {0, 2, 3};  // of the CPUs with notes

void put_notes(TextCore& core, int32_t panic_cpu) {
  CoreImage& image = core.image();
  const uint64_t percpu_pointer = 0x1000;
  for (uint64_t cpu = 0; cpu < 4; ++cpu)
    image.put(0x130000 + 8 * cpu,
              core.tables().direct_vaddr(kNotes + cpu * kNoteStep) - percpu_pointer);
  image.put<uint32_t>(0x130100, 4);
  image.put(0x130200, percpu_pointer);
  image.put(0x130300, panic_cpu);
  core.rewrite();
  size_t next = 0;
  core.open()->elf().notes().each([&](const Note& note) {
    if (note.type != NT_PRSTATUS || next == std::size(kNumbers)) return true;
    const uint64_t at = kNotes + kNumbers[next++] * kNoteStep;
    image.put(at, Elf64_Nhdr{5, static_cast<uint32_t>(note.desc.size()), NT_PRSTATUS});
    image.put(at + 12, std::array<char, 8>{"CORE"});
    image.write(at + 20, note.desc);
    return true;
  });
  core.rewrite();
}

}  // namespace

TEST_CASE("CPUs are known by number, task and function, and the one that panicked among them") {
  TextCore core(kKernel);
  put_notes(core, 2);
  const auto vmcore = core.open();
  const CpuStates scene = find_cpu_states(*vmcore);
  CHECK(scene.warnings.empty());
  REQUIRE(scene.cpus.size() == 3);
  for (size_t i = 0; i < 3; ++i) CHECK(scene.cpus[i].cpu == kNumbers[i]);
  CHECK(scene.panic_cpu == 2u);
  CHECK(scene.panicked == 1u);
  CHECK(scene.cpus[0].function.name == "default_idle");
  CHECK(scene.cpus[1].registers.pid == 711);
  CHECK(scene.cpus[1].registers.sp == Vaddr{0xffffc90000013e00});
  CHECK(scene.cpus[1].function.name == "panic");
  CHECK(scene.cpus[1].function.offset == 0x20);
  CHECK(scene.cpus[1].registers.rows.size() == 23);
  CHECK(scene.cpus[1].registers.value(scene.cpus[1].registers.rows[0]) ==
        core.tables().image_vaddr(0x100520));
  CHECK(scene.cpus[2].function.name == "");
}

TEST_CASE("a CPU that panicked without a note, or none that did, is not made up") {
  for (const int32_t panic_cpu : {1, -1, 1 << 30}) {
    CAPTURE(panic_cpu);
    TextCore core(kKernel);
    put_notes(core, panic_cpu);
    const auto vmcore = core.open();
    const CpuStates scene = find_cpu_states(*vmcore);
    CHECK(scene.panic_cpu == (panic_cpu == 1 ? std::optional(1u) : std::nullopt));
    CHECK_FALSE(scene.panicked);
    CHECK(scene.cpus.size() == 3);
  }
}

TEST_CASE("notes that are not those in the crashed memory have no number") {
  TextCore core(kKernel);
  put_notes(core, 2);
  core.image().put<uint64_t>(kNotes + 2 * kNoteStep + 100, 1);
  SUBCASE("one of them") {}
  SUBCASE("billions of CPUs") { core.image().put<uint32_t>(0x130100, ~0u); }
  SUBCASE("areas nowhere") { core.image().put<uint64_t>(0x130200, 0x123456789abcdef0); }
  core.rewrite();
  const auto vmcore = core.open();
  const CpuStates scene = find_cpu_states(*vmcore);
  REQUIRE(scene.cpus.size() == 3);
  CHECK_FALSE(scene.cpus[1].cpu);
  CHECK_FALSE(scene.panicked);
}

TEST_CASE("without kallsyms there are pids and addresses, and a warning") {
  TextCore core(std::string(kKernel) + "-SYMBOL(kallsyms_offsets)\n");
  put_notes(core, 2);
  const auto vmcore = core.open();
  const CpuStates scene = find_cpu_states(*vmcore);
  REQUIRE(scene.cpus.size() == 3);
  CHECK(scene.cpus[1].registers.pid == 711);
  CHECK(scene.cpus[1].function.name == "");
  REQUIRE(scene.warnings.size() == 1);
  CHECK(scene.warnings[0].find("kallsyms_offsets") != std::string::npos);
}

TEST_CASE("registers of arm64, and notes that are too short or of another machine") {
  std::vector<uint8_t> desc(392);
  desc[32] = 7;
  const uint64_t pc = 0xffff800080012340;
  memcpy(desc.data() + 112 + 32 * 8, &pc, sizeof pc);
  const Note note{.name = "CORE", .type = NT_PRSTATUS, .desc = desc};
  const auto registers = read_registers(note, kMachineAarch64);
  REQUIRE(registers);
  CHECK(registers->pid == 7);
  CHECK(registers->ip == Vaddr{pc});
  CHECK(registers->rows.size() == 34);
  CHECK_FALSE(read_registers(note, 22));
  Note cut = note;
  cut.desc = Bytes(desc).first(380);
  CHECK_FALSE(read_registers(cut, kMachineAarch64));
  Note other = note;
  other.type = NT_PRPSINFO;
  CHECK_FALSE(read_registers(other, kMachineAarch64));
}

}  // namespace kdump

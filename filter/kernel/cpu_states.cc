#include "filter/kernel/cpu_states.h"

#include <elf.h>

#include <algorithm>

#include "filter/base/text.h"
#include "filter/kernel/symbols/kernel_symbols.h"

namespace kdump {
namespace {

constexpr uint32_t kMaxCpus = 8192;    // CONFIG_NR_CPUS of x86_64 and arm64 goes no further
constexpr size_t kMaxNoteBytes = 512;  // struct elf_prstatus has 336 and 392
constexpr size_t kNoteHeader = sizeof(Elf64_Nhdr) + 8;  // with its name, "CORE", padded

// The memory where the crashing kernel wrote the notes, one page for each CPU (crash_save_cpu() in
// kernel/crash_core.c). The address of a note in the vmcore determines the number of its CPU. A CPU
// that was offline has no note.
class CrashNotes {
 public:
  CrashNotes(AddressSpace& space, const KernelSymbols& symbols)
      : space_(space), offsets_(symbols.find("__per_cpu_offset")) {
    const auto notes = symbols.find("crash_notes"), count = symbols.find("nr_cpu_ids");
    if (!notes || !count || !offsets_) return;
    notes_ = space_.read<uint64_t>(*notes).value_or(0);
    cpus_ = std::min(space_.read<uint32_t>(*count).value_or(0), kMaxCpus);
  }

  uint32_t cpus() const { return cpus_; }

  // Whether the note of that CPU is this one.
  bool is_of(uint32_t cpu, Bytes desc) {
    const auto offset = space_.read<uint64_t>({offsets_->value + cpu * sizeof(uint64_t)});
    std::array<uint8_t, kNoteHeader + kMaxNoteBytes> note;
    if (!offset || desc.size() > kMaxNoteBytes) return false;
    const MutableBytes raw = MutableBytes(note).first(kNoteHeader + desc.size());
    if (!space_.read({notes_ + *offset}, raw)) return false;
    const auto header = load<Elf64_Nhdr>(note.data());
    return header.n_type == NT_PRSTATUS && header.n_descsz == desc.size() &&
           std::ranges::equal(raw.subspan(kNoteHeader), desc);
  }

 private:
  AddressSpace& space_;
  std::optional<Vaddr> offsets_;
  uint64_t notes_ = 0;
  uint32_t cpus_ = 0;  // 0: unknown
};

// The CPU that panicked; PANIC_CPU_INVALID, -1, is not one.
std::optional<uint32_t> find_panic_cpu(AddressSpace& space, const KernelSymbols& symbols) {
  const auto at = symbols.find("panic_cpu");
  if (!at) return std::nullopt;
  const auto cpu = space.read<uint32_t>(*at);
  return cpu && *cpu < kMaxCpus ? std::optional(*cpu) : std::nullopt;
}

void name_functions(Vmcore& vmcore, std::vector<CpuState>& cpus) {
  std::vector<Kallsyms::Place> places;
  for (const CpuState& cpu : cpus) places.push_back({cpu.registers.ip});
  auto table = Kallsyms::open(vmcore.info(), vmcore.address_space());
  // What could be named until the table ended is named.
  if (table) (void)table->name(places);
  for (size_t i = 0; i < cpus.size(); ++i) cpus[i].function = std::move(places[i]);
}

}  // namespace

CpuStates read_cpu_states(Vmcore& vmcore) {
  CpuStates scene;
  AddressSpace& space = vmcore.address_space();
  const KernelSymbols& symbols = vmcore.symbols();
  if (*symbols.why())
    scene.warnings.push_back(text("functions and CPU numbers are unknown: %s", symbols.why()));
  scene.panic_cpu = find_panic_cpu(space, symbols);

  CrashNotes notes(space, symbols);
  uint32_t next_cpu = 0;
  vmcore.elf().notes().each([&](const Note& note) {
    const auto registers = read_registers(note, vmcore.elf().machine());
    if (!registers) return true;
    CpuState state{.cpu = {}, .registers = *registers, .function = {}};
    for (uint32_t cpu = next_cpu; cpu < notes.cpus() && !state.cpu; ++cpu)
      if (notes.is_of(cpu, note.desc)) state.cpu = cpu;
    if (state.cpu) next_cpu = *state.cpu + 1;
    if (state.cpu && state.cpu == scene.panic_cpu) scene.panicked = scene.cpus.size();
    scene.cpus.push_back(std::move(state));
    return scene.cpus.size() < kMaxCpus;
  });
  return scene;
}

CpuStates find_cpu_states(Vmcore& vmcore) {
  CpuStates scene = read_cpu_states(vmcore);
  name_functions(vmcore, scene.cpus);
  return scene;
}

}  // namespace kdump

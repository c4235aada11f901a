#include "filter/kernel/unwind/unwinder.h"

namespace kdump {

Result<std::unique_ptr<Unwinder>> make_unwinder(uint16_t elf_machine,
                                                const UnwindSources& sources) {
  const bool has_orc = sources.symbols.find("__start_orc_unwind").has_value();
  if (elf_machine == kMachineX86_64 && has_orc) return make_orc_unwinder(sources);
  return make_frame_unwinder(elf_machine, sources);
}

}  // namespace kdump

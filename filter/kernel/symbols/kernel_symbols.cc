#include "filter/kernel/symbols/kernel_symbols.h"

#include <algorithm>

#include "filter/base/text_list.h"

namespace kdump {
namespace {

constexpr std::string_view kNames =
    // The image and what the kernel gives back of it (kernel_image.cc).
    "_end|__init_begin|__init_end|_etext|__start_rodata|__end_rodata|_sdata|__smp_locks|"
    "__smp_locks_end|__start_bss_decrypted_unused|__end_bss_decrypted|_brk_end|init_pg_dir|"
    "init_pg_end|"
    // CPUs.
    "__per_cpu_offset|__per_cpu_start|__per_cpu_end|nr_cpu_ids|crash_notes|panic_cpu|"
    // The log (printk_log.cc).
    "printk_time|"
    // vmcoreinfo itself.
    "vmcoreinfo_note|vmcoreinfo_data|"
    // The crash report: types, tasks, what the system is (filter/kernel/report).
    "__start_BTF|__stop_BTF|init_task|runqueues|current_task|pcpu_hot|modules|"
    "saved_command_line|dump_stack_arch_desc_str|tainted_mask|taint_flags|_totalram_pages|"
    "vm_zone_stat|vm_node_stat|node_data|contig_page_data|"
    // The unwinders: tables, stacks (filter/kernel/unwind).
    "__start_orc_unwind_ip|__stop_orc_unwind_ip|__start_orc_unwind|__start_orc_header|"
    "_sinittext|_einittext|__crash_kexec|ret_from_fork_asm|ret_from_fork|hardirq_stack_ptr|"
    "cea_exception_stacks|irq_stack_ptr|overflow_stack|sdei_stack_normal_ptr";
static_assert(std::ranges::count(kNames, '|') < static_cast<long>(Kallsyms::kMaxWanted));

}  // namespace

KernelSymbols::KernelSymbols(const Vmcoreinfo& info, AddressSpace& space) {
  for (std::string_view names = kNames; !names.empty();) wanted_.push_back({take_part(names, '|')});
  auto table = Kallsyms::open(info, space);
  if (!table) {
    why_ = table.error();
    return;
  }
  if (const Result<> found = table->find(wanted_); !found) why_ = found.error();
}

std::optional<Vaddr> KernelSymbols::find(std::string_view name) const {
  const auto found = std::ranges::find(wanted_, name, &Kallsyms::SymbolQuery::name);
  return found == wanted_.end() ? std::nullopt : found->address;
}

}  // namespace kdump

#include "filter/kernel/types/kernel_types.h"

namespace kdump {
namespace {

constexpr TypeQuery kQueries[] = {
    // include/linux/sched.h, sched/signal.h
    {"task_struct", "__state"},
    {"task_struct", "state"},
    {"task_struct", "exit_state"},
    {"task_struct", "flags"},
    {"task_struct", "stack"},
    {"task_struct", "tasks"},
    {"task_struct", "signal"},
    {"task_struct", "thread_node"},
    {"task_struct", "pid"},
    {"task_struct", "tgid"},
    {"task_struct", "comm"},
    {"task_struct", "real_parent"},
    // Since e711faaafbe5 ("hung_task: replace blocker_mutex with encoded blocker", v6.16).
    {"task_struct", "blocker"},
    {"task_struct", "thread.sp"},
    {"task_struct", "thread.cpu_context"},
    {"signal_struct", "thread_head"},
    {"mutex", "owner"},
    {"rw_semaphore", "owner"},
    // The task that a CPU runs: kernel/sched/sched.h; x86's pcpu_hot of 6.2 to 6.14.
    {"rq", "curr"},
    {"pcpu_hot", "current_task"},
    {"pcpu_hot", "hardirq_stack_ptr"},
    // Where a sleeping task left off: arm64's processor.h; x86's switch_to.h.
    {"cpu_context", "fp"},
    {"cpu_context", "pc"},
    {"inactive_task_frame"},
    {"inactive_task_frame", "bp"},
    {"inactive_task_frame", "ret_addr"},
    {"pt_regs", "stackframe"},
    {"pt_regs", "pc"},
    {"frame_record_meta", "type"},
    // Stacks: arch/x86/include/asm/processor.h, cpu_entry_area.h.
    {"irq_stack"},
    {"cpu_entry_area", "estacks"},
    {"cpu_entry_area", "entry_stack_page"},
    {"cea_exception_stacks", "DF_stack"},
    {"cea_exception_stacks", "NMI_stack"},
    {"cea_exception_stacks", "DB_stack"},
    {"cea_exception_stacks", "MCE_stack"},
    {"cea_exception_stacks", "VC_stack"},
    {"cea_exception_stacks", "VC2_stack"},
    // arch/x86/include/asm/orc_types.h
    {"orc_entry"},
    {"orc_entry", "sp_offset"},
    {"orc_entry", "bp_offset"},
    {"orc_entry", "sp_reg"},
    {"orc_entry", "bp_reg"},
    {"orc_entry", "type"},
    {"orc_entry", "signal"},
    {"orc_entry", "end"},
    // include/linux/module.h; the memory of a module was two layouts until v6.4.
    {"module", "list"},
    {"module", "name"},
    {"module", "state"},
    {"module", "taints"},
    {"module", "version"},
    {"module", "srcversion"},
    {"module", "build_id"},
    {"module", "notes_attrs"},
    {"module", "kallsyms"},
    {"module", "arch.num_orcs"},
    {"module", "arch.orc_unwind_ip"},
    {"module", "arch.orc_unwind"},
    {"module", "mem"},
    {"module_memory", "base"},
    {"module_memory", "size"},
    {"module", "core_layout"},
    {"module", "init_layout"},
    {"module_layout", "base"},
    {"module_layout", "size"},
    {"mod_kallsyms", "symtab"},
    {"mod_kallsyms", "num_symtab"},
    {"mod_kallsyms", "strtab"},
    // kernel/module/sysfs.c: an array, or since v6.14 pointers in a group.
    {"module_notes_attrs", "notes"},
    {"module_notes_attrs", "attrs"},
    {"module_notes_attrs", "grp.bin_attrs"},
    {"bin_attribute"},
    {"bin_attribute", "private"},
    {"bin_attribute", "size"},
    {"taint_flag"},
    {"taint_flag", "c_true"},
    // include/linux/mmzone.h
    {"zone"},
    {"zone", "name"},
    {"zone", "vm_stat"},
    {"zone", "_watermark"},
    {"zone", "managed_pages"},
    {"pglist_data", "node_zones"},
    {"pglist_data", "nr_zones"},
    {"zone_stat_item", "NR_FREE_PAGES"},
    {"node_stat_item", "NR_FILE_PAGES"},
    {"node_stat_item", "NR_ANON_MAPPED"},
    {"node_stat_item", "NR_SHMEM"},
    {"node_stat_item", "NR_SLAB_RECLAIMABLE_B"},
    {"node_stat_item", "NR_SLAB_UNRECLAIMABLE_B"},
    {"node_stat_item", "NR_PAGETABLE"},
    {"node_stat_item", "NR_KERNEL_STACK_KB"},
    {"node_stat_item", "NR_FILE_DIRTY"},
    {"node_stat_item", "NR_WRITEBACK"},
};
static_assert(std::size(kQueries) == static_cast<size_t>(Type::count));

}  // namespace

KernelTypes::KernelTypes(MemoryReader& reader, const KernelSymbols& symbols) {
  std::copy(std::begin(kQueries), std::end(kQueries), queries_.begin());
  const auto begin = symbols.find("__start_BTF"), end = symbols.find("__stop_BTF");
  if (!begin || !end) {
    why_ = fail(Kind::unsupported, *symbols.why() ? "%s" : "kallsyms names no BTF%s", symbols.why())
               .error();
    return;
  }
  if (const Result<> resolved = resolve_types(reader, begin->value, end->value, queries_);
      !resolved)
    why_ = resolved.error();
}

}  // namespace kdump

#include "filter/kernel/types/kernel_types.h"

#include <algorithm>

#include "filter/base/text_list.h"

namespace kdump {
namespace {

// One group a type: its name, then in the order of enum Type what is asked of it; "-" is the type
// itself. One text, for an array of pointers has to be relocated and takes six times the space.
constexpr std::string_view kQueries =
    // include/linux/sched.h, sched/signal.h
    "task_struct __state state exit_state flags stack tasks signal thread_node pid tgid comm "
    "real_parent;"
    // Since e711faaafbe5 ("hung_task: replace blocker_mutex with encoded blocker", v6.16).
    "task_struct blocker thread.sp thread.cpu_context;"
    "signal_struct thread_head;"
    "mutex owner;"
    "rw_semaphore owner;"
    // The task that a CPU runs: kernel/sched/sched.h; x86's pcpu_hot of 6.2 to 6.14.
    "rq curr;"
    "pcpu_hot current_task hardirq_stack_ptr;"
    // Where a sleeping task left off: arm64's processor.h; x86's switch_to.h.
    "cpu_context fp pc;"
    "inactive_task_frame - bp ret_addr;"
    "pt_regs stackframe pc;"
    "frame_record_meta type;"
    // Stacks: arch/x86/include/asm/processor.h, cpu_entry_area.h.
    "irq_stack -;"
    "cpu_entry_area estacks entry_stack_page;"
    "cea_exception_stacks DF_stack NMI_stack DB_stack MCE_stack VC_stack VC2_stack;"
    // arch/x86/include/asm/orc_types.h
    "orc_entry - sp_offset bp_offset sp_reg bp_reg type signal end;"
    // include/linux/module.h; the memory of a module was two layouts until v6.4.
    "module list name state taints version srcversion build_id notes_attrs kallsyms "
    "arch.num_orcs arch.orc_unwind_ip arch.orc_unwind mem;"
    "module_memory base size;"
    "module core_layout init_layout;"
    "module_layout base size;"
    "mod_kallsyms symtab num_symtab strtab;"
    // kernel/module/sysfs.c: an array, or since v6.14 pointers in a group.
    "module_notes_attrs notes attrs grp.bin_attrs;"
    "bin_attribute - private size;"
    "taint_flag - c_true;"
    // include/linux/mmzone.h
    "zone - name vm_stat _watermark managed_pages;"
    "pglist_data node_zones nr_zones;"
    "zone_stat_item NR_FREE_PAGES;"
    "node_stat_item NR_FILE_PAGES NR_ANON_MAPPED NR_SHMEM NR_SLAB_RECLAIMABLE_B "
    "NR_SLAB_UNRECLAIMABLE_B NR_PAGETABLE NR_KERNEL_STACK_KB NR_FILE_DIRTY NR_WRITEBACK;";

static_assert(std::ranges::count(kQueries, ' ') == static_cast<long>(Type::count));

}  // namespace

KernelTypes::KernelTypes(MemoryReader& reader, const KernelSymbols& symbols) {
  auto query = queries_.begin();
  for (std::string_view groups = kQueries; !groups.empty();) {
    std::string_view members = take_part(groups, ';');
    const std::string_view type = take_part(members, ' ');
    while (!members.empty()) {
      const std::string_view member = take_part(members, ' ');
      *query++ = {.type = type, .path = member == "-" ? std::string_view() : member};
    }
  }
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

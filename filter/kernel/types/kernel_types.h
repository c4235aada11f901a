// The members, sizes and enumerators that the crash report and the unwinders need, asked of the
// kernel's BTF in one go. A row that this kernel lacks is not found; what depends on it is left
// out.
#pragma once

#include <array>

#include "filter/kernel/symbols/kernel_symbols.h"
#include "filter/kernel/types/btf.h"

namespace kdump {

// One query of kernel_types.cc each, in the same order.
enum class Type : uint8_t {
  task_state,
  task_state_before_5_14,
  task_exit_state,
  task_flags,
  task_stack,
  task_tasks,
  task_signal,
  task_thread_node,
  task_pid,
  task_tgid,
  task_comm,
  task_real_parent,
  task_blocker,
  task_thread_sp,
  task_cpu_context,
  signal_thread_head,
  mutex_owner,
  rwsem_owner,
  rq_curr,
  hot_current_task,
  hot_hardirq_stack_ptr,
  context_fp,
  context_pc,
  inactive_frame,
  inactive_frame_bp,
  inactive_frame_ret_addr,
  regs_stackframe,
  regs_pc,
  meta_type,
  irq_stack,
  entry_area_estacks,
  entry_area_entry_stack,
  estacks_df,
  estacks_nmi,
  estacks_db,
  estacks_mce,
  estacks_vc,
  estacks_vc2,
  orc,
  orc_sp_offset,
  orc_bp_offset,
  orc_sp_reg,
  orc_bp_reg,
  orc_type,
  orc_signal,
  orc_end,
  module_list,
  module_name,
  module_state,
  module_taints,
  module_version,
  module_srcversion,
  module_build_id,
  module_notes_attrs,
  module_kallsyms,
  module_num_orcs,
  module_orc_ips,
  module_orcs,
  module_mem,
  module_mem_base,
  module_mem_size,
  module_core_layout,
  module_init_layout,
  layout_base,
  layout_size,
  kallsyms_symtab,
  kallsyms_num_symtab,
  kallsyms_strtab,
  notes_count,
  notes_attrs,
  notes_group,
  bin_attribute,
  bin_attribute_private,
  bin_attribute_size,
  taint_flag,
  taint_flag_c_true,
  zone,
  zone_name,
  zone_vm_stat,
  zone_watermark,
  zone_managed_pages,
  node_zones,
  node_nr_zones,
  zone_free_pages,
  node_file_pages,
  node_anon_mapped,
  node_shmem,
  node_slab_reclaimable,
  node_slab_unreclaimable,
  node_pagetable,
  node_kernel_stack_kb,
  node_file_dirty,
  node_writeback,
  count,
};

class KernelTypes {
 public:
  // Never fails: without BTF nothing is found, and why() gives the reason.
  KernelTypes(MemoryReader& reader, const KernelSymbols& symbols);

  const char* why() const { return why_.text; }  // empty: BTF was read
  const TypeQuery& query(Type type) const { return queries_[static_cast<size_t>(type)]; }
  bool has(Type type) const { return query(type).is_found; }

  // Where the member of the struct at `base` lies.
  std::optional<uint64_t> address(uint64_t base, Type member) const {
    if (!has(member)) return std::nullopt;
    return base + query(member).offset();
  }
  // nullopt: no such member, or it cannot be read.
  template <class T>
  std::optional<T> read(MemoryReader& reader, uint64_t base, Type member) const {
    const auto at = address(base, member);
    return at ? reader.read<T>(*at) : std::nullopt;
  }

 private:
  std::array<TypeQuery, static_cast<size_t>(Type::count)> queries_;
  Error why_;
};

}  // namespace kdump

#include "filter/kernel/printk_log.h"

#include <algorithm>

#include "filter/kernel/log/log_readers.h"
#include "filter/kernel/symbols/kernel_symbols.h"

namespace kdump {
namespace {

// Returns true if the kernel printed times with its records: the parameter printk.time=, a bool
// that only kallsyms locates. True if it cannot be located, since nearly all kernels print times.
bool has_times(Vmcore& vmcore) {
  const auto printk_time = vmcore.symbols().find("printk_time");
  if (!printk_time) return true;
  const auto value = vmcore.address_space().read<uint8_t>(*printk_time);
  return !value || *value != 0;
}

}  // namespace

Result<LogSummary> write_kernel_log(Vmcore& vmcore, Sink& out) {
  const Vmcoreinfo& info = vmcore.info();
  LogText text(out, has_times(vmcore));
  LogSummary summary;
  if (has_printk_ring(info))
    summary.warning = TRY(read_printk_ring(info, vmcore.address_space(), text));
  else if (has_log_text(info))
    summary.warning = TRY(read_log_text(info, vmcore.address_space(), text));
  else if (has_log_buf(info))
    summary.warning = TRY(read_log_buf(info, vmcore.address_space(), text));
  else
    return fail(Kind::unsupported, "vmcoreinfo has neither SYMBOL(prb) nor SYMBOL(log_buf)");
  TRY(text.finish());
  summary.records = text.records();
  summary.bytes = text.bytes();
  summary.newest_ts_nsec = text.newest_ts_nsec();
  return summary;
}

Result<std::vector<VirtualRange>> find_kernel_log(const Vmcoreinfo& info, AddressSpace& space) {
  if (has_printk_ring(info)) return find_printk_ring(info, space);
  const auto buffer = info.symbol("log_buf"), length = info.symbol("log_buf_len");
  if (!buffer || !length)
    return fail(Kind::unsupported, "vmcoreinfo has neither SYMBOL(prb) nor SYMBOL(log_buf)");
  const uint64_t at = TRY(space.read<uint64_t>({*buffer}));
  const uint32_t size = TRY(space.read<uint32_t>({*length}));
  return std::vector<VirtualRange>{{{at}, std::min(size, kMaxLogBufBytes)}};
}

}  // namespace kdump

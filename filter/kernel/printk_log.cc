#include "filter/kernel/printk_log.h"

#include "filter/kernel/log_readers.h"

namespace kdump {

Result<LogSummary> write_kernel_log(Vmcore& vmcore, Sink& out) {
  const Vmcoreinfo& info = vmcore.info();
  LogText text(out);
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
  return summary;
}

}  // namespace kdump

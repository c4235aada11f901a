// See last_resort.h. What the kernel stores, and when: kernel/printk/printk.c, kmsg_dump();
// fs/pstore/platform.c, pstore_dump().
#include "init/pid1/last_resort.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "filter/base/file.h"
#include "filter/kernel/printk_log.h"
#include "init/capture/child.h"
#include "init/capture/report/human_size.h"
#include "init/pid1/reboot.h"

namespace kdump {
namespace {

// Y: at a reboot too, not only after an oops or a panic.
constexpr char kStoreAlways[] = "/sys/module/printk/parameters/always_kmsg_dump";
constexpr char kBackend[] = "/sys/module/pstore/parameters/backend";
// 16 KiB at 9600 baud, and reading the log before.
constexpr uint32_t kAtMostS = 40;

// For a child: reads the log and shows its end.
void show_tail(Sys& sys, const Settings& settings, const std::string& backend, Console& console) {
  const auto vmcore = Vmcore::open(sys, settings.vmcore.c_str());
  TailSink tail;
  const auto log = vmcore ? write_kernel_log(**vmcore, tail) : std::unexpected(vmcore.error());
  const std::string text = tail.text();
  if (!log) console.say("the crashed kernel's log cannot be read: %s", log.error().text);
  if (text.empty()) return;

  console.say("=== BEGIN of the crashed kernel's log, its last %s ===",
              human_size(text.size()).c_str());
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    console.quote({text.data() + at, end - at});
    at = end + 1;
  }
  console.say("=== END of the crashed kernel's log ===");
  if (!backend.empty())
    console.say("its end goes into pstore (%s) with the reboot", backend.c_str());
}

}  // namespace

Result<> TailSink::write_at(uint64_t, Bytes data) {
  kept_.append(reinterpret_cast<const char*>(data.data()), data.size());
  if (kept_.size() <= 2 * kTailBytes) return {};
  kept_.erase(0, kept_.size() - kTailBytes);
  is_cut_ = true;
  return {};
}

std::string TailSink::text() const {
  if (!is_cut_ && kept_.size() <= kTailBytes) return kept_;
  const size_t from = kept_.size() > kTailBytes ? kept_.size() - kTailBytes : 0;
  const size_t line_end = kept_.find('\n', from);
  const bool has_more = line_end != std::string::npos && line_end + 1 < kept_.size();
  return kept_.substr(has_more ? line_end + 1 : from);
}

std::string pstore_backend(Sys& sys) {
  constexpr size_t kMaxNameBytes = 256;
  auto name = read_small_file(sys, kBackend, kMaxNameBytes);
  if (!name || *name == "(null)\n") return "";
  name->resize(name->find_last_not_of('\n') + 1);
  return *name;
}

void preserve_log_tail(Sys& sys, const Settings& settings, Console& console) {
  struct stat vmcore;
  if (sys.stat(settings.vmcore.c_str(), vmcore) < 0) return;
  std::string backend = pstore_backend(sys);
  if (!backend.empty()) {
    constexpr uint8_t kYes[] = {'Y'};
    auto file = File::open(sys, kStoreAlways, O_WRONLY);
    const Result<> set = file ? file->append(kYes) : std::unexpected(file.error());
    if (!set) console.say("%s; nothing goes into pstore", set.error().text);
    if (!set) backend.clear();
  }
  const auto show = [&] { show_tail(sys, settings, backend, console); };
  const BlockedSignals blocked;
  auto child = Child::start(show);
  if (!child) {
    console.say("%s; PID 1 shows the crashed kernel's log itself", child.error().text);
    const RebootAfter deadline(kAtMostS);
    return show();
  }
  if (const auto done = child->end_within(kAtMostS, "showing the crashed kernel's log"); !done)
    console.say("%s; going on", done.error().text);
}

}  // namespace kdump

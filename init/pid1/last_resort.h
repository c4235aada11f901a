// Preserves the end of the crashed kernel's log where every target has failed: shows it on the
// console, between two lines that mark it, and puts it into pstore, where the platform has that. It
// needs no configuration and no target.
//
// pstore accepts no text from programs: at a reboot the kernel stores the end of the log that it
// has itself, if it is configured to. So the crashed kernel's log is made the end of the capture
// kernel's. After the reboot it is in /sys/fs/pstore (on systems with systemd in
// /var/lib/systemd/pstore).
#pragma once

#include <string>

#include "filter/base/sink.h"
#include "filter/base/sys.h"
#include "init/capture/console.h"
#include "init/capture/settings.h"

namespace kdump {

// What a line of 115200 baud carries in two seconds, and more than pstore takes (by default 10
// KiB).
constexpr size_t kTailBytes = 16 * 1024;

// The end of a text that is written forward, from the start of a line on.
class TailSink final : public Sink {
 public:
  Result<> write_at(uint64_t offset, Bytes data) override;
  // Whole lines, at most kTailBytes of them; of a line longer than that, its end.
  std::string text() const;

 private:
  std::string kept_;  // at most twice kTailBytes
  bool is_cut_ = false;
};

// "erst", "efi_pstore", "ramoops": where pstore keeps what it is given. Empty: it has nowhere.
std::string pstore_backend(Sys& sys);

// In a child, with a deadline: reading the log and a slow console may take long. Where fork()
// fails PID 1 does it itself, and a timer resets the machine if that hangs.
void preserve_log_tail(Sys& sys, const Settings& settings, Console& console);

}  // namespace kdump

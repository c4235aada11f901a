#include "init/pid1/fence.h"

#include <cstring>

#include "filter/base/sys.h"
#include "init/capture/child.h"
#include "net/fence_kdump.h"

namespace kdump {
namespace {

void send_for_ever(const Settings& settings, Console& console) {
  bool was_sent = true;  // only changes are shown, not each message
  bool is_first = true;
  for (;;) {
    int error = 0;
    const size_t sent =
        send_fence_kdump(settings.fence_nodes, static_cast<uint16_t>(settings.fence_port), error);
    if (sent > 0 && (is_first || !was_sent))
      console.say("fence_kdump: sending to %zu of %zu nodes, every %us", sent,
                  settings.fence_nodes.size(), settings.fence_interval_s);
    if (sent == 0 && was_sent)
      console.say("fence_kdump: cannot send to any node (%s); retrying every %us", strerror(error),
                  settings.fence_interval_s);
    was_sent = sent > 0;
    is_first = false;
    real_sys().sleep_ms(int64_t{settings.fence_interval_s} * 1000);
  }
}

}  // namespace

void start_fence_messages(const Settings& settings, Console& console) {
  const BlockedSignals blocked;
  const auto sender = Child::start([&] { send_for_ever(settings, console); });
  if (!sender) console.say("fence_kdump: %s; going on", sender.error().text);
}

}  // namespace kdump

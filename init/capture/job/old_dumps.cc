// See old_dumps.h.
#include "init/capture/job/old_dumps.h"

#include <algorithm>

#include "filter/base/text.h"
#include "init/capture/report/human_size.h"
#include "targets/retention.h"

namespace kdump {
namespace {

// File systems may free the blocks of a removed file a little later.
constexpr int kLooks = 10;
constexpr int64_t kLookEveryMs = 200;

uint64_t free_bytes(Target& target) {
  const auto space = target.preflight();
  return space ? space->free_bytes.value_or(0) : 0;
}

}  // namespace

uint64_t OldDumps::remove(When when, uint64_t stop_after_bytes, bool is_whole) {
  if (settings_.keep == 0) return 0;
  const std::string where = target_.location();
  const RetentionPolicy policy{.keep = settings_.keep,
                               .host = host_,
                               .current_dump = where.substr(where.rfind('/') + 1),
                               .is_whole = is_whole,
                               .stop_after_bytes = stop_after_bytes,
                               .step_s = settings_.step_timeout_s};
  const auto files = target_.stored_files();
  const auto removed = !files                ? Result<Removed>(std::unexpected(files.error()))
                       : when == When::trial ? find_removable(sys_, **files, policy, progress_)
                                             : remove_oldest(sys_, **files, policy, progress_);
  progress_.tick();  // whatever was waited for is over
  if (!removed) {
    progress_.note(
        text("rd.kdump.keep=%u: no old dump is removed: %s", settings_.keep, removed.error().text)
            .c_str());
    return 0;
  }
  if (when != When::trial && removed->dumps > 0)
    progress_.note(text("rd.kdump.keep=%u: oldest dumps of %s removed: %u, %s", settings_.keep,
                        host_.c_str(), removed->dumps, human_size(removed->bytes).c_str())
                       .c_str());
  return removed->freed_bytes;
}

void OldDumps::remove_surplus(bool is_whole) { remove(When::surplus, UINT64_MAX, is_whole); }

uint64_t OldDumps::removable_bytes() { return remove(When::trial, UINT64_MAX, false); }

uint64_t OldDumps::make_room(uint64_t bytes) {
  const uint64_t before = free_bytes(target_);
  const uint64_t promised = remove(When::needed, bytes, false);
  uint64_t more = 0;
  for (int i = 0; i < kLooks && more < promised; ++i) {
    if (i > 0) sys_.sleep_ms(kLookEveryMs);
    const uint64_t now = free_bytes(target_);
    more = std::min(now > before ? now - before : 0, promised);
  }
  return more;
}

}  // namespace kdump

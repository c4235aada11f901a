#include "targets/retention.h"

#include <algorithm>

#include "filter/base/text.h"
#include "targets/dump_listing.h"

namespace kdump {
namespace {

// nullopt: it is no whole dump of ours, and counts for nothing.
std::optional<DumpContents> whole_dump(StoredFiles& files, const StoredDump& dump) {
  auto contents = read_dump_contents(files, dump);
  if (!contents || !contents->is_complete || !contents->is_ours || contents->has_other_things)
    return std::nullopt;
  return *std::move(contents);
}

// Looks at the dumps of a host one by one, as long as there is time.
class Retention {
 public:
  Retention(Sys& sys, StoredFiles& files, const RetentionPolicy& policy, Observer& observer,
            bool is_trial)
      : sys_(sys),
        files_(files),
        policy_(policy),
        observer_(observer),
        is_trial_(is_trial),
        end_ms_(sys.monotonic_ms() + int64_t{1000} * policy.step_s) {}

  Result<Removed> run();

 private:
  bool find_old_dumps(std::vector<StoredDump> all);
  bool has_time(const StoredDump& dump);
  void remove(const StoredDump& dump);

  Sys& sys_;
  StoredFiles& files_;
  const RetentionPolicy& policy_;
  Observer& observer_;
  const bool is_trial_;  // nothing is removed
  const int64_t end_ms_;
  std::vector<StoredDump> old_;  // of this host, but for the one just made; newest first
  Removed removed_;
};

// True: one of them has a newer name than the one just made, as the clock has gone backwards.
bool Retention::find_old_dumps(std::vector<StoredDump> all) {
  bool has_newer = false, is_behind = false;
  for (StoredDump& dump : all) {
    if (dump.host != policy_.host) continue;
    if (dump.name == policy_.current_dump) {
      is_behind = true;
      continue;
    }
    has_newer |= !is_behind;
    old_.push_back(std::move(dump));
  }
  return has_newer;
}

bool Retention::has_time(const StoredDump& dump) {
  if (sys_.monotonic_ms() >= end_ms_) {
    observer_.note(
        text("old dumps: stopped after %u s; the next capture removes the rest", policy_.step_s)
            .c_str());
    return false;
  }
  observer_.waiting_for(text("an old dump, %s", dump.name.c_str()).c_str(), policy_.step_s);
  return true;
}

void Retention::remove(const StoredDump& dump) {
  const auto contents = whole_dump(files_, dump);
  if (!contents) return;
  const Result<> gone = is_trial_ ? Result<>() : remove_stored_dump(files_, dump, *contents);
  if (!gone)
    return observer_.note(text("old dump %s: %s", dump.name.c_str(), gone.error().text).c_str());
  ++removed_.dumps;
  removed_.freed_bytes += contents->freed_bytes;
  removed_.bytes += contents->bytes;
}

Result<Removed> Retention::run() {
  observer_.waiting_for("listing old dumps", policy_.step_s);
  const bool has_newer = find_old_dumps(TRY(list_dumps(files_)).dumps);
  uint32_t to_spare = policy_.keep - 1;
  // The newest stays in any case: until the new one is whole, that is one of these.
  if (to_spare == 0 && (has_newer || !policy_.is_whole)) to_spare = 1;
  size_t spared = 0;  // of old_, at its beginning
  for (; to_spare > 0 && spared < old_.size(); ++spared) {
    if (!has_time(old_[spared])) return removed_;
    if (whole_dump(files_, old_[spared])) --to_spare;
  }
  for (size_t i = old_.size(); i > spared && removed_.freed_bytes < policy_.stop_after_bytes; --i) {
    if (!has_time(old_[i - 1])) break;
    remove(old_[i - 1]);
  }
  return removed_;
}

}  // namespace

Result<Removed> remove_oldest(Sys& sys, StoredFiles& files, const RetentionPolicy& policy,
                              Observer& observer) {
  return Retention(sys, files, policy, observer, false).run();
}

Result<Removed> find_removable(Sys& sys, StoredFiles& files, const RetentionPolicy& policy,
                               Observer& observer) {
  return Retention(sys, files, policy, observer, true).run();
}

}  // namespace kdump

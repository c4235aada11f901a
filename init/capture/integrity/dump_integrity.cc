#include "init/capture/integrity/dump_integrity.h"

#include <algorithm>
#include <cinttypes>

#include "filter/base/text.h"
#include "init/capture/integrity/leftovers.h"
#include "init/capture/integrity/read_back.h"
#include "init/capture/report/human_size.h"
#include "targets/crash_files.h"

namespace kdump {
namespace {

// verify=auto: reading the dump may take as long as writing it took, and this long in any case. A
// machine that is down waits for it.
constexpr int64_t kShortReadMs = 10'000;

class LimitedSink final : public Sink {
 public:
  LimitedSink(Sink& inner, uint64_t most_bytes) : inner_(inner), most_bytes_(most_bytes) {}
  Result<> write_at(uint64_t offset, Bytes data) override {
    const uint64_t left = most_bytes_ - std::min(offset, most_bytes_);
    if (data.size() <= left) return inner_.write_at(offset, data);
    TRY(inner_.write_at(offset, data.first(left)));
    return fail(Kind::no_space, "it is longer than the %s that there are for it",
                human_size(most_bytes_).c_str());
  }

 private:
  Sink& inner_;
  const uint64_t most_bytes_;
};

}  // namespace

Result<> save_text(Target& target, const char* name, std::string_view text, Manifest& manifest) {
  const Bytes bytes = bytes_of_text(text);
  auto file = TRY(target.create(name, text.size()));
  Result<> saved = file->write_at(0, bytes);
  if (saved) saved = file->commit();
  file.reset();
  if (saved)
    manifest.add(name, sha256_of(bytes));
  else
    remove_if_empty(target, name, saved.error());
  return saved;
}

Result<LogSummary> save_kernel_log(Vmcore& vmcore, Target& target, uint64_t most_bytes,
                                   JobProgress& progress, Manifest& manifest) {
  auto file = TRY(target.create(kDmesgName, 0));
  LimitedSink limited(*file, most_bytes);
  HashedSink hashed(limited);
  WatchedSink sink(hashed, progress);
  auto log = write_kernel_log(vmcore, sink);
  if (!log) {
    // Keeps what has arrived, and returns the first error.
    if (!file->keep_incomplete())
      progress.note(("warning: " + incomplete_name(kDmesgName) + " may lack its end").c_str());
    file.reset();
    remove_if_empty(target, kDmesgName, log.error());
    return log;
  }
  TRY(file->commit());
  if (hashed.is_sequential()) manifest.add(kDmesgName, hashed.finish());
  return log;
}

// Sums and hashes cost as much time as all else that is not compression: computes only those that
// are used later.
Sink& DumpIntegrity::observe_writes(TargetFile& file, Target::Access access, bool has_manifest) {
  sums_ = {};
  summed_.reset();
  hashed_.reset();
  if (access == Target::Access::append_only) {  // cannot be read back
    if (!has_manifest) return file;
    hashed_ = std::make_unique<HashedSink>(file);
    return *hashed_;
  }
  if (verify_ == Verify::none) return file;
  summed_ = std::make_unique<SummedSink>(file, sums_);
  return *summed_;
}

Result<> DumpIntegrity::read_sample(TargetFile& file) {
  if (!summed_) return {};
  progress_.enter(Step::verify);
  const auto read = ReadBack(file, sums_, progress_).sample();
  if (read) verified_ = "sample";
  // On a write-only server the dump is saved but cannot be verified.
  if (read || read.error().kind == Kind::unsupported || read.error().kind == Kind::refused)
    return {};
  return wrap(read.error(), "reading the dump back");
}

Result<> DumpIntegrity::commit_dump(std::unique_ptr<TargetFile> file) {
  TRY(file->sync());
  if (const Result<> sampled = read_sample(*file); !sampled) {
    // The file is synced, and may still help.
    [[maybe_unused]] const Result<> kept = file->keep_incomplete();
    return sampled;
  }
  progress_.enter(Step::finish);
  TRY(file->commit());
  dump_ = std::move(file);
  return {};
}

void DumpIntegrity::omit_from_manifest(const char* why, Console& console) {
  console.say("%s has no %s: %s", kManifestName, kDumpName, why);
  manifest_.remark(std::string(kDumpName) + " is not listed: " + why);
}

// A damaged dump must not keep the name vmcore: list, rd.kdump.keep= and readers take that for
// whole.
Result<> DumpIntegrity::demote(TargetFile& dump, const Error& damage, Console& console) {
  const Result<> demoted = dump.demote();
  if (!demoted)
    console.say("warning: the damaged dump is still called %s: %s", kDumpName,
                demoted.error().text);
  manifest_.remark((demoted ? incomplete_name(kDumpName) : kDumpName) +
                   " is DAMAGED: " + damage.text);
  return std::unexpected(damage);
}

Result<> DumpIntegrity::check_dump(int64_t write_ms, Console& console) {
  // Closed at the end, however it comes: an open file keeps its target mounted.
  const std::unique_ptr<TargetFile> dump = std::move(dump_);
  if (hashed_) {
    manifest_.add(kDumpName, hashed_->finish());
    return {};
  }
  if (verify_ == Verify::none || verify_ == Verify::sample) {
    omit_from_manifest("rd.kdump.verify= does not ask to read it back", console);
    return {};
  }
  progress_.enter(Step::verify);
  const int64_t at_most_ms =
      verify_ == Verify::all ? INT64_MAX / 2 : std::max(write_ms, kShortReadMs);
  const int64_t began_ms = sys_.monotonic_ms();
  const auto sha256 = ReadBack(*dump, sums_, progress_).whole(sys_, at_most_ms);
  if (!sha256 && sha256.error().kind == Kind::corrupt)
    return demote(*dump, sha256.error(), console);
  if (!sha256 || !*sha256) {
    omit_from_manifest(
        sha256 ? "reading it back takes longer than writing it took" : sha256.error().text,
        console);
    return {};
  }
  manifest_.add(kDumpName, **sha256);
  verified_ = "all";
  const double seconds =
      std::max(static_cast<double>(sys_.monotonic_ms() - began_ms) / 1000, 0.001);
  console.say("verified: read back %s in %.1f s, %.0f MiB/s, matches",
              human_size(sums_.end()).c_str(), seconds,
              static_cast<double>(sums_.end()) / seconds / (1 << 20));
  return {};
}

}  // namespace kdump

// See check_job.h.
#include "init/capture/job/check_job.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cinttypes>
#include <cstring>
#include <ctime>
#include <optional>
#include <vector>

#include "init/capture/job_progress.h"
#include "init/capture/report/crash_name.h"
#include "init/capture/report/human_size.h"
#include "init/capture/stop_request.h"
#include "targets/schemes.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

constexpr char kFileName[] = "check";
// Enough to see a speed, at most this long; and never more than a part of what is free.
constexpr uint64_t kPieceBytes = 4 << 20, kMaxBytes = 64 << 20;
constexpr int64_t kWriteMs = 4000;
constexpr uint64_t kPartOfFree = 8;
// How often the target is reached in all: what refuses some connections works for one of them.
constexpr unsigned kTimes = 3;

// Bytes that no file system or server can store as fewer, the same again for the same offset.
void fill(std::vector<uint8_t>& piece, uint64_t offset) {
  uint64_t state = offset + 0x9e3779b97f4a7c15;
  for (size_t i = 0; i + sizeof state <= piece.size(); i += sizeof state) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    memcpy(&piece[i], &state, sizeof state);
  }
}

// A heap as the dump's job leaves it, which reads the vmcore first: new memory holds old bytes.
// What works only on fresh memory, which is all zeros, must fail here too.
class UsedHeap {
 public:
  UsedHeap() {
    std::vector<std::vector<uint8_t>> freed;
    for (size_t size = 16; size <= kLargest; size += size / 4)
      for (int i = 0; i < kOfEachSize; ++i) {
        freed.emplace_back(size, kOldByte);
        kept_.emplace_back(size, kOldByte);
      }
  }

 private:
  static constexpr size_t kLargest = 16 << 10;
  static constexpr int kOfEachSize = 4;
  static constexpr uint8_t kOldByte = 0xa5;
  // Between those that are freed, so that these are not returned to the kernel.
  std::vector<std::vector<uint8_t>> kept_;
};

class CheckJob {
 public:
  CheckJob(Sys& sys, const Settings& settings, const std::string& url, Board& board,
           Console& console)
      : sys_(sys),
        settings_(settings),
        url_(url),
        board_(board),
        console_(console),
        progress_(sys, board, console) {}

  void run(Network& network, const std::string& mount_root);

 private:
  Result<> try_target(Network& network, const std::string& mount_root);
  Result<> try_file(uint64_t most_bytes);
  Result<uint64_t> write_pieces(Sink& file, uint64_t most_bytes);
  Result<> read_pieces(TargetFile& file, uint64_t bytes);
  Result<> clean_up();
  Result<> reach_again();
  // Returns the seconds since the last call.
  double step_seconds();

  Sys& sys_;
  const Settings& settings_;
  const std::string& url_;
  Board& board_;
  Console& console_;
  JobProgress progress_;
  std::unique_ptr<Target> target_;
  bool is_reached_ = false, has_begun_ = false;
  int64_t step_began_ms_ = 0;
};

double CheckJob::step_seconds() {
  progress_.tick();
  const int64_t now_ms = sys_.monotonic_ms();
  const int64_t spent_ms = now_ms - std::exchange(step_began_ms_, now_ms);
  return static_cast<double>(spent_ms) / 1000;
}

void CheckJob::run(Network& network, const std::string& mount_root) {
  console_.say("trying %s", url_.c_str());
  const StopRequest stop;  // SIGTERM ends the trial in order, with its file removed
  step_began_ms_ = sys_.monotonic_ms();
  const UsedHeap heap;
  Result<> done = try_target(network, mount_root);
  if (const Result<> cleaned = clean_up(); !cleaned) {
    console_.say("not cleaned up: %s", cleaned.error().text);
    if (done) done = cleaned;
  }
  if (done) done = reach_again();
  if (done) {
    board_.finish(Board::Outcome::saved, {}, url_);
    return console_.say("%s would work", without_options(url_).c_str());
  }
  board_.finish(Board::Outcome::failed, done.error(), "");
  console_.say("FAILED %s: %s (%s)", without_options(url_).c_str(), done.error().text,
               kind_name(done.error().kind));
}

Result<> CheckJob::try_target(Network& network, const std::string& mount_root) {
  const TargetContext context{
      .sys = sys_,
      .limits = {.step_s = settings_.step_timeout_s, .stall_s = settings_.stall_timeout_s},
      .observer = progress_,
      .network = network,
      .refuse_tmpfs = true,
      .mount_root = mount_root};
  target_ = TRY(make_target(url_, context));
  const Target::Space space = TRY(target_->preflight());
  const std::string room = space.free_bytes ? human_size(*space.free_bytes) + " free"
                                            : std::string("it does not say how much is free");
  is_reached_ = true;
  console_.say("  reached in %.2f s, %s", step_seconds(), room.c_str());
  if (!target_->can_discard()) {
    console_.say("  only looked at: what is there would be written over");
    return {};
  }
  utsname kernel{};
  ::uname(&kernel);
  has_begun_ = true;  // what a failure leaves is removed as well
  TRY(target_->begin("check-" + crash_directory_name(kernel.nodename, time(nullptr), 0)));
  console_.say("  made %s in %.2f s", target_->location().c_str(), step_seconds());
  return try_file(space.free_bytes ? *space.free_bytes / kPartOfFree : kMaxBytes);
}

Result<> CheckJob::try_file(uint64_t most_bytes) {
  const auto file = TRY(target_->create(kFileName, 0));
  WatchedSink sink(*file, progress_);
  const uint64_t bytes = TRY(write_pieces(sink, most_bytes));
  TRY(file->commit());
  const double seconds = std::max(step_seconds(), 0.001);
  console_.say("  wrote and synced %s in %.2f s: %.1f MiB/s", human_size(bytes).c_str(), seconds,
               static_cast<double>(bytes) / seconds / (1 << 20));
  TRY(read_pieces(*file, bytes));
  console_.say("  read back the same in %.2f s", step_seconds());
  return {};
}

Result<uint64_t> CheckJob::write_pieces(Sink& file, uint64_t most_bytes) {
  const int64_t until_ms = sys_.monotonic_ms() + kWriteMs;
  const uint64_t end = std::clamp<uint64_t>(most_bytes, 1, kMaxBytes);
  std::vector<uint8_t> piece(std::min(kPieceBytes, end));
  uint64_t offset = 0;
  while (offset < end && sys_.monotonic_ms() < until_ms) {
    TRY(progress_.may_continue());
    fill(piece, offset);
    const uint64_t size = std::min<uint64_t>(piece.size(), end - offset);
    TRY(file.write_at(offset, Bytes(piece).first(size)));
    offset += size;
  }
  return offset;
}

Result<> CheckJob::read_pieces(TargetFile& file, uint64_t bytes) {
  std::vector<uint8_t> expected(std::min(kPieceBytes, bytes)), found(expected.size());
  for (uint64_t offset = 0; offset < bytes;) {
    progress_.tick();
    const uint64_t size = std::min<uint64_t>(expected.size(), bytes - offset);
    TRY(file.read_back(offset, MutableBytes(found).first(size)));
    fill(expected, offset);
    if (memcmp(expected.data(), found.data(), size) != 0)
      return fail(Kind::corrupt, "what was read back is not what was written (offset %#" PRIx64 ")",
                  offset);
    offset += size;
  }
  return {};
}

Result<> CheckJob::clean_up() {
  if (!target_) return {};
  step_seconds();
  const Result<> discarded = has_begun_ ? target_->discard() : Result<>();
  progress_.tick();
  const Result<> finished = target_->finish();
  if (!discarded || !finished) return discarded ? finished : discarded;
  if (is_reached_)
    console_.say("  %s in %.2f s", has_begun_ ? "removed and closed" : "closed", step_seconds());
  return {};
}

// As the jobs of a capture do, and a connection that is lost: each brings the target up anew.
Result<> CheckJob::reach_again() {
  for (unsigned nth = 2; nth <= kTimes; ++nth) {
    TRY(progress_.may_continue());
    const auto reached = target_->preflight();
    progress_.tick();
    const Result<> finished = target_->finish();
    progress_.tick();
    const Result<> done = reached ? finished : std::unexpected(reached.error());
    if (!done) return wrap(done.error(), "reached the first %u times, not the next", nth - 1);
  }
  console_.say("  reached %u more times in %.2f s", kTimes - 1, step_seconds());
  return {};
}

}  // namespace

void run_check_job(Sys& sys, const Settings& settings, const std::string& target_url,
                   Network& network, const std::string& mount_root, Board& board,
                   Console& console) {
  CheckJob(sys, settings, target_url, board, console).run(network, mount_root);
}

}  // namespace kdump

// The thread is made when it is first needed, so that small dumps do without. Without it writes are
// the caller's own: slower, and the same.
#include "filter/dump/output/write_behind.h"

#include <pthread.h>
#include <sched.h>

#include <condition_variable>
#include <ctime>
#include <mutex>

namespace kdump {
namespace {

// Targets encrypt and format messages in here: what SFTP takes is 40 KiB.
constexpr size_t kStackBytes = 256 << 10;

uint64_t now_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

bool has_one_cpu() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) == 1;
}

}  // namespace

uint64_t monotonic_ns() { return now_ns(CLOCK_MONOTONIC); }

struct WriteBehind::Shared {
  explicit Shared(Sink& to, AlignedBuffer other) : sink(to), spare(std::move(other)) {}

  Sink& sink;
  AlignedBuffer spare;  // while a write is under way, what it writes
  const bool one_cpu = has_one_cpu();

  std::mutex mutex;
  std::condition_variable changed;
  bool has_thread = false, stop = false;
  pthread_t thread{};

  bool under_way = false;
  uint64_t offset = 0;
  size_t size = 0;
  Result<> outcome;     // of the last write
  uint64_t cpu_ns = 0;  // that it took
  uint64_t waited_ns = 0;

  // With one CPU the time in which a write computes is not spent waiting for the device.
  void count_wait(uint64_t spent_ns, uint64_t computed_ns) {
    if (!one_cpu) computed_ns = 0;
    waited_ns += spent_ns > computed_ns ? spent_ns - computed_ns : 0;
  }

  bool start_thread() {
    if (has_thread) return true;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, kStackBytes);
    has_thread = pthread_create(&thread, &attributes, main, this) == 0;
    pthread_attr_destroy(&attributes);
    return has_thread;
  }

  static void* main(void* self) {
    Shared& shared = *static_cast<Shared*>(self);
    std::unique_lock lock(shared.mutex);
    while (true) {
      // Without a deadline: the owner's next write, or its destructor, ends this wait.
      while (!shared.under_way && !shared.stop) shared.changed.wait(lock);
      if (!shared.under_way) return nullptr;
      lock.unlock();
      const uint64_t cpu_before = now_ns(CLOCK_THREAD_CPUTIME_ID);
      const Result<> written =
          shared.sink.write_at(shared.offset, Bytes(shared.spare.data(), shared.size));
      const uint64_t cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_before;
      lock.lock();
      shared.outcome = written;
      shared.cpu_ns = cpu_ns;
      shared.under_way = false;
      shared.changed.notify_all();
    }
  }
};

WriteBehind::WriteBehind(Sink& sink, AlignedBuffer spare)
    : shared_(std::make_unique<Shared>(sink, std::move(spare))) {}
WriteBehind::WriteBehind(WriteBehind&&) noexcept = default;

WriteBehind::~WriteBehind() {
  if (!shared_ || !shared_->has_thread) return;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stop = true;
  }
  shared_->changed.notify_all();
  pthread_join(shared_->thread, nullptr);
}

Result<> WriteBehind::start(uint64_t offset, AlignedBuffer& buffer, size_t used) {
  if (!shared_->start_thread()) return write_now(offset, buffer, used);
  {
    const std::lock_guard lock(shared_->mutex);
    std::swap(buffer, shared_->spare);
    shared_->offset = offset;
    shared_->size = used;
    shared_->under_way = true;
  }
  shared_->changed.notify_all();
  return {};
}

Result<> WriteBehind::wait() {
  const uint64_t before = monotonic_ns();
  std::unique_lock lock(shared_->mutex);
  // The deadline is the sink's own: a write that makes no progress fails the target.
  while (shared_->under_way) shared_->changed.wait(lock);
  shared_->count_wait(monotonic_ns() - before, std::exchange(shared_->cpu_ns, 0));
  return std::exchange(shared_->outcome, Result<>());
}

// On the caller's own thread.
Result<> WriteBehind::write_now(uint64_t offset, AlignedBuffer& buffer, size_t used) {
  const uint64_t before = monotonic_ns(), cpu_before = now_ns(CLOCK_THREAD_CPUTIME_ID);
  const Result<> written = shared_->sink.write_at(offset, Bytes(buffer.data(), used));
  shared_->count_wait(monotonic_ns() - before, now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_before);
  if (written) std::swap(buffer, shared_->spare);
  return written;
}

Bytes WriteBehind::spare() const { return shared_->spare.bytes(); }

uint64_t WriteBehind::waited_ns() const { return shared_->waited_ns; }

}  // namespace kdump

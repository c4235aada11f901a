// A ring of batches with three positions, each only moving forward: released <= started <=
// submitted. Whoever has nothing better to do starts the next one. One mutex is enough: it is
// taken a few times a batch, which is hundreds of microseconds of work.
#include "filter/dump/compress_pipeline.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>

namespace kdump {
namespace {

// More pages at once gain nothing; fewer cost a lock and a call each.
constexpr uint64_t kMaxBatchBytes = 256 << 10;
// zstd keeps its tables in its workspace; musl's default stack is enough, glibc's 8 MiB are not
// needed.
constexpr size_t kStackBytes = 256 << 10;
constexpr uint32_t kMaxThreads = 256;

}  // namespace

struct CompressPipeline::Worker {
  Shared* shared = nullptr;
  std::optional<PageCompressor> compressor;  // nothing: pages are stored as they are
  pthread_t thread{};

  static void* main(void* self);
};

struct CompressPipeline::Shared {
  struct Slot {
    PageBatch batch;
    bool done = false;
  };

  std::mutex mutex;
  std::condition_variable work;  // for the workers: something was submitted, or stop
  std::condition_variable done;  // for the caller: a batch is done
  std::vector<Slot> ring;
  uint64_t submitted = 0;
  uint64_t started = 0;
  uint64_t released = 0;
  bool stop = false;

  std::vector<std::unique_ptr<Worker>> workers;  // [0] is the caller, the others have threads

  Slot& slot(uint64_t position) { return ring[position % ring.size()]; }

  // Compresses the next batch with the lock released meanwhile. There must be one.
  void run_next(std::unique_lock<std::mutex>& lock, Worker& worker) {
    Slot& next = slot(started++);
    lock.unlock();
    compress_batch(next.batch, worker.compressor ? &*worker.compressor : nullptr);
    lock.lock();
    next.done = true;
  }
};

void* CompressPipeline::Worker::main(void* self) {
  Worker& worker = *static_cast<Worker*>(self);
  Shared& shared = *worker.shared;
  std::unique_lock lock(shared.mutex);
  while (true) {
    // Without a deadline: only the owner ends this wait, and its destructor always does.
    while (!shared.stop && shared.started == shared.submitted) shared.work.wait(lock);
    if (shared.stop) return nullptr;
    shared.run_next(lock, worker);
    shared.done.notify_one();
  }
}

CompressPipeline::CompressPipeline(std::unique_ptr<Shared> shared) : shared_(std::move(shared)) {}

Result<std::unique_ptr<CompressPipeline>> CompressPipeline::create(const Options& options) {
  const uint32_t threads = std::clamp(options.threads, 1u, options.compressing ? kMaxThreads : 1u);
  auto shared = std::make_unique<Shared>();

  // Two batches a thread keep everybody busy while the caller reads and writes.
  shared->ring.resize(threads == 1 ? 1 : 2 * threads);
  const uint64_t buffers = shared->ring.size() * (options.compressing ? 2 : 1);
  const uint64_t batch_bytes =
      std::clamp<uint64_t>(options.memory_bytes / buffers, options.page_size,
                           std::max<uint64_t>(kMaxBatchBytes, options.page_size));
  for (Shared::Slot& slot : shared->ring)
    slot.batch = TRY(PageBatch::create(static_cast<uint32_t>(batch_bytes / options.page_size),
                                       options.page_size, options.compressing));

  for (uint32_t i = 0; i < threads; ++i) {
    auto worker = std::make_unique<Worker>();
    worker->shared = shared.get();
    if (options.compressing)
      worker->compressor = TRY(PageCompressor::create(options.max_level, options.page_size));
    shared->workers.push_back(std::move(worker));
  }

  // From here on the destructor owns the threads. One that cannot be started is no failure: the
  // dump is slower, and the same.
  std::unique_ptr<CompressPipeline> pipeline(new CompressPipeline(std::move(shared)));
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  auto& workers = pipeline->shared_->workers;
  for (size_t i = 1; i < workers.size(); ++i)
    if (pthread_create(&workers[i]->thread, &attributes, Worker::main, workers[i].get()) != 0)
      workers.resize(i);
  pthread_attr_destroy(&attributes);
  return pipeline;
}

CompressPipeline::~CompressPipeline() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stop = true;
  }
  shared_->work.notify_all();
  for (size_t i = 1; i < shared_->workers.size(); ++i)
    pthread_join(shared_->workers[i]->thread, nullptr);
}

PageBatch* CompressPipeline::next_free() {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->submitted - shared_->released == shared_->ring.size()) return nullptr;
  Shared::Slot& slot = shared_->slot(shared_->submitted);
  slot.done = false;
  slot.batch.clear();
  return &slot.batch;
}

void CompressPipeline::submit() {
  {
    const std::lock_guard lock(shared_->mutex);
    ++shared_->submitted;
  }
  shared_->work.notify_one();
}

PageBatch* CompressPipeline::finished() {
  std::unique_lock lock(shared_->mutex);
  if (shared_->released == shared_->submitted) return nullptr;
  Shared::Slot& oldest = shared_->slot(shared_->released);
  // Waits for computation alone, never for a device, so it needs no deadline.
  while (!oldest.done) {
    if (shared_->started < shared_->submitted)
      shared_->run_next(lock, *shared_->workers[0]);
    else
      shared_->done.wait(lock);
  }
  return &oldest.batch;
}

void CompressPipeline::release() {
  const std::lock_guard lock(shared_->mutex);
  ++shared_->released;
}

}  // namespace kdump

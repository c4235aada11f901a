// Compresses batches of pages in several threads and returns them in the order of submission. The
// caller's thread is one of them: with threads = 1 none is created. The caller reads and writes.
#pragma once

#include <memory>

#include "filter/dump/page_batch.h"

namespace kdump {

class CompressPipeline {
 public:
  struct Options {
    uint32_t threads = 1;
    uint32_t page_size = 4096;
    bool compressing = true;
    int max_level = 1;                // highest level of any batch
    uint64_t memory_bytes = 1 << 20;  // for all batches together
  };

  // Starts the threads; continues with fewer if some cannot be started. Fails: io, without memory.
  static Result<std::unique_ptr<CompressPipeline>> create(const Options& options);
  ~CompressPipeline();  // discards batches in flight; joins the threads

  // Returns an empty batch to fill; nullptr if all are in flight: then call finished() first.
  PageBatch* next_free();
  // Submits the batch of next_free().
  void submit();
  // Waits for the oldest submitted batch and returns it; nullptr if none is in flight.
  PageBatch* finished();
  // Releases the batch of finished().
  void release();

 private:
  struct Shared;
  struct Worker;
  explicit CompressPipeline(std::unique_ptr<Shared> shared);

  std::unique_ptr<Shared> shared_;
};

}  // namespace kdump

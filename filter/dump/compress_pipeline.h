// Batches of pages through any number of threads, out in the order they went in. The caller's
// thread is one of them: with one thread none is created, and the same code runs. Reading and
// writing stay with the caller.
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
    int max_level = 1;                // of any batch to come
    uint64_t memory_bytes = 1 << 20;  // for the batches of all threads together
  };

  // Continues with fewer threads if some cannot be started.
  static Result<std::unique_ptr<CompressPipeline>> create(const Options& options);
  ~CompressPipeline();  // abandons what is in flight; joins the threads

  // An empty batch to fill, or nullptr if all are in flight: then take finished() first.
  PageBatch* next_free();
  // Hands the batch of next_free() over.
  void submit();
  // The oldest batch submitted, once it is compressed; nullptr if none is in flight.
  PageBatch* finished();
  // Gives the batch of finished() back.
  void release();

 private:
  struct Shared;
  struct Worker;
  explicit CompressPipeline(std::unique_ptr<Shared> shared);

  std::unique_ptr<Shared> shared_;
};

}  // namespace kdump

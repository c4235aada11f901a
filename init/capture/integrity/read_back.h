// Reads a file back from its target and compares it with the checksums of what was written: a
// sample before the dump is called saved, and all of it, as far as time allows, afterwards. Reading
// all of it also gives the SHA-256.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "filter/crypto/sha256.h"
#include "filter/dump/output/chunk_sums.h"
#include "init/capture/job_progress.h"
#include "targets/target.h"

namespace kdump {

class ReadBack {
 public:
  // file: sync()ed or committed. All must outlive this.
  ReadBack(TargetFile& file, const ChunkSums& sums, JobProgress& progress)
      : file_(file), sums_(sums), progress_(progress) {}

  // The first and the last chunk and some between, spread evenly. The bytes that were read.
  // Fails: corrupt, where something else is read than was written, or nothing although the
  // beginning can be read; unsupported, where nothing can be; io and timeout, as the target does.
  Result<uint64_t> sample();

  // All of it. nullopt: it took longer than at_most_ms. Fails as sample() does, and as the job's
  // progress says that it may not go on.
  Result<std::optional<std::string>> whole(Sys& sys, int64_t at_most_ms);

 private:
  Result<> read(uint64_t offset, MutableBytes out);
  Result<> check_chunk(uint64_t chunk, Sha256* sha);
  uint64_t bytes_of(uint64_t chunk) const;

  TargetFile& file_;
  const ChunkSums& sums_;
  JobProgress& progress_;
  std::vector<uint8_t> piece_;  // that is read at a time
};

}  // namespace kdump

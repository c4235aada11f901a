// Verifies that the target has stored what was written: checksums while writing, a sample before
// the commit, the whole dump after it, and the manifest (SHA256SUMS) of the results. dump_job.cc
// and log_job.cc decide the order.
#pragma once

#include <memory>
#include <optional>

#include "filter/dump/output/chunk_sums.h"
#include "filter/kernel/printk_log.h"
#include "init/capture/integrity/manifest.h"
#include "init/capture/job_progress.h"
#include "init/capture/settings.h"
#include "targets/target.h"

namespace kdump {

// Writes a small file whole, and adds it to the manifest.
Result<> save_text(Target& target, const char* name, std::string_view text, Manifest& manifest);
// The kernel's log, likewise. What has arrived is kept where it fails: also no_space, where it is
// longer than most_bytes.
Result<LogSummary> save_kernel_log(Vmcore& vmcore, Target& target, uint64_t most_bytes,
                                   JobProgress& progress, Manifest& manifest);

class DumpIntegrity {
 public:
  DumpIntegrity(Sys& sys, Verify verify, JobProgress& progress)
      : sys_(sys), verify_(verify), progress_(progress) {}

  // Returns the sink to write the dump to instead of `file`. The last call before commit_dump()
  // counts. has_manifest: check_dump() will follow.
  Sink& observe_writes(TargetFile& file, Target::Access access, bool has_manifest);
  // Syncs the dump, reads a sample of it back where the target allows that, and only then gives the
  // dump its final name. After an error the file stays as it is.
  Result<> commit_dump(std::unique_ptr<TargetFile> file);
  // Reads all of the committed dump back, as far as `verify` and time allow. Fails: corrupt; the
  // dump then has its incomplete name again. Other failures are remarks: a dump that cannot be read
  // now is saved all the same.
  Result<> check_dump(int64_t write_ms, Console& console);

  Manifest& manifest() { return manifest_; }
  // For the report: "all", "sample" or "none" of the dump has been read back.
  const char* verified() const { return verified_; }

 private:
  Result<> read_sample(TargetFile& file);
  void omit_from_manifest(const char* why, Console& console);
  Result<> demote(TargetFile& dump, const Error& damage, Console& console);

  Sys& sys_;
  const Verify verify_;
  JobProgress& progress_;
  ChunkSums sums_;
  std::unique_ptr<SummedSink> summed_;
  std::unique_ptr<HashedSink> hashed_;  // of a stream
  std::unique_ptr<TargetFile> dump_;    // committed, until check_dump()
  Manifest manifest_;
  const char* verified_ = "none";
};

}  // namespace kdump

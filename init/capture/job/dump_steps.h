// The steps of a job that saves a dump, and the state that they share. Which steps a job takes, and
// in which order: dump_job.cc and output_job.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "init/capture/integrity/dump_integrity.h"
#include "init/capture/job/dump_job.h"
#include "init/capture/job/level_choice.h"
#include "init/capture/job/old_dumps.h"
#include "init/capture/job_progress.h"
#include "init/capture/report/report.h"

namespace kdump {

class DumpSteps {
 public:
  // All that is passed must outlive this. url: for messages, and of open_target().
  DumpSteps(Sys& sys, const Settings& settings, const std::string& url, const JobContext& context,
            Board& board, Console& console);
  ~DumpSteps();

  // unwanted: every page is kept, so that damaged page descriptors mislead nothing.
  Result<> open_vmcore(MemMapUse use);

  // Makes the target that url names.
  Result<> open_target();
  void set_target(std::unique_ptr<Target> target);
  // True: a crash that is saved there leaves earlier ones as they are.
  bool keeps_earlier_crashes() const { return target_->keeps_earlier_crashes(); }
  // Brings the target up and makes the crash's directory there.
  Result<> begin_crash();
  // Brings up a target that holds one file, the dump.
  Result<> begin_output();

  // The crashed kernel's log: small, and worth most. A failure is a warning.
  void save_dmesg();
  // The crash report, which is small as well. A failure is a warning.
  void save_crash_report();
  // The log gave its room to the dump.
  bool log_was_removed() const { return log_was_removed_; }
  // Plans, chooses the level, writes and commits.
  Result<> save_dump();
  // Shows the outcome and puts it on the Board. Call it at once: later steps may hang.
  void report_outcome(const Result<>& saved);
  // Reads the dump back. Takes long, so it comes after the outcome.
  void check_saved();
  // Also after a failure: they hold its cause.
  void save_log_and_report();
  // Applies rd.kdump.keep=.
  void remove_old_dumps();
  // Closes the target and writes the report that --report asks for.
  void finish();

 private:
  CrashedSystem crash() const { return report_.system.value_or(CrashedSystem{}); }
  void remove_log();
  Target::Space read_space();
  LevelChoice choose(VmcoreDump& dump);
  void warn_of_missing_pages(const DumpResult& written);
  Result<DumpResult> write_dump_to(TargetFile& file, VmcoreDump& dump, const LevelChoice& choice);
  Error missing_memory() const;
  void save_small(const char* name, const std::string& text);
  void finish_target();
  void write_extra_report();
  void complete_report();
  bool is_flattened() const;
  void warn(const std::string& warning);

  Sys& sys_;
  const Settings& settings_;
  const std::string& url_;
  const JobContext& context_;
  Board& board_;
  Console& console_;

  JobProgress progress_;
  DumpIntegrity integrity_;
  std::unique_ptr<Vmcore> vmcore_;
  std::unique_ptr<Target> target_;
  bool has_directory_ = false;  // for the log, the report and the manifest
  Target::Space space_;         // as it was seen last
  std::optional<OldDumps> old_dumps_;
  Report report_;
  bool partial_is_kept_ = false;
  bool log_was_removed_ = false;
};

}  // namespace kdump

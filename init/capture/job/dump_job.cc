// See dump_job.h. Read run_dump_job() first: it is what this program is for.
#include "init/capture/job/dump_job.h"

#include "init/capture/job/dump_steps.h"
#include "init/capture/stop_request.h"

namespace kdump {

void run_dump_job(Sys& sys, const Settings& settings, const std::string& target_url,
                  const JobContext& context, Board& board, Console& console) {
  DumpSteps job(sys, settings, target_url, context, board, console);
  // A vmcore that cannot be read still leaves a directory with a log that holds the cause.
  Result<> saved = job.open_vmcore(MemMapUse::wanted);
  Result<> ready = job.open_target();
  if (ready) ready = job.begin_crash();
  if (!ready) {
    job.report_outcome(saved ? ready : saved);
    return job.finish();
  }
  const StopRequest stop;  // from here on SIGTERM ends the job in order, with its files kept
  if (saved) job.save_dmesg();
  if (saved) job.save_crash_report();
  if (saved) saved = job.save_dump();
  job.report_outcome(saved);
  if (saved) job.check_saved();
  if (job.log_was_removed()) job.save_dmesg();
  job.save_log_and_report();
  job.remove_old_dumps();
  job.finish();
}

// What the job before has died of is unknown: its page descriptors, its threads, or the log, which
// therefore comes last.
void run_unfiltered_job(Sys& sys, const Settings& settings, const std::string& target_url,
                        const JobContext& context, Board& board, Console& console) {
  Settings one_thread = settings;
  one_thread.threads = 1;
  DumpSteps job(sys, one_thread, target_url, context, board, console);
  Result<> saved = job.open_vmcore(MemMapUse::unwanted);
  Result<> ready = job.open_target();
  if (ready && !job.keeps_earlier_crashes())
    ready = fail(Kind::refused, "what the job before has left there would be written over");
  if (ready) ready = job.begin_crash();
  if (!ready) {
    job.report_outcome(saved ? ready : saved);
    return job.finish();
  }
  const StopRequest stop;
  const bool is_open = saved.has_value();
  if (is_open) saved = job.save_dump();
  job.report_outcome(saved);
  if (saved) job.check_saved();
  if (is_open) job.save_dmesg();
  if (is_open) job.save_crash_report();
  job.save_log_and_report();
  job.remove_old_dumps();
  job.finish();
}

}  // namespace kdump

// See output_job.h.
#include "init/capture/job/output_job.h"

#include "init/capture/job/dump_steps.h"
#include "init/capture/job/output_target.h"
#include "init/capture/stop_request.h"

namespace kdump {

void run_output_job(Sys& sys, const Settings& settings, const Attempt& attempt,
                    const JobContext& context, Board& board, Console& console) {
  DumpSteps job(sys, settings, attempt.target, context, board, console);
  Result<> saved = job.open_vmcore(MemMapUse::wanted);
  job.set_target(make_output_target(attempt.target, sys));
  Result<> ready =
      attempt.kind == JobKind::unfiltered
          ? fail(Kind::refused, "what the job before has left there would be written over")
          : job.begin_output();
  if (!ready) {
    job.report_outcome(saved ? ready : saved);
    return job.finish();
  }
  const StopRequest stop;
  if (saved) saved = job.save_dump();
  job.report_outcome(saved);
  job.finish();
}

}  // namespace kdump

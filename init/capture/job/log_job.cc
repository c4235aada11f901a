#include "init/capture/job/log_job.h"

#include "filter/kernel/printk_log.h"
#include "init/capture/integrity/dump_integrity.h"
#include "init/capture/job/crash_report_job.h"
#include "init/capture/job/job_target.h"
#include "init/capture/job/level_choice.h"
#include "init/capture/job_progress.h"
#include "init/capture/report/human_size.h"
#include "init/capture/stop_request.h"
#include "targets/crash_files.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

// Returns how long the log is.
Result<uint64_t> save_log(Vmcore& vmcore, Target& target, JobProgress& progress, const Board& board,
                          Console& console) {
  const StopRequest stop;
  progress.enter(Step::target);
  // A log is not worth what such a target holds from before, and it will hold nothing else then.
  if (!target.keeps_earlier_crashes())
    return fail(Kind::refused, "it would be written over for the log alone");
  const Target::Space space = TRY(target.preflight());
  TRY(begin_crash(target, vmcore.system()));
  progress.enter(Step::dmesg);
  Manifest manifest;
  const LogSummary log =
      TRY(save_kernel_log(vmcore, target, room_for_log(space), progress, manifest));
  if (const Result<> made = save_crash_report(vmcore, target, manifest, progress, console); !made)
    console.say("no crash report: %s", made.error().text);
  TRY(save_text(target, kOwnLogName, board.log_text(), manifest));
  TRY(save_text(target, kManifestName, manifest.text(), manifest));
  return log.bytes;
}

}  // namespace

void run_log_job(Sys& sys, const Settings& settings, const std::string& target_url,
                 const JobContext& context, Board& board, Console& console) {
  // The dump is saved by then: nothing waits for a slow target.
  JobProgress progress(sys, board, console, UINT32_MAX, kStallsInWindow * settings.stall_timeout_s);
  const auto vmcore = Vmcore::open(sys, settings.vmcore.c_str());
  const CrashedSystem system = vmcore ? (*vmcore)->system() : CrashedSystem{};
  auto target = make_target(target_url, target_context(sys, settings, context, system, progress));
  Result<uint64_t> saved = !vmcore   ? std::unexpected(vmcore.error())
                           : !target ? std::unexpected(target.error())
                                     : save_log(**vmcore, **target, progress, board, console);
  if (saved) {
    board.finish(Board::Outcome::saved, {}, (*target)->location());
    console.say("log saved %s: %s", (*target)->location().c_str(), human_size(*saved).c_str());
  } else {
    board.finish(Board::Outcome::failed, saved.error(), "");
    console.say("no log on %s: %s (%s)", without_options(target_url).c_str(), saved.error().text,
                kind_name(saved.error().kind));
  }
  if (!target) return;
  progress.tick();
  if (const Result<> finished = (*target)->finish(); !finished)
    console.say("target not closed cleanly: %s", finished.error().text);
}

}  // namespace kdump

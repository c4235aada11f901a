// See dump_job.h. Read DumpJob::run() first: it is what this program is for.
#include "init/dump_job.h"

#include <fcntl.h>

#include <cinttypes>
#include <ctime>

#include "filter/base/file.h"
#include "filter/dump/flattened_sink.h"
#include "filter/kernel/printk_log.h"
#include "init/crash_name.h"
#include "init/human_size.h"
#include "init/job_progress.h"
#include "init/output_target.h"
#include "init/report.h"
#include "init/stop_request.h"
#include "init/vmcore_dump.h"
#include "targets/schemes.h"

namespace kdump {
namespace {

// What a dump leaves free for the log, the report and what the file system needs to name them.
constexpr uint64_t kReserveBytes = 1 << 20;

// The level to write, and how long the file may become.
struct Choice {
  uint32_t level = 0;
  uint64_t max_bytes = UINT64_MAX;
};

class DumpJob {
 public:
  DumpJob(Sys& sys, const Settings& settings, const std::string& url, const JobContext& context,
          Board& board, Console& console)
      : sys_(sys),
        settings_(settings),
        url_(url),
        context_(context),
        board_(board),
        console_(console),
        progress_(sys, board, console) {}

  void run();

 private:
  Result<> open_vmcore();
  Result<> prepare_target();
  void save_dmesg();
  Result<LogSummary> write_dmesg();
  Result<> save_dump();
  Choice choose_level(VmcoreDump& dump);
  Result<DumpResult> write_dump_to(Sink& file, VmcoreDump& dump, const Choice& choice);
  void conclude(const Result<>& saved);
  void save_log_and_report();
  Result<> save_text(const char* name, const std::string& text);
  void finish_target();
  void write_extra_report();

  void complete_report();

  bool is_flattened() const;
  uint64_t room_for_dump() const;
  void warn(const std::string& warning);

  Sys& sys_;
  const Settings& settings_;
  const std::string& url_;
  const JobContext& context_;
  Board& board_;
  Console& console_;

  JobProgress progress_;
  std::unique_ptr<Vmcore> vmcore_;
  std::unique_ptr<Target> target_;
  Target::Space space_;
  Report report_;
  bool partial_is_kept_ = false;
};

void DumpJob::run() {
  Result<> saved = open_vmcore();
  if (const Result<> ready = prepare_target(); !ready) {
    conclude(saved ? ready : saved);
  } else {
    const StopRequest stop;  // from here on SIGTERM ends the job in order, with its files kept
    if (saved && !context_.is_output) save_dmesg();
    if (saved) saved = save_dump();
    conclude(saved);
    if (!context_.is_output) save_log_and_report();
    finish_target();
  }
  write_extra_report();
}

// A vmcore that cannot be read still leaves a directory with the log that says why.
Result<> DumpJob::open_vmcore() {
  progress_.enter(Step::open);
  auto opened = Vmcore::open(sys_, settings_.vmcore.c_str());
  if (!opened) {
    console_.say("no dump can be made of %s: %s", settings_.vmcore.c_str(), opened.error().text);
    return std::unexpected(opened.error());
  }
  vmcore_ = std::move(*opened);
  const CrashedSystem& system = vmcore_->system();
  report_.system = system;
  console_.say("%s: Linux %s on %s, crashed %s", settings_.vmcore.c_str(),
               *system.release ? system.release : "of unknown release",
               safe_host(system.nodename).c_str(),
               system.crash_time_s ? utc_time(system.crash_time_s).c_str() : "at an unknown time");
  for (const std::string& warning : vmcore_->warnings()) warn(warning);
  if (!vmcore_->mem_map()) warn("pages cannot be told apart: the dump will have all of them");
  return {};
}

Result<> DumpJob::prepare_target() {
  progress_.enter(Step::target);
  const TargetContext context{.sys = sys_,
                              .limits = {.step_s = settings_.step_timeout_s},
                              .observer = progress_,
                              .volatile_is_refused = context_.volatile_is_refused,
                              .mount_root = context_.mount_root};
  target_ = context_.is_output ? make_output_target(url_, sys_) : TRY(make_target(url_, context));
  report_.target = target_->describe();
  space_ = TRY(target_->preflight());
  const CrashedSystem system = report_.system.value_or(CrashedSystem{});
  return target_->begin(crash_directory_name(system.nodename, system.crash_time_s, time(nullptr)));
}

// First of all, for it is small and says most. Without it a dump is still a dump.
void DumpJob::save_dmesg() {
  progress_.enter(Step::dmesg);
  const Result<LogSummary> log = write_dmesg();
  if (!log) return warn(std::string("vmcore-dmesg.txt not saved: ") + log.error().text);
  console_.say("vmcore-dmesg.txt saved: %" PRIu64 " records, %s", log->records,
               human_size(log->bytes).c_str());
  if (!log->warning.empty()) warn(log->warning);
}

Result<LogSummary> DumpJob::write_dmesg() {
  const auto file = TRY(target_->create("vmcore-dmesg.txt", 0));
  WatchedSink sink(*file, progress_);
  auto log = write_kernel_log(*vmcore_, sink);
  if (!log) {
    // What has arrived is kept; the reason that is told is the first one.
    if (!file->keep_incomplete()) warn("vmcore-dmesg.txt-incomplete may lack its end");
    return log;
  }
  report_.dmesg_bytes = log->bytes;
  TRY(file->commit());
  return log;
}

Result<> DumpJob::save_dump() {
  progress_.enter(Step::plan);
  VmcoreDump dump(*vmcore_, settings_, buffer_bytes(memory_available(sys_)));
  report_.plan = TRY(dump.make_plan(progress_));
  for (const std::string& warning : report_.plan->warnings) warn(warning);
  const Choice choice = choose_level(dump);
  report_.level = choice.level;

  progress_.enter(Step::write);
  const auto file = TRY(target_->create("vmcore", 0));
  const Result<DumpResult> written = write_dump_to(*file, dump, choice);
  progress_.enter(Step::finish);
  if (written) report_.dump = *written;
  if (written && written->complete) return file->commit();

  const Error why = written ? written->why : written.error();
  const Result<> kept = file->keep_incomplete();
  partial_is_kept_ = kept.has_value();
  if (kept) return std::unexpected(why);
  report_.dump.reset();  // what may be left of it is no dump
  return wrap(why, "partial dump not kept (%s)", kept.error().text);
}

// The first level whose dump fits; if none does, as much as there is room for of the last.
Choice DumpJob::choose_level(VmcoreDump& dump) {
  const uint64_t room = room_for_dump();
  const std::string room_text = room == UINT64_MAX ? "" : ", room for " + human_size(room);
  for (const uint32_t level : settings_.levels) {
    progress_.tick();
    const auto estimate = dump.estimate_bytes(level);
    if (!estimate) {
      warn(std::string("the size of the dump cannot be estimated: ") + estimate.error().text);
      return {level, room};
    }
    const bool fits = *estimate <= room;
    console_.say("level %u: %" PRIu64 " of %" PRIu64 " pages, about %s%s%s", level,
                 report_.plan->kept_pages(level), report_.plan->ram_pages(),
                 human_size(*estimate).c_str(), room_text.c_str(), fits ? "" : ": does not fit");
    if (fits) return {level, room};
  }
  warn("no level fits, by estimate: the dump may be cut off where the room ends");
  return {settings_.levels.back(), room};
}

uint64_t DumpJob::room_for_dump() const {
  uint64_t room = UINT64_MAX;
  if (space_.free_bytes) {
    const uint64_t taken = report_.dmesg_bytes + kReserveBytes;
    room = *space_.free_bytes > taken ? *space_.free_bytes - taken : 0;
  }
  if (space_.largest_file && *space_.largest_file < room) room = *space_.largest_file;
  // A flattened file has up to 16 bytes of record header for every page that the dump has.
  return is_flattened() && room != UINT64_MAX ? room - room / 128 : room;
}

Result<DumpResult> DumpJob::write_dump_to(Sink& file, VmcoreDump& dump, const Choice& choice) {
  WatchedSink sink(file, progress_);
  if (!is_flattened()) return dump.write(choice.level, choice.max_bytes, sink, progress_);
  FlattenedSink stream(sink);
  DumpResult result = TRY(dump.write(choice.level, choice.max_bytes, stream, progress_));
  TRY(stream.finish());
  result.bytes_written = stream.stream_bytes();
  return result;
}

// Tells the outcome, at once when it is known: what comes after may hang.
void DumpJob::conclude(const Result<>& saved) {
  const std::string where = target_ ? target_->location() : std::string();
  const char* const shown = where.empty() ? url_.c_str() : where.c_str();
  const bool is_cut = report_.dump && !report_.dump->complete;
  report_.location = where;
  report_.outcome = saved    ? Board::Outcome::saved
                    : is_cut ? Board::Outcome::incomplete
                             : Board::Outcome::failed;
  if (!saved) report_.error = saved.error();
  board_.finish(report_.outcome, report_.error, where);

  if (report_.outcome == Board::Outcome::failed)
    return console_.say("FAILED %s: %s (%s)%s", shown, report_.error.text,
                        kind_name(report_.error.kind), partial_is_kept_ ? "; partial kept" : "");
  const DumpResult& dump = *report_.dump;
  console_.say("%s %s: %s, %" PRIu64 " pages and %" PRIu64 " of zeros, in %.1f s",
               saved ? "saved" : "INCOMPLETE", shown, human_size(dump.bytes_written).c_str(),
               dump.pages_written, dump.pages_zero,
               static_cast<double>(progress_.elapsed_ms()) / 1000);
  if (!saved) console_.say("cut off: %s (%s)", report_.error.text, kind_name(report_.error.kind));
}

// Also after a failure: they say why, to whoever finds the directory.
void DumpJob::save_log_and_report() {
  if (const auto log = save_text("kdump-init.log", std::string(board_.log_text())); !log)
    warn(std::string("kdump-init.log not saved: ") + log.error().text);
  complete_report();
  if (const auto report = save_text("report.json", report_as_json(report_)); !report)
    warn(std::string("report.json not saved: ") + report.error().text);
}

Result<> DumpJob::save_text(const char* name, const std::string& text) {
  const auto file = TRY(target_->create(name, text.size()));
  TRY(file->write_at(0, {reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
  return file->commit();
}

void DumpJob::finish_target() {
  progress_.tick();
  if (const Result<> finished = target_->finish(); !finished)
    warn(std::string("target not closed cleanly: ") + finished.error().text);
}

void DumpJob::write_extra_report() {
  if (context_.report_path.empty()) return;
  complete_report();
  const std::string text = report_as_json(report_);
  auto file = File::open(sys_, context_.report_path, O_WRONLY | O_CREAT | O_TRUNC);
  const Result<> written =
      file ? file->append({reinterpret_cast<const uint8_t*>(text.data()), text.size()})
           : std::unexpected(file.error());
  if (!written) warn(std::string("report not written: ") + written.error().text);
}

void DumpJob::complete_report() {
  for (unsigned i = 0; i < kSteps; ++i)
    report_.step_ms[i] = progress_.elapsed_ms(static_cast<Step>(i));
  report_.peak_memory_bytes = progress_.peak_memory_bytes();
  if (vmcore_) report_.bytes_read = vmcore_->memory().bytes_read();
}

void DumpJob::warn(const std::string& warning) {
  console_.say("warning: %s", warning.c_str());
  report_.warnings.push_back(warning);
}

bool DumpJob::is_flattened() const {
  return context_.flatten || target_->access() == Target::Access::append_only;
}

}  // namespace

void run_dump_job(Sys& sys, const Settings& settings, const std::string& target_url,
                  const JobContext& context, Board& board, Console& console) {
  DumpJob(sys, settings, target_url, context, board, console).run();
}

}  // namespace kdump

// See dump_steps.h.
#include "init/capture/job/dump_steps.h"

#include <fcntl.h>

#include <cinttypes>

#include "filter/base/file.h"
#include "filter/base/saturate.h"
#include "filter/base/text.h"
#include "filter/dump/output/flattened_sink.h"
#include "init/capture/integrity/leftovers.h"
#include "init/capture/job/crash_report_job.h"
#include "init/capture/job/job_target.h"
#include "init/capture/job/level_choice.h"
#include "init/capture/job/room_sink.h"
#include "init/capture/job/vmcore_dump.h"
#include "init/capture/report/crash_name.h"
#include "init/capture/report/human_size.h"
#include "targets/crash_files.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

// Whether a dump that was cut off holds memory, and not its headers alone.
bool has_pages(const DumpResult& dump) { return dump.pages_written + dump.pages_zero != 0; }

}  // namespace

DumpSteps::DumpSteps(Sys& sys, const Settings& settings, const std::string& url,
                     const JobContext& context, Board& board, Console& console)
    : sys_(sys),
      settings_(settings),
      url_(url),
      context_(context),
      board_(board),
      console_(console),
      progress_(sys, board, console, settings.limit_s != 0 ? settings.limit_s : kLongestLimitS,
                context.has_next_target ? kStallsInWindow * settings.stall_timeout_s : 0),
      integrity_(sys, settings.verify, progress_) {}

DumpSteps::~DumpSteps() = default;  // not inline: three jobs have one each

Result<> DumpSteps::open_vmcore(MemMapUse use) {
  progress_.enter(Step::open);
  auto opened = Vmcore::open(sys_, settings_.vmcore.c_str(), use);
  if (!opened) {
    board_.no_retry = true;
    console_.say("no dump can be made of %s: %s", settings_.vmcore.c_str(), opened.error().text);
    return std::unexpected(opened.error());
  }
  vmcore_ = std::move(*opened);
  const CrashedSystem& system = vmcore_->system();
  report_.system = system;
  report_.missing_bytes = vmcore_->elf().missing_bytes();
  console_.say("%s: Linux %s on %s, crashed %s", settings_.vmcore.c_str(),
               *system.release ? system.release : "of unknown release",
               safe_host(system.nodename).c_str(),
               system.crash_time_s ? utc_time(system.crash_time_s).c_str() : "at an unknown time");
  for (const std::string& warning : vmcore_->warnings()) warn(warning);
  if (!*system.nodename) warn("the vmcore does not say which host it is of");
  if (!vmcore_->mem_map())
    warn(use == MemMapUse::unwanted ? "a job died before: the dump will have all pages"
                                    : "page classes are unknown: the dump will have all pages");
  return {};
}

Result<> DumpSteps::open_target() {
  progress_.enter(Step::target);
  auto target = make_target(url_, target_context(sys_, settings_, context_, crash(), progress_));
  if (!target) return std::unexpected(target.error());
  set_target(std::move(*target));
  return {};
}

void DumpSteps::set_target(std::unique_ptr<Target> target) {
  progress_.enter(Step::target);
  target_ = std::move(target);
  report_.target = target_->describe();
}

Result<> DumpSteps::begin_output() {
  space_ = TRY(target_->preflight());
  return {};
}

Result<> DumpSteps::begin_crash() {
  space_ = TRY(target_->preflight());
  TRY(kdump::begin_crash(*target_, crash()));
  board_.locate(target_->location());
  has_directory_ = true;
  if (report_.system)
    old_dumps_.emplace(sys_, settings_, *target_, safe_host(report_.system->nodename), progress_);
  // A further try would overwrite what this one stores.
  if (!target_->keeps_earlier_crashes()) board_.no_retry = true;
  return {};
}

void DumpSteps::save_dmesg() {
  progress_.enter(Step::dmesg);
  const Result<LogSummary> log = save_kernel_log(*vmcore_, *target_, room_for_log(read_space()),
                                                 progress_, integrity_.manifest());
  if (!log) {
    warn(std::string(kDmesgName) + " not saved: " + log.error().text);
    if (log.error().kind == Kind::no_space && !report_.plan) remove_log();
    return;
  }
  report_.dmesg_bytes = log->bytes;
  console_.say("%s saved: %" PRIu64 " records, %s", kDmesgName, log->records,
               human_size(log->bytes).c_str());
  if (!log->warning.empty()) warn(log->warning);
  // A copy of the log is on this target: those of failed attempts only take room.
  remove_superseded(*target_, context_.failed_locations, progress_);
}

void DumpSteps::save_crash_report() {
  if (log_was_removed_) return;  // there is no room for it either
  const Result<> made =
      kdump::save_crash_report(*vmcore_, *target_, integrity_.manifest(), progress_, console_);
  if (!made) warn(std::string("no crash report: ") + made.error().text);
}

// The dump is worth more, and contains the log.
void DumpSteps::remove_log() {
  const std::string where = target_->location();
  const std::string at = where.substr(where.rfind('/') + 1) + "/" + kDmesgName;
  const auto files = target_->stored_files();
  const Result<> removed = files ? (*files)->remove(at) : std::unexpected(files.error());
  const Result<> cut = files ? (*files)->remove(incomplete_name(at)) : Result<>();
  if (!removed || !cut) return;  // where nothing can be removed, the dump takes what room is left
  log_was_removed_ = true;
  report_.dmesg_bytes = 0;
  integrity_.manifest().remove(kDmesgName);
  console_.say("%s gives way to the dump, and comes after it", kDmesgName);
}

// Others may write there too. What was seen last counts where it cannot be seen now.
Target::Space DumpSteps::read_space() {
  if (const auto space = target_->preflight()) space_ = *space;
  return space_;
}

LevelChoice DumpSteps::choose(VmcoreDump& dump) {
  Room room = room_for_dump(read_space(), is_flattened(), context_.room_use);
  // Records in a stream leave gaps out, whatever becomes of them later.
  dump.set_gaps_take_room(space_.no_sparse_files && !is_flattened());
  if (target_->can_remove_files()) room.log_bytes = report_.dmesg_bytes;
  const auto removable_bytes = [&] { return old_dumps_ ? old_dumps_->removable_bytes() : 0; };
  LevelChoice choice =
      choose_level(dump, settings_.levels, room, removable_bytes, progress_, console_);
  if (choice.source == LevelChoice::Source::log) remove_log();
  return choice;
}

Result<> DumpSteps::save_dump() {
  progress_.enter(Step::plan);
  VmcoreDump dump(*vmcore_, settings_, memory_available(sys_));
  if (const auto planned = dump.make_plan(progress_); !planned) {
    board_.no_retry = true;  // it reads the vmcore alone
    return planned;
  }
  report_.plan = dump.plan();
  if (report_.plan->ram_pages() == 0)
    return fail(Kind::corrupt, "%s holds no memory: every PT_LOAD lies beyond its end",
                settings_.vmcore.c_str());
  report_.compression = settings_.compression;
  report_.flattened = is_flattened();
  for (const std::string& warning : report_.plan->warnings) warn(warning);
  const LevelChoice choice = choose(dump);
  report_.format = dump.format();
  if (choice.source == LevelChoice::Source::deferred) {
    board_.deferred = true;
    return fail(Kind::no_space, "no level fits%s: other targets come first",
                space_.is_hint ? ", by what the server says"
                               : " but in the blocks that the file system reserves for root");
  }
  if (!choice.warning.empty()) warn(choice.warning);
  report_.level = choice.level;
  if (settings_.limit_s == 0)
    progress_.set_limit(
        default_limit_s(dump.plan().kept_pages(choice.level) * vmcore_->page_size()));

  progress_.enter(Step::write);
  auto file = TRY(target_->create(kDumpName, 0));
  const Result<DumpResult> written = write_dump_to(*file, dump, choice);
  progress_.enter(Step::finish);
  if (written) {
    report_.dump = *written;
    report_.missing_bytes = add_saturated(report_.missing_bytes.value_or(0),
                                          written->pages_unreadable * vmcore_->page_size());
    warn_of_missing_pages(*written);
  }
  if (written && written->complete) return integrity_.commit_dump(std::move(file));

  const Error why = written ? written->why : written.error();
  const Result<> kept = file->keep_incomplete();
  file.reset();
  const bool was_empty = !written && remove_if_empty(*target_, kDumpName, why);
  partial_is_kept_ = kept.has_value() && !was_empty;
  if (kept && report_.dump && !has_pages(*report_.dump)) report_.dump.reset();
  if (kept) return std::unexpected(why);
  report_.dump.reset();  // what may be left of it is no dump
  return wrap(why, "partial dump not kept (%s)", kept.error().text);
}

void DumpSteps::warn_of_missing_pages(const DumpResult& written) {
  if (written.pages_unreadable)
    warn(text("%" PRIu64 " pages of the vmcore cannot be read: they are missing",
              written.pages_unreadable));
  if (written.pages_dropped)
    warn(text("%" PRIu64 " pages are missing: the dump ends before them", written.pages_dropped));
}

Result<DumpResult> DumpSteps::write_dump_to(TargetFile& file, VmcoreDump& dump,
                                            const LevelChoice& choice) {
  Sink& watched = integrity_.observe_writes(file, target_->access(), has_directory_);
  const bool may_remove = choice.source == LevelChoice::Source::old_dumps;
  const uint64_t room =
      may_remove ? room_for_dump(space_, is_flattened(), context_.room_use).free : UINT64_MAX;
  RoomSink roomy(watched, room,
                 [&](uint64_t bytes) { return may_remove ? old_dumps_->make_room(bytes) : 0; });
  WatchedSink sink(roomy, progress_);
  if (!is_flattened()) return dump.write(choice.level, choice.max_bytes, sink, progress_);
  FlattenedSink stream(sink);
  DumpResult result = TRY(dump.write(choice.level, choice.max_bytes, stream, progress_));
  TRY(stream.finish());
  result.bytes_written = stream.stream_bytes();
  return result;
}

Error DumpSteps::missing_memory() const {
  if (report_.missing_bytes == 0)
    return fail(Kind::corrupt, "%s is marked incomplete, and so is the dump of it",
                settings_.vmcore.c_str())
        .error();
  return fail(Kind::corrupt, "%s of memory that the headers of %s promise cannot be read from it",
              human_size(*report_.missing_bytes).c_str(), settings_.vmcore.c_str())
      .error();
}

void DumpSteps::report_outcome(const Result<>& saved) {
  const std::string where = target_ ? target_->location() : std::string();
  const std::string shown = where.empty() ? without_options(url_) : where;
  const bool is_cut = report_.dump && !report_.dump->complete;
  report_.location = where;
  const bool is_whole = saved && report_.missing_bytes == 0 && !vmcore_->source().is_incomplete;
  report_.outcome = is_whole ? Board::Outcome::saved
                    : saved  ? Board::Outcome::lacks_memory
                    : is_cut ? Board::Outcome::incomplete
                             : Board::Outcome::failed;
  if (!is_whole) report_.error = saved ? missing_memory() : saved.error();
  board_.finish(report_.outcome, report_.error, where);

  if (report_.outcome == Board::Outcome::failed)
    return console_.say("FAILED %s: %s (%s)%s", shown.c_str(), report_.error.text,
                        kind_name(report_.error.kind), partial_is_kept_ ? "; partial kept" : "");
  const DumpResult& dump = *report_.dump;
  console_.say("%s %s: %s, %" PRIu64 " pages and %" PRIu64 " of zeros, in %.1f s",
               is_whole ? "saved" : "INCOMPLETE", shown.c_str(),
               human_size(dump.bytes_written).c_str(), dump.pages_written, dump.pages_zero,
               static_cast<double>(progress_.elapsed_ms()) / 1000);
  if (!is_whole)
    console_.say("%s: %s (%s)", saved ? "memory is missing" : "cut off", report_.error.text,
                 kind_name(report_.error.kind));
}

void DumpSteps::check_saved() {
  const Result<> sound = integrity_.check_dump(progress_.elapsed_ms(Step::write), console_);
  if (sound) return;
  report_.outcome = Board::Outcome::failed;
  report_.error = sound.error();
  board_.demote(sound.error());
  console_.say("FAILED %s: %s (%s)", report_.location.c_str(), report_.error.text,
               kind_name(report_.error.kind));
}

void DumpSteps::save_log_and_report() {
  save_small(kOwnLogName, std::string(board_.log_text()));
  complete_report();
  save_small(kReportName, report_as_json(report_));
  if (!integrity_.manifest().empty()) save_small(kManifestName, integrity_.manifest().text());
}

void DumpSteps::save_small(const char* name, const std::string& text) {
  const Result<> saved = save_text(*target_, name, text, integrity_.manifest());
  if (!saved) warn(std::string(name) + " not saved: " + saved.error().text);
}

void DumpSteps::remove_old_dumps() {
  if (is_stored(report_.outcome) && old_dumps_)
    old_dumps_->remove_surplus(report_.outcome == Board::Outcome::saved);
}

void DumpSteps::finish() {
  if (target_) finish_target();
  write_extra_report();
}

void DumpSteps::finish_target() {
  progress_.tick();
  if (const Result<> finished = target_->finish(); !finished)
    warn(std::string("target not closed cleanly: ") + finished.error().text);
}

void DumpSteps::write_extra_report() {
  if (context_.report_path.empty()) return;
  complete_report();
  const std::string text = report_as_json(report_);
  auto file = File::open(sys_, context_.report_path, O_WRONLY | O_CREAT | O_TRUNC);
  const Result<> written = file ? file->append(bytes_of_text(text)) : std::unexpected(file.error());
  if (!written) warn(std::string("report not written: ") + written.error().text);
}

void DumpSteps::complete_report() {
  for (unsigned i = 0; i < kSteps; ++i)
    report_.step_ms[i] = progress_.elapsed_ms(static_cast<Step>(i));
  report_.peak_memory_bytes = progress_.peak_memory_bytes();
  report_.verified = integrity_.verified();
  if (vmcore_) report_.bytes_read = vmcore_->memory().bytes_read();
}

void DumpSteps::warn(const std::string& warning) {
  console_.say("warning: %s", warning.c_str());
  report_.warnings.push_back(warning);
}

bool DumpSteps::is_flattened() const {
  return context_.flatten || target_->access() == Target::Access::append_only;
}

}  // namespace kdump

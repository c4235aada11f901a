// See command_list.h. Reads each target in a forked child, as `check` does, so that a server that
// hangs costs its timeout and no more.
#include "init/cli/command_list.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "filter/base/text.h"
#include "init/capture/job_progress.h"
#include "init/capture/report/dump_summary.h"
#include "init/capture/supervise.h"
#include "init/cli/command_io.h"
#include "init/cli/mount_root.h"
#include "targets/schemes.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

// The head of a target's JSON object, the same whether the target was listed or failed.
std::string target_head(const std::string& url) {
  std::string quoted;
  append_json_string(quoted, url);
  return "{\"target\": " + quoted + ", ";
}

std::string listing_as_text(const std::string& url, const DumpListing& listing,
                            const std::vector<DumpSummary>& summaries) {
  std::string out = text("%s: %zu dump%s%s\n", printable(url).c_str(), summaries.size(),
                         summaries.size() == 1 ? "" : "s",
                         listing.has_more ? ", and others that were not looked at" : "");
  for (const DumpSummary& summary : summaries) out += summary_as_text(summary);
  return out;
}

std::string listing_as_lines(const std::string& url, const std::vector<DumpSummary>& summaries) {
  std::string out;
  const std::string where = url.substr(0, url.find('?'));
  for (const DumpSummary& summary : summaries)
    out += summary_as_line(summary, where.substr(0, where.find_last_not_of('/') + 1));
  return out;
}

std::string listing_as_json(const std::string& url, const DumpListing& listing,
                            const std::vector<DumpSummary>& summaries) {
  JsonWriter json;
  json.begin_object();
  json.text("target", url);
  json.null("error");
  json.boolean("has_more", listing.has_more);
  json.begin_array("dumps");
  for (const DumpSummary& summary : summaries) add_summary(json, summary);
  json.end_array();
  json.end_object();
  return json.take();
}

Result<> list_target(const CommandLine& line, const std::string& url, const TargetContext& context,
                     JobProgress& progress) {
  const auto target = TRY(make_target(url, context));
  const auto list = [&]() -> Result<std::string> {
    const auto files = TRY(target->stored_files());
    const DumpListing listing = TRY(list_dumps(*files));
    std::vector<DumpSummary> summaries;
    for (const StoredDump& dump : listing.dumps) {
      progress.tick();
      summaries.push_back(read_dump_summary(*files, dump));
      // What has nothing of a dump only bears a name like one: a trial of `check`, say.
      if (summaries.back().problem.empty() && summaries.back().contents.entries.empty())
        summaries.pop_back();
    }
    if (line.json) return listing_as_json(url, listing, summaries);
    return line.as_lines ? listing_as_lines(url, summaries)
                         : listing_as_text(url, listing, summaries);
  };
  const Result<std::string> listed = list();
  progress.tick();
  const Result<> finished = target->finish();
  if (!listed) return std::unexpected(listed.error());
  if (print(*listed) != ExitStatus::saved) return fail(Kind::io, "standard output takes no more");
  return finished;
}

}  // namespace

ExitStatus list_command(const CommandLine& line) {
  const auto board = Board::create();
  if (!board) return print_error(board.error());
  const MountRoot root;
  const auto mount_root = root.path();
  if (!mount_root) return print_error(mount_root.error());
  Console console({.screen_fd = -1, .board = *board, .zero_ms = real_sys().monotonic_ms()});
  const std::unique_ptr<Network> network = existing_network();
  ExitStatus status = ExitStatus::saved;
  const char* separator = "[\n";
  for (const std::string& url : line.settings.targets) {
    if (line.json) print(separator);
    separator = ",\n";
    const JobResult result = supervise(
        {}, url.c_str(),
        [&] {
          enter_private_mount_namespace();
          JobProgress progress(real_sys(), **board, console);
          const TargetContext context{.sys = real_sys(),
                                      .limits = {},
                                      .observer = progress,
                                      .network = *network,
                                      .mount_root = *mount_root};
          const Result<> listed = list_target(line, url, context, progress);
          (*board)->finish(listed ? Board::Outcome::saved : Board::Outcome::failed,
                           listed ? Error{} : listed.error(), url);
        },
        **board, console);
    if (result.outcome != Board::Outcome::saved) {
      // Not one Error with the URL: a long URL would cut the advice off.
      fprintf(stderr, "kdump-init: %s: %s\n", printable(without_options(url)).c_str(),
              result.error.text);
      status = ExitStatus::not_saved;
      std::string why;
      append_json_string(why, result.error.text);
      if (line.json) print(target_head(url) + "\"error\": " + why + ", \"dumps\": []}\n");
    }
    if (result.interrupted) return ExitStatus::not_saved;
  }
  if (line.json) print("]\n");
  return status;
}

}  // namespace kdump

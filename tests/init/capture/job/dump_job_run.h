// One run of the dump job, over a machine with a tiny core and a disk at /crash.
#pragma once

#include <memory>
#include <string>

#include "init/capture/job/dump_job.h"
#include "init/capture/job/output_job.h"
#include "tests/fakes/fake_sys.h"
#include "tests/init/tiny_core.h"

namespace kdump {

inline constexpr char kVmcore[] = "/proc/vmcore";
inline constexpr char kDirectory[] = "/crash/tiny-2026-11-21-03:21:31";

struct Run {
  explicit Run(FakeFaults faults = {}, FakeFs disk_like = {}) : sys(faults) {
    sys.add_file(kVmcore, tiny_core());
    sys.add_directory("/crash");
    disk = &sys.add_fs(std::move(disk_like));
    sys.add_mount("/dev/vda", "/crash", *disk);
    settings.targets = {"dir:/crash"};
    settings.compression.kind = Compression::Kind::none;
  }

  Board::Outcome job() { return job({.network = *network}); }
  Board::Outcome job(const JobContext& context) { return run(run_dump_job, context); }
  // After a job that died.
  Board::Outcome unfiltered_job() { return run(run_unfiltered_job, {.network = *network}); }
  // -o: settings.targets is the file.
  Board::Outcome output_job(const JobContext& context, JobKind kind = JobKind::dump) {
    return run(
        [kind](Sys& fake, const Settings& wanted, const std::string& path, const JobContext& given,
               Board& shared, Console& console) {
          run_output_job(fake, wanted, {.target = path, .kind = kind}, given, shared, console);
        },
        context);
  }

  // A fault may cost the host's name, but then the board says where the files lie.
  std::string path_of(const char* name) const {
    const std::string where = board->location();
    return (where.empty() ? kDirectory : where) + "/" + name;
  }
  std::string file(const char* name) const { return sys.content(path_of(name)); }
  bool has(const char* name) const { return sys.contains(path_of(name)); }
  bool log_says(const char* text) const {
    return board->log_text().find(text) != std::string_view::npos;
  }

  template <class Job>
  Board::Outcome run(const Job& job, const JobContext& context) {
    board->reset();
    board->log_end = 0;
    Console console({.board = board.get()});
    job(sys, settings, settings.targets.front(), context, *board, console);
    return board->outcome();
  }

  FakeSys sys;
  FakeFs* disk;
  Settings settings;
  const std::unique_ptr<Network> network = existing_network();
  static inline const std::unique_ptr<Board> board = std::make_unique<Board>();
};

inline bool says(const std::string& text, const char* part) { return text.find(part) != text.npos; }

}  // namespace kdump

// rd.kdump.keep= over a dump job: when old dumps go.
#include "init/capture/job/old_dumps.h"

#include <doctest/doctest.h>

#include "tests/init/capture/job/dump_job_run.h"

using namespace kdump;

TEST_CASE("rd.kdump.keep: the oldest dump goes once the new one is saved, and not without") {
  Run run;
  for (int i = 0; i < 3; ++i) REQUIRE(run.job() == Board::Outcome::saved);
  const std::string oldest = std::string(kDirectory) + "/vmcore";
  CHECK(run.sys.contains(oldest));
  run.settings.keep = 2;
  REQUIRE(run.job() == Board::Outcome::saved);
  CHECK(run.log_says("oldest dumps of tiny removed: 2"));
  CHECK(!run.sys.contains(oldest));
  CHECK(!run.sys.contains(std::string(kDirectory) + ".1/report.json"));
  CHECK(run.sys.contains(std::string(kDirectory) + ".2/vmcore"));
  CHECK(run.has("vmcore"));
}

namespace {

// Two old dumps, of which one may go, and no room for level 0 until it has gone.
struct RunWithOldDumps : Run {
  static constexpr char kOldest[] = "/crash/tiny-2026-01-01-00:00:00",
                        kOlder[] = "/crash/tiny-2026-01-02-00:00:00";
  static constexpr size_t kOldBytes = 200 << 10;

  RunWithOldDumps() {
    for (const std::string at : {kOldest, kOlder}) {
      sys.add_directory(at);
      sys.add_file(at + "/vmcore", std::string(kOldBytes, 'o'));
      sys.add_file(at + "/report.json", "{}");
    }
    disk->free_bytes = (1 << 20) + kTinyLimitBytes;
    settings.levels = {0, 31};
    settings.keep = 1;
  }

  bool has_old(const char* at) const { return sys.contains(std::string(at) + "/vmcore"); }
};

}  // namespace

TEST_CASE("rd.kdump.keep: where there is no room an old dump goes first, and level 0 fits") {
  RunWithOldDumps run;
  REQUIRE(run.job() == Board::Outcome::saved);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.log_says("level 0: "));
  CHECK(says(run.file("kdump-init.log"), "oldest dumps of tiny removed: 1"));
  CHECK(says(run.file("report.json"), "\"level\": 0"));
  CHECK(!run.has_old(run.kOldest));
  CHECK(!run.has_old(run.kOlder));  // after the new one was saved
}

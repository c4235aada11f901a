// report.json: every field is there, whatever the run came to.
#include "init/capture/report/report.h"

#include <doctest/doctest.h>

#include <cstring>

using namespace kdump;

namespace {

bool has(const std::string& json, const char* line) { return json.find(line) != std::string::npos; }

}  // namespace

TEST_CASE("a run that came to nothing still reports every field") {
  Report report;
  report.target = "dir:/crash";
  report.error = fail(Kind::io, "open %s: Input/output error", "/proc/vmcore").error();
  const std::string json = report_as_json(report);
  for (const char* line :
       {"\"status\": \"failed\"", "\"kind\": \"io\"", "\"kernel\": null", "\"total\": null",
        "\"zero\": null", "\"kept\": null", "\"level\": null", "\"read\": 0", "\"written\": 0",
        "\"missing\": null", "\"plan\": 0.000", "\"peak_rss_bytes\": 0", "\"warnings\": []",
        "\"target\": \"dir:/crash\""}) {
    CAPTURE(line);
    CHECK(has(json, line));
  }
}

TEST_CASE("a saved dump reports its pages by class, and hostile names stay strings") {
  CrashedSystem system;
  strcpy(system.nodename, "a\"b\n");
  system.crash_time_s = 1'795'231'291;
  Plan plan;
  plan.pages_by_class[static_cast<unsigned>(PageClass::free)] = 60;
  plan.pages_by_class[static_cast<unsigned>(PageClass::other)] = 40;
  plan.pages_by_class[static_cast<unsigned>(PageClass::absent)] = 7;
  DumpResult dump;
  dump.bytes_written = 4711;
  dump.pages_written = 33;
  dump.pages_zero = 7;

  Report report;
  report.outcome = Board::Outcome::saved;
  report.system = system;
  report.plan = plan;
  report.dump = dump;
  report.level = 31;
  report.warnings = {"one", "two"};
  const std::string json = report_as_json(report);
  for (const char* line : {"\"status\": \"saved\"", "\"error\": null", R"("host": "a\"b\u000a")",
                           "\"crash_time\": \"2026-11-21T03:21:31Z\"", "\"total\": 100",
                           "\"free\": 60", "\"other\": 40", "\"cache_private\": 0", "\"zero\": 7",
                           "\"kept\": 33", "\"level\": 31", "\"written\": 4711"}) {
    CAPTURE(line);
    CHECK(has(json, line));
  }
  CHECK(!has(json, "absent"));
  report.outcome = Board::Outcome::lacks_memory;
  report.error = fail(Kind::corrupt, "4 KiB").error();
  report.missing_bytes = 4096;
  const std::string lacking = report_as_json(report);
  CHECK(has(lacking, "\"status\": \"incomplete\""));
  CHECK(has(lacking, "\"kind\": \"corrupt\""));
  CHECK(has(lacking, "\"missing\": 4096"));
}

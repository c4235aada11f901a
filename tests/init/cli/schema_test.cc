// The JSON that the commands print, held against the schemas that are installed with the program
// (docs/*.schema.json). status --json: tests/scripts/service_test.
#include "tests/init/cli/command_bench.h"

namespace kdump {
namespace {

constexpr int kNoModule = 77;

// Pipes what `arguments` print, or a file's content, into tests/scripts/check_json.
void check_schema(Bench& bench, const std::string& arguments, const char* name) {
  const int status = bench.run(
      arguments + " 2>json-err | python3 " KDUMP_INIT_SOURCE_DIR "/tests/scripts/check_json " +
      name + " 2>&1");
  CAPTURE(bench.out);
  if (status == kNoModule)
    MESSAGE(bench.out);
  else
    CHECK(status == 0);
}

TEST_CASE("info, list and report print what their schemas describe") {
  Bench bench;
  check_schema(bench, "info --json vmcore", "info");
  const std::string target = "dir:" + bench.path() + "/crash";
  REQUIRE(bench.run("dump vmcore " + target) == 1);  // the directory is missing
  std::filesystem::create_directory(bench.path() + "/crash");
  REQUIRE(bench.run("dump --report r.json vmcore " + target) == 0);
  check_schema(bench, "list --json dir:/nowhere/at/all " + target, "list");
  check_schema(bench, "--version >/dev/null; cat r.json", "report");
}

}  // namespace
}  // namespace kdump

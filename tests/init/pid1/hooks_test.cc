// The real thing: shell scripts of the host's in a directory of the test's.
#include "init/pid1/hooks.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "tests/fakes/fake_sys.h"

using namespace kdump;

namespace {

struct Hooks {
  Hooks() {
    REQUIRE(mkdtemp(directory));
    ::mkdir((std::string(directory) + "/post").c_str(), 0700);
    board = *Board::create();
  }
  ~Hooks() {
    const std::string remove = std::string("rm -rf ") + directory;
    CHECK(system(remove.c_str()) == 0);
  }
  void add(const char* name, const char* script) {
    const std::string path = std::string(directory) + "/post/" + name;
    FILE* file = fopen(path.c_str(), "w");
    REQUIRE(file);
    fprintf(file, "#!/bin/sh\n%s\n", script);
    fclose(file);
    ::chmod(path.c_str(), 0700);
  }
  std::string run(uint32_t seconds) {
    Console console({.board = board});
    run_hooks(real_sys(), directory, "post",
              {.target = "fs:LABEL=x:/",
               .location = "/d",
               .status = "failed",
               .reason = "why not",
               .exit_status = "1"},
              seconds, console);
    return std::string(board->log_text());
  }

  char directory[64] = "/tmp/kdump-init-hooks.XXXXXX";
  Board* board;
};

bool has(const std::string& log, const char* words) { return log.find(words) != log.npos; }

}  // namespace

TEST_CASE("hooks run in the order of their names and get the outcome") {
  Hooks hooks;
  hooks.add("01-second", "echo second; exit 3");
  hooks.add("00-first",
            "echo $1 $KDUMP_INIT_HOOK $KDUMP_INIT_STATUS $KDUMP_INIT_DIR >&2\n"
            "echo $KDUMP_INIT_TARGET, $KDUMP_INIT_REASON");
  const std::string log = hooks.run(60);
  CHECK(has(log, "post hook 00-first: 1 post failed /d\n"));
  CHECK(has(log, "post hook 00-first: fs:LABEL=x:/, why not\n"));
  CHECK(has(log, "post hook 01-second: exited with status 3; going on\n"));
  CHECK(log.find("00-first: fs") < log.find("01-second: second"));
}

TEST_CASE("a hook that hangs is ended with all that it started") {
  Hooks hooks;
  hooks.add("00-hangs", "echo begun; sleep 1000 & echo $! >$(dirname $0)/../pid; exec sleep 1000");
  const std::string log = hooks.run(1);
  CHECK(has(log, "begun"));
  CHECK(has(log, "not done after 1s, ended; going on"));
}

TEST_CASE("what a hook leaves running does not hold the capture up") {
  Hooks hooks;
  hooks.add("00-daemon", "sleep 20 & echo started");
  hooks.add("01-closes", "exec >/dev/null 2>&1; sleep 0.3; exit 5");
  const std::string log = hooks.run(600);
  CHECK(has(log, "00-daemon: started"));
  CHECK(has(log, "01-closes: exited with status 5"));
}

TEST_CASE("endless output is cut, and a file that cannot be run is reported") {
  Hooks hooks;
  hooks.add("00-talks", "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i + 1)); done");
  hooks.add("01-none", "");
  ::chmod((std::string(hooks.directory) + "/post/01-none").c_str(), 0600);
  const std::string log = hooks.run(600);
  CHECK(has(log, "line 99\n"));
  CHECK(has(log, "it says more"));
  CHECK(!has(log, "line 100\n"));
  // Root may read it; no user may run it.
  CHECK(has(log, "01-none: exited with status 126"));
}

TEST_CASE("no directory of hooks: nothing is shown") {
  Hooks hooks;
  CHECK(hooks.run(1).empty());
}

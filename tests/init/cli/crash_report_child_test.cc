// The crash report is made in a child of the job: whatever becomes of it, the dump is saved. The
// child of the built program is found among its processes, and killed or stopped.
#include <signal.h>

#include <atomic>
#include <charconv>
#include <thread>

#include "tests/fixtures/report_core.h"
#include "tests/init/cli/command_bench.h"

using namespace kdump;
namespace fs = std::filesystem;

namespace {

struct Process {
  pid_t pid = 0;
  std::string command_line;
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Process parent_of(const Process& process) {
  const std::string stat = read_file("/proc/" + std::to_string(process.pid) + "/stat");
  const size_t name_end = stat.rfind(')');  // ") S PPID …"
  Process parent;
  if (name_end == std::string::npos || stat.size() < name_end + 4) return parent;
  std::from_chars(stat.data() + name_end + 4, stat.data() + stat.size(), parent.pid);
  parent.command_line = read_file("/proc/" + std::to_string(parent.pid) + "/cmdline");
  return parent;
}

// A process of that command line whose parent and grandparent have it too: the command, its job,
// the report. 0: there is none now.
pid_t find_grandchild(const std::string& word) {
  std::error_code failed;
  for (fs::directory_iterator entry("/proc", failed); !failed && entry != fs::directory_iterator();
       entry.increment(failed)) {
    Process process;
    const std::string name = entry->path().filename();
    const char* const end = name.data() + name.size();
    if (std::from_chars(name.data(), end, process.pid).ptr != end) continue;
    process.command_line = read_file(entry->path() / "cmdline");
    if (process.command_line.find(word) == std::string::npos) continue;
    const Process parent = parent_of(process);
    if (parent.command_line != process.command_line) continue;
    if (parent_of(parent).command_line == process.command_line) return process.pid;
  }
  return 0;
}

// Runs `dump` and sends the signal to the child that makes the report; tries again where that was
// quicker. Returns the run's status; -1 where it was always quicker.
int dump_and_signal(Bench& bench, const std::string& core, int number) {
  constexpr int kTries = 30;
  for (int i = 0; i < kTries; ++i) {
    const std::string target = bench.path() + "/try-" + std::to_string(i);
    fs::create_directory(target);
    fs::remove(bench.path() + "/crash");
    fs::create_directory_symlink(target, bench.path() + "/crash");
    std::atomic<bool> is_over = false, is_sent = false;
    std::thread watcher([&] {
      while (!is_over && !is_sent) {
        const pid_t found = find_grandchild(target);
        is_sent = found != 0 && ::kill(found, number) == 0;
      }
    });
    const int status = bench.run("dump " + core + " dir:" + target);
    is_over = true;
    watcher.join();
    if (is_sent && says(bench.err, "no crash report")) return status;
  }
  return -1;
}

// The only directory in crash/.
fs::path saved_in(const Bench& bench) {
  const fs::directory_iterator found(bench.path() + "/crash/");
  REQUIRE(found != fs::directory_iterator());
  return fs::path("crash") / found->path().filename();
}

void check_that_the_dump_is_whole(Bench& bench) {
  const fs::path crash = saved_in(bench);
  CHECK(bench.file(crash / "vmcore").starts_with("KDUMP   "));
  CHECK_FALSE(bench.has((crash / "crash.txt").c_str()));
  CHECK_FALSE(bench.has((crash / "crash.json").c_str()));
  const std::string report = bench.file(crash / "report.json");
  CHECK(says(report, "\"status\": \"saved\""));
  CHECK(says(report, "no crash report: "));
  CHECK(bench.run("verify " + bench.path() + "/" + crash.string()) == 0);
}

}  // namespace

TEST_CASE("the death of the crash report's child costs the report alone") {
  const ReportCore core;
  Bench bench;
  for (const int number : {SIGKILL, SIGABRT}) {
    CAPTURE(number);
    REQUIRE(dump_and_signal(bench, core.path(), number) == 0);
    CAPTURE(bench.err);
    CHECK(says(bench.err, "no crash report: killed by signal "));
    check_that_the_dump_is_whole(bench);
  }
}

TEST_CASE("a crash report that takes longer than two seconds costs the report alone") {
  const ReportCore core;
  Bench bench;
  REQUIRE(dump_and_signal(bench, core.path(), SIGSTOP) == 0);
  CAPTURE(bench.err);
  CHECK(says(bench.err, "no crash report: it was not made within 2 s"));
  check_that_the_dump_is_whole(bench);
}

// The built program from end to end, as a person runs it: on a small vmcore, in a shell.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "init/cli/command_script.h"
#include "tests/fixtures/report_core.h"
#include "tests/init/cli/command_bench.h"

using namespace kdump;
namespace fs = std::filesystem;

TEST_CASE("dump saves to a directory what the capture would") {
  Bench bench;
  fs::create_directory(bench.path() + "/crash");
  CHECK(bench.run("dump vmcore dir:" + bench.path() + "/crash") == 0);
  CAPTURE(bench.err);
  const fs::path crash = "crash/tiny-2026-11-21-03:21:31";
  CHECK(bench.file(crash / "vmcore").starts_with("KDUMP   "));
  CHECK(says(bench.file(crash / "vmcore-dmesg.txt"), kTinyPanic));
  CHECK(says(bench.file(crash / "report.json"), "\"status\": \"saved\""));
  CHECK(says(bench.file(crash / "kdump-init.log"), "saved"));
  CHECK(says(bench.err, "saved"));
  CHECK(bench.out.empty());

  CHECK(bench.run("dump vmcore dir:" + bench.path() + "/crash") == 0);
  CHECK(bench.has("crash/tiny-2026-11-21-03:21:31.1/vmcore"));
}

TEST_CASE("report prints why the kernel crashed, as text and as JSON") {
  const ReportCore core;
  Bench bench;
  const std::string& path = core.path();
  CHECK(bench.run("report " + path) == 0);
  CAPTURE(bench.out);
  CHECK(bench.out.starts_with("panic in sysrq_handle_crash\nsignature  1-"));
  CHECK(says(bench.out, "task  __crash_kexec+0x20/0x100\n"));
  CHECK(says(bench.out, "mod_write+0x18/0x40 [mod]\n"));
  CHECK(says(bench.out, "D  waiter, pid 21, waits for a mutex held by holder (20)\n"));
  CHECK(says(bench.out, "S  holder, pid 20, holds a lock that others wait for\n"));
  CHECK(says(bench.out, "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3 1.2\n"));
  CHECK_FALSE(says(bench.out, "\nmissing"));
  CHECK(bench.run("report --json " + path) == 0);
  CHECK(says(bench.out, "\"title\": \"panic in sysrq_handle_crash\""));
  CHECK(says(bench.out, "\"function\": \"mod_write\""));
  // What there is to say of a kernel without symbols and types.
  CHECK(bench.run("report vmcore") == 0);
  CHECK(bench.out.starts_with("out of coffee\nsignature  1-"));
  CHECK(says(bench.out, "\nmissing    symbols: "));

  CHECK(bench.run("report") == 2);
  CHECK(bench.run("report vmcore vmcore") == 2);
  CHECK(bench.run("report --level 3 vmcore") == 2);
  CHECK(bench.run("report nothing") == 1);
}

TEST_CASE("dump -o writes one file, never over another, and -o - a stream of it") {
  Bench bench;
  CHECK(bench.run("dump -o one vmcore") == 0);
  CHECK(bench.file("one").starts_with("KDUMP   "));
  CHECK(!bench.has("one-incomplete"));
  CHECK(bench.run("dump vmcore -o one") == 1);
  CHECK(says(bench.err, "one exists"));
  CHECK_FALSE(says(bench.err, "page"));  // noticed before any page was looked at
  CHECK(bench.run("dump -o two vmcore 3>two-incomplete") == 1);
  CHECK(says(bench.err, "two-incomplete exists"));

  CHECK(bench.run("dump vmcore --compress zstd -o flat --flatten") == 0);
  CHECK(bench.run("dump vmcore --compress zstd -o -") == 0);
  CHECK(bench.out.starts_with("makedumpfile"));
  CHECK(bench.out == bench.file("flat"));

  CHECK(bench.run("dump vmcore --format elf -o elf --threads 2") == 0);
  CHECK(
      bench.file("elf").starts_with("\x7f"
                                    "ELF"));
}

TEST_CASE("memory that the vmcore lacks makes the verdict incomplete, not the dump") {
  // The tiny core has one PT_LOAD, in the second program header.
  constexpr size_t kTable = 128, kEntry = 56, kMemsz = 40, kPaddr = 24;
  const std::string whole = tiny_core();
  const auto with = [&whole](size_t field, uint64_t value) {
    std::string core = whole;
    memcpy(core.data() + kTable + kEntry + field, &value, sizeof value);
    return core;
  };
  struct Row {
    std::string what, core;
    int status;
    const char* reported;
    const char* shown;  // by info and a dry run
  };
  const Row rows[] = {
      {"whole", whole, 0, "\"missing\": 0", nullptr},
      {"cut short", whole.substr(0, whole.size() - 5000), 3, "\"missing\": 5000",
       "missing   4.8 KiB "},
      {"p_memsz 0", with(kMemsz, 0), 0, "\"missing\": 0", nullptr},
      {"p_memsz of a page", with(kMemsz, 4096), 0, "\"missing\": 0", nullptr},
      {"p_memsz of more", with(kMemsz, 3 << 20), 3, "\"missing\": 2097152", "missing   2.0 MiB"},
      {"p_paddr too high", with(kPaddr, (uint64_t{1} << 52) - 4096), 3, "\"missing\": 1044480",
       "missing   1020 KiB "},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Bench bench;
    std::ofstream(bench.path() + "/core", std::ios::binary) << row.core;
    for (const char* name : {"/first", "/second"}) fs::create_directory(bench.path() + name);
    const std::string target = "dir:" + bench.path() + "/first";
    CHECK(bench.run("dump core " + target + " dir:" + bench.path() + "/second") == row.status);
    CAPTURE(bench.err);
    const fs::directory_iterator saved(bench.path() + "/first");
    REQUIRE(saved != fs::directory_iterator());
    const std::string name = saved->path().filename();
    const fs::path crash = fs::path("first") / name;
    CHECK(bench.file(crash / "vmcore").size() > 4096);
    CHECK(!bench.has(("second/" + name + "/vmcore").c_str()));
    const std::string report = bench.file(crash / "report.json");
    CHECK(says(report, row.reported));
    CHECK(says(report, row.status ? "\"status\": \"incomplete\"" : "\"status\": \"saved\""));
    CHECK(says(bench.err, "INCOMPLETE") == (row.status != 0));
    CHECK(says(bench.err, "that the headers of core promise") == (row.status != 0));
    CHECK(says(bench.err, "the log goes to dir:"));
    CHECK(bench.run("verify " + crash.string()) == 0);
    CHECK(bench.run("list --lines " + target) == 0);
    CHECK(says(bench.out, row.status ? "\tincomplete\t" : "\tcomplete\t"));
    for (const char* verb : {"info core", "dump --dry-run core -o never"}) {
      CHECK(bench.run(verb) == 0);
      CHECK(says(bench.out, "missing   ") == (row.shown != nullptr));
      if (row.shown) CHECK(says(bench.out, row.shown));
    }
    CHECK(bench.run("info --json core") == 0);
    CHECK(says(bench.out, row.shown ? "\"missing_bytes\": 0" : "\"missing_bytes\": ") !=
          (row.shown != nullptr));

    // One file, in each format: the same verdict.
    for (const char* how : {"--format kdump", "--format elf", "--flatten", "-d 0"}) {
      CAPTURE(how);
      CHECK(bench.run(std::string("dump core -o one ") + how) == row.status);
      CHECK(bench.has("one"));
      CHECK(!bench.has("one-incomplete"));
      CHECK(bench.run("verify one") == 0);
      fs::remove(bench.path() + "/one");
    }
  }
}

TEST_CASE("dmesg and info print what is known of the crash") {
  Bench bench;
  CHECK(bench.run("dmesg vmcore") == 0);
  CHECK(says(bench.out, kTinyPanic));
  CHECK(lines_in(bench.out) == 2);

  CHECK(bench.run("info vmcore") == 0);
  CHECK(says(bench.out, "host      tiny"));
  CHECK(says(bench.out, "crashed   2026-11-21T03:21:31Z"));
  CHECK(says(bench.out, "uptime    00:00:02\n"));
  CHECK(says(bench.out, "reason    out of coffee"));
  CHECK(says(bench.out, "  0 (user space)"));  // two CPUs that left registers of zeros
  CHECK(says(bench.out, "free                   128        0.5  50.0% #################\n"));

  CHECK(bench.run("info --json vmcore") == 0);
  CHECK(says(bench.out, "\"free\": 128,"));
  CHECK(says(bench.out, "\"reason\": \"out of coffee\""));
  CHECK(says(bench.out, "\"uptime_seconds\": 2.000"));
  CHECK(says(bench.out, "\"panic_cpu\": null"));
}

TEST_CASE("dmesg's exit status shows whether the log is complete") {
  Bench bench;
  REQUIRE(bench.run("dmesg vmcore") == 0);
  const std::string whole = bench.out;
  std::string core = tiny_core();
  int expected = 3;  // one of two records is left
  for (size_t begin = 0, end; (end = whole.find('\n', begin)) != whole.npos; begin = end + 1) {
    // Before each record's text lies the number of the record that it belongs to.
    const size_t at = whole.find("] ", begin) + 2;
    core[core.find(whole.substr(at, end - at)) - 1] = 0x55;
    std::ofstream(bench.path() + "/damaged", std::ios::binary) << core;
    CHECK(bench.run("dmesg damaged") == expected);
    CHECK(says(bench.err, "of the log's records are unreadable"));
    CHECK(bench.out.empty() == (expected == 1));
    expected = 1;
  }
}

TEST_CASE("a dry run prints the sizes of the levels and writes nothing") {
  Bench bench;
  CHECK(bench.run("dump vmcore --dry-run -d 0,31 -o never") == 0);
  CHECK(lines_in(bench.out) == 3);
  CHECK(!bench.has("never"));
  CHECK(!bench.has("never-incomplete"));
}

TEST_CASE("sizes leave out what is a hole on a disk") {
  Bench bench;
  // The bitmaps of kdump take 8 MiB for 12 MiB of memory, 2 of them at 128 GiB.
  const TextCore core(
      "kernel x86_64-6.1\nnodename tiny\nCRASHTIME=1795231291\n"
      "load 0x1fffe00000 0x200000 0x200000 0xffff901fffe00000\nram 0 12M\n"
      "page 1024 free order=10\npage 2048 free order=10\n");
  for (const std::string verb : {"dump --dry-run ", "info "}) {
    CHECK(bench.run(verb + core.path() + " | awk '$1 == 31 && $4 < 7 {print \"small\"}'") == 0);
    CHECK(bench.out == "small\n");
  }
}

TEST_CASE("verify waits for no FIFO, and takes no hours for holes") {
  Bench bench;
  fs::create_directory(bench.path() + "/d");
  REQUIRE(bench.run("dump vmcore --format elf -o d/vmcore") == 0);
  CHECK(bench.run("--version; mkfifo d/SHA256SUMS") == 0);
  // timeout(1) ends with 124.
  const std::string verify =
      std::string("--version >/dev/null; timeout 60 ") + KDUMP_INIT_PROGRAM + " verify ";
  CHECK(bench.run(verify + "d") == 0);
  CHECK(says(bench.out, "it is no file"));
  fs::remove(bench.path() + "/d/SHA256SUMS");

  fs::resize_file(bench.path() + "/d/vmcore", uint64_t{4} << 40);
  CHECK(bench.run(verify + "d") == 0);
  CHECK(says(bench.out, "sound"));
  bench.write("d/SHA256SUMS", std::string(64, '0') + "  vmcore\n");
  CHECK(bench.run(verify + "d") == 1);
  CHECK(says(bench.out, "not compared"));
}

TEST_CASE("a wrong input gets one line with the file, and nothing is created") {
  Bench bench;
  const std::string vmcore = tiny_core();
  std::ofstream(bench.path() + "/text") << "not a core";
  std::ofstream(bench.path() + "/empty");
  std::string elf32 = vmcore;
  elf32[4] = 1;
  std::ofstream(bench.path() + "/elf32") << elf32;
  std::ofstream(bench.path() + "/cut") << vmcore.substr(0, 100);
  REQUIRE(mkfifo((bench.path() + "/pipe").c_str(), 0600) == 0);
  for (const char* name : {"nothing", "text", "empty", "elf32", "cut", "pipe"}) {
    for (const char* verb : {"info", "dmesg", "dump -o out"}) {
      CAPTURE(name);
      CAPTURE(verb);
      CHECK(bench.run(std::string(verb) + " " + name) == 1);
      CAPTURE(bench.err);
      CHECK(lines_in(bench.err) == 1);
      CHECK(says(bench.err, name));
      CHECK(bench.out.empty());
      CHECK(!bench.has("out"));
      CHECK(!bench.has("out-incomplete"));
    }
  }
}

TEST_CASE("wrong usage is reported in one line, with exit status 2") {
  Bench bench;
  for (const char* arguments : {"", "save", "dump vmcore", "dump vmcore -o x -d 32", "info",
                                "dump vmcore crash", "info vmcore --frobnicate"}) {
    CAPTURE(arguments);
    CHECK(bench.run(arguments) == 2);
    CHECK(lines_in(bench.err) == 1);
    CHECK(says(bench.err, "try 'kdump-init --help'"));
  }
  CHECK(bench.run("--help") == 0);
  CHECK(says(bench.out, "usage: kdump-init"));
  CHECK(bench.run("dump --help") == 0);
  CHECK(bench.run("--version") == 0);
  CHECK(bench.out == "kdump-init " KDUMP_INIT_VERSION "\n");
}

TEST_CASE("output that cannot be written is a failure") {
  Bench bench;
  for (const char* arguments : {"dump vmcore -o - >/dev/full", "dmesg vmcore >/dev/full",
                                "info vmcore >/dev/full", "--help >/dev/full"}) {
    CAPTURE(arguments);
    CHECK(bench.run(arguments) == 1);
    CHECK(says(bench.err, "No space left on device"));
  }
}

TEST_CASE("check tries every target, shows each step, and leaves nothing behind") {
  Bench bench;
  // A directory of the build, not of /tmp, which may lie in memory.
  const fs::path room = fs::current_path() / "check-test";
  fs::remove_all(room);
  fs::create_directory(room);
  const std::string good = "rd.kdump.target=dir:" + (room / "var/crash").string();
  const std::string missing = "rd.kdump.target=fs:LABEL=nowhere:/ rd.kdump.timeout=1";

  CHECK(bench.run("check quiet rd.kdump.level=1 " + good) == 1);  // dir: makes no directories
  CHECK(says(bench.out, "FAILED dir:"));
  fs::create_directories(room / "var/crash");
  CHECK(bench.run("check quiet rd.kdump.level=1 " + good) == 0);
  for (const char* part : {"reached in", "made /", "wrote and synced", "MiB/s",
                           "read back the same", "removed and closed", "would work"}) {
    CAPTURE(part);
    CHECK(says(bench.out, part));
  }
  CHECK(fs::is_empty(room / "var/crash"));
  CHECK(bench.run("check '" + good + " " + missing + "'") == 0);
  CHECK(says(bench.out, "1 of 2 targets would work"));
  CHECK(bench.run("check '" + missing + " " + good + "'") == 1);
  CHECK(says(bench.out, "1 of 2 targets would work, not the first"));
  CHECK(bench.run("check rd.kdump.target=zzz") == 1);
  CHECK(says(bench.err, "no valid rd.kdump.target="));
  CHECK(bench.run("check") == 2);
  fs::remove_all(room);
}

TEST_CASE("a command that is a script is looked for where it is installed, then in a checkout") {
  CHECK(script_paths("/usr/sbin/kdump-init", "status") ==
        std::vector<std::string>{"/usr/lib/kdump-init/commands/status",
                                 "/usr/scripts/commands/status"});
  CHECK(script_paths("/src/build/kdump-init", "test").back() == "/src/scripts/commands/test");
}

TEST_CASE("a script gets the arguments, and the program to run again") {
  Bench bench;
  const std::string program = bench.path() + "/sbin/kdump-init";
  fs::create_directories(bench.path() + "/sbin");
  fs::create_directories(bench.path() + "/lib/kdump-init/commands");
  fs::copy_file(KDUMP_INIT_PROGRAM, program);
  const auto run = [&](const char* arguments) {
    return bench.run("info nothing; " + program + " " + arguments);
  };
  CHECK(run("status --json") == 1);
  CHECK(says(bench.err, "install the whole of it"));

  const std::string script = bench.path() + "/lib/kdump-init/commands/status";
  std::ofstream(script) << "#!/bin/sh\necho \"$KDUMP_INIT_PROGRAM [$1] [$2]\"\nexit 7\n";
  fs::permissions(script, fs::perms::owner_all);
  CHECK(run("status 'a b' --help") == 7);
  CHECK(bench.out == program + " [a b] [--help]\n");
}

TEST_CASE("list names a server's target without its options, and the whole reason") {
  Bench bench;
  const std::string long_name = "/nowhere/" + std::string(120, 'k');
  CHECK(bench.run("list 'ssh://root@localhost/crash?known_hosts=/dev/null&key=" + long_name +
                  "'") == 1);
  CHECK(bench.err == "kdump-init: ssh://root@localhost/crash: open " + long_name +
                         ": No such file or directory\n");
}

TEST_CASE("list shows what dump has saved, and nothing else of what lies there") {
  Bench bench;
  const std::string crash = bench.path() + "/crash";
  fs::create_directory(crash);
  const std::string target = "dir:" + crash;
  CHECK(bench.run("list " + target) == 0);
  CHECK(bench.out == target + ": 0 dumps\n");
  CHECK(bench.run("dump vmcore " + target) == 0);
  CHECK(bench.run("dump vmcore " + target) == 0);
  const std::string first = crash + "/tiny-2026-11-21-03:21:31";
  fs::rename(first + ".1/vmcore", first + ".1/vmcore-incomplete");
  fs::remove(first + ".1/report.json");
  fs::create_directory(crash + "/not a dump");
  fs::create_directory(crash + "/evil\x1b[2J-2026-11-21-03:21:31");
  const std::string hostile = crash + "/other-2026-11-22-03:21:31";
  fs::create_directory(hostile);
  std::ofstream(hostile + "/vmcore") << "core";
  std::ofstream(hostile + "/report.json")
      << R"({"kernel": "6\u001b[2J\n", "reason": ")" << std::string(1000, 'r') << "\"}";
  std::ofstream(hostile + "/vmcore-dmesg.txt") << "no panic";

  CHECK(bench.run("list " + target) == 0);
  CAPTURE(bench.out);
  CHECK(lines_in(bench.out) == 7);
  CHECK(says(bench.out, ": 3 dumps\n"));
  CHECK(bench.out.find("other-2026") < bench.out.find("31.1 "));
  CHECK(bench.out.find("tiny-2026-11-21-03:21:31.1 ") <
        bench.out.find("tiny-2026-11-21-03:21:31  "));
  CHECK(says(bench.out, "6?[2J?: rrr"));
  CHECK(says(bench.out, "  incomplete\n"));
  CHECK(!says(bench.out, "\x1b"));
  for (size_t at = 0; at < bench.out.size(); at = bench.out.find('\n', at) + 1)
    if (at != 0) CHECK(bench.out.find('\n', at) - at <= 80);

  CHECK(bench.run("list --lines " + target) == 0);
  CHECK(lines_in(bench.out) == 3);
  CHECK(
      says(bench.out,
           (crash + "/tiny-2026-11-21-03:21:31\tcomplete\t2026-11-21T03:21:31Z\ttiny\t").c_str()));
  CHECK(bench.run("list --json dir:/nowhere/at/all " + target + " | python3 -m json.tool") == 0);
  CHECK(says(bench.out, "\"state\": \"complete\""));
  CHECK(bench.run("list dir:" + bench.path() + "/vmcore") == 1);
  CHECK(bench.run("list nonsense:x") == 2);
}

TEST_CASE("--report writes over nothing: no file, no vmcore, and not this run's dump") {
  Bench bench;
  bench.write("taken", "mine");
  const std::string vmcore = bench.file("vmcore");
  for (const char* const name : {"taken", "vmcore", "out", "./out", "out-incomplete"}) {
    CAPTURE(name);
    CHECK(bench.run(std::string("dump vmcore -o out --report ") + name) == 1);
    CAPTURE(bench.err);
    CHECK(lines_in(bench.err) == 1);
    CHECK(says(bench.err, "exists and is not overwritten"));
    CHECK_FALSE(bench.has("out"));
    CHECK_FALSE(bench.has("out-incomplete"));
  }
  CHECK(bench.file("taken") == "mine");
  CHECK(bench.file("vmcore") == vmcore);
  // Each job of one run writes the report anew.
  std::filesystem::create_directory(bench.path() + "/crash");
  CHECK(bench.run("dump vmcore --report report dir:/nosuch dir:" + bench.path() + "/crash") == 0);
  CHECK(says(bench.file("report"), "\"status\": \"saved\""));
}

TEST_CASE("a limit of file sizes ends a dump in order, its partial file marked incomplete") {
  Bench bench;
  const TextCore core("kernel x86_64-6.1\nnodename tiny\nCRASHTIME=1795231291\nram 0 16M\n");
  // In units of 512 bytes: some pages fit, or none.
  for (const auto& [limit, status] : {std::pair("16000", 3), std::pair("200", 1)}) {
    CAPTURE(limit);
    const std::string limited =
        std::string("info vmcore >/dev/null; rm -f out*; ulimit -f ") + limit + "; ";
    CHECK(bench.run(limited + KDUMP_INIT_PROGRAM + " dump " + core.path() +
                    " -d 0 --format elf -o out") == status);
    CAPTURE(bench.err);
    CHECK(says(bench.err, "File too large"));
    CHECK_FALSE(says(bench.err, "killed by signal"));
    CHECK(says(bench.err, "INCOMPLETE") == (status == 3));
    CHECK(bench.has("out-incomplete"));
    CHECK_FALSE(bench.has("out"));
  }
}

TEST_CASE(
    "verify distinguishes no dump, a log alone and a note that was malformed before from damage") {
  Bench bench;
  CHECK(bench.run("verify nowhere") == 4);
  CHECK(says(bench.err, "nowhere: No such file or directory"));
  CHECK(!says(bench.out, "DAMAGED"));
  CHECK(bench.run("verify ssh://user:secret@host/dir") == 2);
  CHECK(!says(bench.err, "secret"));
  fs::create_directory(bench.path() + "/empty");
  CHECK(bench.run("verify empty") == 4);
  CHECK(bench.run("verify err") == 4);
  CHECK(says(bench.err, "not a dump"));
  CHECK(bench.run("list dir:" + bench.path() + "/nosuch") == 1);
  CHECK(says(bench.err, "No such file or directory"));

  fs::create_directory(bench.path() + "/crash");
  CHECK(bench.run("dump vmcore dir:" + bench.path() + "/crash") == 0);
  const std::string crash = bench.path() + "/crash/tiny-2026-11-21-03:21:31";
  fs::copy(crash, bench.path() + "/log");
  fs::remove(bench.path() + "/log/vmcore");
  std::string sums;
  std::istringstream listed(bench.file("log/SHA256SUMS"));
  for (std::string line; std::getline(listed, line);)
    if (!line.ends_with(" vmcore")) sums += line + "\n";
  bench.write("log/SHA256SUMS", sums);
  CHECK(bench.run("verify log") == 0);
  CHECK(says(bench.out, "no dump, the log alone"));
  bench.write("log/vmcore-dmesg.txt", "another");
  CHECK(bench.run("verify log") == 1);
}

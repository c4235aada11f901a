// The program held to little memory, as a capture kernel of 96 MiB holds it: by a limit that is
// enforced. What it needs at most is not asked of the program itself.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "tests/fixtures/text_core.h"

using namespace kdump;
namespace fs = std::filesystem;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kIsSanitized = true;  // which takes far more than the program
#else
constexpr bool kIsSanitized = false;
#endif

// 256 MiB of memory, of which a dump has some 40 MiB that do not compress to nothing.
struct LargeCore : TextCore {
  LargeCore() : TextCore("kernel x86_64-6.1\nram 0 256M\ndata 48M\npage 16384 free order=10\n") {
    std::minstd_rand random(7);
    for (uint64_t at = 1 << 20; at < 40 << 20; at += 64) image().put(at, uint64_t{random()});
    rewrite();
  }
};

// Whether `kdump-init ARGUMENTS` succeeds with that much memory: data, heap and stacks.
bool runs_within(uint64_t kibibytes, const std::string& arguments) {
  const std::string command = "ulimit -d " + std::to_string(kibibytes) +
                              " && exec " KDUMP_INIT_PROGRAM " " + arguments + " 2>/dev/null";
  const int status = system(command.c_str());
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("4 MiB of memory are enough for a dump, in every format and with every compression" *
          doctest::skip(kIsSanitized)) {
  const LargeCore core;
  const std::string out = core.path() + ".out";
  for (const char* how :
       {"--format elf", "--compress none", "--compress zstd:0", "--compress zstd:1",
        "--compress zstd:3", "--compress auto", "--flatten", "--compress zstd:1 --threads 8"}) {
    CAPTURE(how);
    CHECK(runs_within(4096, std::string("dump ") + how + " -o " + out + " " + core.path()));
    if (std::string(how) != "--flatten") CHECK(runs_within(4096, "verify " + out + " >/dev/null"));
    fs::remove(out);
  }
}

TEST_CASE("a further thread takes less than 8 MiB" * doctest::skip(kIsSanitized)) {
  const LargeCore core;
  const std::string out = core.path() + ".out";
  for (const uint64_t threads : {1, 2, 4}) {
    CAPTURE(threads);
    CHECK(runs_within((16 + (threads - 1) * 8) << 10, "dump --compress zstd:9 --threads " +
                                                          std::to_string(threads) + " -o " + out +
                                                          " " + core.path()));
    fs::remove(out);
  }
}

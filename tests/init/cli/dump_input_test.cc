// Dumps as the input of info, dmesg, verify and dump: of every form that the program writes.
#include <doctest/doctest.h>

#include "filter/dump_file/kdump_format.h"
#include "tests/init/cli/command_bench.h"

using namespace kdump;
namespace fs = std::filesystem;

namespace {

constexpr const char* kForms[] = {
    "--compress none",           "--compress zstd:3", "--compress none --flatten",
    "--compress auto --flatten", "--format elf",      "--format elf --flatten"};

template <class T>
void put(std::string& content, size_t offset, T value) {
  memcpy(content.data() + offset, &value, sizeof value);
}

}  // namespace

TEST_CASE("the log and the memory that a dump holds are the vmcore's, in every form") {
  Bench bench;
  REQUIRE(bench.run("dmesg vmcore") == 0);
  const std::string log = bench.out;
  REQUIRE(bench.run("dump vmcore -d 0 --compress none -o plain") == 0);
  const std::string plain = bench.file("plain");
  int number = 0;
  for (const char* form : kForms) {
    CAPTURE(form);
    const std::string name = "dump" + std::to_string(number++);
    REQUIRE(bench.run("dump vmcore -d 0 " + std::string(form) + " -o " + name) == 0);
    CHECK(bench.run("dmesg " + name) == 0);
    CHECK(bench.out == log);
    CHECK(bench.run("verify " + name) == 0);
    CHECK(says(bench.out, "every byte matches its checksum"));
    CHECK(bench.run("info " + name) == 0);
    CHECK(says(bench.out, "reason    out of coffee"));
    CHECK(says(bench.out, "host      tiny"));
    // The same pages again: the dump of the dump is the dump of the vmcore, byte for byte.
    CHECK(bench.run("dump " + name + " -d 0 --compress none -o " + name + ".again") == 0);
    CAPTURE(bench.err);
    CHECK(bench.file(name + ".again") == plain);
    CHECK(bench.run("dump " + name + " -d 0 --format elf -o " + name + ".elf") == 0);
    CHECK(bench.run("dmesg " + name + ".elf") == 0);
    CHECK(bench.out == log);
  }
}

TEST_CASE(
    "a dump is filtered again, keeps the machine's memory in its first bitmap, and a cut one stays "
    "incomplete") {
  Bench bench;
  REQUIRE(bench.run("dump vmcore -d 0 --compress none -o all") == 0);
  REQUIRE(bench.run("dump vmcore -d 31 --compress none -o kernel") == 0);
  CHECK(bench.run("dump all -d 31 --compress none -o again") == 0);
  CHECK(bench.file("again") == bench.file("kernel"));
  // Nothing comes back that was left out, and nothing of the machine is forgotten.
  CHECK(bench.run("dump kernel -d 0 --compress none -o less") == 0);
  CHECK(bench.run("verify less") == 0);
  const auto bitmap = [&](const char* name) {
    const std::string dump = bench.file(name);
    return dump.substr((1 + static_cast<size_t>(dump[432])) * 4096, 32);
  };
  CHECK(bitmap("less") == bitmap("all"));

  std::string cut = bench.file("kernel");
  cut[424] = static_cast<char>(cut[424] | kdump_format::kIncomplete);
  bench.write("cut", cut);
  CHECK(bench.run("dump cut -d 31 -o recut") == 3);
  CHECK(says(bench.err, "marked incomplete"));
  CHECK(bench.run("verify recut") == 3);
}

TEST_CASE("the directory of a crash is an input too, and info says what to type next") {
  Bench bench;
  fs::create_directory(bench.path() + "/crash");
  REQUIRE(bench.run("dump vmcore dir:" + bench.path() + "/crash") == 0);
  const std::string crash = "crash/tiny-2026-11-21-03:21:31";
  CHECK(bench.run("dmesg " + crash) == 0);
  CHECK(says(bench.out, kTinyPanic));
  CHECK(bench.run("info " + crash) == 0);
  CHECK(says(bench.out, ("crash     crash vmlinux " + crash + "/vmcore\n").c_str()));
  CHECK(says(bench.out, ("drgn      drgn -c " + crash + "/vmcore -s vmlinux\n").c_str()));
  CHECK(bench.run("info --json " + crash) == 0);
  CHECK(says(bench.out, "\"next\""));
}

TEST_CASE("a dump of a machine that is not read here is named as far as its header goes") {
  Bench bench;
  REQUIRE(bench.run("dump vmcore -o dump") == 0);
  std::string big = bench.file("dump");
  put<uint32_t>(big, 8, 0x06000000);
  memcpy(big.data() + 12 + 4 * 65, "s390x", 6);
  bench.write("big", big);
  CHECK(bench.run("info big") == 1);
  CHECK(says(bench.err, "big-endian machine (s390x)"));
  CHECK(says(bench.err, "on tiny"));
}

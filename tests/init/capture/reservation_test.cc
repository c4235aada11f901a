// Messages about the capture kernel's memory, and that scripts and program recommend the same.
#include "init/capture/reservation.h"

#include <doctest/doctest.h>
#include <stdio.h>

#include <cerrno>

#include "tests/fakes/fake_sys.h"

namespace kdump {
namespace {

using Targets = std::vector<std::string>;
const Targets kDisk = {"fs:LABEL=crash:/"}, kServer = {"fs:LABEL=crash:/", "ssh://u@h/d"};

constexpr char kIomem[] =
    "00000000-00000fff : Reserved\n"
    "00001000-0009fbff : System RAM\n"
    "000a0000-000bffff : PCI Bus 0000:00\n"
    "18000000-1bffffff : System RAM\n"
    "  19000000-19c031ff : Kernel code\n"
    "  1a000000-1a0fffff : System RAM\n"
    "fed00000-fed003ff : HPET 0\n";

// A capture kernel with 64 MiB.
void add_machine(FakeSys& sys, const std::string& available, const std::string& kills) {
  sys.add_file("/proc/iomem", kIomem);
  sys.add_file("/proc/meminfo", "MemTotal:  40000 kB\nMemFree: 1 kB\nMemAvailable: " + available +
                                    " kB\nBuffers: 1 kB\n");
  sys.add_file("/proc/vmstat", "nr_free_pages 17\npgmajfault 3\noom_kill " + kills + "\nlast 1\n");
}

// What scripts/lib/reservation.sh recommends where uname says that.
std::string of_the_scripts(const char* machine, const Targets& targets) {
  std::string command =
      "bash -c '. " KDUMP_INIT_SOURCE_DIR "/scripts/lib/common.sh; . " KDUMP_INIT_SOURCE_DIR
      "/scripts/lib/reservation.sh; uname() { echo ";
  command += std::string(machine) + "; }; recommended_size \"$@\"' bash";
  for (const std::string& target : targets) command += " '" + target + "'";
  FILE* const pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe);
  if (!pipe) return "";
  char line[64] = {};
  const bool has_read = fgets(line, sizeof line, pipe) != nullptr;
  ::pclose(pipe);
  return has_read ? std::string(line, std::string_view(line).find('\n')) : "";
}

}  // namespace

TEST_CASE("the scripts recommend what the program does") {
  for (const char* const machine : {"x86_64", "aarch64"})
    for (const Targets& targets :
         {kDisk, kServer, Targets{}, Targets{"nfs://h/e"}, Targets{"raw:/dev/sda"}}) {
      CAPTURE(machine);
      CAPTURE(targets.size());
      CHECK(of_the_scripts(machine, targets) ==
            std::to_string(recommended_reservation_mib(machine, targets)) + "M");
    }
}

TEST_CASE("what is reserved is all the memory that the capture kernel was given") {
  FakeSys sys;
  add_machine(sys, "30720", "0");
  const CaptureMemory memory = read_capture_memory(sys);
  CHECK(memory.reserved_bytes == (64 << 20) + 0x9ec00);
  CHECK(memory.available_bytes == 30 << 20);
  CHECK_FALSE(memory.ran_out);
  CHECK(format_capture_memory(memory, kDisk) == "memory: 64 MiB reserved, 30 MiB of it free");
  CHECK(format_shortage(memory, Error{}, kDisk).empty());
}

TEST_CASE("too little memory is reported before it runs out, with what is enough") {
  FakeSys sys;
  add_machine(sys, "5000", "0");
  const CaptureMemory memory = read_capture_memory(sys);
  CHECK(format_capture_memory(memory, kServer) ==
        "memory: 64 MiB reserved, 4 MiB of it free, which may be too little: crashkernel=192M "
        "is enough");
}

TEST_CASE("memory that ran out is reported, whether the kernel or the job noticed") {
  FakeSys sys;
  add_machine(sys, "9000", "2");
  const CaptureMemory memory = read_capture_memory(sys);
  CHECK(memory.ran_out);
  const std::string words =
      "memory ran out: 64 MiB reserved, 8 MiB of it free now; crashkernel=128M is enough";
  CHECK(format_shortage(memory, Error{}, kDisk) == words);

  FakeSys quiet;
  add_machine(quiet, "9000", "0");
  Error no_memory;
  no_memory.sys_errno = ENOMEM;
  CHECK(format_shortage(read_capture_memory(quiet), no_memory, kDisk) == words);
}

TEST_CASE(
    "the size that is enough holds what is in use and the job, and is more than what ran out") {
  constexpr uint64_t kMib = 1 << 20;
  CHECK(sufficient_reservation_mib({.reserved_bytes = 256 * kMib, .available_bytes = 8 * kMib},
                                   kDisk) == 288);
  CHECK(sufficient_reservation_mib(
            {.reserved_bytes = 256 * kMib, .available_bytes = 200 * kMib, .ran_out = true},
            kDisk) == 288);
  // Figures that cannot be do not make it wrap.
  CHECK(sufficient_reservation_mib({.reserved_bytes = kMib, .available_bytes = ~uint64_t{0}},
                                   kDisk) >= 128);
  CHECK(sufficient_reservation_mib({.reserved_bytes = ~uint64_t{0}, .available_bytes = 0}, kDisk) >
        1 << 20);
}

TEST_CASE("a kernel that shows nothing leaves the program with what it knows") {
  FakeSys sys;
  const CaptureMemory memory = read_capture_memory(sys);
  CHECK(memory.reserved_bytes == 0);
  CHECK(format_capture_memory(memory, kDisk) ==
        "memory: an unknown amount reserved, 0 MiB of it free, which may be too little: "
        "crashkernel=" +
            std::to_string(recommended_reservation_mib(kThisMachine, kDisk)) + "M is enough");
  CHECK(format_reservation(sys, kDisk).starts_with("no memory is reserved"));
}

TEST_CASE("the running system says what it has reserved, and what is advised") {
  FakeSys sys;
  sys.add_file("/sys/kernel/kexec_crash_size", "100663296\n");
  CHECK(format_reservation(sys, kServer) ==
        "96 MiB are reserved for the capture kernel; crashkernel=192M is advised for such "
        "targets");
  FakeSys enough;
  enough.add_file("/sys/kernel/kexec_crash_size", "536870912\n");
  CHECK(format_reservation(enough, kServer) == "512 MiB are reserved for the capture kernel");
}

}  // namespace kdump

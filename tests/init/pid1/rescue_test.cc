// What the rescue shell needs to know: which terminal, and what to say. The shell itself is tried
// in a virtual machine.
#include "init/pid1/rescue.h"

#include <doctest/doctest.h>

#include "tests/fakes/fake_sys.h"

namespace kdump {
namespace {

TEST_CASE("the console's terminal is the last of the active ones") {
  FakeSys sys;
  sys.add_file("/sys/class/tty/console/active", "tty0 ttyS0\n");
  CHECK(console_terminal(sys).value() == "/dev/ttyS0");
}

TEST_CASE("a virtual console is the one in front") {
  FakeSys sys;
  sys.add_file("/sys/class/tty/console/active", "ttyS0 tty0\n");
  sys.add_file("/sys/class/tty/tty0/active", "tty1\n");
  CHECK(console_terminal(sys).value() == "/dev/tty1");
}

TEST_CASE("without a console there is no terminal, and an error says so") {
  FakeSys sys;
  CHECK(!console_terminal(sys));
  sys.add_file("/sys/class/tty/console/active", "\n");
  const auto terminal = console_terminal(sys);
  REQUIRE(!terminal);
  CHECK(terminal.error().kind == Kind::unsupported);
}

TEST_CASE("the greeting shows how to capture by hand, with the targets that were given") {
  Settings settings;
  settings.targets = {"fs:UUID=1:/crash", "fs:LABEL=my disk:/x", "fs:LABEL=it's:/x\x1b[2J"};
  const std::string greeting = shell_greeting(settings, "disk full", true);
  CHECK(greeting.find("disk full") != greeting.npos);
  CHECK(greeting.find("/init dump /proc/vmcore 'fs:UUID=1:/crash'") != greeting.npos);
  CHECK(greeting.find("'fs:LABEL=my disk:/x'") != greeting.npos);
  CHECK(greeting.find("it's") == greeting.npos);
  CHECK(greeting.find("exit") != greeting.npos);
}

TEST_CASE("the greeting does not offer to save what is not there") {
  CHECK(shell_greeting({}, "no crash", false).find("dump") == std::string::npos);
  CHECK(shell_greeting({}, "no target", true).find("dump /proc/vmcore TARGET") !=
        std::string::npos);
}

}  // namespace
}  // namespace kdump

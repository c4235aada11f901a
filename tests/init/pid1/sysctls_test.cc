// What PID 1 asks of its kernel.
#include "init/pid1/sysctls.h"

#include <doctest/doctest.h>

#include "tests/fakes/fake_sys.h"

namespace kdump {
namespace {

constexpr char kKernel[] = "/proc/sys/kernel/";
constexpr char kStallSuppress[] = "/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress";
constexpr char kMtuProbing[] = "/proc/sys/net/ipv4/tcp_mtu_probing";
constexpr char kAskRouters[] = "/proc/sys/net/ipv6/conf/default/router_solicitation_max_interval";

void add_sysctls(FakeSys& sys, const char* panic, const char* printk) {
  for (const char* const name : {"panic_on_oops", "softlockup_panic", "hardlockup_panic"})
    sys.add_file(std::string(kKernel) + name, "0\n");
  sys.add_file(std::string(kKernel) + "panic", panic);
  sys.add_file(std::string(kKernel) + "printk", printk);
  sys.add_file(std::string(kKernel) + "printk_devkmsg", "rl");
  sys.add_file(std::string(kKernel) + "watchdog_thresh", "10\n");
  sys.add_file("/proc/sys/vm/dirty_bytes", "0\n");
  sys.add_file(kStallSuppress, "0\n");
  sys.add_file(kMtuProbing, "0\n");
  sys.add_file(kAskRouters, "3600\n");
}

std::string sysctl(FakeSys& sys, const std::string& name) { return sys.content(kKernel + name); }

}  // namespace

TEST_CASE("panics, oopses and lockups of the capture kernel all end in a reboot") {
  FakeSys sys;
  add_sysctls(sys, "0\n", "7\t4\t1\t7\n");
  Console console({});
  set_sysctls(sys, console);
  CHECK(sysctl(sys, "panic").starts_with("10"));
  CHECK(sysctl(sys, "panic_on_oops") == "1\n");
  CHECK(sysctl(sys, "watchdog_thresh") == "60\n");
  CHECK(sys.content(kStallSuppress) == "1\n");
  CHECK(sysctl(sys, "softlockup_panic") == "1\n");
  CHECK(sysctl(sys, "hardlockup_panic") == "1\n");
  CHECK(sysctl(sys, "printk").starts_with("5\n"));
  CHECK(sys.content("/proc/sys/vm/dirty_bytes").starts_with("33554432"));
}

TEST_CASE("long packets that vanish and switches that pass nothing at first are expected") {
  FakeSys sys;
  add_sysctls(sys, "0\n", "7\t4\t1\t7\n");
  Console console({});
  set_sysctls(sys, console);
  CHECK(sys.content(kMtuProbing) == "1\n");
  CHECK(sys.content(kAskRouters).starts_with("8\n"));
}

TEST_CASE("what the command line has set stays") {
  FakeSys sys;
  add_sysctls(sys, "30\n", "4\t4\t1\t7\n");
  Console console({});
  set_sysctls(sys, console);
  CHECK(sysctl(sys, "panic") == "30\n");
  CHECK(sysctl(sys, "printk") == "4\t4\t1\t7\n");
}

TEST_CASE("a kernel without any of them is no hindrance") {
  FakeSys sys;
  Console console({});
  set_sysctls(sys, console);
  CHECK_FALSE(sys.contains("/proc/sys/kernel/panic_on_oops"));
}

}  // namespace kdump

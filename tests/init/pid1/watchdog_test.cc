// The watchdog keeper with a pipe for a watchdog: what it feeds, when it stops, how it disarms.
#include "init/pid1/watchdog.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "filter/base/sys.h"
#include "init/capture/child.h"
#include "init/capture/heartbeat.h"

namespace kdump {
namespace {

constexpr int64_t kPatienceMs = 120'000;  // only a test that fails waits that long
constexpr WatchdogOptions kQuick{.every_ms = 10, .stale_ms = 300};

class FakeWatchdog {
 public:
  FakeWatchdog() {
    REQUIRE(::mkdtemp(directory_));
    path_ = std::string(directory_) + "/watchdog0";
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    fd_ = ::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(fd_ >= 0);
    sysfs_ = std::string(directory_) + "/sysfs";
    REQUIRE(::mkdir(sysfs_.c_str(), 0700) == 0);
    REQUIRE(::mkdir((sysfs_ + "/watchdog0").c_str(), 0700) == 0);
  }
  ~FakeWatchdog() {
    ::close(fd_);
    ::unlink(path_.c_str());
    ::unlink((sysfs_ + "/watchdog0/state").c_str());
    ::rmdir((sysfs_ + "/watchdog0").c_str());
    ::rmdir(sysfs_.c_str());
    ::rmdir(directory_);
  }
  const char* directory() const { return directory_; }
  const std::string& sysfs() const { return sysfs_; }
  void set_state(const char* state) const {
    const int fd =
        ::open((sysfs_ + "/watchdog0/state").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(::write(fd, state, strlen(state)) > 0);
    ::close(fd);
  }
  // What it was given since the last time.
  std::string fed() const {
    std::string all(65536, '\0');
    const ssize_t got = ::read(fd_, all.data(), all.size());
    all.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return all;
  }
  bool is_fed_within(int64_t ms) const {
    pollfd watched{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&watched, 1, static_cast<int>(ms)) > 0;
  }

 private:
  char directory_[32] = "/tmp/kdump-watchdog-XXXXXX";
  std::string path_, sysfs_;
  int fd_ = -1;
};

// In a separate process, because a process starts one feeder; exits with what `steps` returns.
int in_process(const std::function<bool()>& steps) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(steps() ? 0 : 1);
  int status = -1;
  ::waitpid(pid, &status, 0);
  return status;
}

bool start(const FakeWatchdog& watchdog, bool start_idle = false) {
  WatchdogOptions options = kQuick;
  options.directory = watchdog.directory();
  options.sysfs = watchdog.sysfs().c_str();
  options.start_idle = start_idle;
  Console console({});
  return start_watchdog_feeder(options, console).has_value();
}

}  // namespace

TEST_CASE("a watchdog is fed while its owner moves, and not when it no longer does") {
  const FakeWatchdog watchdog;
  CHECK(in_process([&] {
          if (!start(watchdog)) return false;
          std::string fed;
          const int64_t until_ms = real_sys().monotonic_ms() + kPatienceMs;
          while (fed.size() < 20 && real_sys().monotonic_ms() < until_ms) {
            watchdog_heartbeat();
            if (watchdog.is_fed_within(5)) fed += watchdog.fed();
          }
          if (fed.size() < 20 || fed.find('V') != fed.npos) return false;
          // From here on nothing beats. Until that is noticed, some more may come.
          real_sys().sleep_ms(kQuick.stale_ms + 2000);
          (void)watchdog.fed();
          return !watchdog.is_fed_within(500);
        }) == 0);
}

TEST_CASE("waiting for a child is a sign of life, in the process that keeps the watchdog only") {
  const FakeWatchdog watchdog;
  CHECK(in_process([&] {
          if (!start(watchdog)) return false;
          real_sys().sleep_ms(kQuick.stale_ms + 2000);
          (void)watchdog.fed();
          const BlockedSignals blocked;
          auto child = Child::start([] {
            for (;;) watchdog_heartbeat();
          });
          const bool is_silent = !watchdog.is_fed_within(500);
          child->wait(real_sys().monotonic_ms() + 50);
          const bool is_fed = watchdog.is_fed_within(kPatienceMs);
          child->kill(kPatienceMs);
          return is_silent && is_fed;
        }) == 0);
}

TEST_CASE(
    "a watchdog that does not run is left alone, until it does or the image says that it ran") {
  const FakeWatchdog watchdog;
  watchdog.set_state("inactive\n");
  CHECK(in_process([&] {
          if (!start(watchdog) || watchdog.is_fed_within(1000)) return false;
          watchdog.set_state("active\n");
          watchdog_heartbeat();
          return watchdog.is_fed_within(kPatienceMs);
        }) == 0);
  (void)watchdog.fed();
  watchdog.set_state("inactive\n");
  CHECK(in_process([&] { return start(watchdog, true) && watchdog.is_fed_within(kPatienceMs); }) ==
        0);
}

TEST_CASE("a watchdog is disarmed with the letter that means it") {
  const FakeWatchdog watchdog;
  CHECK(in_process([&] {
          if (!start(watchdog) || !watchdog.is_fed_within(kPatienceMs)) return false;
          disarm_watchdogs();
          std::string fed;
          const int64_t until_ms = real_sys().monotonic_ms() + kPatienceMs;
          while (fed.find('V') == fed.npos && real_sys().monotonic_ms() < until_ms)
            if (watchdog.is_fed_within(100)) fed += watchdog.fed();
          return fed.ends_with('V');
        }) == 0);
}

}  // namespace kdump

#include "tests/net/net_scene.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "filter/base/text.h"

namespace kdump {
namespace {

// One a process: ctest runs several at once.
std::string resolv_stand_in() { return text("/tmp/kdump-init-net-test-%d.resolv", ::getpid()); }

// A child that dies with the test, and runs `work`.
template <class Work>
int fork_child(Work work) {
  const int pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  work();
  ::_exit(0);
}

void enter_network_of(int pid) {
  const int fd = ::open(text("/proc/%d/ns/net", pid).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || ::setns(fd, CLONE_NEWNET) != 0) ::_exit(1);
  ::close(fd);
}

int listening_socket(uint16_t port) {
  const int fd = ::socket(AF_INET6, SOCK_STREAM, 0);
  const int off = 0, on = 1;
  ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(port);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0 || ::listen(fd, 8) != 0)
    ::_exit(1);
  return fd;
}

}  // namespace

bool RecordingObserver::has_noted(std::string_view part) const {
  return all().find(part) != std::string::npos;
}

std::string RecordingObserver::all() const {
  std::string lines;
  for (const std::string& line : notes) lines += line + "\n";
  return lines;
}

NetScene::NetScene() {
  REQUIRE_MESSAGE(::geteuid() == 0, "these tests make network namespaces: run them as root");
  before_ = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  REQUIRE(before_ >= 0);
  REQUIRE(::unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS) == 0);
  REQUIRE(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
  ::close(::open(resolv_stand_in().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  REQUIRE(::mount(resolv_stand_in().c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) == 0);
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  server_ = fork_child([&] {
    if (::unshare(CLONE_NEWNET) != 0) ::_exit(1);
    (void)!::write(ready[1], "", 1);
    for (;;) ::pause();
  });
  char byte;
  ::close(ready[1]);
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  ::close(ready[0]);
  there("ip link set lo up");
}

NetScene::~NetScene() {
  children_.push_back(server_);
  for (const int child : children_) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  ::umount2("/etc/resolv.conf", MNT_DETACH);
  ::setns(before_, CLONE_NEWNET);
  ::close(before_);
  ::unlink(resolv_stand_in().c_str());
}

void NetScene::here(const std::string& command) {
  CAPTURE(command);
  REQUIRE(::system(command.c_str()) == 0);
}

void NetScene::there(const std::string& command) {
  here(text("nsenter -t %d -n sh -c '%s'", server_, command.c_str()));
}

int NetScene::start(const std::string& command, bool is_there) {
  const int pid = fork_child([&] {
    if (is_there) enter_network_of(server_);
    ::execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
  });
  children_.push_back(pid);
  return pid;
}

void NetScene::later(int milliseconds, const std::string& command) {
  children_.push_back(fork_child([&] {
    ::usleep(static_cast<unsigned>(milliseconds) * 1000);
    const std::string with_server =
        "server=" + std::to_string(server_) + "; there=\"nsenter -t $server -n\"; " + command;
    ::execl("/bin/sh", "sh", "-c", with_server.c_str(), nullptr);
  }));
}

std::string NetScene::output(const std::string& command) {
  std::string all;
  FILE* const pipe = ::popen(command.c_str(), "re");
  REQUIRE(pipe != nullptr);
  char buffer[1024];
  while (const size_t size = fread(buffer, 1, sizeof buffer, pipe)) all.append(buffer, size);
  ::pclose(pipe);
  return all;
}

bool NetScene::has_kind(const std::string& kind) {
  here("ip link add probe0 type veth peer name probe1");
  const std::string more =
      kind == "vlan" ? "link probe0 name probe2 type vlan id 2" : "name probe2 type " + kind;
  const bool is_made = ::system(("ip link add " + more + " 2>/dev/null").c_str()) == 0;
  if (is_made) here("ip link del probe2");
  here("ip link del probe0");
  const bool is_needed = ::getenv("KDUMP_INIT_NEEDS_EVERY_LINK") != nullptr;
  CHECK_MESSAGE((is_made || !is_needed), "this kernel makes no ", kind);
  if (!is_made) MESSAGE("this kernel makes no ", kind, ": tests/vm/scenarios/network covers it");
  return is_made;
}

void NetScene::cable(const std::string& name, const std::string& far, const std::string& mac) {
  here(text("ip link add %s address %s type veth peer name %s netns %d", name.c_str(), mac.c_str(),
            far.c_str(), server_));
}

void NetScene::live_cable(const std::string& name, const std::string& far, const std::string& mac,
                          const std::string& address) {
  cable(name, far, mac);
  there("ip link set " + far + " up");
  if (!address.empty())
    there("ip address add " + address + " dev " + far +
          (address.find(':') == address.npos ? "" : " nodad"));
}

void NetScene::dnsmasq(const std::string& far, const std::string& options) {
  start(
      "dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --leasefile-ro --pid-file= "
      "--log-facility=/dev/null --bind-dynamic --no-resolv --no-hosts --no-ping "
      "--dhcp-authoritative --interface=" +
          far + " " + options,
      true);
  ::usleep(300'000);
}

void NetScene::run_there(const std::function<void()>& work) {
  children_.push_back(fork_child([&] {
    enter_network_of(server_);
    work();
  }));
  ::usleep(100'000);
}

void NetScene::listen(uint16_t port) {
  run_there([port] {
    const int fd = listening_socket(port);
    for (;;) ::close(::accept(fd, nullptr, nullptr));
  });
}

Result<Route> NetScene::reach(const std::string& arguments, const std::string& host, uint16_t port,
                              uint32_t step_s) {
  const auto parsed = parse_network_arguments("", arguments);
  CHECK(parsed.warnings.empty());
  // Every target's job has its own.
  return capture_network(parsed.settings)->reach(host, port, step_s, observer);
}

}  // namespace kdump

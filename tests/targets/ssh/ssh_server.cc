#include "tests/targets/ssh/ssh_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

#include "net/reach.h"

namespace kdump {
namespace {

constexpr char kRunServer[] = KDUMP_INIT_SOURCE_DIR "/tests/run_server";

// Where it finds the servers, asked once: those that it starts then need not.
const std::string& unpacked_servers() {
  static const std::string root = [] {
    if (const char* const known = getenv("KDUMP_INIT_SERVERS")) return std::string(known);
    std::string directory;
    FILE* const pipe = popen((std::string(kRunServer) + " --root").c_str(), "r");
    REQUIRE(pipe);
    for (int c = getc(pipe); c > ' '; c = getc(pipe)) directory += static_cast<char>(c);
    REQUIRE(pclose(pipe) == 0);
    setenv("KDUMP_INIT_SERVERS", directory.c_str(), 1);
    return directory;
  }();
  return root;
}

// pid and all that descends from it, which sshd gives process groups of their own.
std::vector<pid_t> with_descendants(pid_t pid) {
  std::vector<pid_t> found = {pid};
  for (size_t i = 0; i < found.size(); ++i) {
    const std::string of = std::to_string(found[i]);
    std::ifstream children("/proc/" + of + "/task/" + of + "/children");
    for (pid_t child; children >> child;) found.push_back(child);
  }
  return found;
}

}  // namespace

uint16_t free_port() {
  std::random_device random;
  for (int i = 0; i < 1000; ++i) {
    // Linux gives 32768 to 60999 to connections of others, also between this test and the server's
    // bind.
    std::uniform_int_distribution<uint16_t> ports(10'000, 32'767);
    const uint16_t port = ports(random);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const bool is_free = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    if (is_free) return port;
  }
  FAIL("no free port on 127.0.0.1");
  return 0;
}

std::string sftp_server() { return unpacked_servers() + "/usr/lib/openssh/sftp-server"; }

void must_run(const std::string& command) {
  CAPTURE(command);
  REQUIRE(system(command.c_str()) == 0);
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

SshServer::SshServer(std::string options, std::string program)
    : options_(std::move(options)), program_(std::move(program)), port_(free_port()) {
  char name[] = "/tmp/kdump-ssh.XXXXXX";
  REQUIRE(mkdtemp(name));
  unpacked_servers();
  directory_ = name;
  must_run(
      "cd " + directory_ +
      " && ssh-keygen -q -t ecdsa -N '' -f host && ssh-keygen -q -t ed25519 -N '' -f host_ed &&"
      " ssh-keygen -q -t ecdsa -N '' -f key && cp key.pub authorized &&"
      " printf '[127.0.0.1]:" +
      std::to_string(port_) + " %s\\n' \"$(cut -d' ' -f1,2 host.pub)\" > known_hosts");
  std::ofstream(path("config"))
      << "Port " << port_ << "\nListenAddress 127.0.0.1\nHostKey " << path("host") << "\nHostKey "
      << path("host_ed") << "\nAuthorizedKeysFile " << path("authorized")
      << "\nStrictModes no\nPermitRootLogin yes\nPidFile none\nUsePAM no\nLogLevel ERROR\n"
      << "MaxStartups 100\n"
      << (options_ == kDropbear ? "" : options_);
  if (options_ == kDropbear) use_dropbear_key(path("host"));
  start();
}

void SshServer::use_dropbear_key(const std::string& key) {
  must_run(std::string(kRunServer) + " dropbearconvert openssh dropbear " + key + " " +
           path("host.db") + " 2>/dev/null");
}

SshServer::~SshServer() {
  kill();
  std::filesystem::remove_all(directory_);
}

void SshServer::start() {
  pid_ = ::fork();
  if (pid_ == 0) {
    const int log = ::open(path("log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(log, 1);
    ::dup2(log, 2);
    const std::string config = path("config"), key = path("host.db");
    const std::string at = "127.0.0.1:" + std::to_string(port_);
    if (options_ == kDropbear)
      ::execl(kRunServer, kRunServer, "dropbear", path("authorized").c_str(), "-F", "-E", "-s",
              "-r", key.c_str(), "-p", at.c_str(), nullptr);
    else if (program_ == "asyncssh")
      ::execl(kRunServer, kRunServer, program_.c_str(), config.c_str(), nullptr);
    else
      ::execl(kRunServer, kRunServer, program_.c_str(), "-D", "-e", "-f", config.c_str(), nullptr);
    ::_exit(127);
  }
  const auto addresses = resolve("127.0.0.1", port_);
  for (int i = 0; i < 1500; ++i) {
    if (connect_to_first(*addresses, 1)) return;
    ::usleep(20'000);
  }
  FAIL("no SSH server: " << content_of(path("log")));
}

void SshServer::signal_all(int number) {
  for (const pid_t each : with_descendants(pid_)) ::kill(each, number);
}

void SshServer::drop_connections() {
  for (const pid_t each : with_descendants(pid_))
    if (each != pid_) ::kill(each, SIGKILL);
}

void SshServer::must_run_inside(const std::string& command) {
  must_run("nsenter -t " + std::to_string(pid_) + " -m sh -ec '" + command + "'");
}

void SshServer::kill() {
  if (pid_ == 0) return;
  signal_all(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

std::string SshServer::url() const {
  return "ssh://root@127.0.0.1:" + std::to_string(port_) + directory_ +
         "/crash?key=" + path("key") + "&known_hosts=" + path("known_hosts");
}

std::unique_ptr<Target> SshServer::target(uint32_t stall_s) { return target(url(), stall_s); }

std::unique_ptr<Target> SshServer::target(const std::string& url, uint32_t stall_s) {
  auto made = make_target(url, {.sys = real_sys(),
                                .limits = {.step_s = 10, .stall_s = stall_s},
                                .observer = observer,
                                .network = *network_});
  REQUIRE(made);
  return std::move(*made);
}

}  // namespace kdump

// An ssh: target behind a link on which next to nothing moves, with and without another target.
#include <doctest/doctest.h>
#include <elf.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "init/capture/job/target_job.h"
#include "tests/fixtures/text_core.h"
#include "tests/targets/ssh/ssh_server.h"

using namespace kdump;
namespace fs = std::filesystem;

namespace {

constexpr uint64_t kMiB = 1 << 20;

// tests/targets/ssh/trickling_proxy.py before a server, on a separate port.
class Trickle {
 public:
  Trickle(SshServer& server, uint64_t first, uint64_t later, const char* then)
      : server_(server), port_(free_port()) {
    must_run("sed 's/:" + std::to_string(server.port()) + " /:" + std::to_string(port_) + " /' " +
             server.path("known_hosts") + " > " + server.path("known_here"));
    pid_ = ::fork();
    if (pid_ == 0) {
      const std::string program = KDUMP_INIT_SOURCE_DIR "/tests/targets/ssh/trickling_proxy.py";
      const std::string numbers[] = {std::to_string(port_), std::to_string(server.port()),
                                     std::to_string(first), std::to_string(later)};
      const std::string log = server.path("connections");
      ::execl(program.c_str(), program.c_str(), numbers[0].c_str(), numbers[1].c_str(),
              numbers[2].c_str(), numbers[3].c_str(), then, log.c_str(), nullptr);
      ::_exit(127);
    }
    ::usleep(500'000);  // a try that comes too early is one more connection
  }
  ~Trickle() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  std::string url() const {
    return "ssh://root@127.0.0.1:" + std::to_string(port_) + server_.directory() +
           "/crash?key=" + server_.path("key") + "&known_hosts=" + server_.path("known_here");
  }
  int64_t connections() const {
    const std::string log = content_of(server_.path("connections"));
    return std::count(log.begin(), log.end(), '\n');
  }

 private:
  SshServer& server_;
  uint16_t port_;
  pid_t pid_;
};

// Memory from 16 MiB on in which no page is like another.
void fill_memory(const std::string& core) {
  std::fstream file(core, std::ios::in | std::ios::out | std::ios::binary);
  Elf64_Ehdr head;
  file.read(reinterpret_cast<char*>(&head), sizeof head);
  for (unsigned i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr load;
    file.seekg(static_cast<std::streamoff>(head.e_phoff + i * sizeof load));
    file.read(reinterpret_cast<char*>(&load), sizeof load);
    if (load.p_type != PT_LOAD) continue;
    for (uint64_t at = 16 * kMiB; at < load.p_filesz; at += 4096) {
      file.seekp(static_cast<std::streamoff>(load.p_offset + at));
      file.write(reinterpret_cast<const char*>(&at), sizeof at);
    }
  }
}

struct Captures {
  Captures(const std::vector<std::string>& targets, uint32_t stall_s, uint32_t limit_s) {
    const TextCore core("kernel x86_64-6.1\nnodename tiny\nCRASHTIME=1795231291\nram 0 64M\n");
    fill_memory(core.path());
    Settings settings;
    settings.vmcore = core.path();
    settings.targets = targets;
    settings.levels = {0};
    settings.compression.kind = Compression::Kind::none;
    settings.stall_timeout_s = stall_s;
    settings.step_timeout_s = 10;
    settings.limit_s = limit_s;
    Board& board = *Board::create().value();
    Console console({.board = &board});
    const auto network = existing_network();
    const int64_t began_ms = real_sys().monotonic_ms();
    captured = capture(
        settings, {.stall_s = stall_s, .limit_s = limit_s},
        [&](const Attempt& attempt) {
          run_target_job(real_sys(), settings, attempt, {.network = *network}, board, console);
        },
        board, console);
    seconds = (real_sys().monotonic_ms() - began_ms) / 1000;
    log = std::string(board.log_text());
  }

  CaptureResult captured;
  int64_t seconds;
  std::string log;
};

}  // namespace

TEST_CASE("a link that moves a little on each connection gives way to the next target") {
  SshServer server;
  const fs::path other = server.path("other");
  fs::create_directory(other);
  const Trickle link(server, 400 << 10, 400 << 10, "silent");
  const Captures run({link.url(), "dir:" + other.string()}, 3, 120);
  CAPTURE(run.log);
  CHECK(run.captured.outcome == Board::Outcome::saved);
  CHECK(run.captured.target == "dir:" + other.string());
  CHECK(run.log.find("too slow for 15 s") != run.log.npos);
  // Its limit is two minutes.
  CHECK(run.seconds < 90);
}

TEST_CASE("an only target may be slow, until its limit") {
  SshServer server;
  const Trickle link(server, 400 << 10, 400 << 10, "silent");
  const Captures run({link.url()}, 3, 25);
  CAPTURE(run.log);
  CHECK(run.captured.outcome != Board::Outcome::saved);
  CHECK(run.log.find("too slow") == run.log.npos);
  CHECK(run.seconds >= 25);
}

TEST_CASE("connections that break after a few requests bring the dump on all the same") {
  SshServer server;
  const Trickle link(server, 400 << 10, 400 << 10, "ends");
  const Captures run({link.url()}, 6, 12);
  CAPTURE(run.log);
  // Until its limit: 64 MiB take longer.
  CHECK(run.captured.error.kind == Kind::timeout);
  CHECK(run.log.find("no way back") == run.log.npos);
}

TEST_CASE("connections that do not last are made after pauses") {
  SshServer server;
  const Trickle link(server, 4 * kMiB, 0, "ends");
  const Captures run({link.url()}, 24, 600);
  CAPTURE(run.log);
  CHECK(run.captured.outcome == Board::Outcome::failed);
  CHECK(run.log.find("not reconnected within 24 s") != run.log.npos);
  // At once, then after 1 s, 2 s, 4 s, 4 s and so on; each try looks for a way and then connects.
  CAPTURE(link.connections());
  CHECK(link.connections() >= 6);
  CHECK(link.connections() <= 22);
}

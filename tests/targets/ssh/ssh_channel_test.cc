// A channel's waits against a real server: what has come while something else was asked.
#include "net/ssh/ssh_channel.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

#include "net/reach.h"
#include "tests/fixtures/reason.h"
#include "tests/targets/ssh/ssh_server.h"

using namespace kdump;

namespace {

constexpr int64_t kPatienceMs = 20'000;

int64_t in_time() { return real_sys().monotonic_ms() + kPatienceMs; }

Result<std::shared_ptr<SshSession>> log_in(const SshServer& server) {
  SshLogin login;
  login.user = "root";
  login.host = "127.0.0.1";
  login.port = server.port();
  login.known_hosts_file = server.path("known_hosts");
  login.known_hosts = content_of(login.known_hosts_file);
  login.key = TRY(load_user_key(real_sys(), server.path("key")));
  const auto addresses = TRY(resolve("127.0.0.1", server.port()));
  return SshSession::connect(addresses.front(), login, in_time());
}

}  // namespace

TEST_CASE("what libssh2 took from the socket while it was asked for the end is not waited for") {
  for (const char* options : {"", SshServer::kDropbear}) {
    CAPTURE(options);
    SshServer server(options);
    const auto session = log_in(server);
    REQUIRE_MESSAGE(session, reason(session));
    const std::string started = server.path("started");
    auto channel = SshChannel::command(*session, "printf hello; : > " + started + "; exec sleep 60",
                                       in_time());
    REQUIRE_MESSAGE(channel, reason(channel));
    // Whenever it comes, it is the question for the end that takes it from the socket.
    for (int after = 0; after < 50; after += std::filesystem::exists(started)) {
      REQUIRE(!channel->is_at_end());
      ::usleep(10'000);
    }
    // The command is silent for longer than this.
    CHECK(channel->wait(in_time()));
    uint8_t text[8];
    const auto got = channel->receive_some(text);
    REQUIRE(got);
    CHECK(std::string(text, text + *got) == "hello");
  }
}

// The ssh: target behind a bastion: the connection of both is made again when it is lost, and a
// bastion that stops answering fails the target in time.
#include <doctest/doctest.h>
#include <signal.h>

#include "tests/targets/ssh/ssh_dump.h"

using namespace kdump;

namespace {

std::string url_through(const SshServer& bastion, const SshServer& server) {
  must_run("cat " + bastion.path("known_hosts") + " >> " + server.path("known_hosts"));
  return server.url() + "&jump=root@127.0.0.1:" + std::to_string(bastion.port()) +
         "&jump_key=" + bastion.path("key");
}

}  // namespace

TEST_CASE("jump: a crash is saved byte for byte, however often either side rekeys") {
  const std::string dump = whole_dump(24 * kMiB);
  SshServer server(std::string(SshServer::kWithSftp) + "RekeyLimit 4M\n"),
      bastion("RekeyLimit 5M\n");
  const auto target = server.target(url_through(bastion, server), 10);
  const auto done = save(*target, dump);
  CHECK_MESSAGE(done, reason(done));
  CHECK((saved(server) == dump));
  CHECK(target->finish());
}

TEST_CASE("jump: what a lost bastion or server had not acknowledged is sent again") {
  const std::string dump = whole_dump(16 * kMiB);
  for (const bool is_bastion : {true, false}) {
    CAPTURE(is_bastion);
    SshServer server, bastion("");
    const auto target = server.target(url_through(bastion, server), 10);
    SshServer& lost = is_bastion ? bastion : server;
    const auto done = save(*target, dump, [&] {
      lost.kill();
      lost.start();
    });
    CHECK_MESSAGE(done, reason(done));
    CHECK((saved(server) == dump));
    CHECK(target->finish());
  }
}

TEST_CASE("jump: without SFTP a crash is saved as a stream") {
  const std::string dump = whole_dump(8 * kMiB);
  SshServer server(SshServer::kDropbear), bastion("");
  const auto target = server.target(url_through(bastion, server), 10);
  REQUIRE(target->preflight());
  REQUIRE(target->begin(kCrash));
  const auto file = target->create("vmcore", 0);
  REQUIRE(file);
  REQUIRE((*file)->write_at(0, as_bytes(dump)));
  CHECK((*file)->commit());
  CHECK((saved(server) == dump));
  CHECK(target->finish());
}

TEST_CASE("jump: a bastion that stops answering fails the target in time") {
  const std::string dump = whole_dump(16 * kMiB);
  SshServer server, bastion("");
  const auto target = server.target(url_through(bastion, server), 3);
  const int64_t began_ms = real_sys().monotonic_ms();
  CHECK(!save(*target, dump, [&] { bastion.signal_all(SIGSTOP); }));
  CHECK(real_sys().monotonic_ms() - began_ms < 30'000);
  bastion.signal_all(SIGCONT);
}

// The ssh: target against real servers that have no SFTP.
#include <doctest/doctest.h>

#include <cstring>
#include <filesystem>

#include "tests/targets/ssh/ssh_dump.h"

using namespace kdump;
namespace fs = std::filesystem;

TEST_CASE("without SFTP a crash is saved as a stream, and only as one") {
  for (const char* options : {"", SshServer::kDropbear}) {
    CAPTURE(options);
    SshServer server(options);
    const auto target = server.target();
    const auto space = target->preflight();
    REQUIRE_MESSAGE(space, reason(space));
    CHECK((target->access() == Target::Access::append_only));
    CHECK(space->free_bytes.value_or(0) > 0);
    REQUIRE(target->begin(kCrash));
    const std::string dump = whole_dump(4 * kMiB);
    const auto file = target->create("vmcore", 0);
    REQUIRE(file);
    REQUIRE((*file)->write_at(0, as_bytes(dump)));
    CHECK(!(*file)->write_at(0, as_bytes(dump)));
    const auto done = (*file)->commit();
    CHECK_MESSAGE(done, reason(done));
    CHECK((saved(server) == dump));
    uint8_t read[3];
    CHECK((*file)->read_back(64 * 1024, read));
    CHECK((Bytes(read)[2] == static_cast<uint8_t>(dump[64 * 1024 + 2])));
    CHECK(!target->create("vmcore", 0));
    const auto discarded = target->discard();
    CHECK_MESSAGE(discarded, reason(discarded));
    CHECK(!fs::exists(server.directory() + "/crash"));
    CHECK(target->finish());
  }
}

TEST_CASE(
    "without SFTP every step but the data itself is done again where its connection is lost") {
  for (const char* options : {"", SshServer::kDropbear}) {
    CAPTURE(options);
    SshServer server(options);
    const auto target = server.target();
    REQUIRE(target->preflight());
    server.drop_connections();
    REQUIRE(target->preflight());  // df
    server.drop_connections();
    const auto begun = target->begin(kCrash);
    REQUIRE_MESSAGE(begun, reason(begun));
    server.drop_connections();
    const auto file = target->create("vmcore-dmesg.txt", 0);
    REQUIRE_MESSAGE(file, reason(file));
    REQUIRE((*file)->write_at(0, as_bytes("a log")));
    const auto done = (*file)->commit();
    CHECK_MESSAGE(done, reason(done));
    CHECK(saved(server, "vmcore-dmesg.txt") == "a log");

    // A file whose connection is lost fails; others are written after it.
    const auto lost = target->create("vmcore", 0);
    REQUIRE(lost);
    REQUIRE((*lost)->write_at(0, as_bytes("half")));
    server.drop_connections();
    CHECK(!(*lost)->commit());
    CHECK(!exists(server, "vmcore"));
    const auto report = target->create("report.json", 0);
    REQUIRE_MESSAGE(report, reason(report));
    REQUIRE((*report)->write_at(0, as_bytes("{}")));
    CHECK((*report)->commit());
    CHECK(saved(server, "report.json") == "{}");
    server.drop_connections();
    const auto discarded = target->discard();
    CHECK_MESSAGE(discarded, reason(discarded));
    CHECK(!fs::exists(server.directory() + "/crash"));
    CHECK(target->finish());
  }
}

TEST_CASE("without SFTP the error names an account that may not log in") {
  // Debian's nobody has neither a shell nor a home, and sshd complains of the latter first.
  SshServer server("");
  must_run("chmod 755 " + server.directory());
  const auto target = server.target("ssh://nobody" + server.url().substr(strlen("ssh://root")), 3);
  const auto refused = target->preflight();
  REQUIRE(!refused);
  CHECK(reason(refused).find("account is currently not available") != std::string::npos);
}

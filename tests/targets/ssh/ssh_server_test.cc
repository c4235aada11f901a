// The ssh: target against real servers, sound and at fault.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "tests/targets/ssh/ssh_dump.h"

// libssh2 1.11.1 forgets its copy of the host key at each key exchange after the first: some 100
// bytes a GiB.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:_libssh2_copy_string\n"; }

using namespace kdump;
namespace fs = std::filesystem;

TEST_CASE("SFTP: a crash is saved byte for byte, whatever the cipher and however often it rekeys") {
  const std::string dump = whole_dump(24 * kMiB);
  for (const char* cipher : {"aes128-gcm@openssh.com", "aes256-gcm@openssh.com",
                             "chacha20-poly1305@openssh.com", "aes128-ctr"}) {
    CAPTURE(cipher);
    SshServer server(std::string(SshServer::kWithSftp) + "RekeyLimit 4M\nCiphers " + cipher + "\n");
    const auto target = server.target();
    const auto done = save(*target, dump);
    CHECK_MESSAGE(done, reason(done));
    CHECK((saved(server) == dump));
    CHECK(!exists(server, "vmcore-incomplete"));
    CHECK(target->location() == "ssh://root@127.0.0.1:" + std::to_string(server.port()) +
                                    server.directory() + "/crash/" + kCrash);
    CHECK(target->finish());
  }
}

TEST_CASE("SFTP: names are exclusive, space is reported, a test file is read back and removed") {
  SshServer server;
  const auto target = server.target();
  const auto space = target->preflight();
  REQUIRE(space);
  CHECK(space->free_bytes.value_or(0) > 0);
  CHECK(!fs::exists(server.directory() + "/crash"));
  REQUIRE(save(*target, whole_dump(1000)));
  CHECK(!target->create("vmcore", 0));
  const auto second = server.target();
  REQUIRE(save(*second, whole_dump(2000)));
  CHECK(second->location().ends_with(std::string(kCrash) + ".1"));
  CHECK(second->discard());
  CHECK(!fs::exists(server.directory() + "/crash/" + kCrash + ".1"));

  const auto file = target->create("report.json", 0);
  REQUIRE(file);
  REQUIRE((*file)->write_at(0, as_bytes("{}")));
  REQUIRE((*file)->commit());
  uint8_t read[2];
  REQUIRE((*file)->read_back(0, read));
  CHECK(read[1] == '}');
  CHECK(!(*file)->read_back(1, read));
  REQUIRE((*file)->demote());
  CHECK(!exists(server, "report.json"));
  CHECK(exists(server, "report.json-incomplete"));
  CHECK((*file)->read_back(0, read));
  CHECK(target->discard());
  CHECK(!fs::exists(server.directory() + "/crash"));
}

TEST_CASE("SFTP: many reads at once give the bytes in their order, and find the end") {
  const std::string dump = whole_dump(5 * kMiB);
  SshServer server;
  const auto target = server.target();
  REQUIRE(target->preflight());
  REQUIRE(target->begin(kCrash));
  const auto file = target->create("vmcore", 0);
  REQUIRE(file);
  REQUIRE((*file)->write_at(0, as_bytes(dump)));
  REQUIRE((*file)->sync());
  std::string read(dump.size(), '?');
  const auto into = [&](size_t size) {
    return MutableBytes(reinterpret_cast<uint8_t*>(read.data()), size);
  };
  CHECK((*file)->read_back(0, into(dump.size())));
  CHECK((read == dump));
  constexpr size_t kOffset = 123'457, kSize = kMiB + 11;
  CHECK((*file)->read_back(kOffset, into(kSize)));
  CHECK((read.substr(0, kSize) == dump.substr(kOffset, kSize)));
  says((*file)->read_back(1, into(dump.size())),
       ("ends at " + std::to_string(dump.size())).c_str());
  // The connection has come to no harm.
  CHECK((*file)->read_back(dump.size() - 7, into(7)));
  CHECK((read.substr(0, 7) == dump.substr(dump.size() - 7)));
  CHECK((*file)->commit());
  CHECK(target->finish());
}

TEST_CASE("SFTP: a server that is killed and comes back gets again what it had not acknowledged") {
  const std::string dump = whole_dump(16 * kMiB);
  SshServer server;
  const auto target = server.target();
  const auto done = save(*target, dump, [&] {
    server.kill();
    server.start();
  });
  CHECK_MESSAGE(done, reason(done));
  CHECK((saved(server) == dump));
  CHECK(target->finish());
}

TEST_CASE("SFTP: a server that has lost what it acknowledged fails the target, with the reason") {
  const std::string dump = whole_dump(16 * kMiB);
  {
    // On Linux another boot_id shows a reboot.
    SshServer server;
    const auto target = server.target();
    says(save(*target, dump,
              [&] {
                server.must_run_inside("echo 3f2504e0-4f89-11d3-9a0c-0305e82c3301 > " +
                                       server.path("id") + " && mount --bind " + server.path("id") +
                                       " /proc/sys/kernel/random/boot_id");
                server.drop_connections();
              }),
         "has rebooted and may have lost acknowledged data");
    CHECK(!exists(server, "vmcore"));
    CHECK(exists(server, "vmcore-incomplete"));
    CHECK(target->finish());
  }
  {
    SshServer server;
    const auto target = server.target();
    says(save(*target, dump,
              [&] {
                server.drop_connections();
                fs::resize_file(server.path("crash/") + kCrash + "/vmcore-incomplete", 5000);
              }),
         "has 5000 bytes, and ");
    CHECK(!exists(server, "vmcore"));
    CHECK(target->finish());
  }
  {
    // A server without a readable boot_id is assumed not to have rebooted, with a note.
    SshServer server;
    server.must_run_inside("mount --bind /dev/null /proc/sys/kernel/random/boot_id");
    const auto target = server.target();
    const auto done = save(*target, dump, [&] { server.drop_connections(); });
    CHECK_MESSAGE(done, reason(done));
    CHECK((saved(server) == dump));
    const auto& notes = server.observer.notes;
    CHECK(std::any_of(notes.begin(), notes.end(), [](const std::string& note) {
      return note.find("does not report whether it has rebooted") != std::string::npos;
    }));
    CHECK(target->finish());
  }
}

TEST_CASE("SFTP: a server that is gone, or takes nothing, fails the target in time, and once") {
  for (const bool is_stopped : {false, true}) {
    CAPTURE(is_stopped);
    SshServer server;
    const auto target = server.target(3);
    const auto done = save(*target, whole_dump(32 * kMiB), [&] {
      if (is_stopped)
        server.signal_all(SIGSTOP);
      else
        server.kill();
    });
    REQUIRE(!done);
    const std::string why = done.error().text;
    CAPTURE(why);
    CHECK((why.find("not reconnected within 3 s") != why.npos ||
           why.find("has accepted no data for") != why.npos));
    CHECK(!exists(server, "vmcore"));
    const size_t waits = server.observer.waits.size();
    CHECK(!target->create("report.json", 0));
    CHECK(target->finish());
    CHECK(server.observer.waits.size() == waits);
    server.signal_all(SIGCONT);
  }
}

TEST_CASE("SFTP: a server that comes back and refuses log-ins fails the target, with its reason") {
  SshServer server;
  const auto target = server.target(5);
  const auto done = save(*target, whole_dump(32 * kMiB), [&] {
    server.kill();
    must_run(": > " + server.path("authorized"));
    server.start();
  });
  REQUIRE(!done);
  says(done, "not reconnected within 5 s");
  says(done, "does not accept the key");
  CHECK(target->finish());
}

TEST_CASE("SFTP: answers without a request are no progress") {
  SshServer server("Subsystem sftp " KDUMP_INIT_SOURCE_DIR "/tests/targets/ssh/failing_sftp.py 1 " +
                   sftp_server() + " babbling\n");
  const auto target = server.target(3);
  const auto done = save(*target, whole_dump(32 * kMiB));
  REQUIRE(!done);
  says(done, "3 s");
  CHECK(!exists(server, "vmcore"));
  CHECK(target->finish());
}

TEST_CASE("SFTP: a server that drops connections while it is busy is asked again") {
  SshServer server(std::string(SshServer::kWithSftp) + "MaxStartups 1:100:1\n");
  must_run("bash -c 'exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(server.port()) + "; sleep 2 &'");
  const auto target = server.target();
  const auto dump = whole_dump(kMiB);
  const auto done = save(*target, dump);
  CHECK_MESSAGE(done, reason(done));
  CHECK((saved(server) == dump));
  CHECK(target->finish());
}

TEST_CASE("SFTP: what an account prints before it is skipped") {
  SshServer server("Subsystem sftp echo Welcome to this host; exec " + sftp_server() + "\n");
  const auto target = server.target();
  const auto dump = whole_dump(kMiB);
  const auto done = save(*target, dump);
  CHECK_MESSAGE(done, reason(done));
  CHECK((saved(server) == dump));
  CHECK(target->finish());

  SshServer endless("Subsystem sftp exec yes\n");
  const auto other = endless.target();
  const auto refused = other->preflight();
  REQUIRE(!refused);
  CHECK(reason(refused).find("prints text instead of SFTP") != std::string::npos);
}

TEST_CASE("a server that ends the connection after the log-in is named in the error") {
  // As OpenSSH does if its ChrootDirectory is missing, or writable by others.
  SshServer server(std::string(SshServer::kWithSftp) + "ForceCommand internal-sftp\n" +
                   "ChrootDirectory /tmp\n");
  must_run("chmod 755 " + server.directory());
  const auto target = server.target("ssh://nobody" + server.url().substr(strlen("ssh://root")), 3);
  const auto refused = target->preflight();
  REQUIRE(!refused);
  CHECK(reason(refused).find("the server has ended the connection") != std::string::npos);
}

TEST_CASE("SFTP: reading back from a write-only server is refused") {
  SshServer server("Subsystem sftp internal-sftp -P read\n");
  const auto target = server.target();
  REQUIRE(save(*target, whole_dump(1000)));
  const auto file = target->create("report.json", 0);
  REQUIRE(file);
  REQUIRE((*file)->write_at(0, as_bytes("{}")));
  REQUIRE((*file)->commit());
  uint8_t read[2];
  const auto denied = (*file)->read_back(0, read);
  REQUIRE(!denied);
  CHECK(denied.error().kind == Kind::refused);
}

TEST_CASE("SFTP: a server that fails any one write is always noticed") {
  for (const int nth : {1, 2, 3, 7, 12, 18}) {
    CAPTURE(nth);
    SshServer server("Subsystem sftp " KDUMP_INIT_SOURCE_DIR "/tests/targets/ssh/failing_sftp.py " +
                     std::to_string(nth) + " " + sftp_server() + "\n");
    const auto target = server.target();
    const auto done = save(*target, whole_dump(4 * kMiB));
    REQUIRE(!done);
    CHECK(done.error().kind == Kind::no_space);
    CHECK(!exists(server, "vmcore"));
    CHECK(target->finish());
  }
}

TEST_CASE("SFTP: a server that refuses what writing does not need takes the dump") {
  const std::string dump = whole_dump(2 * kMiB);
  for (const char* rules : {"close=4", "stat=3,lstat=3,mkdir@/tmp=3,opendir=3",
                            "stat=3,rename=4,fsync=3", "statvfs=silent,mkdir@/tmp=4,stat@/tmp=3",
                            "statvfs=cut,open@/proc/sys/kernel/random/boot_id=cut",
                            "fsync=8,fstat=3,fsetstat=3,limits=4,statvfs=3"}) {
    CAPTURE(rules);
    SshServer server("Subsystem sftp " KDUMP_INIT_SOURCE_DIR "/tests/targets/ssh/failing_sftp.py " +
                     std::string(rules) + " " + sftp_server() + "\n");
    const auto target = make_target(server.url(), {.sys = real_sys(),
                                                   .limits = {.step_s = 2, .stall_s = 12},
                                                   .observer = server.observer,
                                                   .network = server.network()});
    REQUIRE(target);
    // Also where the connection is lost midway.
    const auto done = save(**target, dump, [&] { server.drop_connections(); });
    CHECK_MESSAGE(done, reason(done));
    CHECK((saved(server) == dump));
    // Another crash of the same second, or the same dump once more.
    CHECK((*target)->finish());
    const auto again = save(**target, whole_dump(1000));
    CHECK_MESSAGE(again, reason(again));
    CHECK(fs::exists(server.path("crash/") + kCrash + ".1/vmcore"));
    CHECK((*target)->finish());
  }
}

TEST_CASE("a stream needs neither df nor sync on the server") {
  const std::string dump = whole_dump(kMiB);
  SshServer server("");
  // What the account runs finds a df and an awk that fail, and a sync that is not there.
  server.must_run_inside("mkdir " + server.path("bin") + " && cd " + server.path("bin") +
                         " && for tool in df awk sync; do printf \"#!/bin/sh\\nexit 3\\n\" > $tool;"
                         " chmod 755 $tool; mount --bind $tool $(command -v $tool); done");
  const auto target = server.target();
  const auto space = target->preflight();
  REQUIRE_MESSAGE(space, reason(space));
  CHECK(!space->free_bytes);
  REQUIRE(target->begin(kCrash));
  const auto file = target->create("vmcore", 0);
  REQUIRE(file);
  REQUIRE((*file)->write_at(0, as_bytes(dump)));
  const auto done = (*file)->commit();
  CHECK_MESSAGE(done, reason(done));
  CHECK((saved(server) == dump));
  CHECK(target->finish());
}

TEST_CASE("a full disk is no_space over SFTP, and a failure as a stream") {
  for (const bool has_sftp : {true, false}) {
    CAPTURE(has_sftp);
    SshServer server(has_sftp ? SshServer::kWithSftp : "");
    server.must_run_inside("mkdir " + server.path("crash") + " && mount -t tmpfs -o size=1M none " +
                           server.path("crash"));
    const auto target = server.target();
    const auto done = save(*target, whole_dump(8 * kMiB));
    CHECK(!done);
    if (has_sftp && !done) CHECK(done.error().kind == Kind::no_space);
    server.must_run_inside("test ! -e " + server.path("crash/") + kCrash + "/vmcore");
    CHECK(target->finish());
  }
}

TEST_CASE("a server or key that is not the known one is refused with what helps") {
  SshServer server;
  const auto attempt = [&](const std::string& url) -> Result<> {
    const auto target = server.target(url, 3);
    TRY(target->preflight());
    return {};
  };
  const std::string at = "ssh://root@127.0.0.1:" + std::to_string(server.port()) + "/x";
  const auto with = [&](const char* key, const char* hosts) {
    return at + "?key=" + server.path(key) + "&known_hosts=" + server.path(hosts);
  };
  const std::string name = "[127.0.0.1]:" + std::to_string(server.port());
  must_run("cd " + server.directory() + " && ssh-keygen -q -t ecdsa -N '' -f other && echo '" +
           name + "' $(cut -d' ' -f1,2 other.pub) > changed && echo '" + name +
           "' $(cut -d' ' -f1,2 host_ed.pub) > only_ed && : > none && echo '@revoked '" + name +
           "' '$(cut -d' ' -f1,2 host.pub) | cat known_hosts - > revoked &&"
           " cp known_hosts hashed && ssh-keygen -q -H -f hashed 2>/dev/null >/dev/null &&"
           " ssh-keygen -q -t ed25519 -N secret -f locked && " KDUMP_INIT_SOURCE_DIR
           "/tests/fixtures/token_key > token");
  CHECK(attempt(with("key", "hashed")));
  CHECK(attempt(with("key", "only_ed")));
  const auto changed = attempt(with("key", "changed"));
  says(changed, "the host key SHA256:");
  says(changed, " differs from the known key SHA256:");
  says(attempt(with("key", "none")), "has no key of 127.0.0.1");
  says(attempt(with("key", "revoked")), "@revoked");
  says(attempt(with("other", "known_hosts")), "does not accept the key SHA256:");
  says(attempt(with("locked", "known_hosts")), "passphrase");
  says(attempt(with("locked", "known_hosts")), "ssh-keygen -p -N '' -f");
  says(attempt(with("token", "known_hosts")), "belongs to a FIDO token");
  says(attempt(with("token", "known_hosts")), "ssh-keygen -t ed25519");

  SshServer passwords(std::string(SshServer::kWithSftp) + "PubkeyAuthentication no\n");
  const auto target = passwords.target();
  const auto refused = target->preflight();
  REQUIRE(!refused);
  CHECK(std::string(refused.error().text).find("does not accept a key alone of user root") !=
        std::string::npos);
}

// libssh2 left the byte after the key as the heap had it, and mbedTLS then refused what is in PEM.
// AddressSanitizer fills new memory with 0xbe.
TEST_CASE("each form of a key logs in, however used the heap is") {
  SshServer server;
  const std::string at = "ssh://root@127.0.0.1:" + std::to_string(server.port()) + "/x";
  for (const char* type : {"ecdsa -b 256", "ecdsa -b 384", "ecdsa -b 521", "rsa -b 2048"}) {
    for (const std::string form : {"RFC4716", "PEM", "PKCS8"}) {
      CAPTURE(type);
      CAPTURE(form);
      must_run("cd " + server.directory() + " && rm -f form form.pub && ssh-keygen -q -t " + type +
               " -m " + form + " -N '' -f form && cp form.pub authorized");
      const auto target = server.target(
          at + "?key=" + server.path("form") + "&known_hosts=" + server.path("known_hosts"), 3);
      const auto reached = target->preflight();
      CHECK_MESSAGE(reached, reason(reached));
    }
  }
}

// What the two have in common is taken away, one kind of algorithm after the other.
TEST_CASE(
    "a server with nothing in common is refused with what it offers, and where to change it") {
  const auto refusal = [](const std::string& options, const char* host_key) {
    SshServer server(SshServer::kWithSftp + options);
    must_run("cd " + server.directory() +
             " && printf '[127.0.0.1]:" + std::to_string(server.port()) +
             " %s\\n' \"$(cut -d' ' -f1,2 " + host_key + ".pub)\" > known_hosts");
    const auto done = server.target()->preflight();
    REQUIRE(!done);
    CHECK(done.error().kind == Kind::refused);
    return std::string(done.error().text);
  };
  const auto has = [](const std::string& text, const char* part) {
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
  };
  const std::string kex = refusal("KexAlgorithms sntrup761x25519-sha512@openssh.com\n", "host");
  has(kex, "KexAlgorithms: it offers sntrup761x25519-sha512@openssh.com");
  has(kex, "supported: mlkem768x25519-sha256,curve25519");
  CHECK(kex.find("kex-strict") == std::string::npos);  // an announcement, no method
  has(refusal("Ciphers aes192-ctr\n", "host"), "Ciphers: it offers aes192-ctr;");
  has(refusal("Ciphers aes128-ctr\nMACs umac-64@openssh.com\n", "host"),
      "MACs: it offers umac-64@openssh.com;");
  const std::string key = refusal("HostKeyAlgorithms ecdsa-sha2-nistp256\n", "host_ed");
  has(key, "ssh-keyscan -p ");
  has(key, "known: ssh-ed25519; offered: ecdsa-sha2-nistp256");
  // ssh-keyscan would find the same key again.
  const std::string rsa = "/tmp/kdump-rsa." + std::to_string(getpid());
  must_run("ssh-keygen -q -t rsa -N '' -f " + rsa);
  const std::string sha1 = refusal("HostKey " + rsa + "\nHostKeyAlgorithms ssh-rsa\n", "host_ed");
  must_run("rm " + rsa + " " + rsa + ".pub");
  has(sha1, "HostKeyAlgorithms: it offers ssh-rsa; supported: ssh-ed25519,");
  CHECK(sha1.find("ssh-keyscan") == std::string::npos);
}

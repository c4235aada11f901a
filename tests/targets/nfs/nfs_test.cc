// nfs://: its grammar, the versions that are tried, the client's name, and a server that stops
// answering. A real server and a real client meet in tests/vm.
#include <doctest/doctest.h>

#include <cerrno>
#include <cstring>

#include "targets/url/nfs_url.h"
#include "tests/targets/target_scene.h"

using namespace kdump;

namespace {

bool says(const std::string& text, const char* what) {
  return text.find(what) != std::string::npos;
}

std::string mounted_with(const TargetScene& scene) {
  return scene.sys.mounts().empty() ? "" : scene.sys.mounts().back().options;
}

Bytes as_bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

TEST_CASE("nfs URLs name a host, an export, a directory in it and mount options") {
  const auto url = parse_nfs_url("//dumps.example/srv/crash?path=/rack%207&vers=4.1&wsize=65536");
  REQUIRE(url);
  CHECK(url->server.host == "dumps.example");
  CHECK(url->server.port == 2049);
  CHECK(url->server.path == "/srv/crash");
  CHECK(url->directory == "/rack 7");
  CHECK(url->versions == std::vector<std::string>{"4.1"});
  CHECK(url->options == "wsize=65536");

  const auto plain = parse_nfs_url("//[2001:db8::7]:12049/");
  REQUIRE(plain);
  CHECK(plain->server.port == 12049);
  CHECK(plain->directory == "/");
  CHECK(plain->versions == std::vector<std::string>{"4.2", "4.1", "4.0", "3"});
  CHECK(parse_nfs_url("//h/e?vers=4")->versions == std::vector<std::string>{"4.2", "4.1", "4.0"});
  CHECK(parse_nfs_url("//h/e?noresvport&timeo=50")->options == "noresvport,timeo=50");
}

TEST_CASE("invalid nfs URLs are refused") {
  for (const char* url :
       {"", "//", "//host", "//user@host/e", "//host/e?vers=2", "//host/e?vers=4.3",
        "//host/e?path=crash", "//host/e?path=/a/../b", "//host/e?hard", "//host/e?addr=1.2.3.4",
        "//host/e?proto=udp", "//host/e?a=b%2chard", "//host/e?port=1", "//host/e?=x"}) {
    CAPTURE(url);
    const auto refused = parse_nfs_url(url);
    REQUIRE(!refused);
    CHECK(refused.error().kind == Kind::refused);
  }
}

TEST_CASE("mount(2) gets addresses, versions and timeouts that outlast an outage of a stall") {
  const auto scene = make_scene("nfs");
  const auto target = scene->target();
  REQUIRE(target->preflight());
  REQUIRE(target->begin("host-1"));
  CHECK(scene->sys.mounts().back().type == "nfs4");
  CHECK(scene->sys.mounts().back().source == "192.0.2.7:/export");
  CHECK(mounted_with(*scene) ==
        "vers=4.2,proto=tcp,softerr,timeo=433,retrans=2,port=2049,addr=192.0.2.7,"
        "clientaddr=192.0.2.99");
  CHECK(target->location() == "dumps.example:/export/var/crash/host-1");
  CHECK(target->finish());
  CHECK(scene->sys.mounts().back().type != "nfs4");
  CHECK(!scene->sys.contains("/mnt/nfs4-1"));
}

TEST_CASE("a call may last as long as the client needs to come back after an outage of a stall") {
  for (const uint32_t stall_s : {1u, 60u, 100u, 86'400u}) {
    CAPTURE(stall_s);
    const auto scene = make_scene("nfs");
    auto target = make_target(scene->url, {.sys = scene->sys,
                                           .limits = {.step_s = 5, .stall_s = stall_s},
                                           .observer = scene->observer,
                                           .network = *scene->network});
    REQUIRE(target);
    REQUIRE((*target)->preflight());
    const std::string options = mounted_with(*scene);
    const size_t at = options.find("timeo=");
    REQUIRE(at != options.npos);
    const uint32_t sends_ds = 3 * static_cast<uint32_t>(std::stoul(options.substr(at + 6)));
    // In tenths of a second; the kernel takes no more than ten minutes.
    if (stall_s < 300) CHECK(sends_ds >= 20 * stall_s);
    CHECK(sends_ds <= 6000);
    REQUIRE((*target)->begin("host-1"));
    auto file = (*target)->create("vmcore", 0);
    REQUIRE(file);
    // The supervisor does not take the outage for a stall.
    scene->observer.waits.clear();
    REQUIRE((*file)->write_at(0, as_bytes("dump")));
    REQUIRE(scene->observer.waits.size() == 1);
    CHECK(scene->observer.waits.front() == "dumps.example to accept data");
    CHECK(scene->observer.longest_wait_s >= 2 * stall_s);
    CHECK((*file)->commit());
    file->reset();
    CHECK((*target)->finish());
  }
}

TEST_CASE("a dead server holds another target back for a stall, not for two") {
  for (const bool has_next_target : {false, true}) {
    CAPTURE(has_next_target);
    const auto scene = make_scene("nfs");
    auto target = make_target(
        scene->url, {.sys = scene->sys,
                     .limits = {.step_s = 5, .stall_s = 60, .has_next_target = has_next_target},
                     .observer = scene->observer,
                     .network = *scene->network});
    REQUIRE(target);
    REQUIRE((*target)->preflight());
    CHECK(says(mounted_with(*scene), has_next_target ? ",timeo=200," : ",timeo=433,"));
    REQUIRE((*target)->begin("host-1"));
    auto file = (*target)->create("vmcore", 0);
    REQUIRE(file);
    scene->observer.longest_wait_s = 0;
    REQUIRE((*file)->write_at(0, as_bytes("dump")));
    CHECK(scene->observer.longest_wait_s == (has_next_target ? 60 : 130));
    CHECK((*file)->commit());
    file->reset();
    CHECK((*target)->finish());
  }
}

TEST_CASE("versions are tried downwards, and the error has the reason of each") {
  const auto scene = make_scene("nfs");
  scene->sys.add_export("192.0.2.7:/old", {"3"}, scene->sys.add_fs({.magic = 0x6969}));
  scene->url = "nfs://dumps.example/old";
  auto target = scene->target();
  REQUIRE(target->preflight());
  CHECK(scene->sys.mounts().back().type == "nfs");
  CHECK(mounted_with(*scene) ==
        "vers=3,proto=tcp,softerr,timeo=433,retrans=2,nolock,mountproto=tcp,port=2049,"
        "addr=192.0.2.7");
  REQUIRE(target->finish());

  scene->url = "nfs://dumps.example/old?vers=4";
  target = scene->target();
  const auto none = target->preflight();
  REQUIRE(!none);
  CHECK(none.error().sys_errno == EPROTONOSUPPORT);
  CHECK(says(none.error().text, "4.2: Protocol not supported, 4.1: "));

  // An export that is not there is so in every version 4.
  scene->url = "nfs://dumps.example/nowhere";
  target = scene->target();
  const auto missing = target->preflight();
  REQUIRE(!missing);
  CHECK(says(missing.error().text,
             "mount 192.0.2.7:/nowhere: version 4.2: No such file or directory, 3: No such"));
  CHECK(!scene->sys.contains("/mnt/nfs4-1"));

  scene->sys.known_types.clear();
  const auto no_client = target->preflight();
  REQUIRE(!no_client);
  CHECK(says(no_client.error().text, "no NFS client"));
}

TEST_CASE("a version that mounts but cannot be read back gives way to the next") {
  const auto scene = make_scene("nfs");
  FakeFs& fs = scene->sys.add_fs({.type = "nfs4", .magic = 0x6969, .unreadable_version = "4.2"});
  scene->sys.add_export("192.0.2.7:/both", {"4.2", "4.1"}, fs);
  scene->url = "nfs://dumps.example/both?path=/var/crash";
  auto target = scene->target();
  REQUIRE(target->preflight());
  CHECK(mounted_with(*scene).starts_with("vers=4.1,"));
  REQUIRE(scene->observer.notes.size() == 1);
  CHECK(says(scene->observer.notes.front(),
             "dumps.example:/both mounts by version 4.2 but fails with it: read "));
  CHECK(!fs.root->entries.find("var"));  // nothing is left of the trial
  REQUIRE(target->finish());

  // Who asks for one version gets it, or its reason.
  scene->url += "&vers=4.2";
  target = scene->target();
  CHECK(target->preflight());
  CHECK(mounted_with(*scene).starts_with("vers=4.2,"));

  scene->sys.add_export("192.0.2.7:/only", {"4.2"}, fs);
  scene->url = "nfs://dumps.example/only";
  const auto none = scene->target()->preflight();
  REQUIRE(!none);
  // A C library's own words: musl's for EIO are others than glibc's.
  const std::string reasons =
      std::string("version 4.2: ") + strerror(EIO) + ", 4.1: " + strerror(EPROTONOSUPPORT);
  CHECK(says(none.error().text, reasons.c_str()));
}

TEST_CASE("in the capture kernel a client is named after its host and its interface") {
  const auto scene = make_scene("nfs");
  const std::string hostname = "/proc/sys/kernel/hostname",
                    unique_id = "/sys/module/nfs/parameters/nfs4_unique_id";
  scene->sys.add_file(hostname, "");
  scene->sys.add_file(unique_id, "");
  scene->sys.add_file("/sys/class/net/eth0/address", "52:54:00:12:34:56\n");
  REQUIRE(scene->target()->preflight());
  CHECK(scene->sys.content(hostname).empty());  // on a running machine both are its own
  CHECK(scene->sys.content(unique_id).empty());

  scene->client_name = "node-7";
  REQUIRE(scene->target()->preflight());
  CHECK(scene->sys.content(hostname) == "node-7");
  CHECK(scene->sys.content(unique_id) == "kdump-init-52:54:00:12:34:56");
}

TEST_CASE("a client name that cannot be set is noted, and the dump continues") {
  const auto scene = make_scene("nfs");
  scene->client_name = "node-7";
  CHECK(scene->target()->preflight());
  REQUIRE(!scene->observer.notes.empty());
  CHECK(says(scene->observer.notes.front(), "NFS client identity"));
}

TEST_CASE("after a call that timed out no further one waits for the server") {
  for (int nth = 1; nth < 200; ++nth) {
    CAPTURE(nth);
    const auto scene = make_scene("nfs", {.fail_nth = nth, .with = ETIMEDOUT, .for_ever = true});
    const auto target = scene->target();
    if (!target->preflight() || !target->begin("host-1")) continue;
    auto file = target->create("vmcore", 0);
    if (!file) continue;
    Result<> done = (*file)->write_at(0, as_bytes(std::string(4096, 'x')));
    if (done) done = (*file)->commit();
    if (done) return;  // every call of theirs has been tried
    CHECK(done.error().kind == Kind::timeout);
    const int calls = scene->sys.calls();
    const auto kept = (*file)->keep_incomplete();
    REQUIRE(!kept);
    CHECK(says(kept.error().text, "the server has stopped answering"));
    CHECK(!target->create("kdump-init.log", 10));
    CHECK(!target->discard());
    CHECK(scene->sys.calls() == calls);
  }
  FAIL("the fault never stopped firing");
}

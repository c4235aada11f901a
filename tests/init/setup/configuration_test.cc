#include <doctest/doctest.h>

#include "init/setup/config/read_configuration.h"
#include "tests/fakes/fake_sys.h"

namespace kdump {
namespace {

constexpr char kMounts[] =
    "21 1 253:0 / / rw - ext4 /dev/vda1 rw\n"
    "22 21 253:1 / /var rw - xfs /dev/vda2 rw\n";

struct Scene {
  FakeSys sys;
  Scene() {
    sys.add_file("/m/proc/self/mountinfo", kMounts);
    sys.add_directory("/m/var/crash");
    sys.add_directory("/m/srv");
  }
  Configuration read() { return read_machine_configuration(Machine(sys, "/m")); }
  Configuration read_as(ConfigKind kind, const std::string& text) {
    sys.add_file("/file", text);
    auto result = read_configuration_file(Machine(sys, "/m"), "/file", kind);
    REQUIRE(result);
    return *result;
  }
};

using Words = std::vector<std::string>;

bool mentions(const Words& lines, const char* text) {
  for (const std::string& line : lines)
    if (line.find(text) != line.npos) return true;
  return false;
}

}  // namespace

TEST_CASE("without a configuration dumps go to the file system of /var/crash") {
  Scene scene;
  const Configuration config = scene.read();
  CHECK(config.targets == Words{"fs:/dev/vda2:/crash"});
  CHECK(config.refused.empty());
}

TEST_CASE("a mistyped target of kdump-init.conf does not become another file's target") {
  Scene scene;
  scene.sys.add_file("/m/etc/kdump-init.conf", "taget = fs:LABEL=x:/y\n");
  scene.sys.add_file("/m/etc/kdump.conf", "ext4 LABEL=other\n");
  const Configuration config = scene.read();
  CHECK(config.targets.empty());
  CHECK(mentions(config.refused, "/etc/kdump-init.conf:1: taget: no such key"));
}

TEST_CASE("settings of kdump-init.conf count over the file that names the target") {
  Scene scene;
  scene.sys.add_file("/m/etc/kdump-init.conf", "level = 17\nkeep = 3\nlevle = 1\n");
  scene.sys.add_file("/m/etc/kdump.conf", "ext4 LABEL=x\ncore_collector makedumpfile -E -d 31\n");
  const Configuration config = scene.read();
  CHECK(config.targets == Words{"fs:LABEL=x:/var/crash"});
  CHECK(config.arguments == Words{"rd.kdump.format=elf", "rd.kdump.level=17", "rd.kdump.keep=3"});
  CHECK(mentions(config.refused, "/etc/kdump-init.conf:3: levle"));
  CHECK(mentions(config.notes, "/etc/kdump-init.conf: names no target"));
}

TEST_CASE("files that mean nothing to kdump-init do not count") {
  Scene scene;
  scene.sys.add_file("/m/etc/default/kdump-tools", "USE_KDUMP=0\nNFS=h:/e\n");
  scene.sys.add_file("/m/etc/sysconfig/kdump", "KDUMP_COMMANDLINE_APPEND=x\n");
  CHECK(scene.read().targets == Words{"fs:/dev/vda2:/crash"});
}

TEST_CASE("a link of the target's directory is followed within the machine's root") {
  Scene scene;
  scene.sys.add_symlink("/m/dumps", "/var/../var/crash/here");
  const Configuration config = scene.read_as(ConfigKind::suse, "KDUMP_SAVEDIR=/dumps/x\n");
  CHECK(config.targets == Words{"fs:/dev/vda2:/crash/here/x"});
}

TEST_CASE("a variable that is made of itself stays bounded") {
  Scene scene;
  std::string text = "A=12345678\n";
  for (int i = 0; i < 60; ++i) text += "A=$A$A\n";
  const Configuration config = scene.read_as(ConfigKind::debian, text + "NFS=h:/e\n");
  CHECK(config.targets == Words{"nfs://h/e"});
  CHECK(mentions(config.refused, "A: is too long"));
}

TEST_CASE("a file that begins with fi closes no if") {
  Scene scene;
  const Configuration config =
      scene.read_as(ConfigKind::debian, "if true; then\nfile=x\nNFS=h:/e\nfi\nKDUMP_NUM_DUMPS=0\n");
  CHECK(config.targets.empty());
  CHECK(mentions(config.refused, ":3: NFS: needs a shell: it is within if"));
}

TEST_CASE("force_rebuild is carried over") {
  Scene scene;
  CHECK(scene.read_as(ConfigKind::fedora, "ext4 LABEL=x\nforce_rebuild 1\n").force_rebuild);
  CHECK(!scene.read_as(ConfigKind::fedora, "ext4 LABEL=x\nforce_rebuild 0\n").force_rebuild);
}

}  // namespace kdump

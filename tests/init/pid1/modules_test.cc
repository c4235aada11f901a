// The list of modules that the image carries.
#include "init/pid1/modules.h"

#include <doctest/doctest.h>

#include "init/capture/board.h"
#include "tests/fakes/fake_sys.h"

namespace kdump {
namespace {

TEST_CASE("a module list is paths in order, with parameters behind them") {
  const std::vector<Module> modules = parse_module_list(
      "# made by hand\n"
      "lib/modules/6.1/virtio.ko\n"
      "\n"
      "  /lib/modules/6.1/nfs.ko   nfs4_unique_id=\"a b\" x=1 \t\r\n"
      "lib/last.ko");
  REQUIRE(modules.size() == 3);
  CHECK(modules[0].path == "/lib/modules/6.1/virtio.ko");
  CHECK(modules[0].parameters.empty());
  CHECK(modules[1].path == "/lib/modules/6.1/nfs.ko");
  CHECK(modules[1].parameters == "nfs4_unique_id=\"a b\" x=1");
  CHECK(modules[2].path == "/lib/last.ko");
}

TEST_CASE("the kernel's command line says parameters of modules") {
  constexpr char kLine[] =
      "quiet ramoops.mem_address=0x8000000 i6300esb.nowayout=1 ramoops.mem_size=65536 "
      "virtio-blk.queues=1 ramoops.flag xramoops.a=1 ramoops.name=\"a b\" rd.kdump.level=1\n";
  CHECK(module_parameters("/lib/modules/6.1/ramoops.ko", kLine) ==
        "mem_address=0x8000000 mem_size=65536 flag name=\"a b\"");
  CHECK(module_parameters("ramoops.ko", kLine).starts_with("mem_address"));
  CHECK(module_parameters("/lib/virtio_blk.ko", kLine) == "queues=1");
  CHECK(module_parameters("/lib/rd.ko", "").empty());
  CHECK(module_parameters("/lib/ext4.ko", kLine).empty());
}

TEST_CASE("an empty module list is no module") {
  CHECK(parse_module_list("").empty());
  CHECK(parse_module_list("\n\n#\n \t\n").empty());
}

TEST_CASE("modules that cannot be loaded are reported one by one and survived") {
  Board* const board = Board::create().value();
  Console console({.board = board});
  FakeSys sys;
  sys.add_file("/lib/a.ko", "module");
  sys.add_file(kModuleList, "lib/missing.ko\nlib/a.ko\nlib/missing-too.ko\n");
  load_modules(sys, 10, console);
  const std::string log = std::string(board->log_text());
  CHECK(log.find("/lib/missing.ko: No such file or directory; going on") != log.npos);
  CHECK(log.find("/lib/missing-too.ko: No such file or directory; going on") != log.npos);
  CHECK(log.find("a.ko") == log.npos);
}

TEST_CASE("an image without a list of modules needs none") {
  Board* const board = Board::create().value();
  Console console({.board = board});
  FakeSys sys;
  load_modules(sys, 10, console);
  CHECK(board->log_text().empty());
}

}  // namespace
}  // namespace kdump

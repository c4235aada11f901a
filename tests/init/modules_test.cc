// The list of modules that the image carries.
#include "init/modules.h"

#include <doctest/doctest.h>

#include "init/board.h"
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
  const std::string log(board->log_text());
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

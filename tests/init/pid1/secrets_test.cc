// What an image carries is gone before a shell is opened.
#include "init/pid1/secrets.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "init/capture/board.h"
#include "tests/fakes/fake_sys.h"

namespace kdump {

TEST_CASE("private keys and key files are wiped, what is public stays") {
  FakeSys sys;
  Board* const board = Board::create().value();
  Console console({.board = board});
  for (const char* name : {"ssh/key", "ssh/key.pub", "ssh/key.2", "ssh/known_hosts", "luks/1.key"})
    sys.add_file(std::string("/etc/kdump-init/") + name, std::string(10'000, 's'));
  wipe_secrets(sys, console);
  struct stat status {};
  CHECK(sys.stat("/etc/kdump-init/ssh/key", status) < 0);
  CHECK(sys.stat("/etc/kdump-init/ssh/key.2", status) < 0);
  CHECK(sys.stat("/etc/kdump-init/luks/1.key", status) < 0);
  CHECK(sys.stat("/etc/kdump-init/ssh/key.pub", status) == 0);
  CHECK(sys.stat("/etc/kdump-init/ssh/known_hosts", status) == 0);
  CHECK(board->log_text().find("3 secrets wiped") != std::string_view::npos);
}

TEST_CASE("an image without secrets gets no message about them") {
  FakeSys sys;
  Board* const board = Board::create().value();
  Console console({.board = board});
  wipe_secrets(sys, console);
  CHECK(board->log_text().empty());
}

}  // namespace kdump

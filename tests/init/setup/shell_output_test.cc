#include "init/setup/shell_output.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>

#include "init/setup/config/words.h"

namespace kdump {
namespace {

std::string output_of(const std::string& script) {
  std::string output;
  FILE* const pipe = popen(script.c_str(), "r");
  REQUIRE(pipe);
  std::array<char, 256> buffer;
  while (const size_t got = fread(buffer.data(), 1, buffer.size(), pipe))
    output.append(buffer.data(), got);
  pclose(pipe);
  return output;
}

}  // namespace

TEST_CASE("a shell executes no byte of a value") {
  const std::string hostile = "a'b\"c$(echo no)`echo no`\\ ;&|\n# *~x";
  CHECK(output_of(shell_assignment("value", hostile) + "printf %s \"$value\"") == hostile);
  CHECK(shell_array("all", {"a b", "c'd"}) == "all=('a b' 'c'\\''d')\n");
  CHECK(shell_array("none", {}) == "none=()\n");
}

TEST_CASE("no message shows a password") {
  CHECK(shown("ssh://u:hunter2@h/x") == "ssh://u:***@h/x");
  CHECK(shown("ssh://u:hun@ter2@h/x?key=/a@b") == "ssh://u:***@h/x?key=/a@b");
  CHECK(shown("ftp:/u:hunter2@h") == "ftp:***@h");
  CHECK(shown("nfs://h:2049/x") == "nfs://h:2049/x");
  CHECK(shown("ssh://u@h:22/x") == "ssh://u@h:22/x");
}

}  // namespace kdump

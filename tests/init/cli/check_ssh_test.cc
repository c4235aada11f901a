// `kdump-init check` of an ssh: target, as people run it, where the server takes nothing.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>

#include "tests/targets/ssh/ssh_server.h"

using namespace kdump;

TEST_CASE("check gives up on a server that takes nothing when rd.kdump.stall says so") {
  const SshServer server("Subsystem sftp " KDUMP_INIT_SOURCE_DIR
                         "/tests/targets/ssh/failing_sftp.py 1 " +
                         sftp_server() + " silent\n");
  const std::string command = std::string(KDUMP_INIT_PROGRAM) +
                              " check rd.kdump.stall=3 'rd.kdump.target=" + server.url() + "' 2>&1";
  FILE* const pipe = popen(command.c_str(), "r");
  REQUIRE(pipe);
  std::string said;
  for (int c = getc(pipe); c != EOF; c = getc(pipe)) said += static_cast<char>(c);
  const int status = pclose(pipe);
  CAPTURE(said);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
  // After two thirds of it another connection is tried; by default that were 40 s.
  const char kQuiet[] = "has taken nothing for ";
  const size_t at = said.find(kQuiet);
  REQUIRE(at != std::string::npos);
  CHECK(atoi(said.c_str() + at + sizeof kQuiet - 1) < 40);
}

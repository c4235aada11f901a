// `kdump-init check` of an ssh: target, as people run it, where the server takes nothing.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/targets/ssh/ssh_server.h"

using namespace kdump;

namespace {

// `kdump-init check` of the server's target; what it prints goes to `output`. Returns its status.
int check(const SshServer& server, std::string& output, const char* arguments = "") {
  const std::string command = std::string(KDUMP_INIT_PROGRAM) + " check " + arguments +
                              " 'rd.kdump.target=" + server.url() + "' 2>&1";
  FILE* const pipe = popen(command.c_str(), "r");
  REQUIRE(pipe);
  for (int c = getc(pipe); c != EOF; c = getc(pipe)) output += static_cast<char>(c);
  const int status = pclose(pipe);
  CHECK(WIFEXITED(status));
  return WEXITSTATUS(status);
}

bool has(const std::string& text, const char* part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("check logs in three times, and fails where a later one is refused") {
  std::string output;
  const SshServer server;
  CHECK(check(server, output) == 0);
  CAPTURE(output);
  CHECK(has(output, "reached 2 more times"));
  CHECK(has(output, "would work"));

  // The second connection takes the key away: the third is refused.
  SshServer forgetful("");
  must_run("echo 'if test -e once; then mv authorized gone; fi; : > once' > " +
           forgetful.path("start"));
  std::ofstream(forgetful.path("config"), std::ios::app)
      << "Subsystem sftp cd " << forgetful.directory() << "; . ./start; exec " << sftp_server()
      << "\n";
  forgetful.kill();
  forgetful.start();
  std::string refused;
  CHECK(check(forgetful, refused) == 1);
  CAPTURE(refused);
  CHECK(has(refused, "reached the first 2 times, not the next: 127.0.0.1 does not accept the key"));
  CHECK(!has(refused, "would work"));
}

TEST_CASE("check gives up on a server that takes nothing when rd.kdump.stall says so") {
  const SshServer server("Subsystem sftp " KDUMP_INIT_SOURCE_DIR
                         "/tests/targets/ssh/failing_sftp.py 1 " +
                         sftp_server() + " silent\n");
  std::string output;
  CHECK(check(server, output, "rd.kdump.stall=3") == 1);
  CAPTURE(output);
  // After two thirds of it another connection is tried; by default that were 40 s.
  const char kQuiet[] = "has accepted no data for ";
  const size_t at = output.find(kQuiet);
  REQUIRE(at != std::string::npos);
  CHECK(atoi(output.c_str() + at + sizeof kQuiet - 1) < 40);
}

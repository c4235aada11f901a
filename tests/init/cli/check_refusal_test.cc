// What `kdump-init check` refuses before it asks any server.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace kdump {
namespace {

struct Ended {
  std::string output;
  int status;
};

Ended run(const std::string& arguments) {
  FILE* const pipe = popen((KDUMP_INIT_PROGRAM " " + arguments + " 2>&1").c_str(), "r");
  REQUIRE(pipe);
  Ended ended{};
  std::array<char, 512> buffer;
  while (const size_t got = fread(buffer.data(), 1, buffer.size(), pipe))
    ended.output.append(buffer.data(), got);
  const int status = pclose(pipe);
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ended;
}

}  // namespace

TEST_CASE("check shows no password of a URL") {
  const Ended ended = run("check 'rd.kdump.target=ssh://kdump:hunter2@h/x'");
  CAPTURE(ended.output);
  CHECK(ended.status != 0);
  CHECK(ended.output.find("hunter2") == std::string::npos);
  CHECK(ended.output.find("ssh://kdump:***@h/x") != std::string::npos);
}

TEST_CASE("check refuses a key that other users can read") {
  char directory[] = "/tmp/kdump-check.XXXXXX";
  REQUIRE(mkdtemp(directory));
  const std::string key = std::string(directory) + "/key";
  std::ofstream(key) << "a key\n";
  REQUIRE(chmod(key.c_str(), 0644) == 0);
  const Ended ended = run("check 'rd.kdump.target=ssh://u@127.0.0.1:9/x?key=" + key + "'");
  CAPTURE(ended.output);
  CHECK(ended.status == 1);
  CHECK(ended.output.find("0644") != std::string::npos);
  unlink(key.c_str());
  rmdir(directory);
}

}  // namespace kdump

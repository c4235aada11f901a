// The built program as a person runs it: in a shell, in a directory with a small vmcore.
#pragma once

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/init/tiny_core.h"

namespace kdump {

// A directory with a vmcore in it, and the program run there.
class Bench {
 public:
  Bench() {
    char name[] = "/tmp/kdump-init-command-XXXXXX";
    REQUIRE(mkdtemp(name));
    directory_ = name;
    write("vmcore", tiny_core());
  }
  ~Bench() { std::filesystem::remove_all(directory_); }

  // Runs `kdump-init ARGUMENTS`, which may hold shell syntax; keeps both outputs.
  int run(const std::string& arguments) {
    const std::string command =
        "cd '" + directory_.string() + "' && " + KDUMP_INIT_PROGRAM + " " + arguments + " 2>err";
    FILE* const pipe = popen(command.c_str(), "r");
    REQUIRE(pipe);
    out.clear();
    char part[4096];
    for (size_t got; (got = fread(part, 1, sizeof part, pipe)) > 0;) out.append(part, got);
    const int status = pclose(pipe);
    err = file("err");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  void write(const char* name, const std::string& content) const {
    std::ofstream(directory_ / name, std::ios::binary) << content;
  }
  bool has(const char* name) const { return std::filesystem::exists(directory_ / name); }
  std::string path() const { return directory_.string(); }
  std::string file(const std::filesystem::path& name) const {
    std::ifstream in(directory_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string out, err;

 private:
  std::filesystem::path directory_;
};

inline bool says(const std::string& text, const char* part) { return text.find(part) != text.npos; }

inline size_t lines_in(const std::string& text) {
  size_t lines = 0;
  for (const char c : text) lines += c == '\n';
  return lines;
}

}  // namespace kdump

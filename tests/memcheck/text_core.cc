// Writes the vmcore that a text describes (tests/fixtures/text_core.h), for tests that are scripts.
//
// usage: text_core FILE <DESCRIPTION
#include "tests/fixtures/text_core.h"

#include <cstdio>
#include <filesystem>
#include <string>

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: text_core FILE <DESCRIPTION\n");
    return 2;
  }
  std::string description;
  for (int c = getchar(); c != EOF; c = getchar()) description += static_cast<char>(c);
  const kdump::TextCore core(description);
  std::error_code failed;
  std::filesystem::copy_file(core.path(), argv[1], failed);
  if (!failed) return 0;
  fprintf(stderr, "text_core: %s: %s\n", argv[1], failed.message().c_str());
  return 1;
}

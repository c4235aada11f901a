// Runs one fuzzer over the files of its corpus, and over each of them cut short: the ordinary
// tests' part of fuzzing, with any compiler.
//
//   fuzz_replay NAME       every file of tests/fuzz/corpus/NAME
//   fuzz_replay NAME FILE  one file, such as a finding
//   fuzz_replay            prints the names
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/fuzz/fuzzer.h"

namespace {

std::vector<uint8_t> content_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) {
    for (const kdump::Fuzzer& fuzzer : kdump::fuzzers()) printf("%s\n", fuzzer.name);
    return 0;
  }
  const kdump::Fuzzer* const fuzzer = kdump::find_fuzzer(words[1]);
  if (!fuzzer) {
    fprintf(stderr, "no fuzzer is called %s\n", words[1]);
    return 2;
  }
  std::vector<std::filesystem::path> paths;
  if (count > 2)
    paths.emplace_back(words[2]);
  else
    for (const auto& entry : std::filesystem::directory_iterator(
             std::string(KDUMP_INIT_SOURCE_DIR "/tests/fuzz/corpus/") + fuzzer->name))
      paths.push_back(entry.path());
  std::ranges::sort(paths);

  constexpr size_t kCuts = 8;  // of each file
  for (const auto& path : paths) {
    const std::vector<uint8_t> whole = content_of(path);
    for (size_t cut = 0; cut <= kCuts; ++cut) {
      // A separate copy, whose end AddressSanitizer knows.
      const std::vector<uint8_t> input(whole.begin(), whole.end() - whole.size() * cut / kCuts);
      fuzzer->run(input);
    }
  }
  printf("%s: %zu inputs\n", fuzzer->name, paths.size() * (kCuts + 1));
  return paths.empty();
}

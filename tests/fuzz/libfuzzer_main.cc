// libFuzzer's two entries. Which fuzzer runs is the environment's to say, KDUMP_FUZZER=NAME: one
// program has them all. scripts/fuzz calls it.
#include "tests/fuzz/fuzzer.h"

namespace {

const kdump::Fuzzer* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* const name = getenv("KDUMP_FUZZER");
  chosen = name ? kdump::find_fuzzer(name) : nullptr;
  if (chosen) return 0;
  fprintf(stderr, "KDUMP_FUZZER names none of these:\n");
  for (const kdump::Fuzzer& fuzzer : kdump::fuzzers())
    fprintf(stderr, "  %-18s %s\n", fuzzer.name, fuzzer.input);
  exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  chosen->run({data, size});
  return 0;
}

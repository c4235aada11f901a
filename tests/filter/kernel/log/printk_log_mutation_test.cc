// Whatever the memory of the kernel's log contains, reading it ends, stays inside and is bounded:
// bytes, words and pointers of sound logs overwritten at random, with seeds that never change.
#include <doctest/doctest.h>

#include <random>

#include "filter/kernel/printk_log.h"
#include "tests/fixtures/odd_values.h"
#include "tests/fixtures/text_core.h"

namespace kdump {
namespace {

// Takes the log and forgets it; refuses what no log of these machines can be.
struct Bounded final : Sink {
  Result<> write_at(uint64_t offset, Bytes data) override {
    // 32 descriptors of at most 64 KiB each, a few bytes of prefix for every byte of text.
    constexpr uint64_t kMaxBytes = 32ull * 65536 * 24;
    if (offset != written) return fail(Kind::io, "not written forward");
    written += data.size();
    if (written > kMaxBytes) return fail(Kind::no_space, "endless");
    return {};
  }
  uint64_t written = 0;
};

uint64_t log_bytes(TextCore& core) {
  uint64_t end = 0;
  for (const auto& load : core.image().loads()) end = std::max(end, load.paddr + load.file_bytes);
  return end;
}

void overwrite_once(TextCore& core, std::mt19937_64& random, uint64_t begin, uint64_t size) {
  const uint64_t at = begin + random() % size, word = at & ~7ull;
  switch (random() % 5) {
    case 0:
      return core.image().put(at, static_cast<uint8_t>(random()));
    case 1:
      return core.image().put(word, random());
    case 2:
      return core.image().put(word, kOddValues[random() % std::size(kOddValues)]);
    case 3:  // a little more or less
      return core.image().put(word, core.image().get<uint64_t>(word) + random() % 33 - 16);
    default:  // another field's value
      return core.image().put(word, core.image().get<uint64_t>((begin + random() % size) & ~7ull));
  }
}

}  // namespace

TEST_CASE("a log overwritten at random is read to an end, inside its bounds") {
  for (const char* kernel : {"x86_64-3.2", "x86_64-4.19", "x86_64-6.1"}) {
    for (unsigned seed = 1; seed <= 24; ++seed) {
      CAPTURE(kernel);
      CAPTURE(seed);
      std::mt19937_64 random(seed);
      std::string description = std::string("kernel ") + kernel + "\nring 5 9\nlog_buf 512\n";
      for (int i = 0; i < 40; ++i)
        description += "log " + std::to_string(i) + ".0 " +
                       std::string(random() % 40, static_cast<char>('a' + i % 26)) + "\n";
      TextCore core(description);
      // The log is the last that the kernel allocated: all of it lies in these pages.
      const uint64_t end = core.image().allocate(8), begin = end - 8192;
      REQUIRE(end <= log_bytes(core));
      for (int round = 0; round < 12; ++round) {
        for (uint64_t n = 1 + random() % 3; n > 0; --n)
          overwrite_once(core, random, begin, end - begin);
        core.rewrite();
        Bounded out;
        const auto summary = write_kernel_log(*core.open(), out);
        if (summary)
          CHECK(summary->bytes == out.written);
        else
          CHECK(summary.error().kind != Kind::no_space);
      }
    }
  }
}

}  // namespace kdump

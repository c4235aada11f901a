// The crashed kernel's log, from both rings, whole, wrapped and corrupt.
#include "filter/kernel/printk_log.h"

#include <doctest/doctest.h>

#include <random>

#include "tests/fixtures/text_core.h"

namespace kdump {
namespace {

struct Collected final : Sink {
  Result<> write_at(uint64_t offset, Bytes data) override {
    if (offset != text.size()) return fail(Kind::io, "not written forward");
    if (text.size() + data.size() > room) return fail(Kind::no_space, "full");
    text.append(reinterpret_cast<const char*>(data.data()), data.size());
    return {};
  }
  std::string text;
  size_t room = SIZE_MAX;
};

struct Log {
  std::string text, warning;
  uint64_t records = 0;
};

Log log_of(const TextCore& core) {
  const auto vmcore = core.open();
  Collected out;
  const auto summary = write_kernel_log(*vmcore, out);
  REQUIRE(summary);
  CHECK(summary->bytes == out.text.size());
  return {out.text, summary->warning, summary->records};
}

const char* const kKernels[] = {"x86_64-4.19", "x86_64-6.1"};

std::string of(const char* kernel) { return std::string("kernel ") + kernel + "\n"; }

// The symbol's 64 or 32 bits, in the image of the machine that is described.
template <class T>
T symbol_value(TextCore& core, const char* key) {
  return core.image().get<T>(static_cast<uint64_t>(core.keys().number(key)) -
                             core.tables().image_vaddr(0));
}
uint64_t symbol_paddr(TextCore& core, const char* key) {
  return static_cast<uint64_t>(core.keys().number(key)) - core.tables().image_vaddr(0);
}
uint64_t ring_paddr(TextCore& core) {
  return symbol_value<uint64_t>(core, "SYMBOL(prb)") - core.tables().direct_vaddr(0);
}

// Lines "message N" with N ascending to `last`; the first N.
uint64_t check_ascending(const std::string& text, uint64_t last) {
  uint64_t first = 0, expected = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t message = text.find("message ", at);
    REQUIRE(message != std::string::npos);
    const uint64_t number = strtoull(text.c_str() + message + 8, nullptr, 10);
    if (at == 0) first = expected = number;
    REQUIRE(number == expected++);
    at = text.find('\n', at) + 1;
  }
  CHECK(expected == last + 1);
  return first;
}

}  // namespace

TEST_CASE("the log reads as syslog(2) gives it") {
  for (const char* kernel : kKernels) {
    CAPTURE(kernel);
    const TextCore core(of(kernel) +
                        "log 0.000000 Linux version 6.1\n"
                        "log 1.000001 two\\nlines\n"
                        "log 1.000002 an empty line behind\\n\n"
                        "log 12.345678\n"
                        "log 99999.999999 after an empty line\n"
                        "log 123456.000000 tab\there, bell\a, back\\slash, \xc3\xa9\n"
                        "log 123457.000005\n");
    const Log log = log_of(core);
    CHECK(log.text ==
          "[    0.000000] Linux version 6.1\n"
          "[    1.000001] two\n"
          "[    1.000001] lines\n"
          "[    1.000002] an empty line behind\n"
          "[    1.000002] \n"
          "[   12.345678] \n"
          "[99999.999999] after an empty line\n"
          "[123456.000000] tab\there, bell\a, back\\slash, \xc3\xa9\n"
          "[123457.000005] \n");
    CHECK(log.warning == "");
    CHECK(log.records == 7);
  }
}

TEST_CASE("a kernel that prints no times prints no prefixes") {
  const std::string log = "log 1.0 one\nlog 2.0 two\\nlines\nlog 3.0\nlog 4.0 four\n";
  const std::string symbol = of("x86_64-6.1") + "symbol 1M T _stext\nsymbol 5M d printk_time\n";
  TextCore core(symbol + log);
  CHECK(log_of(core).text == "one\ntwo\nlines\n\nfour\n");
  core.image().put(5u << 20, uint8_t{1});
  core.rewrite();
  CHECK(log_of(core).text.starts_with("[    1.000000] one\n[    2.000000] two\n[    2.000000] "));
  // Nothing is known of it where the symbol leads nowhere.
  const std::string nowhere = "symbol 1M T _stext\nsymbol =0 a printk_time\n";
  CHECK(log_of(TextCore(of("x86_64-6.1") + nowhere + log)).text.starts_with("[ "));
}

TEST_CASE("an empty log is empty") {
  CHECK(log_of(TextCore(of("x86_64-4.19"))).text == "");
  CHECK(log_of(TextCore(of("x86_64-6.1"))).text == "");
}

TEST_CASE("records that are not finished, or had no room, are passed over") {
  const TextCore core(of("x86_64-6.1") +
                      "log 1.0 one\nlog committed 2.0 two\nlog reserved 3.0 three\n"
                      "log failed 4.0 four\nlog 5.0 five\n");
  const Log log = log_of(core);
  CHECK(log.text == "[    1.000000] one\n[    2.000000] two\n[    5.000000] five\n");
  CHECK(log.warning == "");
}

TEST_CASE("a ring that wrapped begins with its oldest record, whatever the lengths") {
  for (const char* kernel : kKernels) {
    for (size_t filler = 0; filler < 64; filler += 3) {
      CAPTURE(kernel);
      CAPTURE(filler);
      std::string description = of(kernel) + "ring 5 9\nlog_buf 512\n";
      for (int i = 0; i < 100; ++i)
        description += "log " + std::to_string(i) + ".000000 message " + std::to_string(i) + " " +
                       std::string((static_cast<size_t>(i) * 7 + filler) % 64, '.') + "\n";
      const Log log = log_of(TextCore(description));
      CHECK(log.warning == "");
      CHECK(check_ascending(log.text, 99) > 0);
    }
  }
}

TEST_CASE("a block that ends exactly at the ring's end is no wrapped one") {
  // 512 bytes of text: eight blocks of 64, each 8 of id and 56 of text.
  std::string description = of("x86_64-6.1") + "ring 5 9\n";
  for (int i = 0; i < 20; ++i) {
    std::string text = "message " + std::to_string(i) + " ";
    text.resize(56, '#');
    description += "log 1.000000 " + text + "\n";
  }
  const Log log = log_of(TextCore(description));
  CHECK(log.warning == "");
  CHECK(check_ascending(log.text, 19) <= 12);
}

TEST_CASE("the log is longer than the buffer it passes through") {
  std::string description = of("x86_64-6.1") + "ring 12 18\n";
  for (int i = 0; i < 2000; ++i)
    description += "log 7.000000 message " + std::to_string(i) + " " + std::string(80, 'x') + "\n";
  const Log log = log_of(TextCore(description));
  CHECK(log.text.size() > 2 * 64 * 1024);
  CHECK(check_ascending(log.text, 1999) == 0);
}

TEST_CASE("a failing sink fails the log") {
  const TextCore core(of("x86_64-6.1") + "log 1.0 one\n");
  const auto vmcore = core.open();
  Collected out;
  out.room = 3;
  const auto summary = write_kernel_log(*vmcore, out);
  REQUIRE_FALSE(summary);
  CHECK(summary.error().kind == Kind::no_space);
}

TEST_CASE("a text whose block belongs to another record is lost alone, with a warning") {
  TextCore core(of("x86_64-6.1") + "log 1.0 one\nlog 2.0 two\nlog 3.0 three\n");
  const uint64_t data =
      core.image().get<uint64_t>(ring_paddr(core) + 48 + 8) - core.tables().direct_vaddr(0);
  core.image().put(data + 16, uint64_t{0x1234});  // the id before "two"
  core.rewrite();
  const Log log = log_of(core);
  CHECK(log.text == "[    1.000000] one\n[    3.000000] three\n");
  CHECK(log.warning == "1 of the log's records are unreadable");
}

TEST_CASE("a length beyond its block is cut there") {
  TextCore core(of("x86_64-6.1") + "log 1.0 sixteen bytes...\nlog 2.0 two\n");
  const uint64_t ring = ring_paddr(core);
  const uint64_t infos = core.image().get<uint64_t>(ring + 16) - core.tables().direct_vaddr(0);
  core.image().put(infos + 16, uint16_t{0xffff});
  core.rewrite();
  CHECK(log_of(core).text == "[    1.000000] sixteen bytes...\n[    2.000000] two\n");
}

TEST_CASE("a ring of impossible size is refused, one of impossible ends read as far as it goes") {
  TextCore core(of("x86_64-6.1") + "log 1.0 one\nlog 2.0 two\n");
  const uint64_t ring = ring_paddr(core);
  core.image().put(ring + 32, uint64_t{0});  // tail_id
  core.rewrite();
  const Log log = log_of(core);
  CHECK(log.text == "[    1.000000] one\n[    2.000000] two\n");
  CHECK(log.warning.find("too far") != std::string::npos);

  core.image().put(ring, uint32_t{40});  // count_bits
  core.rewrite();
  Collected out;
  const auto summary = write_kernel_log(*core.open(), out);
  REQUIRE_FALSE(summary);
  CHECK(summary.error().kind == Kind::corrupt);
}

namespace {

// Of a ring: where its descriptors, infos and text lie in memory.
struct RingAt {
  explicit RingAt(TextCore& core) {
    const uint64_t ring = ring_paddr(core), direct = core.tables().direct_vaddr(0);
    descs = core.image().get<uint64_t>(ring + 8) - direct;
    infos = core.image().get<uint64_t>(ring + 16) - direct;
    data = core.image().get<uint64_t>(ring + 48 + 8) - direct;
  }
  uint64_t descs, infos, data;
};

}  // namespace

TEST_CASE("records that share their text make no log larger than the ring, and the newest stay") {
  // 1024 records; the text of each claims to reach to the ring's end.
  constexpr uint64_t kRecords = 1024, kRing = 1 << 16, kMaxPrefix = 24;
  std::string description = of("x86_64-6.1") + "ring 10 16\n";
  for (uint64_t i = 0; i < kRecords - 1; ++i)
    description += "log 1.000000 message " + std::to_string(i) + "\n";
  description += "log 2.000000 the last words";
  TextCore core(description);
  const RingAt at(core);
  for (uint64_t i = 1; i < kRecords - 1; ++i) {
    const uint64_t desc = at.descs + i * 24;
    const uint64_t begin = core.image().get<uint64_t>(desc + 8);
    if (begin & 1) continue;
    core.image().put(desc + 16, (begin | (kRing - 1)) + 1);
    core.image().put(at.infos + i * 88 + 16, uint16_t{0xffff});
  }
  core.rewrite();
  const Log log = log_of(core);
  CHECK(log.text.size() <= kRing + kRecords * kMaxPrefix);
  CHECK(log.text.ends_with("the last words\n"));
  CHECK(log.warning.find("claim more text than its ring of 2^16 bytes holds") != std::string::npos);
}

TEST_CASE("text of line ends alone makes no log of prefixes") {
  for (const char* kernel : kKernels) {
    CAPTURE(kernel);
    std::string description = of(kernel) + "ring 10 15\nlog_buf 32768\n";
    std::string ends;
    for (int i = 0; i < 900; ++i) ends += "\\n";
    for (int i = 0; i < 30; ++i) description += "log 1.000000 x" + ends + "\n";
    description += "log 2.000000 the last\\nwords\n";
    const Log log = log_of(TextCore(description));
    CHECK(log.records == 31);
    CHECK(log.text.size() <= (1 << 15) + 2 * (1 << 11) * 16);
    CHECK(log.text.find("[    2.000000] the last\n") != std::string::npos);
  }
}

TEST_CASE("a log_buf that loops or leaves its bounds ends with what could be read") {
  const std::string description = of("x86_64-4.19") + "log 1.0 one\nlog 2.0 two\nlog 3.0 three\n";
  for (const uint16_t length : {uint16_t{0}, uint16_t{1}, uint16_t{8}, uint16_t{0xfff8}}) {
    CAPTURE(length);
    TextCore core(description);
    const uint64_t buffer =
        symbol_value<uint64_t>(core, "SYMBOL(log_buf)") - core.tables().direct_vaddr(0);
    core.image().put(buffer + 24 + 8, length);  // of "two"
    core.rewrite();
    const Log log = log_of(core);
    CHECK(log.text.starts_with("[    1.000000] one\n"));
    CHECK(log.text.size() <= 3 * 20);
    CHECK(log.warning.find("the log ends early") != std::string::npos);
  }
  TextCore core(description);
  core.image().put(symbol_paddr(core, "SYMBOL(log_next_idx)"), uint32_t{16380});
  core.rewrite();
  const Log log = log_of(core);
  CHECK(log.text.find("three") != std::string::npos);
  CHECK(log.text.size() < 200);
}

TEST_CASE("a missing key of the log is named") {
  for (const char* key : {"OFFSET(prb_desc.state_var)", "SIZE(printk_info)"}) {
    const TextCore core(of("x86_64-6.1") + "log 1.0 one\n");
    TextCore lacking(of("x86_64-6.1") + "log 1.0 one\n-" + key);
    Collected out;
    const auto summary = write_kernel_log(*lacking.open(), out);
    REQUIRE_FALSE(summary);
    CHECK(std::string(summary.error().text).find(key) != std::string::npos);
  }
  TextCore none(of("x86_64-6.1") + "-SYMBOL(prb)");
  Collected out;
  CHECK_FALSE(write_kernel_log(*none.open(), out));
}

TEST_CASE("descriptors that belong to no record give a warning") {
  TextCore core(of("x86_64-6.1") + "log 1.0 one\nlog 2.0 two\nlog 3.0 three\n");
  const uint64_t descs =
      core.image().get<uint64_t>(ring_paddr(core) + 8) - core.tables().direct_vaddr(0);
  core.image().put(descs + 24, uint64_t{0x1234});  // the state of "two"
  core.rewrite();
  const Log log = log_of(core);
  CHECK(log.text == "[    1.000000] one\n[    3.000000] three\n");
  CHECK(log.warning == "1 of the log's descriptors belong to no record");
}

TEST_CASE("before 3.5 the log is text, of which the levels are dropped") {
  const TextCore core(of("x86_64-3.2") +
                      "log 0.0 <6>[    0.000000] Linux version 3.2\n"
                      "log 0.0 <4>[    1.000000] a <5> and <\n"
                      "log 0.0 <30>from a process\n"
                      "log 0.0 <6x>, <> and <12345> are no levels\n"
                      "log 0.0 <>\n"
                      "log 0.0 \n"
                      "log 0.0 <0>\n");
  const Log log = log_of(core);
  CHECK(log.text ==
        "[    0.000000] Linux version 3.2\n"
        "[    1.000000] a <5> and <\n"
        "from a process\n"
        "<6x>, <> and <12345> are no levels\n"
        "<>\n"
        "\n"
        "\n");
  CHECK(log.warning == "");
  CHECK(log.records == 7);
  CHECK(log_of(TextCore(of("x86_64-3.2"))).text == "");
}

TEST_CASE("text that wrapped begins with what is left of its oldest line") {
  std::string description = of("x86_64-3.2") + "log_buf 512\n";
  for (int i = 0; i < 100; ++i)
    description += "log 0.0 <6>[    1.000000] message " + std::to_string(i) + " \n";
  const Log log = log_of(TextCore(description));
  CHECK(log.text.size() <= 512);
  CHECK(log.text.ends_with(" message 98 \n[    1.000000] message 99 \n"));
  check_ascending(log.text.substr(log.text.find('\n') + 1), 99);
}

TEST_CASE("a text log of impossible size is refused") {
  for (const uint32_t size : {0u, 511u, 1u << 31 | 1u}) {
    TextCore core(of("x86_64-3.2") + "log 0.0 <6>one\n");
    core.image().put(symbol_paddr(core, "SYMBOL(log_buf_len)"), size);
    core.rewrite();
    Collected out;
    const auto summary = write_kernel_log(*core.open(), out);
    REQUIRE_FALSE(summary);
    CHECK(summary.error().kind == Kind::corrupt);
  }
}

}  // namespace kdump

// The symbol table of the crashed kernel: every encoding, both directions, and tables that lie.
#include "filter/kernel/symbols/kallsyms.h"

#include <doctest/doctest.h>

#include "tests/fixtures/text_core.h"

namespace kdump {
namespace {

const char* const kSymbols =
    "symbol 0x100000 T _stext\nsymbol 0x100000 T _text\nsymbol 0x100040 t initial_code\n"
    "symbol 0x100400 T sysrq_handle_crash\nsymbol 0x100420 T panic\n"
    "symbol 0x180000 D __per_cpu_offset\nsymbol 0x1f0000 B _end\n";

const char* const kPerCpu = "symbol =0 A __per_cpu_start\nsymbol =0x35000 A __per_cpu_end\n";

Result<Kallsyms> open_table(Vmcore& vmcore) {
  return Kallsyms::open(vmcore.info(), vmcore.address_space());
}

std::string why_not(const TextCore& core) {
  const auto vmcore = core.open();
  const auto table = open_table(*vmcore);
  return table ? "" : table.error().text;
}

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

// "name+0xoff/0xsize", as the kernel prints it, or "-".
std::string name_of(Kallsyms& table, uint64_t at) {
  Kallsyms::Place place{{at}};
  REQUIRE(table.name({&place, 1}));
  if (place.name.empty()) return "-";
  char out[128];
  snprintf(out, sizeof out, "%s+%#llx/%#llx", place.name.c_str(),
           static_cast<unsigned long long>(place.offset),
           static_cast<unsigned long long>(place.size_bytes));
  return out;
}

}  // namespace

TEST_CASE("names and addresses are found in every encoding of kallsyms") {
  for (const char* encoding : {"absolute", "relative", "absolute_percpu", "self_relative"}) {
    CAPTURE(encoding);
    const bool percpu = strcmp(encoding, "absolute_percpu") == 0;
    TextCore core(std::string("kernel x86_64-6.1\nkallsyms ") + encoding + "\n" + kSymbols +
                  (percpu ? kPerCpu : ""));
    const auto vmcore = core.open();
    auto table = open_table(*vmcore);
    REQUIRE(table);
    const uint64_t stext = core.tables().image_vaddr(0x100000);

    Kallsyms::SymbolQuery wanted[] = {
        {"panic"},  {"_end"},         {"pani"}, {"panics"}, {"__per_cpu_offset"},
        {"_stext"}, {"__per_cpu_end"}};
    REQUIRE(table->find(wanted));
    CHECK(wanted[0].address == Vaddr{stext + 0x420});
    CHECK(wanted[1].address == Vaddr{stext + 0xf0000});
    CHECK_FALSE(wanted[2].address);
    CHECK_FALSE(wanted[3].address);
    CHECK(wanted[4].address == Vaddr{stext + 0x80000});
    CHECK(wanted[5].address == Vaddr{stext});
    CHECK(wanted[6].address == (percpu ? std::optional(Vaddr{0x35000}) : std::nullopt));

    CHECK(name_of(*table, stext) == "_stext+0/0x40");
    CHECK(name_of(*table, stext + 0x41f) == "sysrq_handle_crash+0x1f/0x20");
    CHECK(name_of(*table, stext + 0x420) == "panic+0/0x7fbe0");
    CHECK(name_of(*table, stext + 0xeffff) == "__per_cpu_offset+0x6ffff/0x70000");
    // Outside the image: a module, a jump to nowhere.
    CHECK(name_of(*table, stext + 0xf0000) == "-");
    CHECK(name_of(*table, stext - 1) == "-");
    CHECK(name_of(*table, 0x10) == "-");
    CHECK(name_of(*table, 0xffffffffc0001000) == "-");
    CHECK(name_of(*table, ~uint64_t{0}) == "-");
  }
}

TEST_CASE("many addresses are named in one pass, in any order and twice") {
  TextCore core(std::string("kernel x86_64-6.1\n") + kSymbols);
  const auto vmcore = core.open();
  auto table = open_table(*vmcore);
  REQUIRE(table);
  const uint64_t stext = core.tables().image_vaddr(0x100000);
  Kallsyms::Place places[] = {{{stext + 0x430}}, {{1}}, {{stext + 0x401}}, {{stext + 0x421}}};
  REQUIRE(table->name(places));
  CHECK(places[0].name == "panic");
  CHECK(places[1].name == "");
  CHECK(places[2].name == "sysrq_handle_crash");
  CHECK(places[3].name == "panic");
  CHECK(places[3].offset == 1);
}

TEST_CASE("names of two length bytes and of unprintable letters") {
  const std::string longest(200, 'r');
  TextCore core(std::string("kernel x86_64-6.1\n") + kSymbols + "symbol 0x100300 t " + longest +
                "\nsymbol 0x100380 t after\n");
  const uint64_t stext = core.tables().image_vaddr(0x100000);
  // The letter e of every name becomes an escape character.
  core.image().put<uint8_t>(core.kallsyms().token_table + 2 * 'e' - 0x22, 0x1b);
  core.rewrite();
  const auto vmcore = core.open();
  auto table = open_table(*vmcore);
  REQUIRE(table);
  Kallsyms::SymbolQuery wanted{longest};
  REQUIRE(table->find({&wanted, 1}));
  CHECK(wanted.address == Vaddr{stext + 0x300});
  Kallsyms::Place place{{stext + 0x381}};
  REQUIRE(table->name({&place, 1}));
  CHECK(place.name.find('\x1b') == std::string::npos);
}

TEST_CASE("a key of kallsyms that is missing is named") {
  const char* const keys[] = {"kallsyms_names",       "kallsyms_num_syms", "kallsyms_token_table",
                              "kallsyms_token_index", "kallsyms_offsets",  "_stext"};
  for (const char* key : keys) {
    CAPTURE(key);
    const TextCore core(std::string("kernel x86_64-6.1\n") + kSymbols + "-SYMBOL(" + key + ")\n");
    CHECK(contains(why_not(core), key));
  }
}

TEST_CASE("invalid tables of kallsyms are refused") {
  const std::string kernel = std::string("kernel x86_64-6.1\n") + kSymbols;
  for (const uint32_t count : {0u, 1u << 31, ~0u}) {
    TextCore core(kernel);
    core.image().put(core.kallsyms().num_syms, count);
    core.rewrite();
    CHECK(contains(why_not(core), "invalid number of symbols"));
  }
  CHECK(contains(why_not(TextCore(kernel + "SYMBOL(kallsyms_token_table)=ffffffffdead0000\n")),
                 "kallsyms_token_table"));
  CHECK(contains(why_not(TextCore(kernel + "SYMBOL(kallsyms_token_index)=10\n")),
                 "kallsyms_token_index"));
  CHECK(contains(why_not(TextCore(kernel + "SYMBOL(kallsyms_relative_base)=10\n")),
                 "kallsyms_relative_base"));
  CHECK(contains(why_not(TextCore(kernel + "SYMBOL(_stext)=ffffffff80100008\n")), "_stext"));

  TextCore tokens(kernel);
  const KallsymsTables& at = tokens.kallsyms();
  for (uint64_t byte = at.token_table; byte < at.token_index; ++byte)
    tokens.image().put<uint8_t>(byte, 'x');
  tokens.rewrite();
  CHECK(contains(why_not(tokens), "token 0 of kallsyms"));
}

TEST_CASE("names that run off the table end the search, with the results so far") {
  TextCore core(std::string("kernel x86_64-6.1\n") + kSymbols);
  const uint64_t stext = core.tables().image_vaddr(0x100000);
  SUBCASE("far beyond memory") {
    // Lengths of 16,383 for three million symbols.
    for (uint64_t i = 0; i < 200; i += 2)
      core.image().put<uint16_t>(core.kallsyms().names + i, 0xffff);
    core.image().put<uint32_t>(core.kallsyms().num_syms, 3'000'000);
  }
  SUBCASE("an unmapped page of them") { core.keys().apply("SYMBOL(kallsyms_names)=1000"); }
  core.rewrite();
  const auto vmcore = core.open();
  auto table = open_table(*vmcore);
  if (!table) return;  // its addresses are not sound either
  Kallsyms::SymbolQuery wanted{"panic"};
  CHECK_FALSE(table->find({&wanted, 1}));
  Kallsyms::Place place{{stext + 0x430}};
  CHECK_FALSE(table->name({&place, 1}));
}

TEST_CASE("an address table that is not sorted gives no endless search") {
  TextCore core(std::string("kernel x86_64-6.1\n") + kSymbols);
  const uint64_t stext = core.tables().image_vaddr(0x100000);
  for (uint64_t i = 1; i < 6; ++i)
    core.image().put<uint32_t>(core.kallsyms().addresses + i * 4,
                               static_cast<uint32_t>(i % 2 ? 0x90000 : 0x10));
  core.rewrite();
  const auto vmcore = core.open();
  auto table = open_table(*vmcore);
  if (!table) return;
  for (const uint64_t into : {0x0, 0x10, 0x11, 0x5000, 0x90000, 0x90001})
    (void)name_of(*table, stext + static_cast<uint64_t>(into));
}

}  // namespace kdump

// The kernel's description of its types: what is asked for is found, and what contradicts itself
// ends in an error, never in a long walk.
#include "filter/kernel/types/btf.h"

#include <doctest/doctest.h>

#include "tests/fixtures/btf_encoder.h"
#include "tests/fixtures/text_core.h"

namespace kdump {
namespace {

constexpr uint64_t kAt = 0x140000;

// A core whose image has these bytes.
class BtfCore {
 public:
  explicit BtfCore(const std::vector<uint8_t>& bytes) : core_("kernel x86_64-6.1\n") {
    core_.image().write(kAt, bytes);
    core_.rewrite();
    vmcore_ = core_.open();
    begin_ = core_.tables().image_vaddr(kAt);
    end_ = begin_ + bytes.size();
  }
  Result<> resolve(std::span<TypeQuery> queries, int64_t budget_ms = 10'000) {
    MemoryReader reader(vmcore_->address_space(), real_sys(), budget_ms);
    return resolve_types(reader, begin_, end_, queries);
  }

 private:
  TextCore core_;
  std::unique_ptr<Vmcore> vmcore_;
  uint64_t begin_, end_;
};

std::vector<uint8_t> sound_btf() {
  BtfEncoder btf;
  const uint32_t u32 = btf.integer("unsigned int", 4), u64 = btf.integer("unsigned long", 8);
  for (int i = 0; i < 200; ++i) btf.pointer(u32);  // further than one entry of the index
  const uint32_t name = btf.array(u32, 5), alias = btf.alias("state_t", u64);
  const uint32_t deep = btf.structure("", 16, {{"deep", alias, 8}});
  const uint32_t thread = btf.structure("thread", 24, {{"regs", u64, 0}, {"", deep, 8}});
  btf.structure(
      "task", 64,
      {{"state", u32, 0}, {"low", u32, 32, 3}, {"name", name, 8}, {"thread", thread, 32}});
  btf.structure("task", 8, {{"state", u64, 0}});  // the first one counts
  btf.enumeration("item", {{"NONE", -1}, {"FIRST", 7}});
  return btf.finish();
}

}  // namespace

TEST_CASE("members, sizes and enumerators are found, in unnamed structs too") {
  BtfCore core(sound_btf());
  TypeQuery queries[] = {{"task"},
                         {"task", "state"},
                         {"task", "low"},
                         {"task", "name"},
                         {"task", "thread.deep"},
                         {"item", "FIRST"},
                         {"item", "NONE"},
                         {"task", "none"},
                         {"nothing", "state"},
                         {"task", "state.x"},
                         {"state"}};
  REQUIRE(core.resolve(queries));
  CHECK(queries[0].size_bytes == 64);
  CHECK(queries[1].offset() == 0);
  CHECK(queries[1].size_bytes == 4);
  CHECK(queries[2].bit_offset == 32);
  CHECK(queries[2].bits == 3);
  CHECK(queries[3].elements == 5);
  CHECK(queries[3].element_bytes == 4);
  CHECK(queries[3].size_bytes == 20);
  CHECK(queries[4].offset() == 48);
  CHECK(queries[4].size_bytes == 8);
  CHECK(queries[5].value == 7);
  CHECK(queries[6].value == -1);
  for (size_t i = 0; i < 7; ++i) CHECK(queries[i].is_found);
  for (size_t i = 7; i < std::size(queries); ++i) CHECK_FALSE(queries[i].is_found);
}

TEST_CASE("a header that contradicts itself is corrupt") {
  TypeQuery query{"task"};
  for (size_t at = 0; at < 24; ++at) {
    CAPTURE(at);
    std::vector<uint8_t> bytes = sound_btf();
    bytes[at] ^= 0x80;
    BtfCore core(bytes);
    const Result<> resolved = core.resolve({&query, 1});
    if (at < 3) CHECK_FALSE(resolved);  // magic and version
    if (!resolved) CHECK(resolved.error().text[0] != '\0');
  }
  std::vector<uint8_t> cut = sound_btf();
  cut.resize(cut.size() - 1);
  BtfCore core(cut);
  const Result<> resolved = core.resolve({&query, 1});
  REQUIRE_FALSE(resolved);
  CHECK(resolved.error().kind == Kind::corrupt);
}

TEST_CASE("an unknown kind of type is named; types that lead in a circle end") {
  BtfEncoder unknown;
  unknown.record("x", 31u << 24, 0);
  TypeQuery query{"loop", "member.x"};
  BtfCore first(unknown.finish());
  const Result<> resolved = first.resolve({&query, 1});
  REQUIRE_FALSE(resolved);
  CHECK(resolved.error().kind == Kind::unsupported);

  BtfEncoder circle;
  circle.record("", 8u << 24, 2);  // an alias of an alias of it
  circle.record("", 8u << 24, 1);
  const uint32_t self = 3;
  circle.structure("loop", 8, {{"", self, 0}, {"", self, 0}, {"", self, 0}, {"member", 1, 0}});
  circle.array(4, 1000);  // an array of itself
  BtfCore second(circle.finish());
  REQUIRE(second.resolve({&query, 1}));
  CHECK_FALSE(query.is_found);
}

TEST_CASE("reading ends with its time") {
  BtfCore core(sound_btf());
  TypeQuery query{"task"};
  const Result<> resolved = core.resolve({&query, 1}, 0);
  REQUIRE_FALSE(resolved);
  CHECK_FALSE(query.is_found);
}

}  // namespace kdump

// Each key of vmcoreinfo, on every layout, lost or wrong: no page may go that the sound vmcore
// keeps, and where more is kept a warning names the key. What nothing can detect is listed here,
// key by key; docs/kernels.md says why.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "filter/kernel/protected_memory.h"
#include "filter/pages/plan.h"
#include "tests/fixtures/text_core.h"

namespace kdump {
namespace {

struct Silent final : Progress {
  void update(Phase, uint64_t, uint64_t, uint64_t) override {}
};

const char* const kKernels[] = {"x86_64-4.19", "x86_64-5.4",          "x86_64-5.10", "x86_64-5.15",
                                "x86_64-6.1",  "x86_64-6.1-struct56", "x86_64-6.4",  "x86_64-6.7",
                                "x86_64-6.9",  "x86_64-6.12",         "x86_64-6.16", "x86_64-7.1"};

// 64 MiB, the least of which class ratios are expected. Page frames of odd flags, one each, stand
// for whatever a kernel may use them for.
constexpr uint64_t kOddFlags = 6144;
const char* const kMachine =
    "\nram 0 64M\ndata 48M\n"
    "page 256 free order=8\npage 1024 free order=9\npage 1536 free count=16\n"
    "page 2048 anon order=4\npage 4352 anon count=300\npage 2304 cache count=64\n"
    "page 2400 cache_private count=8\npage 2432 cache order=4\npage 2500 swapcache count=4\n"
    "page 2510 owner_priv_1 count=4\npage 2560 slab count=256\npage 2816 slab order=3\n"
    "page 2900 slab_like_anon count=8\npage 3072 hugetlb order=9\npage 3584 kernel order=3\n"
    "page 3592 kernel order=2\npage 3600 kernel order=1\npage 5632 anon order=9\n"
    "page 4700 cache poisoned\npage 4701 kernel poisoned\npage 4800 tail_of_nothing\n"
    "page 4810 uninitialised\npage 4820 ksm\n";

// What no other key denies. kept: pages are kept without a word; dropped: pages of the odd flag, or
// of cache at levels that tell it by its private data, go.
enum class Harm : uint8_t { kept, dropped };
struct UndetectableRow {
  const char* key;
  const char* mutation;  // "lost" or "off by one"
  Harm harm;
};
constexpr UndetectableRow kUndetectable[] = {
    {"NUMBER(PG_hwpoison)", "off by one", Harm::dropped},
    {"NUMBER(PG_private)", "off by one", Harm::dropped},
    {"NUMBER(PG_swapcache)", "off by one", Harm::kept},
    {"NUMBER(PG_swapbacked)", "off by one", Harm::kept},
    {"NUMBER(PG_hugetlb)", "off by one", Harm::kept},
    // As older kernels are.
    {"NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)", "lost", Harm::kept},
    {"NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)", "lost", Harm::kept},
};

bool is_undetectable(const std::string& key, const char* mutation, Harm harm) {
  return std::ranges::any_of(kUndetectable, [&](const UndetectableRow& row) {
    return key == row.key && std::string(mutation) == row.mutation &&
           (row.harm == Harm::dropped || harm == Harm::kept);
  });
}

using Classes = std::vector<PageClass>;

struct Outcome {
  Classes classes;
  std::string warnings;
};

Outcome look_at(const TextCore& core) {
  Outcome out;
  const auto vmcore = core.open();
  Silent progress;
  const auto plan = make_plan(*vmcore, progress);
  REQUIRE(plan);
  const auto window = std::make_unique<WindowClasses>();
  WindowScan(*vmcore).scan({0}, *window);
  out.classes.assign(window->begin(), window->begin() + vmcore->end_pfn().value);
  for (const std::string& warning : vmcore->warnings()) out.warnings += warning + "\n";
  // These cores have no symbols, which protected memory needs: each gives that warning.
  const size_t unsaid = vmcore->mem_map() ? vmcore->protected_memory().warnings.size() : 0;
  for (const std::string& warning : std::span(plan->warnings).subspan(unsaid))
    out.warnings += warning + "\n";
  return out;
}

// The first page that some level leaves out of one and not of the other; or none.
std::optional<uint64_t> first_dropped(const Classes& sound, const Classes& mutated) {
  for (uint64_t pfn = 0; pfn < sound.size(); ++pfn)
    for (uint32_t level = 0; level <= kMaxLevel; ++level)
      if (!excluded(sound[pfn], level) && excluded(mutated[pfn], level)) return pfn;
  return std::nullopt;
}

std::vector<std::string> keys_of(const std::string& text) {
  std::vector<std::string> keys;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::string key = line.substr(0, line.find('='));
    // Of the log and the host's name other tests have more to say.
    const bool is_other = key.find("prb") != key.npos || key.find("print") != key.npos ||
                          key.find("log_") != key.npos || key.find("atomic") != key.npos ||
                          key.find("uts") != key.npos || key == "OSRELEASE" || key == "CRASHTIME";
    if (!is_other) keys.push_back(key);
  }
  return keys;
}

std::string number_text(const std::string& key, int64_t value) {
  char text[32];
  snprintf(text, sizeof text, key.starts_with("SYMBOL") ? "%llx" : "%lld",
           static_cast<long long>(value));
  return text;
}

}  // namespace

TEST_CASE("whichever key is lost or wrong, no page goes that the sound vmcore keeps") {
  for (const std::string kernel : kKernels) {
    TextCore core("kernel " + kernel + kMachine);
    if (core.keys().has("NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)"))
      core.pages().encode({.pfn = 4900, .kind = "offline", .count = 8});
    if (core.keys().has("NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)"))
      core.pages().encode({.pfn = 5120, .kind = "unaccepted", .order = 9});
    for (uint64_t bit = 0; bit < 32; ++bit)
      core.pages().set_field(kOddFlags + bit, "page.flags", 1ull << bit);
    core.rewrite();
    const Outcome sound = look_at(core);
    CHECK(sound.warnings == "");
    for (const std::string& key : keys_of(core.keys().text())) {
      const int64_t value = core.keys().number(key);
      const bool is_hex = key.starts_with("SYMBOL");
      const std::string was = key + "=" + number_text(key, value);
      struct Mutation {
        const char* name;
        std::string line;
      };
      for (const Mutation& mutation :
           {Mutation{"lost", "-" + key}, Mutation{"zero", key + "=0"},
            Mutation{"minus one", key + "=" + number_text(key, -1)},
            Mutation{"huge", key + (is_hex ? "=8000000000000000" : "=9223372036854775808")},
            Mutation{"no number", key + "=x12"},
            Mutation{"off by one", key + "=" + number_text(key, value + 1)},
            Mutation{"off by one", key + "=" + number_text(key, value - 1)}}) {
        CAPTURE(kernel);
        CAPTURE(mutation.line);
        core.keys().apply(mutation.line);
        core.rewrite();
        const Outcome outcome = look_at(core);
        CAPTURE(outcome.warnings);
        const auto dropped = first_dropped(sound.classes, outcome.classes);
        CAPTURE(dropped.value_or(0));
        CHECK((!dropped || is_undetectable(key, mutation.name, Harm::dropped)));
        CHECK((outcome.classes == sound.classes ||
               outcome.warnings.find(key) != std::string::npos ||
               is_undetectable(key, mutation.name, Harm::kept)));
        core.keys().apply(was);
      }
    }
  }
}

}  // namespace kdump

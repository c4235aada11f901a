// Sets of page frames: whatever order they are added in, nothing is lost, and they stay few.
#include "filter/core_file/page_ranges.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

namespace kdump {
namespace {

std::string as_text(std::span<const PageRanges::Range> ranges) {
  std::string out;
  for (const auto& [begin, end] : ranges)
    out += std::to_string(begin) + "-" + std::to_string(end) + " ";
  return out;
}

}  // namespace

TEST_CASE("ranges are joined where they touch or overlap, in whatever order they come") {
  PageRanges ranges;
  CHECK(ranges.ranges().empty());
  ranges.add({10}, {20});
  ranges.add({20}, {22});
  ranges.add({5}, {6});
  ranges.add({8}, {8});
  ranges.add({15}, {16});
  ranges.add({30}, {31});
  ranges.add({6}, {7});
  CHECK(as_text(ranges.ranges()) == "5-7 10-22 30-31 ");
  CHECK(ranges.pages() == 15);
  CHECK(as_text(ranges.within({7}, {10})) == "");
  CHECK(as_text(ranges.within({6}, {11})) == "5-7 10-22 ");
  CHECK(as_text(ranges.within({12}, {13})) == "10-22 ");
  CHECK(as_text(ranges.within({22}, {1000})) == "30-31 ");
  CHECK(as_text(ranges.within({31}, {1000})) == "");
}

TEST_CASE("page frames added at random are all there, and no others") {
  const unsigned seed = 7;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  PageRanges ranges;
  std::set<uint64_t> expected;
  for (int i = 0; i < 5000; ++i) {
    const uint64_t begin = random() % 20'000, size = random() % 4;
    ranges.add({begin}, {begin + size});
    for (uint64_t pfn = begin; pfn < begin + size; ++pfn) expected.insert(pfn);
  }
  CHECK(ranges.pages() == expected.size());
  uint64_t before = 0;
  for (const auto& [begin, end] : ranges.ranges()) {
    CHECK((before == 0 || begin > before));
    for (uint64_t pfn = begin; pfn < end; ++pfn) REQUIRE(expected.contains(pfn));
    before = end;
  }
}

TEST_CASE("too many ranges become fewer by closing the narrowest gaps; nothing is lost") {
  PageRanges ranges;
  std::vector<uint64_t> added;
  std::mt19937_64 random(11);
  // Clusters of pages two apart, the clusters far from each other.
  for (uint64_t cluster = 0; cluster < 500; ++cluster)
    for (uint64_t i = 0; i < 500; ++i) added.push_back(cluster << 20 | 2 * i);
  std::ranges::shuffle(added, random);
  for (const uint64_t pfn : added) ranges.add({pfn}, {pfn + 1});
  CHECK(ranges.ranges().size() <= PageRanges::kMaxRanges);
  CHECK(std::ranges::all_of(
      added, [&](uint64_t pfn) { return ranges.within({pfn}, {pfn + 1}).size() == 1; }));
  CHECK(ranges.pages() < added.size() * 2000);
}

}  // namespace kdump

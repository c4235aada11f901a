#include "filter/zstd_page/sequence_code.h"

#include <array>

#include "filter/zstd_page/bit_writer.h"
#include "filter/zstd_page/fitted_code.h"

namespace kdump {
namespace {

// Codes of lengths: the length they begin with and the bits that tell how much is added.
struct LengthCode {
  uint16_t base;
  uint8_t bits;
};
constexpr LengthCode kLiterals[] = {
    {0, 0},  {1, 0},  {2, 0},   {3, 0},   {4, 0},   {5, 0},     {6, 0},     {7, 0},
    {8, 0},  {9, 0},  {10, 0},  {11, 0},  {12, 0},  {13, 0},    {14, 0},    {15, 0},
    {16, 1}, {18, 1}, {20, 1},  {22, 1},  {24, 2},  {28, 2},    {32, 3},    {40, 3},
    {48, 4}, {64, 6}, {128, 7}, {256, 8}, {512, 9}, {1024, 10}, {2048, 11}, {4096, 12}};
constexpr LengthCode kMatches[] = {
    {3, 0},  {4, 0},  {5, 0},  {6, 0},   {7, 0},   {8, 0},   {9, 0},     {10, 0},
    {11, 0}, {12, 0}, {13, 0}, {14, 0},  {15, 0},  {16, 0},  {17, 0},    {18, 0},
    {19, 0}, {20, 0}, {21, 0}, {22, 0},  {23, 0},  {24, 0},  {25, 0},    {26, 0},
    {27, 0}, {28, 0}, {29, 0}, {30, 0},  {31, 0},  {32, 0},  {33, 0},    {34, 0},
    {35, 1}, {37, 1}, {39, 1}, {41, 1},  {43, 2},  {47, 2},  {51, 3},    {59, 3},
    {67, 4}, {83, 4}, {99, 5}, {131, 7}, {259, 8}, {515, 9}, {1027, 10}, {2051, 11}};

// A length as it is written: its code and what is added to the length that code begins with.
struct CodedLength {
  uint16_t added;
  uint8_t bits;
  uint8_t code;
};

constexpr uint32_t log2_of(uint32_t value) {
  return static_cast<uint32_t>(std::bit_width(value)) - 1;
}

// Every length from `first` on up to `Size`; longer ones have one code for each power of two.
template <size_t Size, size_t Codes>
constexpr std::array<CodedLength, Size> coded_lengths(const LengthCode (&codes)[Codes],
                                                      uint32_t first) {
  std::array<CodedLength, Size> out{};
  uint8_t code = 0;
  for (uint32_t i = 0; i < Size; ++i) {
    while (code + 1u < Codes && codes[code + 1].base <= i + first) ++code;
    out[i] = {static_cast<uint16_t>(i + first - codes[code].base), codes[code].bits, code};
  }
  return out;
}
constexpr uint32_t kMinMatch = 3;
constexpr auto kShortLiterals = coded_lengths<64>(kLiterals, 0);
constexpr auto kShortMatches = coded_lengths<128>(kMatches, kMinMatch);

CodedLength coded_literals(uint32_t length) {
  if (length < kShortLiterals.size()) return kShortLiterals[length];
  const uint32_t code = log2_of(length) + 19;
  return {static_cast<uint16_t>(length - kLiterals[code].base), kLiterals[code].bits,
          static_cast<uint8_t>(code)};
}

CodedLength coded_match(uint32_t length) {
  const uint32_t over = length - kMinMatch;
  if (over < kShortMatches.size()) return kShortMatches[over];
  const uint32_t code = log2_of(over) + 36;
  return {static_cast<uint16_t>(length - kMatches[code].base), kMatches[code].bits,
          static_cast<uint8_t>(code)};
}

// RFC 8878, 3.1.1.3.2.2: whole, as a decoder builds them.
constexpr int8_t kPredefinedLiterals[] = {4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1,  1,  2,  2,
                                          2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1};
constexpr int8_t kPredefinedOffset[] = {1, 1, 1, 1, 1, 1, 2, 2, 2, 1,  1,  1,  1,  1, 1,
                                        1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1};
constexpr int8_t kPredefinedMatch[] = {1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1,  1,  1,  1,  1,  1,  1, 1,
                                       1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  1,  1,  1,  1,  1,  1, 1,
                                       1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1};

// Counted on the kept pages of a 6.1 kernel with 512 MiB and with 2 GiB of memory, in equal parts,
// as the matcher cuts them: most matches repeat the last offset, and lengths follow the words.
// Every code that a block of 4 KiB can need has a part.
constexpr int8_t kMemoryLiterals[] = {38, 26, 24, 7,  5,  1,  1,  -1, 2,  -1, -1,
                                      -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                      -1, -1, -1, 1,  -1, -1, -1, -1, -1, -1};
constexpr int8_t kMemoryOffset[] = {40, 4, 1, 2, 2, 3, 3, 2, 2, 2, 1, 1, -1};
constexpr int8_t kMemoryMatch[] = {-1, 9,  6,  19, 17, 19, 2,  1,  2,  1,  2,  3,  3,  4,  -1, -1,
                                   -1, -1, -1, 1,  -1, 1,  -1, -1, -1, -1, -1, 1,  -1, 1,  -1, -1,
                                   -1, -1, 3,  -1, 1,  4,  -1, 1,  1,  -1, 1,  -1, -1, -1, -1, -1};

template <size_t N>
constexpr int sum_of(const int8_t (&probabilities)[N]) {
  int sum = 0;
  for (const int8_t each : probabilities) sum += each < 0 ? -each : each;
  return sum;
}
static_assert(sum_of(kPredefinedLiterals) == 64 && sum_of(kMemoryLiterals) == 128);
static_assert(sum_of(kPredefinedOffset) == 32 && sum_of(kMemoryOffset) == 64);
static_assert(sum_of(kPredefinedMatch) == 64 && sum_of(kMemoryMatch) == 128);

// The compression mode of each of the three codes: two bits each (RFC 8878, 3.1.1.3.2.1).
constexpr uint8_t kRle = 1, kDescribed = 2;
constexpr uint8_t kAllPredefined = 0;
constexpr uint8_t kAllDescribed = kDescribed << 6 | kDescribed << 4 | kDescribed << 2;

uint8_t* put_count(size_t count, uint8_t* out) {
  if (count >= 128) *out++ = static_cast<uint8_t>(128 + (count >> 8));
  *out++ = static_cast<uint8_t>(count);
  return out;
}

template <class Code>
uint8_t* write_codes(std::span<const Sequence> sequences, const Code& literals_code,
                     const Code& offset_code, const Code& match_code, uint8_t* out) {
  // Backward, as the decoder reads from the end.
  BitWriter writer(out);
  const size_t count = sequences.size();
  const Sequence& last = sequences.back();
  uint32_t offset = offset_code.initial_state(last.offset_code);
  uint32_t match = match_code.initial_state(last.match_code);
  uint32_t literals = literals_code.initial_state(last.literals_code);
  writer.add(last.extra, last.extra_bits);
  writer.flush();
  for (size_t i = count - 1; i-- > 0;) {
    const Sequence& each = sequences[i];
    const auto o = offset_code.encode(each.offset_code, offset);
    const auto m = match_code.encode(each.match_code, match);
    const auto l = literals_code.encode(each.literals_code, literals);
    offset = o.next_state();
    match = m.next_state();
    literals = l.next_state();
    const uint32_t after_m = o.nb_bits() + m.nb_bits();
    const uint32_t after_l = after_m + l.nb_bits();
    writer.add(o.bits() | uint64_t{m.bits()} << o.nb_bits() | uint64_t{l.bits()} << after_m |
                   each.extra << after_l,
               after_l + each.extra_bits);
    writer.flush();
  }
  writer.add(match & ((1u << match_code.log()) - 1), match_code.log());
  writer.add(offset & ((1u << offset_code.log()) - 1), offset_code.log());
  writer.add(literals & ((1u << literals_code.log()) - 1), literals_code.log());
  writer.add(1, 1);  // the decoder finds the first bit by it
  return writer.finish();
}

}  // namespace

Sequence Sequence::make(uint32_t literals, uint32_t match_length, uint32_t offset_value) {
  const CodedLength l = coded_literals(literals), m = coded_match(match_length);
  const uint32_t o = log2_of(offset_value);
  const uint32_t before_offset = uint32_t{l.bits} + m.bits;
  return {.extra = uint64_t{l.added} | uint64_t{m.added} << l.bits |
                   uint64_t{offset_value - (1u << o)} << before_offset,
          .extra_bits = static_cast<uint8_t>(before_offset + o),
          .literals_code = l.code,
          .match_code = m.code,
          .offset_code = static_cast<uint8_t>(o)};
}

SequenceCode SequenceCode::predefined() {
  return {FseCode(6, kPredefinedLiterals), FseCode(5, kPredefinedOffset),
          FseCode(6, kPredefinedMatch), false};
}

SequenceCode SequenceCode::memory_pages() {
  return {FseCode(7, kMemoryLiterals), FseCode(6, kMemoryOffset), FseCode(7, kMemoryMatch), true};
}

uint8_t* SequenceCode::write(std::span<const Sequence> sequences, uint8_t* out) const {
  const size_t count = sequences.size();
  out = put_count(count, out);
  if (count == 0) return out;
  *out++ = described_ ? kAllDescribed : kAllPredefined;
  if (described_)
    for (const FseCode* code : {&literals_, &offset_, &match_}) {
      memcpy(out, code->description().data(), code->description().size());
      out += code->description().size();
    }

  return write_codes(sequences, literals_, offset_, match_, out);
}

uint8_t* write_fitted(std::span<const Sequence> sequences, uint8_t* out) {
  FittedCode::Counts literals{}, offset{}, match{};
  for (const Sequence& each : sequences) {
    ++literals[each.literals_code];
    ++offset[each.offset_code];
    ++match[each.match_code];
  }
  const auto count = static_cast<uint32_t>(sequences.size());
  FittedCode literals_code, offset_code, match_code;
  literals_code.build(literals, count);
  offset_code.build(offset, count);
  match_code.build(match, count);

  out = put_count(count, out);
  const auto mode = [](const FittedCode& code) { return code.is_rle() ? kRle : kDescribed; };
  *out++ = static_cast<uint8_t>(mode(literals_code) << 6 | mode(offset_code) << 4 |
                                mode(match_code) << 2);
  for (const FittedCode* code : {&literals_code, &offset_code, &match_code})
    out = code->write_description(out);
  return write_codes(sequences, literals_code, offset_code, match_code, out);
}

}  // namespace kdump

#include "filter/zstd_page/literals_code.h"

#include <algorithm>

#include "filter/zstd_page/bit_writer.h"

namespace kdump {
namespace {

// So few are not worth a code of their own.
constexpr size_t kFewLiterals = 64;
// One stream as long as its sizes fit the shortest header, else four.
constexpr size_t kMaxInOneStream = 1023;
constexpr size_t kStreams = 4;
constexpr uint32_t kCompressed = 2;

// Counted on the kept pages of 6.1 and 7.2 kernels: the weight of a symbol is 0 where it does not
// occur, else the longest length plus one less its own. Where many symbols do not occur, some, and
// few.
constexpr int8_t kSparse[] = {44, 5, 4, 3, 1, 1, -1, -1, -1, -1, -1, -1};
constexpr int8_t kHalf[] = {24, 14, 11, 5, 3, 1, -1, -1, -1, -1, -1, -1};
constexpr int8_t kDense[] = {12, 17, 14, 9, 4, 2, -1, -1, -1, -1, -1, -1};
constexpr unsigned kWeightLog = 6;

uint8_t* put(uint8_t* at, uint64_t value, size_t bytes) {
  memcpy(at, &value, bytes);
  return at + bytes;
}

}  // namespace

std::array<FseCode, 3> LiteralsCode::make_weight_codes() {
  return {FseCode(kWeightLog, kSparse), FseCode(kWeightLog, kHalf), FseCode(kWeightLog, kDense)};
}

// Four counters a symbol, in turn: equal neighbours would wait for each other.
void LiteralsCode::count(Bytes literals) {
  std::array<std::array<uint16_t, kSymbols>, 4> counts{};
  size_t i = 0;
  for (; i + 4 <= literals.size(); i += 4)
    for (size_t lane = 0; lane < 4; ++lane) ++counts[lane][literals[i + lane]];
  for (; i < literals.size(); ++i) ++counts[0][literals[i]];
  for (size_t s = 0; s < kSymbols; ++s)
    count_[s] = static_cast<uint16_t>(counts[0][s] + counts[1][s] + counts[2][s] + counts[3][s]);
  distinct_ = 0;
  for (size_t s = 0; s < kSymbols; ++s) {
    present_[distinct_ % kSymbols] = static_cast<uint8_t>(s);
    distinct_ += count_[s] != 0;
  }
}

// First the shortest length that is not too short for each symbol, as Shannon has it. The room
// that leaves goes to the symbols to which it is worth most, until the code is complete. False
// where lengths beyond the format's limit would be needed.
bool LiteralsCode::choose_lengths(uint32_t total) {
  constexpr uint32_t kRoom = 1u << kMaxBits;
  // In sixteenths of what a symbol's length is right for: 16 to 31, counted from 0.
  constexpr uint32_t kWorths = 16;
  std::array<uint8_t, kSymbols> worth;
  std::array<uint16_t, kWorths + 1> begin{};
  const auto total_width = static_cast<uint32_t>(std::bit_width(total));
  const uint32_t inverse = (1u << 20) / total;
  length_.fill(0);
  uint32_t used = 0;
  for (size_t i = 0; i < distinct_; ++i) {
    const uint32_t n = count_[present_[i]];
    // n < total <= 4096: from 1 to kMaxBits + 1. No branch, here or below: what is coded is just
    // what could not be foretold.
    uint32_t length = total_width - static_cast<uint32_t>(std::bit_width(n | 1));
    length += n << length < total;
    length -= length > kMaxBits;
    length_[present_[i]] = static_cast<uint8_t>(length);
    used += kRoom >> length;
    // Below 32, as n << (length - 1) < total; below 16 where the limit cut the length.
    const int over = static_cast<int>(((n << length) * inverse) >> 16) - 16;
    worth[i] = static_cast<uint8_t>(over & ~(over >> 31));
    ++begin[kWorths - worth[i]];
  }
  if (used > kRoom) return false;

  // The most worth first.
  std::array<uint8_t, kSymbols> order;
  for (size_t w = 1; w <= kWorths; ++w) begin[w] = static_cast<uint16_t>(begin[w] + begin[w - 1]);
  for (size_t i = 0; i < distinct_; ++i) order[begin[kWorths - 1 - worth[i]]++] = present_[i];
  // The unit of the longest length divides the room that is left, so each round takes some.
  for (uint32_t left = kRoom - used; left != 0;)
    for (size_t i = 0; i < distinct_ && left != 0; ++i) {
      uint8_t& length = length_[order[i]];
      const uint32_t unit = kRoom >> length;
      if (unit > left || length == 1) continue;
      left -= unit;
      --length;
    }
  // One bit a length, so that none is compared with another.
  uint32_t lengths = 0;
  for (size_t i = 0; i < distinct_; ++i) lengths |= 1u << length_[present_[i]];
  longest_ = static_cast<uint32_t>(std::bit_width(lengths)) - 1;
  return true;
}

// Canonical: the longest first, among equals by symbol.
void LiteralsCode::number_codes() {
  std::array<uint32_t, kMaxBits + 1> next{};
  for (size_t i = 0; i < distinct_; ++i) ++next[length_[present_[i]]];
  uint32_t code = 0;
  for (uint32_t length = longest_; length > 0; --length) {
    const uint32_t many = next[length];
    next[length] = code;
    code = (code + many) >> 1;
  }
  for (size_t i = 0; i < distinct_; ++i) {
    const uint8_t symbol = present_[i];
    const uint32_t length = length_[symbol];
    code_[symbol] = next[length]++ | length << 16;
  }
}

// The weights of all symbols but the last, which follows from them; nullptr where they take more
// than the format has room for. Two states take turns; what is left in them at the end are the
// last two weights.
uint8_t* LiteralsCode::describe(uint8_t* out) const {
  const size_t weights = present_[distinct_ - 1];
  const auto weight = [&](size_t symbol) {
    return length_[symbol] == 0 ? 0u : longest_ + 1 - length_[symbol];
  };
  if (weights < 2) {
    *out++ = static_cast<uint8_t>(127 + weights);
    *out++ = static_cast<uint8_t>(weight(0) << 4);
    return out;
  }
  // By the share of symbols that occur.
  const FseCode& code = weights_[std::min<size_t>(distinct_ * 4 / (weights + 1), 2)];
  uint8_t* at = out + 1;
  memcpy(at, code.description().data(), code.description().size());
  at += code.description().size();
  BitWriter writer(at);
  std::array<uint32_t, 2> state;
  state[(weights - 1) & 1] = code.initial_state(weight(weights - 1));
  state[weights & 1] = code.initial_state(weight(weights - 2));
  for (size_t i = weights - 2; i-- > 0;) {
    const FseCode::Transition transition = code.encode(weight(i), state[i & 1]);
    state[i & 1] = transition.next_state();
    writer.add(transition.bits(), transition.nb_bits());
    writer.flush();
  }
  writer.add(state[1], kWeightLog);
  writer.add(state[0], kWeightLog);
  writer.add(1, 1);
  at = writer.finish();
  const auto size = static_cast<size_t>(at - out - 1);
  if (size >= 128) return nullptr;
  *out = static_cast<uint8_t>(size);
  return at;
}

// Backward, as the decoder reads from the end.
uint8_t* LiteralsCode::write_stream(Bytes literals, uint8_t* out) const {
  BitWriter writer(out);
  const auto add = [&](uint8_t symbol) { writer.add(code_[symbol] & 0xffff, code_[symbol] >> 16); };
  size_t i = literals.size();
  for (; i % 4 != 0; --i) add(literals[i - 1]);
  writer.flush();
  for (; i > 0; i -= 4) {
    add(literals[i - 1]);
    add(literals[i - 2]);
    add(literals[i - 3]);
    add(literals[i - 4]);
    writer.flush();
  }
  writer.add(1, 1);
  return writer.finish();
}

uint8_t* LiteralsCode::write(Bytes literals, uint8_t* out) {
  const auto total = static_cast<uint32_t>(literals.size());
  if (total < kFewLiterals) return nullptr;
  count(literals);
  if (distinct_ < 2 || !choose_lengths(total)) return nullptr;
  uint64_t bits = 0;
  for (size_t i = 0; i < distinct_; ++i)
    bits += uint64_t{count_[present_[i]]} * length_[present_[i]];
  // The description takes about half a byte a symbol; a decoder's time should gain something.
  if (bits / 8 + distinct_ / 2 + total / 64 + 10 > total) return nullptr;

  const bool one = total <= kMaxInOneStream;
  uint8_t* const content = out + (one ? 3 : 4);
  uint8_t* at = describe(content);
  if (at == nullptr) return nullptr;
  number_codes();
  if (one) {
    at = write_stream(literals, at);
  } else {
    uint8_t* const sizes = at;
    at += (kStreams - 1) * sizeof(uint16_t);
    const size_t part = (total + kStreams - 1) / kStreams;
    for (size_t i = 0; i < kStreams; ++i) {
      uint8_t* const from = at;
      at = write_stream(literals.subspan(i * part, i + 1 < kStreams ? part : total - i * part), at);
      if (i + 1 < kStreams)
        put(sizes + i * sizeof(uint16_t), static_cast<uint64_t>(at - from), sizeof(uint16_t));
    }
  }
  const auto size = static_cast<uint64_t>(at - content);
  if (size + 8 > total) return nullptr;
  if (one)
    put(out, kCompressed | uint64_t{total} << 4 | size << 14, 3);
  else
    put(out, kCompressed | 2u << 2 | uint64_t{total} << 4 | size << 18, 4);
  return at;
}

}  // namespace kdump

// Inflate without tables beyond the counts of a canonical code: a page takes some 40 us, which is
// enough for a command on a file.
#include <array>

#include "filter/dump_file/decode_output.h"
#include "filter/dump_file/peer_decoders.h"

namespace kdump {
namespace {

constexpr unsigned kMaxBits = 15;
constexpr unsigned kLiterals = 288, kDistances = 30, kLengthCodes = 19;

// A canonical Huffman code: how many codes of each length, and the symbols in the order of their
// codes.
struct Code {
  std::array<uint16_t, kMaxBits + 1> count{};
  std::array<uint16_t, kLiterals> symbol{};

  // False, where the lengths promise more codes than there are. Fewer are allowed: an unused one is
  // found when it is read.
  bool build(std::span<const uint8_t> lengths) {
    count = {};
    for (const uint8_t length : lengths) ++count[length];
    count[0] = 0;
    int left = 1;
    for (unsigned bits = 1; bits <= kMaxBits; ++bits) {
      left = 2 * left - count[bits];
      if (left < 0) return false;
    }
    std::array<uint16_t, kMaxBits + 2> offset{};
    for (unsigned bits = 1; bits <= kMaxBits; ++bits)
      offset[bits + 1] = static_cast<uint16_t>(offset[bits] + count[bits]);
    for (size_t i = 0; i < lengths.size(); ++i)
      if (lengths[i] != 0) symbol[offset[lengths[i]]++] = static_cast<uint16_t>(i);
    return true;
  }
};

class Inflate {
 public:
  Inflate(Bytes in, MutableBytes out) : in_(in), out_(out) {}
  const char* run();

 private:
  const char* stored_block();
  const char* compressed_block();
  const char* read_codes();
  const char* fixed_codes();

  uint32_t bits(unsigned count) {
    while (held_ < count) {
      if (at_ == in_.size()) {
        is_short_ = true;
        return 0;
      }
      buffer_ |= uint32_t{in_[at_++]} << held_;
      held_ += 8;
    }
    const uint32_t value = buffer_ & ((1u << count) - 1);
    buffer_ >>= count;
    held_ -= count;
    return value;
  }
  // -1: there is no such code, or the data ends.
  int decode(const Code& code) {
    int value = 0, first = 0, index = 0;
    for (unsigned length = 1; length <= kMaxBits; ++length) {
      value |= static_cast<int>(bits(1));
      if (is_short_) return -1;
      const int count = code.count[length];
      if (value - count < first) return code.symbol[static_cast<size_t>(index + value - first)];
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    return -1;
  }

  Bytes in_;
  DecodeOutput out_;
  size_t at_ = 0;
  uint32_t buffer_ = 0;
  unsigned held_ = 0;
  bool is_short_ = false;
  Code literals_, distances_;
};

constexpr char kBadCode[] = "a Huffman code is invalid";

uint32_t adler32(Bytes bytes) {
  constexpr uint32_t kBase = 65521;
  uint32_t low = 1, high = 0;
  for (const uint8_t byte : bytes) {
    low = (low + byte) % kBase;
    high = (high + low) % kBase;
  }
  return high << 16 | low;
}

const char* Inflate::run() {
  if (in_.size() < 2) return kTooShort;
  const unsigned method = in_[0], flags = in_[1];
  if ((method & 15) != 8 || (method << 8 | flags) % 31 != 0 || flags & 0x20)
    return "no zlib header";
  at_ = 2;
  for (bool is_last = false; !is_last;) {
    is_last = bits(1) != 0;
    const uint32_t type = bits(2);
    if (is_short_) return kTooShort;
    const char* fault = nullptr;
    if (type == 0)
      fault = stored_block();
    else if (type == 3)
      fault = "a block of unknown type";
    else if (fault = type == 1 ? fixed_codes() : read_codes(); !fault)
      fault = compressed_block();
    if (is_short_) return kTooShort;
    if (fault) return fault;
  }
  if (!out_.is_full()) return kLessThanAPage;
  if (in_.size() - at_ < 4) return kTooShort;
  if (__builtin_bswap32(load<uint32_t>(in_.data() + at_)) != adler32(out_.all()))
    return "its Adler-32 does not match";
  return nullptr;
}

const char* Inflate::stored_block() {
  buffer_ = held_ = 0;
  if (in_.size() - at_ < 4) return kTooShort;
  const auto size = load<uint16_t>(in_.data() + at_), check = load<uint16_t>(in_.data() + at_ + 2);
  at_ += 4;
  if (size != static_cast<uint16_t>(~check)) return "a stored block's length is invalid";
  if (in_.size() - at_ < size) return kTooShort;
  at_ += size;
  return out_.append(in_.subspan(at_ - size, size)) ? nullptr : kTooLong;
}

const char* Inflate::fixed_codes() {
  std::array<uint8_t, kLiterals> lengths;
  for (size_t i = 0; i < lengths.size(); ++i)
    lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  std::array<uint8_t, kDistances> same;
  same.fill(5);
  return literals_.build(lengths) && distances_.build(same) ? nullptr : kBadCode;
}

const char* Inflate::read_codes() {
  constexpr uint8_t kOrder[kLengthCodes] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                            11, 4,  12, 3, 13, 2, 14, 1, 15};
  const size_t literals = bits(5) + 257, distances = bits(5) + 1, given = bits(4) + 4;
  if (literals > 286 || distances > kDistances) return "too many Huffman codes";
  std::array<uint8_t, kLiterals + kDistances> lengths{};
  for (size_t i = 0; i < given; ++i) lengths[kOrder[i]] = static_cast<uint8_t>(bits(3));
  Code code;
  if (!code.build(std::span(lengths).first(kLengthCodes))) return kBadCode;
  lengths = {};
  for (size_t at = 0; at < literals + distances;) {
    const int symbol = decode(code);
    if (symbol < 0) return kBadCode;
    if (symbol < 16) {
      lengths[at++] = static_cast<uint8_t>(symbol);
      continue;
    }
    if (symbol == 16 && at == 0) return kBadCode;
    const uint8_t repeated = symbol == 16 ? lengths[at - 1] : 0;
    size_t count = symbol == 16 ? 3 + bits(2) : symbol == 17 ? 3 + bits(3) : 11 + bits(7);
    if (count > literals + distances - at) return kBadCode;
    while (count-- > 0) lengths[at++] = repeated;
  }
  const std::span all(lengths);
  return literals_.build(all.first(literals)) && distances_.build(all.subspan(literals, distances))
             ? nullptr
             : kBadCode;
}

const char* Inflate::compressed_block() {
  constexpr uint16_t kLength[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                  31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
  constexpr uint8_t kLengthBits[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                     2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
  constexpr uint16_t kDistance[] = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                    33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                    1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
  for (;;) {
    const int symbol = decode(literals_);
    if (symbol < 0) return kBadCode;
    if (symbol == 256) return nullptr;
    if (symbol < 256) {
      if (!out_.append(bytes_of(static_cast<uint8_t>(symbol)))) return kTooLong;
      continue;
    }
    const auto length = static_cast<size_t>(symbol - 257);
    if (length >= std::size(kLength)) return kBadCode;
    const size_t size = kLength[length] + bits(kLengthBits[length]);
    const int distance = decode(distances_);
    if (distance < 0) return kBadCode;
    const unsigned extra = distance < 4 ? 0 : static_cast<unsigned>(distance) / 2 - 1;
    if (!out_.copy(kDistance[distance] + bits(extra), size)) return kTooLong;
  }
}

}  // namespace

const char* decode_zlib(Bytes in, MutableBytes out) { return Inflate(in, out).run(); }

}  // namespace kdump

// Frames as RFC 8878 describes them: one segment, the size of the content, no checksum; a
// compressed or raw block for each 4 KiB.
#include "filter/zstd_page/page_encoder.h"

namespace kdump {
namespace {

constexpr uint32_t kMagic = 0xfd2fb528;
// A single segment, its size in two bytes, from which 256 was taken.
constexpr uint8_t kDescriptor = 0x60;
constexpr uint32_t kSizeBias = 256;
constexpr size_t kFrameHeaderBytes = 7;
constexpr size_t kBlockHeaderBytes = 3;
enum class BlockType : uint32_t { raw = 0, compressed = 2 };

// The low `bytes` bytes of value. Four are written, in one store; what follows comes later.
uint8_t* put(uint8_t* at, uint32_t value, size_t bytes) {
  memcpy(at, &value, sizeof value);
  return at + bytes;
}

uint8_t* put_block(uint8_t* at, Bytes content, BlockType type, bool last) {
  const auto size = static_cast<uint32_t>(content.size());
  at = put(at, uint32_t{last} | static_cast<uint32_t>(type) << 1 | size << 3, kBlockHeaderBytes);
  memcpy(at, content.data(), content.size());
  return at + content.size();
}

}  // namespace

size_t PageEncoder::encode(Bytes page, Aim aim, MutableBytes out) {
  return encode(page, aim, out, false);
}

size_t PageEncoder::encode_repeated_word(Bytes page, MutableBytes out) {
  return encode(page, Aim::fast, out, true);
}

size_t PageEncoder::encode(Bytes page, Aim aim, MutableBytes out, bool repeated_word) {
  uint8_t* at = put(out.data(), kMagic, sizeof kMagic);
  *at++ = kDescriptor;
  at = put(at, static_cast<uint32_t>(page.size()) - kSizeBias, 2);
  static_assert(sizeof kMagic + 1 + 2 == kFrameHeaderBytes);

  matcher_.start_frame();
  while (!page.empty()) {
    const Bytes from = page.first(kBlockBytes);
    page = page.subspan(kBlockBytes);
    if (repeated_word)
      matcher_.match_repeated_word(from);
    else
      matcher_.match(
          from, aim == Aim::small ? WordMatcher::Search::every_byte : WordMatcher::Search::words);
    const Bytes block = make_block(aim);
    const bool shrinks = block.size() < kBlockBytes;
    if (!shrinks) matcher_.forget_block();
    const Bytes content = shrinks ? block : from;
    const auto left = static_cast<size_t>(out.data() + out.size() - at);
    if (kBlockHeaderBytes + content.size() >= left) return 0;
    at = put_block(at, content, shrinks ? BlockType::compressed : BlockType::raw, page.empty());
  }
  return static_cast<size_t>(at - out.data());
}

uint8_t* PageEncoder::put_literals(Aim aim) {
  const Bytes literals = matcher_.literals();
  if (aim == Aim::small)
    if (uint8_t* const end = literals_.write(literals, block_.data())) return end;
  const auto size = static_cast<uint32_t>(literals.size());
  uint8_t* at = block_.data();
  if (size < 32)
    at = put(at, size << 3, 1);
  else
    at = put(at, size << 4 | 0b0100 | (size >= 4096 ? 0b1000 : 0), size >= 4096 ? 3 : 2);
  memcpy(at, literals.data(), size);
  return at + size;
}

// Literals, then the sequences.
Bytes PageEncoder::make_block(Aim aim) {
  uint8_t* const at = put_literals(aim);
  const std::span<const Sequence> sequences = matcher_.sequences();
  const SequenceCode& code = sequences.size() < kFewSequences ? few_ : many_;
  const bool fitted = aim == Aim::small && sequences.size() >= kFewSequences;
  const uint8_t* const end = fitted ? write_fitted(sequences, at) : code.write(sequences, at);
  return Bytes(block_).first(static_cast<size_t>(end - block_.data()));
}

}  // namespace kdump

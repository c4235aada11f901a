#include "filter/dump/output/chunk_sums.h"

#include <algorithm>

#include "filter/base/crc32c.h"

namespace kdump {
namespace {

// 16 KiB of sums; of a file of 64 GiB each is of 16 MiB.
constexpr size_t kMaxChunks = 4096;

}  // namespace

void ChunkSums::add(uint64_t offset, Bytes data) {
  if (data.empty()) return;
  if (offset == 0 && data.size() <= FlattenedSink::kMaxHeaderBytes) {
    // Added once more the old one is gone: its sum and itself cancel each other.
    std::vector<uint8_t> before(std::max(header_.size(), data.size()));
    std::ranges::copy(header_, before.begin());
    std::vector<uint8_t> after = before;
    std::ranges::copy(data, after.begin());
    for (size_t i = 0; i < before.size(); ++i) before[i] ^= after[i];
    header_ = std::move(after);
    end_ = std::max<uint64_t>(end_, header_.size());
    return add_piece(0, before);
  }
  end_ = std::max(end_, offset + data.size());
  while (!data.empty()) {
    while (offset / chunk_bytes_ >= kMaxChunks) double_chunks();
    const uint64_t left = chunk_bytes_ - offset % chunk_bytes_;
    const Bytes piece = data.first(std::min<uint64_t>(left, data.size()));
    add_piece(offset, piece);
    offset += piece.size();
    data = data.subspan(piece.size());
  }
}

// Within one chunk.
void ChunkSums::add_piece(uint64_t offset, Bytes data) {
  const uint64_t chunk = offset / chunk_bytes_;
  const uint64_t behind = chunk_bytes_ - offset % chunk_bytes_ - data.size();
  if (sums_.size() <= chunk) sums_.resize(chunk + 1);
  sums_[chunk] ^= crc32c_before_zeros(linear_crc32c(data), behind);
}

void ChunkSums::double_chunks() {
  sums_.resize((sums_.size() + 1) / 2 * 2);
  for (size_t i = 0; i < sums_.size() / 2; ++i)
    sums_[i] = crc32c_before_zeros(sums_[2 * i], chunk_bytes_) ^ sums_[2 * i + 1];
  sums_.resize(sums_.size() / 2);
  chunk_bytes_ *= 2;
}

uint32_t ChunkSums::sum(uint64_t chunk) const { return sums_[chunk]; }

}  // namespace kdump

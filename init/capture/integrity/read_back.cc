#include "init/capture/integrity/read_back.h"

#include <algorithm>
#include <array>

#include "filter/base/crc32c.h"

namespace kdump {
namespace {

constexpr uint64_t kSampleBytes = 32 << 20, kMaxSamples = 16;
// Of one read: a step between two signs of life.
constexpr uint64_t kPieceBytes = 1 << 20;

}  // namespace

uint64_t ReadBack::bytes_of(uint64_t chunk) const {
  return std::min(sums_.chunk_bytes(), sums_.end() - chunk * sums_.chunk_bytes());
}

// A disk or a server that has gone says nothing of the dump on it; a sector that cannot be read,
// while others can, does.
Result<> ReadBack::read(uint64_t offset, MutableBytes out) {
  const Result<> first = file_.read_back(offset, out);
  if (first || first.error().kind != Kind::io) return first;
  std::array<uint8_t, 1> beginning;
  if (!file_.read_back(0, beginning)) return first;
  const Result<> again = file_.read_back(offset, out);
  if (again || again.error().kind != Kind::io) return again;
  return fail(Kind::corrupt, "a part of it cannot be read back: %s", again.error().text);
}

Result<> ReadBack::check_chunk(uint64_t chunk, Sha256* sha) {
  const uint64_t begin = chunk * sums_.chunk_bytes(), size = bytes_of(chunk);
  // Taken once: a new one each time would cost more than reading does.
  piece_.resize(std::max(piece_.size(), std::min(kPieceBytes, size)));
  uint32_t sum = 0;
  for (uint64_t done = 0; done < size;) {
    const MutableBytes part(piece_.data(), std::min<uint64_t>(piece_.size(), size - done));
    progress_.tick();
    // A sample is small, and the dump's name depends on it.
    if (sha) TRY(progress_.may_go_on());
    TRY(read(begin + done, part));
    sum = crc32c_before_zeros(sum, part.size()) ^ linear_crc32c(part);
    if (sha) sha->update(part);
    done += part.size();
  }
  if (crc32c_before_zeros(sum, sums_.chunk_bytes() - size) == sums_.sum(chunk)) return {};
  return fail(Kind::corrupt,
              "what is read back is not what was written, between offsets %#" PRIx64
              " and %#" PRIx64,
              begin, begin + size);
}

Result<uint64_t> ReadBack::sample() {
  const uint64_t chunks = sums_.chunks();
  if (chunks == 0) return uint64_t{0};
  const uint64_t wanted = std::clamp<uint64_t>(kSampleBytes / sums_.chunk_bytes(), 2, kMaxSamples);
  const uint64_t samples = std::min(wanted, chunks);
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < samples; ++i) {
    // The last is chunks - 1.
    const uint64_t chunk = samples == 1 ? 0 : i * (chunks - 1) / (samples - 1);
    TRY(check_chunk(chunk, nullptr));
    bytes += bytes_of(chunk);
  }
  return bytes;
}

Result<std::optional<std::string>> ReadBack::whole(Sys& sys, int64_t at_most_ms) {
  const int64_t until_ms = sys.monotonic_ms() + at_most_ms;
  Sha256 sha;
  for (uint64_t chunk = 0; chunk < sums_.chunks(); ++chunk) {
    if (sys.monotonic_ms() > until_ms) return std::optional<std::string>();
    TRY(check_chunk(chunk, &sha));
  }
  return std::optional(sha.finish());
}

}  // namespace kdump

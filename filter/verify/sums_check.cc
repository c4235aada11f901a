#include "filter/verify/sums_check.h"

#include <elf.h>

#include <algorithm>
#include <bit>
#include <optional>

#include "filter/base/crc32c.h"
#include "filter/dump_file/kdump_format.h"
#include "filter/dump_file/sums_format.h"

namespace kdump {
namespace {

using namespace sums_format;

constexpr uint64_t kStep = 1 << 20;
constexpr uint64_t kPage = 4096;  // for progress

// How much of a mark is there: none of it in the dumps of others; all but a byte where one byte is
// damaged.
enum class Mark : uint8_t { absent, damaged, whole };

Mark compare_mark(Bytes found, Bytes mark) {
  size_t same = 0;
  for (size_t i = 0; i < mark.size(); ++i) same += found[i] == mark[i];
  if (same == mark.size()) return Mark::whole;
  return 2 * same >= mark.size() ? Mark::damaged : Mark::absent;
}

template <size_t size>
Bytes as_bytes(const char (&mark)[size]) {
  return {reinterpret_cast<const uint8_t*>(mark), size};
}

class SumsCheck {
 public:
  SumsCheck(const DumpFile& file, Progress& progress, DumpCheck& check)
      : file_(file),
        progress_(progress),
        check_(check),
        buffer_(std::clamp<uint64_t>(file.file_bytes(), kPage, kStep)) {}

  void run() {
    if (file_.is_flattened()) check_stream();
    const Result<std::optional<Place>> place = find_place();
    if (!place) return damage(place.error());
    if (!*place) return;
    const auto trailer = read_trailer(**place);
    if (!trailer) return damage(trailer.error());
    check_chunks(*trailer);
    if (check_.sums == DumpCheck::Sums::none) check_.sums = DumpCheck::Sums::match;
  }

 private:
  struct Place {
    uint64_t offset = 0, bytes = 0;  // bytes 0: as the trailer says
  };

  void damage(const Error& error) {
    check_.sums = DumpCheck::Sums::differ;
    check_.damage("%s", error.text);
  }
  void check_stream();
  Result<std::optional<Place>> find_place();
  Result<std::optional<Place>> find_in_kdump();
  Result<std::optional<Place>> find_in_elf();
  Result<Trailer> read_trailer(const Place& place);
  void check_chunks(const Trailer& trailer);
  Result<uint32_t> sum_of(uint64_t begin, uint64_t end);

  const DumpFile& file_;
  Progress& progress_;
  DumpCheck& check_;
  std::vector<uint8_t> buffer_;
  std::vector<uint8_t> trailer_;
};

// The stream as it lies in its file: its records' heads are no part of the dump.
void SumsCheck::check_stream() {
  uint8_t found[sizeof kStreamMark] = {};
  if (const auto read = file_.read_stream_at(kStreamMarkOffset, found); !read)
    return damage(read.error());
  const Mark mark = compare_mark(found, as_bytes(kStreamMark));
  if (mark == Mark::absent) return;
  uint32_t sum = 0;
  for (uint64_t at = 0; at < file_.stream_end(); at += buffer_.size()) {
    const MutableBytes part =
        MutableBytes(buffer_).first(std::min(buffer_.size(), file_.stream_end() - at));
    if (const auto read = file_.read_stream_at(at, part); !read) return damage(read.error());
    sum = crc32c_before_zeros(sum, part.size()) ^ linear_crc32c(part);
    progress_.update(Phase::finish, at / kPage, file_.stream_end() / kPage, at);
  }
  StreamEnd end{};
  const auto read =
      file_.read_stream_at(file_.stream_end(), {reinterpret_cast<uint8_t*>(&end), sizeof end});
  const bool is_good = read && mark == Mark::whole && end.crc == sum && end.crc_inverted == ~sum &&
                       compare_mark(as_bytes(end.magic), as_bytes(kStreamEndMagic)) == Mark::whole;
  if (!is_good)
    damage(
        fail(Kind::corrupt, "the stream's records do not have the checksum behind them").error());
}

Result<std::optional<SumsCheck::Place>> SumsCheck::find_place() {
  return check_.format == DumpCheck::Format::kdump ? find_in_kdump() : find_in_elf();
}

Result<std::optional<SumsCheck::Place>> SumsCheck::find_in_kdump() {
  Announcement found{};
  if (!file_.read_at(kAnnouncementOffset, {reinterpret_cast<uint8_t*>(&found), sizeof found}))
    return std::nullopt;
  const Mark mark = compare_mark(as_bytes(found.magic), as_bytes(kAnnouncementMagic));
  if (mark == Mark::absent) return std::nullopt;
  const uint32_t crc = std::exchange(found.crc, 0);
  if (mark != Mark::whole || crc != linear_crc32c(bytes_of(found)))
    return fail(Kind::corrupt,
                "the announcement of the checksums, at offset %" PRIu64 ", is damaged",
                kAnnouncementOffset);
  return Place{found.trailer_offset, found.trailer_bytes};
}

Result<std::optional<SumsCheck::Place>> SumsCheck::find_in_elf() {
  Elf64_Ehdr header{};
  if (!file_.read_at(0, {reinterpret_cast<uint8_t*>(&header), sizeof header})) return std::nullopt;
  const Mark mark = compare_mark(Bytes(header.e_ident).subspan(kIdentOffset), as_bytes(kIdentMark));
  if (mark == Mark::absent) return std::nullopt;
  // Of the three sections the second one is ours.
  Elf64_Shdr section{};
  const bool is_there = header.e_shoff < file_.end() &&
                        file_.read_at(header.e_shoff + sizeof section,
                                      {reinterpret_cast<uint8_t*>(&section), sizeof section});
  if (mark != Mark::whole || !is_there || header.e_shnum != 3 || header.e_shstrndx != 2 ||
      section.sh_offset >= header.e_shoff || header.e_shoff - section.sh_offset > kMaxTrailerBytes)
    return fail(Kind::corrupt, "the section of the checksums is damaged");
  return Place{section.sh_offset, 0};
}

Result<Trailer> SumsCheck::read_trailer(const Place& place) {
  Trailer trailer{};
  const auto damaged = [&] {
    return fail(Kind::corrupt, "the table of checksums at offset %#" PRIx64 " is damaged",
                place.offset);
  };
  if (!file_.read_at(place.offset, {reinterpret_cast<uint8_t*>(&trailer), sizeof trailer}))
    return damaged();
  if (trailer.total_bytes < sizeof trailer || trailer.total_bytes > kMaxTrailerBytes ||
      (place.bytes != 0 && trailer.total_bytes != place.bytes))
    return damaged();
  trailer_.resize(trailer.total_bytes);
  if (!file_.read_at(place.offset, trailer_)) return damaged();
  Trailer unsummed = trailer;
  unsummed.crc = 0;
  memcpy(trailer_.data(), &unsummed, sizeof unsummed);
  const uint64_t covered = trailer.covered_bytes, chunk = trailer.chunk_bytes;
  const bool is_good = memcmp(trailer.magic, kTrailerMagic, sizeof trailer.magic) == 0 &&
                       trailer.crc == linear_crc32c(trailer_) && covered == place.offset &&
                       chunk >= kMinChunk && std::has_single_bit(chunk) &&
                       trailer.chunks == covered / chunk + (covered % chunk != 0) &&
                       trailer.chunks <= (trailer_.size() - sizeof trailer) / sizeof(uint32_t);
  if (!is_good) return damaged();
  return trailer;
}

void SumsCheck::check_chunks(const Trailer& trailer) {
  for (uint64_t i = 0; i < trailer.chunks; ++i) {
    const uint64_t begin = i * trailer.chunk_bytes;
    const uint64_t end = std::min(begin + trailer.chunk_bytes, trailer.covered_bytes);
    const auto sum = sum_of(begin, end);
    const auto expected = load<uint32_t>(trailer_.data() + sizeof trailer + i * sizeof(uint32_t));
    if (sum && crc32c_before_zeros(*sum, trailer.chunk_bytes - (end - begin)) == expected) continue;
    check_.bad_ranges.push_back({begin, end});
    check_.sums = DumpCheck::Sums::differ;
    check_.damage("between offsets %#" PRIx64 " and %#" PRIx64 ": %s", begin, end,
                  sum ? "the checksum does not match" : sum.error().text);
  }
}

Result<uint32_t> SumsCheck::sum_of(uint64_t begin, uint64_t end) {
  uint32_t sum = 0;
  for (uint64_t at = begin; at < end;) {
    const uint64_t next = std::min(file_.next_data(at), end);
    sum = crc32c_before_zeros(sum, next - at);
    at = next;
    const MutableBytes part = MutableBytes(buffer_).first(std::min(buffer_.size(), end - at));
    // Beyond a stream's last byte its file has zeros.
    const size_t got = at < end ? TRY(file_.read_some_at(at, part)) : 0;
    if (got < part.size() && !file_.is_flattened())
      return fail(Kind::corrupt, "the dump ends at %#" PRIx64, at + got);
    std::ranges::fill(part.subspan(got), uint8_t{0});
    sum = crc32c_before_zeros(sum, part.size()) ^ linear_crc32c(part);
    at += part.size();
    check_.bytes_read += got;
    progress_.update(Phase::finish, at / kPage, file_.end() / kPage, at);
  }
  return sum;
}

}  // namespace

void check_sums(const DumpFile& file, Progress& progress, DumpCheck& check) {
  SumsCheck(file, progress, check).run();
}

}  // namespace kdump

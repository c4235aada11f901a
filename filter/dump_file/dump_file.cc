#include "filter/dump_file/dump_file.h"

#include <fcntl.h>

#include <algorithm>

namespace kdump {
namespace {

constexpr uint64_t kStreamHeaderBytes = 4096;
constexpr std::string_view kStreamSignature = "makedumpfile";
// Ours are of up to 1 MiB, makedumpfile's of a few: a stream of 100 GiB and more. Each takes some
// hundred bytes while it is looked at.
constexpr size_t kMaxRecords = 1 << 19;

}  // namespace

Result<DumpFile> DumpFile::open(Sys& sys, const std::string& path) {
  // A FIFO is not waited for.
  DumpFile dump(TRY(File::open(sys, path, O_RDONLY | O_NONBLOCK)));
  dump.file_bytes_ = dump.end_ = TRY(dump.file_.size());
  uint8_t head[kStreamSignature.size()];
  const size_t got = TRY(dump.file_.read_some_at(0, head));
  dump.is_flattened_ =
      std::string_view(reinterpret_cast<const char*>(head), got) == kStreamSignature;
  if (dump.is_flattened_) TRY(dump.read_records());
  return dump;
}

Result<> DumpFile::read_records() {
  end_ = 0;
  for (uint64_t at = kStreamHeaderBytes;;) {
    uint64_t head[2];
    const size_t got = TRY(file_.read_some_at(at, {reinterpret_cast<uint8_t*>(head), sizeof head}));
    if (got < sizeof head)
      return fail(Kind::corrupt, "the stream is truncated at %#" PRIx64 ": it has no end marker",
                  at);
    const uint64_t offset = __builtin_bswap64(head[0]), size = __builtin_bswap64(head[1]);
    at += sizeof head;
    stream_end_ = at;
    if (offset == UINT64_MAX && size == UINT64_MAX) return {};
    if (offset > INT64_MAX || size == 0 || size > INT64_MAX - offset)
      return fail(Kind::corrupt, "the stream's record at %#" PRIx64 " is invalid",
                  at - sizeof head);
    if (at > file_bytes_ || size > file_bytes_ - at)
      return fail(Kind::corrupt, "the stream is truncated in the record at %#" PRIx64,
                  at - sizeof head);
    if (pieces_.size() >= kMaxRecords)
      return fail(Kind::unsupported,
                  "the stream has more than %zu records: restore it first, with makedumpfile -R",
                  kMaxRecords);
    put(offset, {offset + size, at});
    end_ = std::max(end_, offset + size);
    at += size;
  }
}

// Later records win.
void DumpFile::put(uint64_t begin, Piece piece) {
  auto next = pieces_.lower_bound(begin);
  if (next != pieces_.begin()) {
    auto& [before_begin, before] = *std::prev(next);
    if (before.end > begin) {
      if (before.end > piece.end)
        pieces_[piece.end] = {before.end, before.at + (piece.end - before_begin)};
      before.end = begin;
    }
  }
  for (next = pieces_.lower_bound(begin); next != pieces_.end() && next->first < piece.end;) {
    if (next->second.end > piece.end)
      pieces_[piece.end] = {next->second.end, next->second.at + (piece.end - next->first)};
    next = pieces_.erase(next);
  }
  pieces_[begin] = piece;
}

Result<size_t> DumpFile::read_some_at(uint64_t offset, MutableBytes out) const {
  if (offset >= end_) return size_t{0};
  const auto size = static_cast<size_t>(std::min<uint64_t>(out.size(), end_ - offset));
  if (!is_flattened_) return file_.read_some_at(offset, out.first(size));
  std::ranges::fill(out.first(size), 0);
  auto piece = pieces_.upper_bound(offset);
  if (piece != pieces_.begin()) --piece;
  for (; piece != pieces_.end() && piece->first < offset + size; ++piece) {
    const uint64_t begin = std::max(offset, piece->first);
    const uint64_t end = std::min(offset + size, piece->second.end);
    if (begin < end)
      TRY(file_.read_at(piece->second.at + (begin - piece->first),
                        out.subspan(begin - offset, end - begin)));
  }
  return size;
}

uint64_t DumpFile::next_data(uint64_t offset) const {
  if (!is_flattened_) return file_.next_data(offset, end_);
  const auto next = pieces_.upper_bound(offset);
  if (next != pieces_.begin() && std::prev(next)->second.end > offset) return offset;
  return next == pieces_.end() ? std::max(offset, end_) : next->first;
}

Result<Bytes> DumpCursor::at(uint64_t offset, size_t size) {
  const bool is_there = offset >= begin_ && size <= size_ && offset - begin_ <= size_ - size;
  if (!is_there) {
    begin_ = offset;
    size_ = 0;
    size_ = TRY(file_.read_some_at(offset, buffer_));
    bytes_read_ += size_;
    if (size_ < size) return fail(Kind::corrupt, "the dump ends at %#" PRIx64, offset + size_);
  }
  return Bytes(buffer_).subspan(offset - begin_, size);
}

}  // namespace kdump

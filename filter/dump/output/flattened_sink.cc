#include "filter/dump/output/flattened_sink.h"

#include <algorithm>

#include "filter/base/crc32c.h"
#include "filter/dump_file/sums_format.h"

namespace kdump {
namespace {

// The stream's own header fills this much; its fields, as those of the records, are big-endian.
constexpr size_t kStreamHeaderBytes = 4096;
constexpr char kSignature[16] = "makedumpfile";
constexpr uint64_t kType = 1;
constexpr uint64_t kVersion = 1;

struct Record {
  uint64_t offset_be;
  uint64_t size_be;
};

constexpr uint64_t to_big_endian(uint64_t value) { return __builtin_bswap64(value); }

}  // namespace

Result<> FlattenedSink::write_at(uint64_t offset, Bytes data) {
  const bool is_header = offset == 0 && data.size() <= kMaxHeaderBytes;
  if (is_header) {
    std::ranges::copy(data, header_.begin());
    header_size_ = std::max(header_size_, data.size());
  }
  if (position_ == 0) TRY(start());
  // A record of no bytes would read as the end of the stream.
  if (is_header || data.empty()) return {};
  return write_record(offset, data);
}

Result<> FlattenedSink::finish() {
  if (position_ == 0) TRY(start());
  if (header_size_ != 0) TRY(write_record(0, Bytes(header_).first(header_size_)));
  // In one write: a reader may close the pipe as soon as it has the marker.
  struct {
    Record marker{UINT64_MAX, UINT64_MAX};
    sums_format::StreamEnd end{};
  } last;
  memcpy(last.end.magic, sums_format::kStreamEndMagic, sizeof last.end.magic);
  last.end.crc = sum_with(bytes_of(last.marker));
  last.end.crc_inverted = ~last.end.crc;
  return append(bytes_of(last));
}

Result<> FlattenedSink::start() {
  std::array<uint8_t, kStreamHeaderBytes> block{};
  const uint64_t fields[2] = {to_big_endian(kType), to_big_endian(kVersion)};
  memcpy(block.data(), kSignature, sizeof kSignature);
  memcpy(block.data() + sizeof kSignature, fields, sizeof fields);
  memcpy(block.data() + sums_format::kStreamMarkOffset, sums_format::kStreamMark,
         sizeof sums_format::kStreamMark);
  memcpy(block.data() + kProvisionalOffset, header_.data(), header_size_);
  return append(block);
}

Result<> FlattenedSink::write_record(uint64_t offset, Bytes data) {
  TRY(append(bytes_of(Record{to_big_endian(offset), to_big_endian(data.size())})));
  return append(data);
}

uint32_t FlattenedSink::sum_with(Bytes data) const {
  return crc32c_before_zeros(sum_, data.size()) ^ linear_crc32c(data);
}

Result<> FlattenedSink::append(Bytes data) {
  if (failed_) return std::unexpected(*failed_);
  const Result<> written = stream_.write_at(position_, data);
  if (!written) {
    failed_ = written.error();
    return written;
  }
  sum_ = sum_with(data);
  position_ += data.size();
  return {};
}

}  // namespace kdump

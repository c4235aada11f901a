// A finished dump as its readers see it: bytes at offsets, whether it lies so in its file or as a
// stream of records (flattened), in which gaps read as zeros. Not here: what the bytes mean
// (kdump_file.h, elf_core.h).
#pragma once

#include <map>
#include <vector>

#include "filter/base/file.h"

namespace kdump {

class DumpFile final : public ByteSource {
 public:
  // Opens a dump; reads the header of every record of a flattened one. Fails: io; corrupt, if the
  // stream is truncated or a record is invalid.
  static Result<DumpFile> open(Sys& sys, const std::string& path);

  const char* path() const override { return file_.path(); }
  Result<uint64_t> size() const override { return end_; }
  int mappable_fd() const override { return is_flattened_ ? -1 : file_.mappable_fd(); }
  bool is_flattened() const { return is_flattened_; }
  uint64_t file_bytes() const { return file_bytes_; }
  uint64_t end() const { return end_; }  // one past the highest byte
  // A flattened dump's file up to the end of its end marker, and bytes of it.
  uint64_t stream_end() const { return stream_end_; }
  Result<> read_stream_at(uint64_t offset, MutableBytes out) const {
    return file_.read_at(offset, out);
  }
  // Returns the first offset from `offset` on that a record of a stream covers, or that is not in a
  // hole of the file; what lies before it reads as zeros. At least end() if there is none.
  uint64_t next_data(uint64_t offset) const;
  Result<size_t> read_some_at(uint64_t offset, MutableBytes out) const override;

 private:
  struct Piece {
    uint64_t end = 0, at = 0;  // end in the dump; offset of its first byte in the file
  };

  explicit DumpFile(File file) : file_(std::move(file)) {}
  Result<> read_records();
  void put(uint64_t begin, Piece piece);

  File file_;
  uint64_t file_bytes_ = 0, end_ = 0, stream_end_ = 0;
  bool is_flattened_ = false;
  std::map<uint64_t, Piece> pieces_;  // by their begin in the dump; disjoint
};

// Reads a dump mostly forward, in large blocks.
class DumpCursor {
 public:
  explicit DumpCursor(const DumpFile& file, size_t buffer_bytes = 256 << 10)
      : file_(file), buffer_(buffer_bytes) {}
  // Returns `size` bytes at `offset`, valid until the next call. size: at most buffer_bytes. Fails:
  // corrupt, io.
  Result<Bytes> at(uint64_t offset, size_t size);
  uint64_t bytes_read() const { return bytes_read_; }

 private:
  const DumpFile& file_;
  std::vector<uint8_t> buffer_;
  uint64_t begin_ = 0;
  size_t size_ = 0;  // bytes in buffer_
  uint64_t bytes_read_ = 0;
};

}  // namespace kdump

// Keeps one checksum for each chunk of what is written to a file, to compare with what is read back
// later. Writes may come in any order. Memory does not grow with the file: chunks do.
#pragma once

#include <vector>

#include "filter/base/sink.h"
#include "filter/dump/output/flattened_sink.h"

namespace kdump {

class ChunkSums {
 public:
  // What a dump's header is written over (FlattenedSink::kMaxHeaderBytes) is the one range that
  // may be added again; no other byte twice.
  void add(uint64_t offset, Bytes data);

  uint64_t end() const { return end_; }  // one past the highest byte
  uint64_t chunk_bytes() const { return chunk_bytes_; }
  uint64_t chunks() const { return sums_.size(); }
  // Of the chunk's bytes, zeros where nothing was written, as linear_crc32c() gives it. The last
  // one ends at end().
  uint32_t sum(uint64_t chunk) const;

 private:
  void add_piece(uint64_t offset, Bytes data);
  void double_chunks();

  uint64_t chunk_bytes_ = 1 << 20;
  uint64_t end_ = 0;
  std::vector<uint32_t> sums_;  // each as if its chunk were whole
  std::vector<uint8_t> header_;
};

// Passes on what is written, and adds to the sums what was written whole.
class SummedSink final : public Sink {
 public:
  SummedSink(Sink& inner, ChunkSums& sums) : inner_(inner), sums_(sums) {}
  Result<> write_at(uint64_t offset, Bytes data) override {
    TRY(inner_.write_at(offset, data));
    sums_.add(offset, data);
    return {};
  }

 private:
  Sink& inner_;
  ChunkSums& sums_;
};

}  // namespace kdump

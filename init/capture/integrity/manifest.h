// SHA256SUMS: the checksums of a crash's files, as `sha256sum -c` reads them. Written last, beside
// them; read by `verify`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "filter/base/result.h"
#include "filter/base/sink.h"
#include "filter/crypto/sha256.h"

namespace kdump {

class Manifest {
 public:
  struct Entry {
    std::string name, sha256;
  };

  void add(std::string name, std::string sha256) {
    entries_.push_back({std::move(name), std::move(sha256)});
  }
  void remove(std::string_view name) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.name == name; });
  }
  // A line for people: what has no checksum, and why.
  void remark(std::string text) { remarks_.push_back(std::move(text)); }

  const std::vector<Entry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  std::string text() const;

  // What others have written: names with a '/' or a control character in them, and lines that are
  // none of ours, are refused. Fails: corrupt, with the line's number.
  static Result<Manifest> parse(std::string_view text);

 private:
  std::vector<Entry> entries_;
  std::vector<std::string> remarks_;
};

// Passes on what is written, and hashes it on the way: of streams, and of files that are written
// from begin to end.
class HashedSink final : public Sink {
 public:
  explicit HashedSink(Sink& inner) : inner_(inner) {}
  Result<> write_at(uint64_t offset, Bytes data) override {
    if (offset != end_) is_sequential_ = false;
    TRY(inner_.write_at(offset, data));
    end_ = offset + data.size();
    if (is_sequential_) sha_.update(data);
    return {};
  }
  // Whether all that was written came one after the other.
  bool is_sequential() const { return is_sequential_; }
  std::string finish() { return sha_.finish(); }

 private:
  Sink& inner_;
  Sha256 sha_;
  uint64_t end_ = 0;
  bool is_sequential_ = true;
};

}  // namespace kdump

// What the decompressors write to: literals and matches, which must stay within the page.
#pragma once

#include "filter/base/bytes.h"

namespace kdump {

class DecodeOutput {
 public:
  explicit DecodeOutput(MutableBytes out) : out_(out) {}

  bool is_full() const { return used_ == out_.size(); }
  MutableBytes all() const { return out_; }

  // False, where the output has no room for it.
  bool append(Bytes literals) {
    if (literals.size() > out_.size() - used_) return false;
    memcpy(out_.data() + used_, literals.data(), literals.size());
    used_ += literals.size();
    return true;
  }

  // Repeats `size` bytes from `distance` back, which may overlap what they become. False, where
  // they lie before the beginning or there is no room.
  bool copy(size_t distance, size_t size) {
    if (distance == 0 || distance > used_ || size > out_.size() - used_) return false;
    for (size_t i = 0; i < size; ++i, ++used_) out_[used_] = out_[used_ - distance];
    return true;
  }

 private:
  MutableBytes out_;
  size_t used_ = 0;
};

constexpr char kTooShort[] = "the data ends early";
constexpr char kTooLong[] = "more than a page, or a reference outside of it";
constexpr char kLessThanAPage[] = "less than a page";

}  // namespace kdump

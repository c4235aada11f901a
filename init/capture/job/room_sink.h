// Removes old dumps only when the new dump has really used up the space: an estimate removes
// nothing.
#pragma once

#include <cinttypes>
#include <functional>

#include "filter/base/sink.h"

namespace kdump {

class RoomSink final : public Sink {
 public:
  // room: bytes that are free without it. make_room: tries to free at least `bytes`, and returns
  // how many it freed.
  RoomSink(Sink& inner, uint64_t room, std::function<uint64_t(uint64_t bytes)> make_room)
      : inner_(inner), room_(room), make_room_(std::move(make_room)) {}

  Result<> write_at(uint64_t offset, Bytes data) override {
    const uint64_t taken = taken_ + data.size();
    if (taken > room_ && !is_over_) {
      room_ += make_room_(taken - room_);
      is_over_ = taken > room_;
    }
    // A small write, such as page descriptors, may still fit after a large one did not.
    if (taken > room_)
      return fail(Kind::no_space, "%" PRIu64 " bytes are written, and old dumps give no more room",
                  taken_);
    TRY(inner_.write_at(offset, data));
    taken_ = taken;
    return {};
  }

 private:
  Sink& inner_;
  uint64_t room_, taken_ = 0;
  std::function<uint64_t(uint64_t)> make_room_;
  bool is_over_ = false;  // make_room_ has not helped, and is not called again
};

}  // namespace kdump

// A move-only owner of a handle whose release cannot lose data. An operation that can lose data
// (sync, rename, unmount) is an explicit call elsewhere, never a destructor.
#pragma once

#include <utility>

namespace kdump {

// Traits: `using Handle = …; static constexpr Handle kNone; static void release(Handle)`.
template <class Traits>
class Owned {
 public:
  using Handle = typename Traits::Handle;

  Owned() = default;
  explicit Owned(Handle handle) : handle_(handle) {}
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, Traits::kNone)) {}
  Owned& operator=(Owned&& other) noexcept {
    if (this != &other) reset(std::exchange(other.handle_, Traits::kNone));
    return *this;
  }
  ~Owned() { reset(Traits::kNone); }

  Handle get() const { return handle_; }
  explicit operator bool() const { return handle_ != Traits::kNone; }
  Handle take() { return std::exchange(handle_, Traits::kNone); }

 private:
  void reset(Handle next) {
    if (handle_ != Traits::kNone) Traits::release(handle_);
    handle_ = next;
  }

  Handle handle_ = Traits::kNone;
};

}  // namespace kdump

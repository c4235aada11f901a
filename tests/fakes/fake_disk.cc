#include "tests/fakes/fake_disk.h"

#include <algorithm>

namespace kdump {

bool Survival::survives() {
  if (seed_ == 0) return false;
  if (seed_ == UINT64_MAX) return true;
  // splitmix64: any seed gives a fair coin.
  uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return (z ^ (z >> 31)) & 1;
}

void FakeContent::apply(const Change& change, std::vector<uint8_t>& to) {
  if (!change.bytes) {
    to.resize(change.offset_or_size);
    return;
  }
  to.resize(std::max<size_t>(to.size(), change.offset_or_size + change.bytes->size()));
  std::copy(change.bytes->begin(), change.bytes->end(), to.begin() + change.offset_or_size);
}

void FakeContent::make(Change change) {
  apply(change, now_);
  unsynced_.push_back(std::move(change));
}

void FakeContent::write(uint64_t offset, Bytes data) {
  make({offset, std::vector<uint8_t>(data.begin(), data.end())});
}

void FakeContent::truncate(uint64_t size) { make({size, std::nullopt}); }

void FakeContent::sync() {
  if (is_forgotten_) durable_ = now_, unsynced_.clear(), is_forgotten_ = false;
  for (const Change& change : unsynced_) apply(change, durable_);
  unsynced_.clear();
}

void FakeContent::power_cut(Survival& survival) {
  constexpr uint64_t kSector = 512;
  for (const Change& change : unsynced_) {
    if (!change.bytes) {
      if (survival.survives()) apply(change, durable_);
      continue;
    }
    for (uint64_t at = 0; at < change.bytes->size();) {
      const uint64_t offset = change.offset_or_size + at;
      const uint64_t size =
          std::min<uint64_t>(kSector - offset % kSector, change.bytes->size() - at);
      const auto from = change.bytes->begin() + at;
      if (survival.survives()) apply({offset, std::vector<uint8_t>(from, from + size)}, durable_);
      at += size;
    }
  }
  unsynced_.clear();
  now_ = durable_;
}

NodePtr FakeEntries::find(const std::string& name) const {
  const auto found = now_.find(name);
  return found == now_.end() ? nullptr : found->second;
}

void FakeEntries::apply(const Change& change, Map& to) {
  if (!change.removed.empty()) to.erase(change.removed);
  if (!change.added.empty()) to[change.added] = change.node;
}

void FakeEntries::make(Change change) {
  apply(change, now_);
  unsynced_.push_back(std::move(change));
}

void FakeEntries::rename(const std::string& from, const std::string& to) {
  make({.removed = from, .added = to, .node = find(from)});
}

void FakeEntries::sync() {
  for (const Change& change : unsynced_) apply(change, durable_);
  unsynced_.clear();
}

void FakeEntries::power_cut(Survival& survival) {
  for (const Change& change : unsynced_)
    if (survival.survives()) apply(change, durable_);
  unsynced_.clear();
  now_ = durable_;
}

}  // namespace kdump

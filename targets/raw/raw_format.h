// The layout of a raw: device and the label at its end; described in docs/format.md. Pure: no I/O.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "filter/base/bytes.h"

namespace kdump {

constexpr uint64_t kRawBlock = 4096;  // alignment of everything on the device
// Minimum size of a device, bytes.
constexpr uint64_t kRawSmallestDevice = 256 << 10;

// Offsets in bytes. [0, files): the dump. [files, spare): the small files, one after another.
struct RawLayout {
  uint64_t files = 0;
  uint64_t spare = 0;       // holds the dump's first block until the dump is complete
  uint64_t labels[2] = {};  // written alternately: a torn write leaves the other one valid

  // Fails: no_space, below kRawSmallestDevice.
  static Result<RawLayout> of(uint64_t device_bytes);
};

enum class RawState : uint32_t { writing = 0, complete = 1, incomplete = 2 };

struct RawEntry {
  std::string name;  // at most kRawNameBytes
  uint64_t offset = 0;
  uint64_t size = 0;  // unknown while it is being written
  RawState state = RawState::writing;
};

constexpr size_t kRawNameBytes = 39;
constexpr size_t kRawCrashNameBytes = 255;
constexpr size_t kRawMaxEntries = 32;

struct RawLabel {
  uint64_t sequence = 0;  // of two valid labels the higher one is current
  std::string crash;      // HOST-YYYY-MM-DD-HH:MM:SS
  std::vector<RawEntry> entries;
};

using RawLabelBlock = std::array<uint8_t, kRawBlock>;

RawLabelBlock encode_raw_label(const RawLabel& label);
// Returns nullopt if the block is no label or a torn one.
std::optional<RawLabel> decode_raw_label(const RawLabelBlock& block);

}  // namespace kdump

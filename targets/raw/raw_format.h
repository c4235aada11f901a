// Where things lie on a raw: device, and the label at its end that describes it. docs/format.md
// tells the same to people; nothing here reads or writes a device.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "filter/base/bytes.h"

namespace kdump {

constexpr uint64_t kRawBlock = 4096;  // everything on the device is aligned to it
// Below this there is no room for anything worth having.
constexpr uint64_t kRawSmallestDevice = 256 << 10;

// Offsets in bytes. [0, files): the dump. [files, spare): the small files, one after another.
struct RawLayout {
  uint64_t files = 0;
  uint64_t spare = 0;       // what the dump's first block will be when it is complete
  uint64_t labels[2] = {};  // written in turn: a torn one leaves the other

  // Fails: no_space, below kRawSmallestDevice.
  static Result<RawLayout> of(uint64_t device_bytes);
};

enum class RawState : uint32_t { writing = 0, complete = 1, incomplete = 2 };

struct RawEntry {
  std::string name;  // at most kRawNameBytes
  uint64_t offset = 0;
  uint64_t size = 0;  // known unless it is being written
  RawState state = RawState::writing;
};

constexpr size_t kRawNameBytes = 39;
constexpr size_t kRawCrashNameBytes = 255;
constexpr size_t kRawMostEntries = 32;

struct RawLabel {
  uint64_t sequence = 0;  // of two valid labels the higher one holds
  std::string crash;      // HOST-YYYY-MM-DD-HH:MM:SS
  std::vector<RawEntry> entries;
};

using RawLabelBlock = std::array<uint8_t, kRawBlock>;

RawLabelBlock encode_raw_label(const RawLabel& label);
// nullopt: it is no label, or a torn one.
std::optional<RawLabel> decode_raw_label(const RawLabelBlock& block);

}  // namespace kdump

// Reads the identity of a block device: its file system with UUID and label, or the signature of
// other data that must not be overwritten. Pure: an Image in, values out; every byte is hostile.
// Partition tables: partition_table.h. Finding devices: block_device.h.
//
// Why this is not libblkid: docs/decisions/0002-file-system-identity.md.
#pragma once

#include <string>

#include "filter/base/bytes.h"

namespace kdump {

// The bytes of a device or, in tests, of a buffer.
class Image {
 public:
  virtual ~Image() = default;
  virtual uint64_t size() const = 0;
  // Reads up to the end of the image; returns the number of bytes read.
  virtual Result<size_t> read_some_at(uint64_t offset, MutableBytes out) const = 0;

  // Reads out.size() bytes; returns false if the image ends before.
  Result<bool> has(uint64_t offset, MutableBytes out) const {
    return TRY(read_some_at(offset, out)) == out.size();
  }
};

struct Identity {
  // A file system's name for mount(2), else blkid(8)'s name of the signature. Empty: nothing known
  // was found; the device may still be full of data.
  std::string type = {};
  bool is_mountable = false;
  std::string uuid = {};   // as blkid(8) prints it
  std::string label = {};  // raw bytes without padding
  uint64_t devices = 1;    // number of devices of a btrfs file system

  std::string text() const;  // for messages: `ext4 UUID=… LABEL=…`, printable; `unknown data`
};

// Reads the identity. Fails: io, if the device cannot be read.
Result<Identity> read_identity(const Image& image);

// Formats 16 bytes as xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, in stored order; GPT's mixed order:
// partition_table.cc.
std::string uuid_text(const uint8_t* bytes);
// Formats an LVM label's 32 characters as xxxxxx-xxxx-xxxx-xxxx-xxxx-xxxx-xxxxxx; empty unless all
// are letters and digits.
std::string lvm_uuid_text(const uint8_t* characters);

}  // namespace kdump

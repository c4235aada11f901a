// What a block device says it is: file system with UUID and label, or the signature of anything
// else that someone may want to keep. Pure: an Image goes in, values come out; every byte is
// hostile. Partition tables are in partition_table.h, finding devices in block_device.h.
//
// Why this is not libblkid: docs/decisions/0002-file-system-identity.md.
#pragma once

#include <string>

#include "filter/base/bytes.h"

namespace kdump {

// The bytes of a device, or of what stands for one in a test.
class Image {
 public:
  virtual ~Image() = default;
  virtual uint64_t size() const = 0;
  // Reads up to the end of the image; the count says how many bytes there were.
  virtual Result<size_t> read_some_at(uint64_t offset, MutableBytes out) const = 0;

  // False where the image ends before.
  Result<bool> has(uint64_t offset, MutableBytes out) const {
    return TRY(read_some_at(offset, out)) == out.size();
  }
};

struct Identity {
  // mount(2)'s name for a file system; for anything else the name blkid(8) has for it. "": nothing
  // known was found, which a device of zeros has in common with one full of data.
  std::string type = {};
  bool is_mountable = false;
  std::string uuid = {};   // as blkid(8) prints it
  std::string label = {};  // bytes as they are on the device, without padding
  uint64_t devices = 1;    // more than one: a btrfs file system that is spread over several

  std::string text() const;  // for messages: `ext4 UUID=… LABEL=…`, printable; `unknown data`
};

// Fails: io, if the device cannot be read.
Result<Identity> read_identity(const Image& image);

// 16 bytes as xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, in the order they are stored; for GPT's mixed
// order see partition_table.cc.
std::string uuid_text(const uint8_t* bytes);
// xxxxxx-xxxx-xxxx-xxxx-xxxx-xxxx-xxxxxx out of the label's 32 characters, which must be letters
// and digits; "" if they are not.
std::string lvm_uuid_text(const uint8_t* characters);

}  // namespace kdump

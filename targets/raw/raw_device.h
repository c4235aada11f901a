// A block device that takes one crash: its label, the room for its files, and the files. Which
// device, and whether it may be written over, is decided in raw_target.cc.
#pragma once

#include <memory>

#include "filter/base/file.h"
#include "targets/raw/extents.h"
#include "targets/raw/raw_format.h"
#include "targets/storage/write_back.h"
#include "targets/target.h"

namespace kdump {

// The newest label of a device; nullopt: there is none.
Result<std::optional<RawLabel>> read_raw_label(const File& device, const RawLayout& layout);

class RawDevice {
 public:
  RawDevice(Sys& sys, File file, RawLayout layout, uint64_t last_sequence)
      : sys_(sys), file_(std::move(file)), layout_(layout) {
    label_.sequence = last_sequence;
  }

  const RawLayout& layout() const { return layout_; }
  // Says in the label whose crash this is, and takes away what an earlier dump began with.
  Result<> begin(const std::string& crash);
  Result<> sync() { return file_.sync(); }

 private:
  friend class RawFile;

  // Entry i of the label becomes `entry`, durably.
  Result<> put_entry(size_t i, const RawEntry& entry);
  Result<> write_label();

  Sys& sys_;
  File file_;
  RawLayout layout_;
  RawLabel label_;
  uint64_t next_file_ = 0;           // where the next small file goes
  bool small_file_is_open_ = false;  // its end is not known: there can be no other
};

// A file is a run of bytes. The dump's begins the device; so that nothing there looks like a whole
// dump before it is one, its first block is kept back until all else is durable, then its first
// sector until the rest of the block is.
class RawFile final : public TargetFile {
 public:
  static Result<std::unique_ptr<TargetFile>> create(std::shared_ptr<RawDevice> device,
                                                    const std::string& name,
                                                    uint64_t expected_bytes);
  ~RawFile() override;

  Result<> write_at(uint64_t offset, Bytes data) override;
  Result<> sync() override;
  Result<> commit() override;
  Result<> keep_incomplete() override;
  Result<> retract() override;
  Result<> read_back(uint64_t offset, MutableBytes out) override;

 private:
  RawFile(std::shared_ptr<RawDevice> device, size_t entry, bool is_dump, Extent room)
      : device_(std::move(device)), entry_(entry), is_dump_(is_dump), room_(room) {}

  Result<> write_first_block(uint64_t offset, Bytes data);
  Result<> fill_gaps();
  Result<> settle(RawState state);
  Result<> publish_first_block();

  std::shared_ptr<RawDevice> device_;
  size_t entry_;  // in the label
  bool is_dump_;
  Extent room_;      // on the device
  Extents written_;  // in the file
  std::array<uint8_t, kRawBlock> first_block_ = {};
  bool is_published_ = false;  // the first block lies where it belongs
  bool is_cached_ = true;      // the kernel may have pages of it that were written, not read
  WriteBack write_back_;
};

}  // namespace kdump

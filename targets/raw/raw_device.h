// A block device that stores one crash: its label, the allocation of its files, and the files.
// raw_target.cc chooses the device and checks that it may be overwritten.
#pragma once

#include <memory>

#include "filter/base/file.h"
#include "targets/raw/extents.h"
#include "targets/raw/raw_format.h"
#include "targets/storage/write_back.h"
#include "targets/target.h"

namespace kdump {

// Reads the newest label of a device; nullopt if there is none. Fails: io.
Result<std::optional<RawLabel>> read_raw_label(const File& device, const RawLayout& layout);

class RawDevice {
 public:
  RawDevice(Sys& sys, File file, RawLayout layout, uint64_t last_sequence)
      : sys_(sys), file_(std::move(file)), layout_(layout) {
    label_.sequence = last_sequence;
  }

  const RawLayout& layout() const { return layout_; }
  // Writes a label for this crash and clears the header of an earlier dump.
  Result<> begin(const std::string& crash);
  Result<> sync() { return file_.sync(); }

 private:
  friend class RawFile;

  // Sets entry i of the label and makes it durable.
  Result<> put_entry(size_t i, const RawEntry& entry);
  Result<> write_label();

  Sys& sys_;
  File file_;
  RawLayout layout_;
  RawLabel label_;
  uint64_t next_file_ = 0;           // offset of the next small file
  bool small_file_is_open_ = false;  // its end is unknown, so that no other can be created
};

// A file is a contiguous range. The dump starts at offset 0 of the device. So that an incomplete
// dump is never taken for a complete one, its first block is written after everything else is
// durable, and the first sector of that block last.
class RawFile final : public TargetFile {
 public:
  // Adds a file to the label. The dump is recognised by its name, kDumpName. Fails: refused, if
  // the file exists, another one is open, or there are too many; no_space; io.
  static Result<std::unique_ptr<TargetFile>> create(std::shared_ptr<RawDevice> device,
                                                    const std::string& name,
                                                    uint64_t expected_bytes);
  ~RawFile() override;

  Result<> write_at(uint64_t offset, Bytes data) override;
  Result<> sync() override;
  Result<> commit() override;
  Result<> keep_incomplete() override;
  Result<> demote() override;
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
  bool is_published_ = false;  // the first block is at its final offset
  bool is_cached_ = true;      // the page cache may still have written pages
  WriteBack write_back_;
};

}  // namespace kdump

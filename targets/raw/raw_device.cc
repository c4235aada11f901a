#include "targets/raw/raw_device.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "targets/crash_files.h"

namespace kdump {
namespace {

constexpr uint64_t kSector = 512;  // what any disk writes as a whole or not at all
// Never written to. Not a constant, which would be 64 KiB of zeros in the program's file.
std::array<uint8_t, 64 * 1024> zeros;
// More than a dump writer has at any time; beyond it gaps are filled early, so memory is bounded.
constexpr size_t kMaxExtents = 1024;

uint64_t aligned(uint64_t offset) { return (offset + kRawBlock - 1) / kRawBlock * kRawBlock; }

}  // namespace

Result<std::optional<RawLabel>> read_raw_label(const File& device, const RawLayout& layout) {
  std::optional<RawLabel> newest;
  for (const uint64_t offset : layout.labels) {
    RawLabelBlock block;
    TRY(device.read_at(offset, block));
    auto label = decode_raw_label(block);
    if (label && (!newest || label->sequence > newest->sequence)) newest = std::move(label);
  }
  return newest;
}

Result<> RawDevice::write_label() {
  ++label_.sequence;
  TRY(file_.write_at(layout_.labels[label_.sequence % 2], encode_raw_label(label_)));
  return file_.sync();
}

Result<> RawDevice::begin(const std::string& crash) {
  label_.crash = crash;
  label_.entries.clear();
  next_file_ = layout_.files;
  TRY(write_label());
  for (const uint64_t offset : {uint64_t{0}, layout_.spare})
    TRY(file_.write_at(offset, Bytes(zeros).first(kRawBlock)));
  return file_.sync();
}

Result<> RawDevice::put_entry(size_t i, const RawEntry& entry) {
  if (i == label_.entries.size()) label_.entries.emplace_back();
  label_.entries[i] = entry;
  return write_label();
}

Result<std::unique_ptr<TargetFile>> RawFile::create(std::shared_ptr<RawDevice> device,
                                                    const std::string& name,
                                                    uint64_t expected_bytes) {
  RawDevice& to = *device;
  const auto& entries = to.label_.entries;
  const bool exists = std::any_of(entries.begin(), entries.end(),
                                  [&](const RawEntry& entry) { return entry.name == name; });
  if (exists || to.small_file_is_open_ || entries.size() == kRawMaxEntries ||
      name.size() > kRawNameBytes)
    return fail(Kind::refused, "%s: no file %s can be added (%s)", to.file_.path(), name.c_str(),
                exists                        ? "it exists"
                : to.small_file_is_open_      ? "another one is being written"
                : name.size() > kRawNameBytes ? "the name is too long"
                                              : "there are too many files");
  const bool is_dump = name == kDumpName;
  Extent room{0, to.layout_.files};
  if (!is_dump) {
    // A file of unknown size, such as the kernel's log, leaves a quarter for those that follow.
    const uint64_t kept_free = expected_bytes == 0 ? (to.layout_.spare - to.layout_.files) / 4 : 0;
    room = {to.next_file_, to.layout_.spare - kept_free};
  }
  if (room.begin >= room.end)
    return fail(Kind::no_space, "%s: no space for %s", to.file_.path(), name.c_str());
  const size_t entry = entries.size();
  TRY(to.put_entry(entry, {.name = name, .offset = room.begin}));
  to.small_file_is_open_ = !is_dump;
  return std::unique_ptr<TargetFile>(new RawFile(std::move(device), entry, is_dump, room));
}

RawFile::~RawFile() {
  if (is_dump_) return;
  device_->small_file_is_open_ = false;
  device_->next_file_ = aligned(room_.begin + written_.end());
}

Result<> RawFile::write_at(uint64_t offset, Bytes data) {
  const uint64_t room = room_.end - room_.begin;
  if (offset > room || data.size() > room - offset)
    return fail(Kind::no_space, "%s: %s does not fit: byte %#" PRIx64 " of %#" PRIx64,
                device_->file_.path(), device_->label_.entries[entry_].name.c_str(),
                offset + data.size(), room);
  is_cached_ = true;
  const Extent extent{offset, offset + data.size()};
  if (is_dump_ && offset < kRawBlock) {
    const uint64_t size = std::min<uint64_t>(data.size(), kRawBlock - offset);
    TRY(write_first_block(offset, data.first(size)));
    data = data.subspan(size);
    offset += size;
  }
  TRY(device_->file_.write_at(room_.begin + offset, data));
  written_.add(extent);
  if (written_.count() > kMaxExtents) TRY(fill_gaps());
  return write_back_.wrote(device_->sys_, device_->file_, room_.begin + offset, data.size());
}

Result<> RawFile::write_first_block(uint64_t offset, Bytes data) {
  std::copy(data.begin(), data.end(), first_block_.begin() + static_cast<int64_t>(offset));
  // If the job dies the dump can still be put together by hand.
  return device_->file_.write_at(device_->layout_.spare, first_block_);
}

// What has not been written reads as zeros, also where the device held something else before.
Result<> RawFile::fill_gaps() {
  while (const auto gap = written_.first_gap()) {
    const uint64_t size = std::min<uint64_t>(gap->end - gap->begin, zeros.size());
    uint64_t from = gap->begin;
    const uint64_t to = from + size;
    if (is_dump_) from = std::clamp(from, kRawBlock, std::max(to, kRawBlock));  // it is zeros
    if (from < to) TRY(device_->file_.write_at(room_.begin + from, Bytes(zeros).first(to - from)));
    written_.add({gap->begin, to});
  }
  return {};
}

Result<> RawFile::settle(RawState state) {
  RawEntry entry = device_->label_.entries[entry_];
  entry.size = written_.end();
  entry.state = state;
  return device_->put_entry(entry_, entry);
}

Result<> RawFile::publish_first_block() {
  const Bytes block = first_block_;
  TRY(device_->file_.write_at(kSector, block.subspan(kSector)));
  TRY(device_->file_.sync());
  TRY(device_->file_.write_at(0, block.first(kSector)));
  TRY(device_->file_.sync());
  is_published_ = is_cached_ = true;
  return {};
}

Result<> RawFile::sync() {
  TRY(fill_gaps());
  return device_->file_.sync();
}

Result<> RawFile::commit() {
  TRY(sync());
  if (is_dump_) TRY(publish_first_block());
  return settle(RawState::complete);
}

// What is at offset 0 is whole, or zeros.
Result<> RawFile::demote() {
  if (is_dump_) {
    TRY(device_->file_.write_at(0, Bytes(zeros).first(kRawBlock)));
    is_published_ = false;
    TRY(device_->file_.sync());
  }
  return settle(RawState::incomplete);
}

Result<> RawFile::keep_incomplete() {
  TRY(sync());
  return settle(RawState::incomplete);
}

Result<> RawFile::read_back(uint64_t offset, MutableBytes out) {
  if (offset > written_.end() || out.size() > written_.end() - offset)
    return fail(Kind::corrupt, "%s: the file ends at byte %#" PRIx64, device_->file_.path(),
                written_.end());
  const File& file = device_->file_;
  if (std::exchange(is_cached_, false)) device_->sys_.fadvise(file.fd(), 0, 0, POSIX_FADV_DONTNEED);
  if (is_dump_ && !is_published_ && offset < kRawBlock) {
    const size_t size = std::min<uint64_t>(out.size(), kRawBlock - offset);
    TRY(file.read_at(device_->layout_.spare + offset, out.first(size)));
    out = out.subspan(size);
    offset += size;
  }
  TRY(file.read_at(room_.begin + offset, out));
  device_->sys_.fadvise(file.fd(), room_.begin + offset, out.size(), POSIX_FADV_DONTNEED);
  return {};
}

}  // namespace kdump

#include "net/sftp/sftp_packet.h"

#include <algorithm>

namespace kdump::sftp {
namespace {

constexpr size_t kLengthBytes = 4;

void append_u32(std::string& data, uint32_t value) {
  const uint32_t wire = __builtin_bswap32(value);
  data.append(reinterpret_cast<const char*>(&wire), sizeof wire);
}

uint8_t* put_u32(uint8_t* at, uint32_t value) {
  const uint32_t wire = __builtin_bswap32(value);
  memcpy(at, &wire, sizeof wire);
  return at + sizeof wire;
}

}  // namespace

Packet::Packet(Type type) {
  append_u32(data_, 0);
  data_ += static_cast<char>(type);
  if (type != kInit) append_u32(data_, 0);
}

Packet& Packet::u32(uint32_t value) {
  append_u32(data_, value);
  return *this;
}

Packet& Packet::u64(uint64_t value) {
  return u32(static_cast<uint32_t>(value >> 32)).u32(static_cast<uint32_t>(value));
}

Packet& Packet::string(std::string_view text) {
  u32(static_cast<uint32_t>(text.size()));
  data_ += text;
  return *this;
}

void Packet::set_id(uint32_t id) {
  put_u32(reinterpret_cast<uint8_t*>(data_.data()) + kLengthBytes + 1, id);
}

Bytes Packet::bytes() {
  put_u32(reinterpret_cast<uint8_t*>(data_.data()),
          static_cast<uint32_t>(data_.size() - kLengthBytes));
  return {reinterpret_cast<const uint8_t*>(data_.data()), data_.size()};
}

uint8_t* put_write_head(uint8_t* end, uint32_t id, std::string_view handle, uint64_t offset,
                        uint32_t size) {
  const size_t head = kMaxWriteHead - kMaxHandleBytes + handle.size();
  uint8_t* const begin = end - head;
  uint8_t* at = put_u32(begin, static_cast<uint32_t>(head - kLengthBytes + size));
  *at++ = kWrite;
  at = put_u32(at, id);
  at = put_u32(at, static_cast<uint32_t>(handle.size()));
  memcpy(at, handle.data(), handle.size());
  at = put_u32(at + handle.size(), static_cast<uint32_t>(offset >> 32));
  at = put_u32(at, static_cast<uint32_t>(offset));
  put_u32(at, size);
  return begin;
}

std::string_view Parser::take(size_t size) {
  if (size > data_.size()) {
    ok_ = false;
    data_ = {};
    return {};
  }
  const std::string_view taken = data_.substr(0, size);
  data_.remove_prefix(size);
  return taken;
}

uint32_t Parser::u32() {
  const std::string_view bytes = take(sizeof(uint32_t));
  return bytes.empty()
             ? 0
             : __builtin_bswap32(load<uint32_t>(reinterpret_cast<const uint8_t*>(bytes.data())));
}

uint64_t Parser::u64() {
  const uint64_t high = u32();
  return high << 32 | u32();
}

std::string_view Parser::string() { return take(u32()); }

Attributes parse_attributes(Parser& parser) {
  constexpr uint32_t kHasSize = 1, kHasOwner = 2, kHasMode = 4;
  constexpr uint32_t kTypeMask = 0170000, kDirectory = 0040000, kRegular = 0100000;
  constexpr uint32_t kHasTimes = 8, kHasExtensions = 0x80000000, kMaxExtensions = 64;
  Attributes found;
  const uint32_t flags = parser.u32();
  found.has_size = (flags & kHasSize) != 0;
  if (found.has_size) found.size = parser.u64();
  if (flags & kHasOwner) parser.u64();
  if (flags & kHasMode) {
    const uint32_t type = parser.u32() & kTypeMask;
    found.is_directory = type == kDirectory;
    found.is_file = type == kRegular;
  }
  if (flags & kHasTimes) parser.u64();
  if (flags & kHasExtensions) {
    // Each a name and a value; no server is known to send any.
    const uint32_t count = parser.u32();
    for (uint32_t i = 0; i < std::min(count, kMaxExtensions); ++i) {
      parser.string();
      parser.string();
    }
  }
  found.has_size = found.has_size && parser.ok();
  return found;
}

bool never_syncs(uint32_t status) {
  return status == kUnsupported || status == kPermissionDenied || status == kBadMessage;
}

const char* status_name(uint32_t status) {
  switch (status) {
    case kOk:
      return "ok";
    case kEof:
      return "end of file";
    case kNoSuchFile:
      return "no such file";
    case kPermissionDenied:
      return "permission denied";
    case kFailure:
      return "failure";
    case kBadMessage:
      return "bad message";
    case kUnsupported:
      return "not supported";
    case kNoSpace:
      return "no space left";
    case kQuotaExceeded:
      return "quota exceeded";
    default:
      return "unknown status";
  }
}

}  // namespace kdump::sftp

// Encodes the SFTP version 3 requests that the client uses and decodes their answers. Mirrors
// draft-ietf-secsh-filexfer-02 and OpenSSH's PROTOCOL (extensions).
#pragma once

#include <string>
#include <string_view>

#include "filter/base/bytes.h"

namespace kdump::sftp {

enum Type : uint8_t {
  kInit = 1,
  kVersion = 2,
  kOpen = 3,
  kClose = 4,
  kRead = 5,
  kWrite = 6,
  kLstat = 7,
  kFstat = 8,
  kFsetstat = 10,
  kOpendir = 11,
  kReaddir = 12,
  kRemove = 13,
  kMkdir = 14,
  kRmdir = 15,
  kStat = 17,
  kRename = 18,
  kStatus = 101,
  kHandle = 102,
  kData = 103,
  kName = 104,
  kAttrs = 105,
  kExtended = 200,
  kExtendedReply = 201,
};

enum Status : uint32_t {
  kOk = 0,
  kEof = 1,
  kNoSuchFile = 2,
  kPermissionDenied = 3,
  kFailure = 4,
  kBadMessage = 5,  // OpenSSH: EINVAL
  kUnsupported = 8,
  kNoSpace = 14,        // of later drafts; some servers send it with version 3
  kQuotaExceeded = 15,  // likewise
};

// Extensions.
constexpr char kFsync[] = "fsync@openssh.com";
constexpr char kStatvfs[] = "statvfs@openssh.com";
constexpr char kPosixRename[] = "posix-rename@openssh.com";
constexpr char kLimits[] = "limits@openssh.com";

enum OpenFlag : uint32_t { kForRead = 1, kForWrite = 2, kCreate = 8, kExclusive = 32 };

// A packet that is being put together. Its length field is filled in by bytes().
class Packet {
 public:
  explicit Packet(Type type);
  Packet& u32(uint32_t value);
  Packet& u64(uint64_t value);
  Packet& string(std::string_view text);
  // Length and type, then a request id unless the type is kInit; the client sets it when it sends.
  void set_id(uint32_t id);
  Bytes bytes();

 private:
  std::string data_;
};

// Writes the head of a write request in front of its data: it ends at `end`. Returns its begin.
// handle: at most kMaxHandleBytes.
constexpr size_t kMaxHandleBytes = 256;
constexpr size_t kMaxWriteHead = 4 + 1 + 4 + 4 + kMaxHandleBytes + 8 + 4;
uint8_t* put_write_head(uint8_t* end, uint32_t id, std::string_view handle, uint64_t offset,
                        uint32_t size);

// Reads forward through an answer. Past its end it returns 0 or empty strings, and ok() is false.
class Parser {
 public:
  explicit Parser(std::string_view data) : data_(data) {}
  uint32_t u32();
  uint64_t u64();
  std::string_view string();
  bool ok() const { return ok_; }
  bool at_end() const { return data_.empty(); }

 private:
  std::string_view take(size_t size);
  std::string_view data_;
  bool ok_ = true;
};

struct Attributes {
  bool has_size = false;
  uint64_t size = 0;
  bool is_directory = false;
  bool is_file = false;  // a regular one
};
Attributes parse_attributes(Parser& parser);

// Returns true if this status of a sync request means that the server does not support syncing, and
// not that its disk failed.
bool never_syncs(uint32_t status);

const char* status_name(uint32_t status);

}  // namespace kdump::sftp

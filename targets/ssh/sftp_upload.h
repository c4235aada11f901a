// A file of a crash on an SFTP server. Collects writes into large requests and keeps many of them
// in flight. Each is kept until the server has acknowledged it, and sent again on a new connection
// if the old one is lost.
//
// The failure of a write is detected later. A write at a lower offset than the previous one may
// refer to it (descriptors follow their data): it waits for all earlier writes and fails if one of
// them failed.
#pragma once

#include <deque>
#include <vector>

#include "targets/crash_files.h"
#include "targets/ssh/ssh_link.h"

namespace kdump {

class SftpUpload final : public TargetFile {
 public:
  // Creates path-incomplete exclusively, mode 0600. path: the final name. Fails: refused, if one of
  // the names exists; io; timeout.
  static Result<std::unique_ptr<SftpUpload>> create(SshLink& link, const std::string& path);

  Result<> write_at(uint64_t offset, Bytes data) override;
  Result<> sync() override;
  Result<> commit() override;
  Result<> keep_incomplete() override;
  Result<> demote() override;
  Result<> read_back(uint64_t offset, MutableBytes out) override;

 private:
  using Buffer = std::unique_ptr<uint8_t[]>;

  struct Request {
    Buffer buffer;  // kMaxWriteHead bytes for the head, then the data; none: an fsync
    uint64_t offset = 0;
    uint32_t size = 0;
    uint32_t id = 0;             // set when it is sent
    std::vector<uint8_t> other;  // the packet of an fsync, set when it is sent
    Bytes unsent;
    bool is_begun = false, is_answered = false;
  };

  SftpUpload(SshLink& link, std::string path);

  std::string incomplete() const { return incomplete_name(path_); }
  uint64_t tail_end() const { return tail_.offset + tail_.size; }

  Result<> begin_tail(uint64_t offset);
  Result<> rename(const std::string& from, const std::string& to);
  void submit_tail();
  void submit_sync();
  Result<> settle();
  Result<> report_failure(bool once_more);
  template <class Done>
  Result<> advance_until(Done done);
  Result<bool> advance();
  Result<bool> send_next();
  size_t under_way() const;
  void begin(Request& request);
  Result<> take_answer(const SftpClient::Answer& answer);
  Result<> recover(const Error& why);
  Result<> reopen();
  Result<> check_end();

  SshLink& link_;
  const std::string path_;
  std::string handle_;
  const uint32_t chunk_bytes_;
  const size_t max_requests_;

  Request tail_;  // being filled; no buffer: none
  std::deque<Request> requests_;
  std::vector<Buffer> free_;
  uint64_t position_ = 0;  // end of the last write
  uint64_t acknowledged_end_ = 0;
  uint64_t tried_end_ = 0;
  uint64_t unsynced_bytes_ = 0;      // acknowledged since the last fsync request
  bool is_committed_ = false;        // has its final name
  bool is_synced_by_server_ = true;  // the server supports fsync
  bool all_is_synced_ = true;        // all acknowledged data is on the server's disk
  int64_t progress_ms_ = 0;          // time when the server last received or answered something
  bool is_reconnected_ = false;      // since its last answer
  // How many requests may be under way: one on a new connection, twice as many after each answer. A
  // link that breaks again and again after some bytes so moves something each time.
  size_t window_ = SIZE_MAX;
  std::optional<Error> failure_;  // of a write; reported at least once
};

}  // namespace kdump

// A file of a crash on an SFTP server. Writes are collected into large requests, of which many are
// under way; each is kept until the server has acknowledged it, and goes out again on a new
// connection when the old one is lost.
//
// A write that fails is noticed later than it was made. What is written lower in the file than
// what came before may refer to it (descriptors follow their data), so such a write waits for
// every earlier one, and where one of those has failed it fails too.
#pragma once

#include <deque>
#include <vector>

#include "targets/crash_files.h"
#include "targets/ssh/ssh_link.h"

namespace kdump {

class SftpUpload final : public TargetFile {
 public:
  // path: the final name; path-incomplete is created, exclusively, mode 0600.
  // Fails: refused, if either of the two names exists.
  static Result<std::unique_ptr<SftpUpload>> create(SshLink& link, const std::string& path);

  Result<> write_at(uint64_t offset, Bytes data) override;
  Result<> sync() override;
  Result<> commit() override;
  Result<> keep_incomplete() override;
  Result<> retract() override;
  Result<> read_back(uint64_t offset, MutableBytes out) override;

 private:
  using Buffer = std::unique_ptr<uint8_t[]>;

  struct Request {
    Buffer buffer;  // kMaxWriteHead bytes for the head, then the data; none: an fsync
    uint64_t offset = 0;
    uint32_t size = 0;
    uint32_t id = 0;             // once it is being sent
    std::vector<uint8_t> other;  // an fsync's packet, once it is being sent
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

  Request tail_;  // being filled; without buffer: there is none
  std::deque<Request> requests_;
  std::vector<Buffer> free_;
  uint64_t position_ = 0;  // behind the last write
  uint64_t acknowledged_end_ = 0;
  uint64_t tried_end_ = 0;
  uint64_t unsynced_bytes_ = 0;      // acknowledged since the last fsync was asked for
  bool is_committed_ = false;        // bears its final name
  bool is_synced_by_server_ = true;  // it does not refuse to
  bool all_is_synced_ = true;        // what is acknowledged is on the server's disk
  int64_t progress_ms_ = 0;          // when the server last took or answered something
  bool is_reconnected_ = false;      // since its last answer
  // How many requests may be under way: one on a new connection, twice as many after each answer. A
  // link that breaks again and again after some bytes so moves something each time.
  size_t window_ = SIZE_MAX;
  std::optional<Error> failure_;  // of a write, told at least once
};

}  // namespace kdump

#include "targets/ssh/sftp_upload.h"

#include <algorithm>

#include "filter/base/text.h"
#include "targets/ssh/sftp_directory.h"

namespace kdump {
namespace {

constexpr uint64_t kAlignment = 4096;
// The server answers nothing while it syncs, and must be done before that is a stall: so much
// takes a slow disk a few seconds.
constexpr uint64_t kSyncEveryBytes = 64 << 20;
constexpr int64_t kQuietMs = 500;  // after which a wait is reported to the observer

uint32_t chunk_bytes(const SshLink& link, uint32_t max_write_bytes) {
  const uint64_t size = std::min<uint64_t>(max_write_bytes, link.buffer_bytes() / 4);
  return static_cast<uint32_t>(std::max(size / kAlignment, uint64_t{1}) * kAlignment);
}

}  // namespace

SftpUpload::SftpUpload(SshLink& link, std::string path)
    : link_(link),
      path_(std::move(path)),
      chunk_bytes_(chunk_bytes(link, link.sftp()->max_write_bytes())),
      max_requests_(std::max<uint64_t>(link.buffer_bytes() / chunk_bytes_, 2)) {}

Result<std::unique_ptr<SftpUpload>> SftpUpload::create(SshLink& link, const std::string& path) {
  TRY(link.usable());
  std::unique_ptr<SftpUpload> file(new SftpUpload(link, path));
  const std::string name = file->incomplete();
  file->handle_ = TRY(link.exchange(
      "to create a file",
      [&](SftpClient& sftp, int64_t until_ms, bool is_again) -> Result<std::string> {
        if (sftp.stat(path, until_ms))
          return fail(Kind::refused, "%s exists and is not overwritten", path.c_str());
        auto handle = sftp.open(name, sftp::kForWrite | sftp::kCreate | sftp::kExclusive, until_ms);
        if (handle || sftp.is_lost()) return handle;
        const Error why = handle.error();
        const auto there = sftp.stat(name, until_ms);
        if (!there) return std::unexpected(why);
        // An empty one may be what the try whose answer was lost has made.
        if (is_again && there->has_size && there->size == 0)
          return sftp.open(name, sftp::kForWrite, until_ms);
        return fail(Kind::refused, "%s exists and is not overwritten", name.c_str());
      }));
  return file;
}

Result<> SftpUpload::write_at(uint64_t offset, Bytes data) {
  TRY(link_.usable());
  const bool goes_back = offset < position_;
  if (goes_back) TRY(settle());
  TRY(report_failure(goes_back));
  tried_end_ = std::max(tried_end_, offset + data.size());
  while (!data.empty()) {
    if (tail_.buffer && (offset != tail_end() || tail_.size == chunk_bytes_)) submit_tail();
    if (!tail_.buffer) TRY(begin_tail(offset));
    const size_t part = std::min<size_t>(data.size(), chunk_bytes_ - tail_.size);
    memcpy(tail_.buffer.get() + sftp::kMaxWriteHead + tail_.size, data.data(), part);
    tail_.size += static_cast<uint32_t>(part);
    offset += part;
    data = data.subspan(part);
  }
  position_ = offset;
  return {};
}

Result<> SftpUpload::begin_tail(uint64_t offset) {
  if (free_.empty() && requests_.size() < max_requests_)
    free_.emplace_back(new uint8_t[sftp::kMaxWriteHead + chunk_bytes_]);
  TRY(advance_until([&] { return !free_.empty(); }));
  tail_ = Request{};
  tail_.offset = offset;
  tail_.buffer = std::move(free_.back());
  free_.pop_back();
  return {};
}

void SftpUpload::submit_tail() {
  unsynced_bytes_ += tail_.size;
  requests_.push_back(std::move(tail_));
  tail_ = Request{};
  if (unsynced_bytes_ >= kSyncEveryBytes) submit_sync();
}

void SftpUpload::submit_sync() {
  unsynced_bytes_ = 0;
  if (is_synced_by_server_ && link_.sftp()->has_fsync()) requests_.emplace_back();
}

// Until all that was written has been answered.
Result<> SftpUpload::settle() {
  TRY(link_.usable());
  if (tail_.size != 0) submit_tail();
  return advance_until([&] { return requests_.empty(); });
}

// once_more: this is the write that may refer to what failed; after it, want of space is over.
Result<> SftpUpload::report_failure(bool once_more) {
  if (!failure_) return {};
  const Error why = *failure_;
  if (once_more && why.kind == Kind::no_space) failure_.reset();
  return std::unexpected(why);
}

template <class Done>
Result<> SftpUpload::advance_until(Done done) {
  progress_ms_ = link_.now_ms();
  bool is_reported = false;
  for (;;) {
    TRY(link_.may_keep_waiting());
    // Also without need to wait: what can go out or has come is better not left lying.
    const auto moved = advance();
    if (!moved) {
      TRY(recover(moved.error()));
      continue;
    }
    if (done()) return {};
    const int64_t now_ms = link_.now_ms();
    if (*moved) {
      if (!is_reconnected_) progress_ms_ = now_ms;
      is_reported = false;
      continue;
    }
    const int64_t quiet_ms = now_ms - progress_ms_;
    if (quiet_ms >= kQuietMs && !is_reported) {
      link_.wait_for_stall("to accept data");
      is_reported = true;
    }
    // Only a new connection shows whether the old one is dead or the server is slow; a third of the
    // time is reserved for it.
    const int64_t timeout_ms = is_reconnected_ ? link_.stall_ms() : link_.stall_ms() * 2 / 3;
    if (quiet_ms >= timeout_ms) {
      const Error stalled =
          fail(Kind::timeout, "%s has accepted no data for %d of %d s", link_.host().c_str(),
               static_cast<int>(quiet_ms / 1000), static_cast<int>(link_.stall_ms() / 1000))
              .error();
      if (is_reconnected_) return link_.give_up(stalled);
      TRY(recover(stalled));
      continue;
    }
    link_.sftp()->wait(now_ms + std::min(kQuietMs, timeout_ms - quiet_ms));
  }
}

// Takes the answers that have come, sends what goes without waiting. True: something moved.
Result<bool> SftpUpload::advance() {
  bool moved = false;
  while (const auto answer = TRY(link_.sftp()->receive_some())) {
    TRY(take_answer(*answer));
    moved = true;
  }
  while (TRY(send_next())) moved = true;
  return moved;
}

Result<bool> SftpUpload::send_next() {
  const auto next = std::find_if(requests_.begin(), requests_.end(), [](const Request& request) {
    return !request.is_begun || !request.unsent.empty();
  });
  if (next == requests_.end()) return false;
  if (!next->is_begun && under_way() >= window_) return false;
  if (!next->is_begun) begin(*next);
  const size_t sent = TRY(link_.sftp()->send_some(next->unsent));
  next->unsent = next->unsent.subspan(sent);
  return sent != 0;
}

size_t SftpUpload::under_way() const {
  return static_cast<size_t>(std::ranges::count_if(
      requests_, [](const Request& request) { return request.is_begun && !request.is_answered; }));
}

void SftpUpload::begin(Request& request) {
  request.is_begun = true;
  request.id = link_.sftp()->next_id();
  if (!request.buffer) {
    sftp::Packet packet = link_.sftp()->fsync_request(handle_);
    packet.set_id(request.id);
    const Bytes bytes = packet.bytes();
    request.other.assign(bytes.begin(), bytes.end());
    request.unsent = request.other;
    return;
  }
  uint8_t* const data = request.buffer.get() + sftp::kMaxWriteHead;
  const uint8_t* const head =
      sftp::put_write_head(data, request.id, handle_, request.offset, request.size);
  request.unsent = {head, data + request.size};
}

Result<> SftpUpload::take_answer(const SftpClient::Answer& answer) {
  const auto asked = std::find_if(requests_.begin(), requests_.end(), [&](const Request& request) {
    return request.is_begun && !request.is_answered && request.id == answer.id;
  });
  // It would pass for progress.
  if (asked == requests_.end())
    return fail(Kind::corrupt, "%s answers an unknown request", link_.host().c_str());
  asked->is_answered = true;
  window_ = window_ > SIZE_MAX / 2 ? SIZE_MAX : 2 * window_;
  is_reconnected_ = false;
  progress_ms_ = link_.now_ms();

  sftp::Parser parser(answer.body);
  uint32_t status = parser.u32();
  if (answer.type != sftp::kStatus || !parser.ok()) status = sftp::kFailure;
  const bool is_write = asked->buffer != nullptr;
  if (status == sftp::kOk) {
    if (is_write) acknowledged_end_ = std::max(acknowledged_end_, asked->offset + asked->size);
    all_is_synced_ = !is_write;
  } else if (!is_write && sftp::never_syncs(status)) {
    // As one that has no such extension: what is acknowledged may be lost if it reboots.
    is_synced_by_server_ = false;
  } else if (!failure_) {
    Error why = link_.sftp()->refused(status, is_write ? "write" : "sync", incomplete()).error();
    // OpenSSH's server has one word for all that can go wrong; it is mostly want of room, for
    // which the dump is cut short where there is another cause it fails at the next write.
    if (is_write && status == sftp::kFailure)
      why = fail(Kind::no_space, "%s: write %s at offset %#" PRIx64 ": failure (full or quota?)",
                 link_.host().c_str(), incomplete().c_str(), asked->offset)
                .error();
    failure_ = why;
  }
  while (!requests_.empty() && requests_.front().is_answered) {
    if (requests_.front().buffer) free_.push_back(std::move(requests_.front().buffer));
    requests_.pop_front();
  }
  return {};
}

// Reconnects, opens the file again, and queues all unanswered requests for sending.
Result<> SftpUpload::recover(const Error& why) {
  const int64_t until_ms = progress_ms_ + link_.stall_ms();
  for (Error lost = why;;) {
    TRY(link_.reconnect(lost, until_ms));
    is_reconnected_ = true;
    const auto opened = reopen();
    if (opened) break;
    if (!link_.sftp()->is_lost()) return link_.give_up(opened.error());
    lost = opened.error();
  }
  std::erase_if(requests_, [&](Request& request) {
    if (!request.is_answered) return false;
    if (request.buffer) free_.push_back(std::move(request.buffer));
    return true;
  });
  for (Request& request : requests_) {
    request.is_begun = false;
    request.unsent = {};
  }
  window_ = 1;
  link_.note(text("%s is back; resending unacknowledged data", link_.host().c_str()).c_str());
  return {};
}

Result<> SftpUpload::reopen() {
  const bool may_have_lost = !all_is_synced_;
  if (may_have_lost && link_.has_rebooted().value_or(false))
    return fail(Kind::io, "%s has rebooted and may have lost acknowledged data",
                link_.host().c_str());
  const int64_t until_ms = link_.wait_for_step("to open the file again");
  handle_ = TRY(link_.sftp()->open(incomplete(), sftp::kForWrite, until_ms));
  // Not a proof where it is long enough, for files have holes; but one where it is not.
  const auto there = link_.sftp()->stat_handle(handle_, until_ms);
  if (!there && link_.sftp()->is_lost()) return std::unexpected(there.error());
  if (there && there->has_size && there->size < acknowledged_end_)
    return fail(Kind::io, "%s: %s has %" PRIu64 " bytes, and %" PRIu64 " were acknowledged",
                link_.host().c_str(), incomplete().c_str(), there->size, acknowledged_end_);
  if (may_have_lost && !link_.has_rebooted())
    link_.note(text("%s does not report whether it has rebooted; assuming that it has not",
                    link_.host().c_str())
                   .c_str());
  return {};
}

// What a write that failed may have left behind goes away; the rest must be there.
Result<> SftpUpload::check_end() {
  for (;;) {
    TRY(settle());
    const int64_t until_ms = link_.wait_for_step("to report the file's size");
    SftpClient& sftp = *link_.sftp();
    // Where the server refuses that, bytes behind the end are no harm to a partial dump.
    const bool may_be_longer =
        tried_end_ > acknowledged_end_ && !sftp.truncate(handle_, acknowledged_end_, until_ms);
    const auto there = sftp.stat_handle(handle_, until_ms);
    if (there && there->has_size && there->size != acknowledged_end_ &&
        !(may_be_longer && there->size > acknowledged_end_))
      return fail(Kind::io, "%s: %s has %" PRIu64 " bytes, and %" PRIu64 " were acknowledged",
                  link_.host().c_str(), incomplete().c_str(), there->size, acknowledged_end_);
    if (there || !sftp.is_lost()) return {};
    TRY(recover(there.error()));
  }
}

Result<> SftpUpload::sync() {
  TRY(settle());
  TRY(report_failure(false));
  submit_sync();
  TRY(check_end());
  return report_failure(false);
}

Result<> SftpUpload::commit() {
  TRY(sync());
  return rename(incomplete(), path_);
}

Result<> SftpUpload::demote() { return rename(path_, incomplete()); }

Result<> SftpUpload::rename(const std::string& from, const std::string& to) {
  TRY(link_.exchange("to rename the file", [&](SftpClient& sftp, int64_t until_ms, bool is_again) {
    Result<> renamed = sftp.rename_new(from, to, until_ms);
    // The try whose answer was lost may have done it.
    if (!renamed && is_again && !sftp.is_lost() && !sftp.stat(from, until_ms) &&
        sftp.stat(to, until_ms))
      renamed = {};
    return renamed;
  }));
  is_committed_ = to == path_;
  return sync_sftp_directory(link_, path_.substr(0, path_.rfind('/')));
}

Result<> SftpUpload::keep_incomplete() {
  TRY(settle());
  failure_.reset();  // it is why the file is kept as it is
  submit_sync();
  TRY(check_end());
  TRY(report_failure(false));
  return sync_sftp_directory(link_, path_.substr(0, path_.rfind('/')));
}

Result<> SftpUpload::read_back(uint64_t offset, MutableBytes out) {
  return link_.exchange("to read back", [&](SftpClient& sftp, int64_t until_ms, bool) -> Result<> {
    const std::string path = is_committed_ ? path_ : incomplete();
    const std::string handle = TRY(sftp.open(path, sftp::kForRead, until_ms));
    const auto got = sftp.read(handle, offset, out, until_ms);
    if (sftp.is_lost()) return std::unexpected(got.error());
    (void)sftp.close(handle, until_ms);
    if (TRY(got) == out.size()) return {};
    return fail(Kind::corrupt, "%s: %s ends at %" PRIu64, link_.host().c_str(), path.c_str(),
                offset + *got);
  });
}

}  // namespace kdump

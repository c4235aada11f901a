// SftpClient::read: a part of a file, asked for in many requests at once, so that a server far away
// is not waited for at each. The answers come in any order; each is checked against what was asked.
#include <algorithm>
#include <cstring>
#include <vector>

#include "net/sftp/sftp_client.h"

namespace kdump {
namespace {

// Every server gives 32 KiB at once; sixteen of them fill OpenSSH's channel for a while.
constexpr size_t kMaxAtOnce = 32 << 10;
constexpr size_t kMaxRequests = 16;

struct Asked {
  uint32_t id = 0;
  size_t begin = 0, size = 0;  // in `out`
};

}  // namespace

Result<size_t> SftpClient::read(const std::string& handle, uint64_t offset, MutableBytes out,
                                int64_t until_ms) {
  std::vector<Asked> asked;
  size_t next = 0, end = out.size();  // not asked for yet; where the file ends, as far as is known
  std::optional<Error> refused_with;
  const auto ask = [&](size_t begin, size_t size) -> Result<> {
    sftp::Packet packet(sftp::kRead);
    packet.string(handle).u64(offset + begin).u32(static_cast<uint32_t>(size));
    asked.push_back({next_id(), begin, size});
    packet.set_id(asked.back().id);
    return send_whole(packet, until_ms);
  };
  // Also after a refusal until all is answered: later requests must find none of these answers.
  while (!asked.empty() || (next < end && !refused_with)) {
    while (next < end && asked.size() < kMaxRequests && !refused_with) {
      const size_t size = std::min(end - next, kMaxAtOnce);
      TRY(ask(next, size));
      next += size;
    }
    const auto answer = TRY(receive_some());
    if (!answer) {
      if (!wait(until_ms))
        return lost(fail(Kind::timeout, "%s: SFTP does not answer", host_.c_str()).error());
      continue;
    }
    const auto at = std::ranges::find(asked, answer->id, &Asked::id);
    if (at == asked.end())
      return lost(fail(Kind::corrupt, "%s answers an unknown request", host_.c_str()).error());
    const Asked part = *at;
    asked.erase(at);
    sftp::Parser parser(answer->body);
    if (answer->type == sftp::kStatus && parser.u32() == sftp::kEof && parser.ok()) {
      end = std::min(end, part.begin);
      continue;
    }
    const std::string_view data =
        answer->type == sftp::kData ? parser.string() : std::string_view();
    if (data.empty() || data.size() > part.size) {
      refused_with = unexpected_answer(*answer, "read", "file").error();
      if (is_lost_) break;
      continue;
    }
    memcpy(out.data() + part.begin, data.data(), data.size());
    // Less than was asked for is no end yet.
    if (data.size() < part.size && !refused_with)
      TRY(ask(part.begin + data.size(), part.size - data.size()));
  }
  if (refused_with) return std::unexpected(*refused_with);
  return end;
}

}  // namespace kdump

// An SFTP server that answers as it likes: every request of the client, over bytes that are the
// input's.
#include <cstring>

#include "net/sftp/sftp_client.h"
#include "tests/fuzz/fuzzer.h"

namespace kdump {
namespace {

constexpr int64_t kPatienceMs = 1000;
constexpr size_t kMostRequests = 1000;

// Takes requests and gives, for each, what the input says next: how (u8), how many bytes (u8), the
// bytes. how: an answer with its length and the request's id in place; one of somebody else's id;
// the bytes as they are; none at all. The last pieces come when nothing more is asked, then the
// end.
class HostileServer final : public ByteChannel {
 public:
  explicit HostileServer(Bytes input) : script_(input) {}

  Result<size_t> send_some(Bytes data) override {
    const size_t some = std::min(data.size(), size_t{4096});
    requests_.append(reinterpret_cast<const char*>(data.data()), some);
    while (requests_.size() >= 4) {
      sftp::Parser parser(requests_);
      const uint32_t size = parser.u32();
      promised(size >= 5 && size <= 512 << 10, "a request has a length");
      if (requests_.size() - 4 < size) break;
      answer(requests_.substr(5, 4));
      requests_.erase(0, 4 + size);
      promised(++count_ < kMostRequests, "a server's answers end the questions");
    }
    return some;
  }
  Result<size_t> receive_some(MutableBytes out) override {
    const size_t some = std::min(out.size(), answers_.size());
    memcpy(out.data(), answers_.data(), some);
    answers_.erase(0, some);
    return some;
  }
  bool is_at_end() override { return script_.at_end() && answers_.empty(); }
  bool wait(int64_t) const override { return !answers_.empty(); }  // what has not come never will
  Result<Ending> finish(int64_t) override { return Ending{}; }

 private:
  void answer(const std::string& id) {
    const uint8_t how = script_.byte() % 8;
    const Bytes bytes = script_.counted();
    std::string body(as_text(bytes));
    if (how == 7) return;
    if (how < 6) {
      // The type, the id, the rest; but for the first answer, which has no id.
      if (count_ != 0) body.insert(std::min<size_t>(1, body.size()), id);
      if (how == 5 && body.size() > 4) body[4] = static_cast<char>(body[4] ^ 1);
      const uint32_t length = __builtin_bswap32(static_cast<uint32_t>(body.size()));
      answers_.append(reinterpret_cast<const char*>(&length), sizeof length);
    }
    answers_ += body;
  }

  Pieces script_;
  std::string requests_, answers_;
  size_t count_ = 0;
};

// What no answer can be trusted with: where it failed, it says why.
template <class T>
void check(const Result<T>& result) {
  promised(result || result.error().text[0] != '\0', "an error says what it is");
}

void list(SftpClient& client) {
  const auto handle = client.open_directory("/d", kPatienceMs);
  check(handle);
  if (!handle) return;
  for (size_t part = 0; part < 8; ++part) {
    const auto names = client.read_directory(*handle, kPatienceMs);
    check(names);
    if (!names || names->empty()) return;
  }
}

void read_file(SftpClient& client) {
  const auto handle = client.open("/d/f", sftp::kForRead, kPatienceMs);
  check(handle);
  if (!handle) return;
  promised(handle->size() <= sftp::kMaxHandleBytes, "a handle fits a write's head");
  std::vector<uint8_t> out(80'000);
  const auto read = client.read(*handle, 0, out, kPatienceMs);
  check(read);
  promised(!read || *read <= out.size(), "no more is read than was asked for");
  check(client.truncate(*handle, 1, kPatienceMs));
  check(client.fsync(*handle, kPatienceMs));
  check(client.stat_handle(*handle, kPatienceMs));
  check(client.close(*handle, kPatienceMs));
}

}  // namespace

void fuzz_sftp_server(Bytes input) {
  const auto started =
      SftpClient::start(std::make_unique<HostileServer>(input), "server", kPatienceMs);
  check(started);
  if (!started) return;
  SftpClient& client = **started;
  promised(client.max_write_bytes() >= 4096, "a write is never small");
  promised(client.max_write_bytes() <= 256 << 10, "a write has a bound");
  check(client.make_directory("/d", 0700, kPatienceMs));
  check(client.space("/d", kPatienceMs));
  list(client);
  read_file(client);
  check(client.stat("/d", kPatienceMs));
  check(client.rename_new("/d/f", "/d/g", kPatienceMs));
  check(client.remove("/d/g", kPatienceMs));
  // Answers to many requests at once.
  while (!client.is_lost()) {
    const auto answer = client.receive_some();
    check(answer);
    if (!answer || !*answer) break;
  }
}

}  // namespace kdump

#include "net/link/netlink.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "filter/base/sys.h"

namespace kdump {
namespace {

// The kernel sends lists in pieces of at most this.
constexpr size_t kReceiveBytes = 32 * 1024;
// It answers while it carries a request out; a driver that is slow at it has this long.
constexpr int kAnswerSeconds = 10;
// A list of routes or addresses that is longer than this is cut: it is none of a machine that
// has just booted.
constexpr int kMaxListedPieces = 4096;

constexpr size_t aligned(size_t size) { return (size + 3) & ~size_t{3}; }

// Takes one message off the front of data: its header and body.
bool next_message(Bytes& data, nlmsghdr& header, Bytes& body) {
  if (data.size() < sizeof header) return false;
  header = load<nlmsghdr>(data.data());
  if (header.nlmsg_len < sizeof header || header.nlmsg_len > data.size()) return false;
  body = data.subspan(sizeof header, header.nlmsg_len - sizeof header);
  const size_t whole = aligned(header.nlmsg_len);
  data = data.subspan(whole < data.size() ? whole : data.size());
  return true;
}

// The kernel's answer: 0 or an errno, and its message if it sent one.
Result<> verdict(const nlmsghdr& header, Bytes body) {
  if (body.size() < sizeof(nlmsgerr)) return fail(Kind::io, "netlink: truncated answer");
  const int error = -load<nlmsgerr>(body.data()).error;
  if (error == 0) return {};
  std::string words;
  if (header.nlmsg_flags & NLM_F_ACK_TLVS)
    words = netlink_text(NetlinkAttributes(body.subspan(sizeof(nlmsgerr))).find(NLMSGERR_ATTR_MSG));
  return words.empty() ? fail_errno(error, "the kernel refuses")
                       : fail_errno(error, "the kernel refuses: %.80s", words.c_str());
}

}  // namespace

void DescriptorTraits::release(int fd) { ::close(fd); }

void NetlinkRequest::append(Bytes bytes) {
  body_.insert(body_.end(), bytes.begin(), bytes.end());
  body_.resize(aligned(body_.size()));
}

void NetlinkRequest::put(uint16_t attribute, Bytes value) {
  const nlattr header{.nla_len = static_cast<uint16_t>(sizeof header + value.size()),
                      .nla_type = attribute};
  append(bytes_of(header));
  append(value);
}

void NetlinkRequest::put(uint16_t attribute, std::string_view text) {
  const std::string terminated(text);
  put(attribute,
      Bytes(reinterpret_cast<const uint8_t*>(terminated.c_str()), terminated.size() + 1));
}

size_t NetlinkRequest::begin(uint16_t attribute) {
  const size_t begun = body_.size();
  put(attribute, Bytes());
  return begun;
}

void NetlinkRequest::end(size_t begun) {
  const auto size = static_cast<uint16_t>(body_.size() - begun);
  memcpy(&body_[begun], &size, sizeof size);
}

bool NetlinkAttributes::next(uint16_t& attribute, Bytes& value) {
  if (data_.size() < sizeof(nlattr)) return false;
  const auto header = load<nlattr>(data_.data());
  if (header.nla_len < sizeof header || header.nla_len > data_.size()) return false;
  attribute = header.nla_type & NLA_TYPE_MASK;
  value = data_.subspan(sizeof header, header.nla_len - sizeof header);
  const size_t whole = aligned(header.nla_len);
  data_ = data_.subspan(whole < data_.size() ? whole : data_.size());
  return true;
}

Bytes NetlinkAttributes::find(uint16_t attribute) const {
  NetlinkAttributes rest = *this;
  uint16_t type;
  Bytes value, found;
  while (rest.next(type, value))
    if (type == attribute) found = value;
  return found;
}

std::string netlink_text(Bytes value) {
  if (value.empty()) return "";
  const auto* const begin = reinterpret_cast<const char*>(value.data());
  return std::string(begin, strnlen(begin, value.size()));
}

Netlink::Netlink(Descriptor socket) : socket_(std::move(socket)), buffer_(kReceiveBytes) {}

Result<Netlink> Netlink::open() {
  Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket) return fail_errno(errno, "netlink: socket");
  // Groups skip a socket without an address, which is the kernel's own.
  sockaddr_nl any{};
  any.nl_family = AF_NETLINK;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0)
    return fail_errno(errno, "netlink: bind");
  // Without these two the kernel's answers are longer and poorer in words; they go without saying.
  const int on = 1;
  ::setsockopt(socket.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  ::setsockopt(socket.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  const timeval timeout{.tv_sec = kAnswerSeconds, .tv_usec = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  return Netlink(std::move(socket));
}

Result<> Netlink::subscribe(int group) {
  if (::setsockopt(socket_.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
    return fail_errno(errno, "netlink: group %d", group);
  return {};
}

Result<> Netlink::send(const NetlinkRequest& request, uint16_t flags) {
  const nlmsghdr header{
      .nlmsg_len = static_cast<uint32_t>(sizeof header + request.body_.size()),
      .nlmsg_type = request.type_,
      .nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | request.flags_ | flags),
      .nlmsg_seq = ++sequence_,
      .nlmsg_pid = 0};
  std::vector<uint8_t> message(bytes_of(header).begin(), bytes_of(header).end());
  message.insert(message.end(), request.body_.begin(), request.body_.end());
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const ssize_t sent = ::sendto(socket_.get(), message.data(), message.size(), 0,
                                reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
  if (sent != static_cast<ssize_t>(message.size())) return fail_errno(errno, "netlink: send");
  return {};
}

Result<Bytes> Netlink::receive() {
  for (;;) {
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof sender;
    const ssize_t size = ::recvfrom(socket_.get(), buffer_.data(), buffer_.size(), 0,
                                    reinterpret_cast<sockaddr*>(&sender), &sender_size);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN)
      return fail(Kind::timeout, "the kernel did not answer for %d s", kAnswerSeconds);
    if (size < 0) return fail_errno(errno, "netlink: receive");
    // Any process may send to a netlink socket; only the kernel's word counts.
    if (sender.nl_pid == 0) return Bytes(buffer_.data(), static_cast<size_t>(size));
  }
}

Result<> Netlink::request(const NetlinkRequest& request) {
  return get_raw(
      request, [](void*, const NetlinkReply&) {}, nullptr);
}

Result<> Netlink::get_raw(const NetlinkRequest& request, Visit visit, void* context) {
  TRY(send(request, NLM_F_ACK));
  for (;;) {
    Bytes data = TRY(receive()), body;
    nlmsghdr header;
    while (next_message(data, header, body)) {
      if (header.nlmsg_seq != sequence_) continue;
      if (header.nlmsg_type == NLMSG_ERROR) return verdict(header, body);
      visit(context, {.type = header.nlmsg_type, .body = body});
    }
  }
}

Result<> Netlink::list_raw(const NetlinkRequest& request, Visit visit, void* context) {
  TRY(send(request, NLM_F_DUMP));
  for (int piece = 0; piece < kMaxListedPieces; ++piece) {
    Bytes data = TRY(receive()), body;
    nlmsghdr header;
    while (next_message(data, header, body)) {
      if (header.nlmsg_seq != sequence_) continue;
      if (header.nlmsg_type == NLMSG_DONE) return {};
      if (header.nlmsg_type == NLMSG_ERROR) return verdict(header, body);
      visit(context, {.type = header.nlmsg_type, .body = body});
    }
  }
  return fail(Kind::corrupt, "netlink: the list has no end");
}

void Netlink::drain_raw(Visit visit, void* context) {
  for (int piece = 0; piece < kMaxListedPieces; ++piece) {
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof sender;
    const ssize_t size = ::recvfrom(socket_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT,
                                    reinterpret_cast<sockaddr*>(&sender), &sender_size);
    if (size <= 0) return;
    if (sender.nl_pid != 0) continue;
    Bytes data(buffer_.data(), static_cast<size_t>(size)), body;
    nlmsghdr header;
    while (next_message(data, header, body))
      visit(context, {.type = header.nlmsg_type, .body = body});
  }
}

}  // namespace kdump

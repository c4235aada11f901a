#include "net/dhcp/dhcp6.h"

#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "filter/base/sys.h"

namespace kdump {
namespace {

constexpr uint16_t kClientPort = 546, kServerPort = 547;
constexpr size_t kMaxMessage = 1500;
// RFC 8415: the first question is repeated after a second, then ever more slowly.
constexpr int64_t kFirstRepeatMs = 1000, kSlowestRepeatMs = 8000;

Result<Descriptor> open_socket(const Link& link) {
  Descriptor socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail_errno(errno, "DHCPv6: socket");
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, link.name.c_str(),
                   static_cast<socklen_t>(link.name.size() + 1)) != 0)
    return fail_errno(errno, "DHCPv6: bind to %s", link.name.c_str());
  sockaddr_in6 here{};
  here.sin6_family = AF_INET6;
  here.sin6_port = htons(kClientPort);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0)
    return fail_errno(errno, "DHCPv6: bind to port %u", kClientPort);
  return socket;
}

class Exchange {
 public:
  Exchange(const Link& link, Descriptor socket, int64_t until_ms)
      : link_(link),
        socket_(std::move(socket)),
        until_ms_(until_ms),
        begin_ms_(real_sys().monotonic_ms()) {
    question_.mac = *link.mac;
    // Without entropy the clock makes the transaction ids differ.
    if (::getrandom(&question_.transaction, sizeof question_.transaction, GRND_NONBLOCK) < 0)
      question_.transaction = static_cast<uint32_t>(begin_ms_);
    question_.transaction &= 0xffffff;
  }

  Result<Dhcp6Answer> run();

 private:
  void ask();
  Result<Dhcp6Answer> next_answer(int64_t until_ms);

  const Link& link_;
  Descriptor socket_;
  int64_t until_ms_, begin_ms_;
  Dhcp6Question question_;
};

// What cannot be sent now is sent at the next repetition.
void Exchange::ask() {
  const int64_t elapsed = (real_sys().monotonic_ms() - begin_ms_) / 10;
  question_.elapsed_hundredths = static_cast<uint16_t>(std::min<int64_t>(elapsed, UINT16_MAX));
  const std::vector<uint8_t> message = dhcp6_bytes(question_);
  sockaddr_in6 servers{};  // ff02::1:2, all servers and relays
  servers.sin6_family = AF_INET6;
  servers.sin6_port = htons(kServerPort);
  servers.sin6_addr.s6_addr[0] = 0xff;
  servers.sin6_addr.s6_addr[1] = 0x02;
  servers.sin6_addr.s6_addr[13] = 1;
  servers.sin6_addr.s6_addr[15] = 2;
  servers.sin6_scope_id = link_.index;
  (void)!::sendto(socket_.get(), message.data(), message.size(), 0,
                  reinterpret_cast<const sockaddr*>(&servers), sizeof servers);
}

// The next message that answers the question, whatever it says. Fails: timeout.
Result<Dhcp6Answer> Exchange::next_answer(int64_t until_ms) {
  for (;;) {
    const int64_t left_ms = until_ms - real_sys().monotonic_ms();
    if (left_ms <= 0) return fail(Kind::timeout, "no answer");
    pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(left_ms)) <= 0) continue;
    uint8_t message[kMaxMessage];
    const ssize_t size = ::recv(socket_.get(), message, sizeof message, 0);
    if (size <= 0) continue;
    auto answer = parse_dhcp6_answer({message, static_cast<size_t>(size)}, question_);
    if (answer) return answer;
  }
}

Result<Dhcp6Answer> Exchange::run() {
  int64_t repeat_ms = kFirstRepeatMs;
  while (real_sys().monotonic_ms() < until_ms_) {
    ask();
    const int64_t retry_ms = std::min(real_sys().monotonic_ms() + repeat_ms, until_ms_);
    repeat_ms = std::min(repeat_ms * 2, kSlowestRepeatMs);
    while (const auto answer = next_answer(retry_ms)) {
      const bool is_final =
          answer->type == kDhcp6Reply && (question_.type == kDhcp6Request || answer->is_committed);
      if (!answer->address) continue;  // another server may have one
      if (is_final) return *answer;
      if (question_.type != kDhcp6Solicit || answer->type != kDhcp6Advertise) continue;
      question_.type = kDhcp6Request;
      question_.server = answer->server;
      question_.address = answer->address;
      question_.transaction = (question_.transaction + 1) & 0xffffff;
      repeat_ms = kFirstRepeatMs;
      break;
    }
  }
  return fail(Kind::timeout, "%s: no DHCPv6 server assigned an address", link_.name.c_str());
}

}  // namespace

Result<Dhcp6Answer> ask_dhcp6(const Link& link, int64_t until_ms) {
  if (link.hardware != ARPHRD_ETHER || !link.mac)
    return fail(Kind::unsupported, "%s: DHCPv6 needs an Ethernet address", link.name.c_str());
  return Exchange(link, TRY(open_socket(link)), until_ms).run();
}

}  // namespace kdump

// The DHCP client against a server that sends broken answers before every sound one: it must
// neither fall over (AddressSanitizer watches n-dhcp4 too) nor wait beyond its deadline.
#include "net/dhcp/dhcp.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <optional>
#include <random>

#include "filter/base/sys.h"
#include "net/link/devices.h"
#include "tests/net/net_scene.h"

namespace kdump {
namespace {

constexpr char kMac[] = "52:54:00:12:34:56";
constexpr size_t kEthernet = 14, kIp = 20, kUdp = 8, kBootp = 236;
constexpr size_t kOptions = kEthernet + kIp + kUdp + kBootp;  // offset in a frame
constexpr uint8_t kDiscover = 1, kOffer = 2, kRequest = 3, kAck = 5, kNak = 6;
constexpr int kBrokenOnes = 150;

using Frame = std::vector<uint8_t>;

void put16(Frame& frame, size_t at, size_t value) {
  frame[at] = static_cast<uint8_t>(value >> 8);
  frame[at + 1] = static_cast<uint8_t>(value);
}

// Of a frame by n-dhcp4, which has option 53 first.
uint8_t type_of(const Frame& asked) { return asked[kOptions + 4 + 2]; }

void sign_ip(Frame& frame) {
  put16(frame, kEthernet + 10, 0);
  uint32_t sum = 0;
  for (size_t at = kEthernet; at < kEthernet + kIp; at += 2)
    sum += static_cast<uint32_t>(frame[at] << 8 | frame[at + 1]);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  put16(frame, kEthernet + 10, ~sum & 0xffff);
}

// A sound answer to what `asked` asks: 10.9.0.50 of 10.9.0.1, with every option that is read.
Frame answer_to(const Frame& asked, uint8_t type) {
  const uint8_t options[] = {
      99,  130, 83,  99,  53,  1, type, 54,  4,   10,  9, 0,   1,  51, 4,  0, 0,  14, 16,  1,   4,
      255, 255, 255, 0,   3,   4, 10,   9,   0,   1,   6, 4,   10, 9,  0,  1, 15, 3,  'x', 'y', 'z',
      26,  2,   5,   120, 119, 5, 3,    'a', 'b', 'c', 0, 121, 5,  0,  10, 9, 0,  1,  255};
  Frame frame(kOptions + sizeof options);
  memset(&frame[0], 0xff, 6);
  memcpy(&frame[6], "\x02\x00\x00\x00\x00\x01", 6);
  put16(frame, 12, ETHERTYPE_IP);
  frame[kEthernet] = 0x45;
  put16(frame, kEthernet + 2, frame.size() - kEthernet);
  frame[kEthernet + 8] = 64;
  frame[kEthernet + 9] = IPPROTO_UDP;
  memcpy(&frame[kEthernet + 12], "\x0a\x09\x00\x01\xff\xff\xff\xff", 8);
  put16(frame, kEthernet + kIp, 67);
  put16(frame, kEthernet + kIp + 2, 68);
  put16(frame, kEthernet + kIp + 4, frame.size() - kEthernet - kIp);
  const size_t bootp = kEthernet + kIp + kUdp;
  // Operation 2, then type and length of the hardware address and the xid as they were asked.
  memcpy(&frame[bootp], &asked[bootp], kBootp);
  frame[bootp] = 2;
  memcpy(&frame[bootp + 16], "\x0a\x09\x00\x32", 4);
  memcpy(&frame[kOptions], options, sizeof options);
  sign_ip(frame);
  return frame;
}

Frame broken(Frame frame, std::mt19937& random, int number) {
  if (number % 10 == 0) {  // too short for its own header: what toolchain/n-dhcp4.patch is for
    put16(frame, kEthernet + kIp + 4, static_cast<size_t>(random() % 8));
    put16(frame, kEthernet + kIp + 6, 1);  // a checksum, so that it is looked at
    return frame;
  }
  for (int change = 0; change < 3; ++change)
    frame[kOptions + random() % (frame.size() - kOptions)] = static_cast<uint8_t>(random());
  if (number % 3 == 0) {
    frame.resize(kOptions - 8 + random() % (frame.size() - kOptions));
    put16(frame, kEthernet + 2, frame.size() - kEthernet);
    put16(frame, kEthernet + kIp + 4, frame.size() - kEthernet - kIp);
    sign_ip(frame);
  }
  return frame;
}

// Hands every DISCOVER and REQUEST to `answer`, which gives the frames to send, for ever.
void serve(const char* interface, const std::function<std::vector<Frame>(const Frame&)>& answer) {
  const int fd = ::socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP));
  sockaddr_ll here{};
  here.sll_family = AF_PACKET;
  here.sll_protocol = htons(ETH_P_IP);
  here.sll_ifindex = static_cast<int>(::if_nametoindex(interface));
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) return;
  for (;;) {
    Frame asked(2048);
    const ssize_t size = ::recv(fd, asked.data(), asked.size(), 0);
    if (size < static_cast<ssize_t>(kOptions + 7)) continue;
    if (asked[kEthernet + kIp + 3] != 67) continue;
    const uint8_t type = type_of(asked);
    if (type != kDiscover && type != kRequest) continue;
    for (const Frame& frame : answer(asked)) (void)!::send(fd, frame.data(), frame.size(), 0);
  }
}

void serve_broken(const char* interface, unsigned seed) {
  std::mt19937 random(seed);
  serve(interface, [&](const Frame& asked) {
    const Frame sound = answer_to(asked, type_of(asked) == kDiscover ? kOffer : kAck);
    std::vector<Frame> frames;
    for (int number = 0; number < kBrokenOnes; ++number)
      frames.push_back(broken(sound, random, number));
    frames.push_back(sound);
    return frames;
  });
}

// last_word: what a REQUEST gets; none: nothing.
void serve_no_lease(const char* interface, std::optional<uint8_t> last_word) {
  serve(interface, [&](const Frame& asked) {
    std::vector<Frame> frames;
    if (type_of(asked) == kDiscover)
      frames.push_back(answer_to(asked, kOffer));
    else if (last_word)
      frames.push_back(answer_to(asked, *last_word));
    return frames;
  });
}

// By eth0, to what answers on s0.
Result<Lease> ask(NetScene& scene, uint32_t timeout_ms) {
  scene.here("ip link set eth0 up");
  auto netlink = Netlink::open();
  REQUIRE(netlink);
  const auto links = list_links(*netlink);
  REQUIRE(links);
  const Link* const link = find_link(*links, "eth0");
  REQUIRE(link);
  return ask_dhcp(*link, "host", real_sys().monotonic_ms() + timeout_ms);
}

TEST_CASE("no broken answer of a DHCP server ends the client, or holds it up") {
  int granted = 0;
  for (unsigned seed = 0; seed < 4; ++seed) {
    CAPTURE(seed);
    NetScene scene;
    scene.live_cable("eth0", "s0", kMac, "");
    scene.run_there([seed] { serve_broken("s0", seed); });
    const int64_t begin_ms = real_sys().monotonic_ms();
    const auto lease = ask(scene, 6000);
    CHECK(real_sys().monotonic_ms() - begin_ms < 8000);
    if (!lease) continue;  // a broken one was taken, and its word was no lease
    ++granted;
    CHECK(lease->prefix <= 32);
    CHECK(lease->nameservers.size() <= 3);
  }
  CHECK(granted > 0);
}

TEST_CASE("a DHCP server that grants nothing is distinguished from a missing one") {
  const std::pair<std::optional<uint8_t>, const char*> cases[] = {
      {kNak, "refused the address that it had offered"},
      {std::nullopt, "offered an address and did not grant it"}};
  for (const auto& [last_word, message] : cases) {
    CAPTURE(message);
    NetScene scene;
    scene.live_cable("eth0", "s0", kMac, "");
    scene.run_there([&] { serve_no_lease("s0", last_word); });
    const auto lease = ask(scene, 1500);
    REQUIRE(!lease);
    CHECK(lease.error().kind == Kind::timeout);
    CHECK(std::string(lease.error().text).find(message) != std::string::npos);
  }
}

}  // namespace
}  // namespace kdump

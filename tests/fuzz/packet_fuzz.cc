// What anybody on the network can send: DHCP, DHCPv6, and an SFTP server's answers.
#include "net/dhcp/dhcp6_message.h"
#include "net/dhcp/lease.h"
#include "net/sftp/sftp_packet.h"
#include "tests/fuzz/fuzzer.h"

// n-dhcp4's parser of messages, which its public header does not have.
extern "C" {
struct NDhcp4Incoming;
int n_dhcp4_incoming_new(NDhcp4Incoming** out, const void* raw, size_t bytes);
NDhcp4Incoming* n_dhcp4_incoming_free(NDhcp4Incoming* incoming);
int n_dhcp4_incoming_query(NDhcp4Incoming* incoming, uint8_t option, uint8_t** data, size_t* bytes);
}

namespace kdump {
namespace {

void check_names(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    promised(is_domain_name(name), "a name has the letters of names only");
}

void check_lease(const IpAddress& address, const LeaseOptions& options) {
  const auto lease = parse_lease(address, options);
  if (!lease) return;
  promised(lease->address.is_v4() && lease->prefix <= 32, "an address has a prefix");
  promised(lease->mtu == 0 || lease->mtu >= 576, "an MTU is one that packets fit");
  check_names(lease->search);
}

}  // namespace

void fuzz_dhcp_message(Bytes input) {
  NDhcp4Incoming* incoming = nullptr;
  if (n_dhcp4_incoming_new(&incoming, input.data(), input.size()) != 0) return;
  const auto option = [&](uint8_t code) {
    uint8_t* data = nullptr;
    size_t bytes = 0;
    return n_dhcp4_incoming_query(incoming, code, &data, &bytes) == 0 ? Bytes{data, bytes}
                                                                      : Bytes{};
  };
  check_lease(*IpAddress::parse("192.0.2.10"), {.subnet_mask = option(1),
                                                .routers = option(3),
                                                .nameservers = option(6),
                                                .domain = option(15),
                                                .mtu = option(26),
                                                .domain_search = option(119),
                                                .classless_routes = option(121)});
  n_dhcp4_incoming_free(incoming);
}

void fuzz_dhcp_lease(Bytes input) {
  Pieces pieces(input);
  const auto octets = pieces.number<uint32_t>();
  const LeaseOptions options{.subnet_mask = pieces.counted(),
                             .routers = pieces.counted(),
                             .nameservers = pieces.counted(),
                             .domain = pieces.counted(),
                             .mtu = pieces.counted(),
                             .domain_search = pieces.counted(),
                             .classless_routes = pieces.rest()};
  check_lease(*IpAddress::from(bytes_of(octets)), options);
}

void fuzz_dhcp6(Bytes input) {
  Dhcp6Question question{.transaction = 0x123456, .mac = {}};
  for (const uint8_t type : {kDhcp6Solicit, kDhcp6Request}) {
    question.type = type;
    const auto answer = parse_dhcp6_answer(input, question);
    if (!answer) continue;
    promised(answer->server.size() <= 130, "a server's identifier is bounded");
    check_names(answer->search);
    // What it says goes into the next question.
    Dhcp6Question next = question;
    next.server = answer->server;
    next.address = answer->address;
    (void)dhcp6_bytes(next);
  }
}

void fuzz_sftp_packet(Bytes input) {
  sftp::Parser whole(as_text(input));
  while (whole.ok() && !whole.at_end()) {
    (void)whole.string();
    (void)sftp::status_name(whole.u32());
  }
  sftp::Parser attributes(as_text(input));
  (void)sftp::parse_attributes(attributes);
}

}  // namespace kdump

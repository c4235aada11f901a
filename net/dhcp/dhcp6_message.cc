#include "net/dhcp/dhcp6_message.h"

#include <algorithm>

#include "net/base/resolver_files.h"
#include "net/dhcp/lease.h"

namespace kdump {
namespace {

constexpr uint16_t kClientId = 1, kServerId = 2, kIdentityAssociation = 3, kAddress = 5,
                   kOptionRequest = 6, kElapsed = 8, kStatus = 13, kRapidCommit = 14,
                   kNameservers = 23, kDomains = 24;
constexpr size_t kMaxServerId = 130;       // RFC 8415 11.1
constexpr size_t kAssociationHeader = 12;  // identifier, T1, T2
constexpr size_t kAddressHeader = 24;      // address, two lifetimes
constexpr uint8_t kLinkLayerId = 3, kEthernet = 1;

uint16_t be16(Bytes data) { return static_cast<uint16_t>(data[0] << 8 | data[1]); }

class Writer {
 public:
  void put(Bytes data) { out_.insert(out_.end(), data.begin(), data.end()); }
  void put8(uint8_t value) { out_.push_back(value); }
  void put16(size_t value) {
    put8(static_cast<uint8_t>(value >> 8));
    put8(static_cast<uint8_t>(value));
  }
  void option(uint16_t code, const std::vector<uint8_t>& data) {
    put16(code);
    put16(data.size());
    put(data);
  }
  std::vector<uint8_t> take() { return std::move(out_); }

 private:
  std::vector<uint8_t> out_;
};

// DUID-LL: which machine this is, also after the crash.
std::vector<uint8_t> client_id(const MacAddress& mac) {
  Writer id;
  id.put16(kLinkLayerId);
  id.put16(kEthernet);
  id.put(mac.octets);
  return id.take();
}

// One association, identified by the end of the MAC address.
std::vector<uint8_t> association(const Dhcp6Question& question) {
  Writer data;
  data.put(Bytes(question.mac.octets).last(4));
  data.put(std::vector<uint8_t>(8));  // T1 and T2 are the server's to say
  if (question.address) {
    Writer address;
    address.put(question.address.bytes());
    address.put(std::vector<uint8_t>(8));
    data.option(kAddress, address.take());
  }
  return data.take();
}

// Hands each option to `each` until the bytes end, or one is cut short.
template <class Each>
void for_each_option(Bytes data, Each each) {
  while (data.size() >= 4) {
    const uint16_t code = be16(data), size = be16(data.subspan(2));
    if (size > data.size() - 4) return;
    each(code, data.subspan(4, size));
    data = data.subspan(4u + size);
  }
}

bool is_unicast(const IpAddress& address) {
  return address.is_v6() && address.octets[0] != 0xff && !address.is_link_local() &&
         !address.is_loopback() && address != *IpAddress::parse("::");
}

void read_association(Bytes data, Dhcp6Answer& answer) {
  if (data.size() < kAssociationHeader) return;
  for_each_option(data.subspan(kAssociationHeader), [&](uint16_t code, Bytes value) {
    if (code != kAddress || value.size() < kAddressHeader || answer.address) return;
    const IpAddress address = *IpAddress::from(value.first(16));
    const auto valid = value.subspan(20, 4);
    const bool is_valid = std::any_of(valid.begin(), valid.end(), [](uint8_t o) { return o; });
    if (is_valid && is_unicast(address)) answer.address = address;
  });
}

}  // namespace

std::vector<uint8_t> dhcp6_bytes(const Dhcp6Question& question) {
  Writer message;
  message.put8(question.type);
  message.put8(static_cast<uint8_t>(question.transaction >> 16));
  message.put16(question.transaction & 0xffff);
  message.option(kClientId, client_id(question.mac));
  if (!question.server.empty()) message.option(kServerId, question.server);
  message.option(kIdentityAssociation, association(question));
  message.option(kOptionRequest, {0, kNameservers, 0, kDomains});
  const auto elapsed = question.elapsed_hundredths;
  message.option(kElapsed, {static_cast<uint8_t>(elapsed >> 8), static_cast<uint8_t>(elapsed)});
  if (question.type == kDhcp6Solicit) message.option(kRapidCommit, {});
  return message.take();
}

Result<Dhcp6Answer> parse_dhcp6_answer(Bytes message, const Dhcp6Question& question) {
  if (message.size() < 4)
    return fail(Kind::corrupt, "DHCPv6: a message of %zu bytes", message.size());
  const uint32_t transaction = uint32_t{message[1]} << 16 | be16(message.subspan(2));
  if (transaction != question.transaction)
    return fail(Kind::corrupt, "DHCPv6: answer to another client");
  Dhcp6Answer answer;
  answer.type = message[0];
  bool is_for_us = false, is_refused = false;
  for_each_option(message.subspan(4), [&](uint16_t code, Bytes value) {
    const std::vector<uint8_t> own = client_id(question.mac);
    switch (code) {
      case kClientId:
        is_for_us = std::equal(value.begin(), value.end(), own.begin(), own.end());
        break;
      case kServerId:
        if (value.size() <= kMaxServerId) answer.server.assign(value.begin(), value.end());
        break;
      case kIdentityAssociation:
        read_association(value, answer);
        break;
      case kStatus:
        is_refused = value.size() >= 2 && be16(value) != 0;
        break;
      case kRapidCommit:
        answer.is_committed = true;
        break;
      case kNameservers:
        for (; value.size() >= 16 && answer.nameservers.size() < kMaxNameservers;
             value = value.subspan(16))
          if (const IpAddress server = *IpAddress::from(value.first(16)); is_unicast(server))
            answer.nameservers.push_back(server);
        break;
      case kDomains:
        answer.search = parse_domain_list(value);
        break;
      default:
        break;
    }
  });
  if (!is_for_us || answer.server.empty())
    return fail(Kind::corrupt, "DHCPv6: answer to another client");
  if (is_refused) answer.address = {};
  return answer;
}

}  // namespace kdump

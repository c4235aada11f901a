#include "net/link/bond_options.h"

#include <linux/if_link.h>

#include <algorithm>
#include <optional>
#include <span>

#include "net/cmdline/argument_fields.h"

namespace kdump {
namespace {

constexpr const char* kModes[] = {"balance-rr", "active-backup", "balance-xor", "broadcast",
                                  "802.3ad",    "balance-tlb",   "balance-alb"};
constexpr const char* kValidate[] = {"none",   "active",        "backup",       "all",
                                     "filter", "filter_active", "filter_backup"};
constexpr const char* kTargets[] = {"any", "all"};
constexpr const char* kReselect[] = {"always", "better", "failure"};
constexpr const char* kFailOverMac[] = {"none", "active", "follow"};
constexpr const char* kHashPolicies[] = {"layer2",   "layer3+4", "layer2+3",
                                         "encap2+3", "encap3+4", "vlan+srcmac"};
constexpr const char* kSwitch[] = {"off", "on"};
constexpr const char* kLacpRates[] = {"slow", "fast"};
constexpr const char* kAdSelect[] = {"stable", "bandwidth", "count"};

using Names = std::span<const char* const>;

struct Option {
  std::string_view name;
  uint16_t attribute;
  uint8_t size;        // of the number, in bytes
  Names names;         // of the values 0, 1, …, where they have names
  uint32_t usual = 0;  // the driver's default
};

constexpr Option kOptions[] = {
    {"mode", IFLA_BOND_MODE, 1, kModes},
    {"miimon", IFLA_BOND_MIIMON, 4, {}},
    {"updelay", IFLA_BOND_UPDELAY, 4, {}},
    {"downdelay", IFLA_BOND_DOWNDELAY, 4, {}},
    {"use_carrier", IFLA_BOND_USE_CARRIER, 1, kSwitch, 1},
    {"arp_interval", IFLA_BOND_ARP_INTERVAL, 4, {}},
    {"arp_validate", IFLA_BOND_ARP_VALIDATE, 4, kValidate},
    {"arp_all_targets", IFLA_BOND_ARP_ALL_TARGETS, 4, kTargets},
    {"primary_reselect", IFLA_BOND_PRIMARY_RESELECT, 1, kReselect},
    {"fail_over_mac", IFLA_BOND_FAIL_OVER_MAC, 1, kFailOverMac},
    {"xmit_hash_policy", IFLA_BOND_XMIT_HASH_POLICY, 1, kHashPolicies},
    {"resend_igmp", IFLA_BOND_RESEND_IGMP, 4, {}, 1},
    {"num_grat_arp", IFLA_BOND_NUM_PEER_NOTIF, 1, {}, 1},
    {"num_unsol_na", IFLA_BOND_NUM_PEER_NOTIF, 1, {}, 1},
    {"all_slaves_active", IFLA_BOND_ALL_SLAVES_ACTIVE, 1, kSwitch},
    {"min_links", IFLA_BOND_MIN_LINKS, 4, {}},
    {"lp_interval", IFLA_BOND_LP_INTERVAL, 4, {}, 1},
    {"packets_per_slave", IFLA_BOND_PACKETS_PER_SLAVE, 4, {}, 1},
    {"lacp_rate", IFLA_BOND_AD_LACP_RATE, 1, kLacpRates},
    {"ad_select", IFLA_BOND_AD_SELECT, 1, kAdSelect},
    {"ad_actor_sys_prio", IFLA_BOND_AD_ACTOR_SYS_PRIO, 2, {}, 65535},
    {"ad_user_port_key", IFLA_BOND_AD_USER_PORT_KEY, 2, {}},
    {"tlb_dynamic_lb", IFLA_BOND_TLB_DYNAMIC_LB, 1, kSwitch, 1},
    {"peer_notif_delay", IFLA_BOND_PEER_NOTIF_DELAY, 4, {}},
};
constexpr std::string_view kArpTargets = "arp_ip_target";
// BOND_MAX_ARP_TARGETS of the driver.
constexpr size_t kMaxArpTargets = 16;

const Option* find_option(std::string_view name) {
  const auto row = std::find_if(std::begin(kOptions), std::end(kOptions),
                                [&](const Option& option) { return option.name == name; });
  return row == std::end(kOptions) ? nullptr : row;
}

std::optional<uint32_t> value_of(const Option& option, std::string_view text) {
  for (size_t i = 0; i < option.names.size(); ++i)
    if (text == option.names[i]) return static_cast<uint32_t>(i);
  const uint32_t largest = option.size == 4 ? INT32_MAX : (1u << option.size * 8) - 1;
  return parse_decimal(
      text, option.names.empty() ? largest : static_cast<uint32_t>(option.names.size() - 1));
}

std::optional<std::vector<IpAddress>> arp_targets(const std::string& text) {
  std::vector<IpAddress> targets;
  for (const std::string& item : split_list(text, ';')) {
    const auto target = IpAddress::parse(item);
    if (!target || !target->is_v4() || targets.size() == kMaxArpTargets) return std::nullopt;
    targets.push_back(*target);
  }
  return targets;
}

void put_arp_targets(NetlinkRequest& request, const std::vector<IpAddress>& targets) {
  const size_t list = request.begin(IFLA_BOND_ARP_IP_TARGET);
  uint16_t number = 0;
  for (const IpAddress& target : targets) request.put(number++, target.bytes());
  request.end(list);
}

}  // namespace

Result<> check_bond_option(const BondOption& option) {
  bool is_valid = false;
  if (option.name == kBondPrimary) {
    is_valid = is_device(option.value);
  } else if (option.name == kArpTargets) {
    is_valid = arp_targets(option.value).has_value();
  } else {
    const Option* const row = find_option(option.name);
    if (!row) return fail(Kind::unsupported, "unknown bond option '%.30s'", option.name.c_str());
    is_valid = value_of(*row, option.value).has_value();
  }
  if (is_valid) return {};
  return fail(Kind::refused, "bond option %.30s: invalid value '%.40s'", option.name.c_str(),
              option.value.c_str());
}

void put_bond_options(NetlinkRequest& request, const std::vector<BondOption>& options) {
  bool is_watched = false;
  for (const BondOption& option : options) {
    is_watched |= option.name == "miimon" || option.name == "arp_interval";
    if (option.name == kArpTargets) {
      if (const auto targets = arp_targets(option.value)) put_arp_targets(request, *targets);
      continue;
    }
    const Option* const row = find_option(option.name);
    const auto value = row ? value_of(*row, option.value) : std::nullopt;
    // Little-endian: the first bytes of the number are the number.
    if (value) request.put(row->attribute, bytes_of(*value).first(row->size));
  }
  constexpr uint32_t kUsualMiimon = 100;
  if (!is_watched) request.put(IFLA_BOND_MIIMON, kUsualMiimon);
}

std::vector<BondOption> read_bond_options(Bytes data) {
  const NetlinkAttributes attributes(data);
  std::vector<BondOption> options;
  for (const Option& row : kOptions) {
    const Bytes bytes = attributes.find(row.attribute);
    // Two names of one attribute: the first is enough.
    if (bytes.size() < row.size || row.name == "num_unsol_na") continue;
    uint32_t value = 0;
    for (size_t i = 0; i < row.size; ++i) value |= uint32_t{bytes[i]} << i * 8;
    if (value == row.usual && row.attribute != IFLA_BOND_MODE) continue;
    options.push_back({std::string(row.name),
                       value < row.names.size() ? row.names[value] : std::to_string(value)});
  }
  NetlinkAttributes targets(attributes.find(IFLA_BOND_ARP_IP_TARGET));
  std::string list;
  uint16_t number = 0;
  for (Bytes value; targets.next(number, value);)
    if (const auto target = IpAddress::from(value))
      list += (list.empty() ? "" : ";") + target->text();
  if (!list.empty()) options.push_back({std::string(kArpTargets), list});
  return options;
}

}  // namespace kdump

// Writes /etc/resolv.conf, which the C library's resolver reads, in the capture kernel's RAM root.
#pragma once

#include <string>
#include <vector>

#include "filter/base/result.h"
#include "net/base/ip_address.h"

namespace kdump {

constexpr char kResolvConf[] = "/etc/resolv.conf";
// Maximum of name servers that the C library reads.
constexpr size_t kMaxNameservers = 3;
// Upper bound for one name, seconds: musl applies the timeout of resolv.conf to all attempts
// together, for each search domain.
constexpr uint32_t kResolverSeconds = 30;

// Returns true if resolv.conf already contains this name server, from an earlier target's job.
bool is_in_resolv_conf(const IpAddress& nameserver);

// Replaces resolv.conf. search: valid domain names (lease.h). Fails: as File does.
Result<> write_resolv_conf(const std::vector<IpAddress>& nameservers,
                           const std::vector<std::string>& search);

}  // namespace kdump

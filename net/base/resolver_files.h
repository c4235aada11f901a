// What the C library's resolver reads: /etc/resolv.conf, in the RAM root of the capture kernel.
#pragma once

#include <string>
#include <vector>

#include "filter/base/result.h"
#include "net/base/ip_address.h"

namespace kdump {

constexpr char kResolvConf[] = "/etc/resolv.conf";
// The C library reads no more.
constexpr size_t kMaxNameservers = 3;
// The time that a name may take, whatever its servers do: musl spends the time-out of resolv.conf
// on all attempts together, for one search domain after the other.
constexpr uint32_t kResolverSeconds = 30;

// Whether it has this one, of an earlier target's job.
bool resolver_knows(const IpAddress& nameserver);

// Replaces it. search: names that are valid already (lease.h).
Result<> write_resolv_conf(const std::vector<IpAddress>& nameservers,
                           const std::vector<std::string>& search);

}  // namespace kdump

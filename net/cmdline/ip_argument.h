// Parses the value of one ip= argument, in the forms of dracut.cmdline(7):
//   METHOD
//   DEVICE:METHOD[:[MTU][:MAC]]
//   ADDRESS:[PEER]:GATEWAY:NETMASK:HOSTNAME:DEVICE:METHOD[:[MTU][:MAC]] or …[:[DNS1][:[DNS2]]]
#pragma once

#include <string_view>

#include "filter/base/result.h"
#include "net/cmdline/network_settings.h"

namespace kdump {

// Fails: refused, for an invalid field (named in the text); unsupported, for a method that is not
// implemented.
Result<IpRequest> parse_ip_argument(std::string_view value);

}  // namespace kdump

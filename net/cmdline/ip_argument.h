// The value of one ip= argument, in the forms of dracut.cmdline(7):
//   METHOD
//   DEVICE:METHOD[:[MTU][:MAC]]
//   ADDRESS:[PEER]:GATEWAY:NETMASK:HOSTNAME:DEVICE:METHOD[:[MTU][:MAC]] or …[:[DNS1][:[DNS2]]]
#pragma once

#include <string_view>

#include "filter/base/result.h"
#include "net/cmdline/network_settings.h"

namespace kdump {

// Fails: refused, with the field that cannot be read; unsupported, for what is not done here.
Result<IpRequest> parse_ip_argument(std::string_view value);

}  // namespace kdump

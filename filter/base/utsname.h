// struct new_utsname of include/uapi/linux/utsname.h: names of the machine and of its kernel. Dump
// headers contain the same fields in the same order.
#pragma once

#include <cstddef>

namespace kdump {

constexpr size_t kUtsField = 65;  // __NEW_UTS_LEN + 1

// Each field ends with a NUL.
struct Utsname {
  char sysname[kUtsField] = {}, nodename[kUtsField] = {}, release[kUtsField] = {},
       version[kUtsField] = {}, machine[kUtsField] = {}, domainname[kUtsField] = {};
};
static_assert(sizeof(Utsname) == 6 * kUtsField);

}  // namespace kdump

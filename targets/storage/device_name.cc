#include "targets/storage/device_name.h"

namespace kdump {

std::string DeviceName::text() const {
  constexpr const char* kPrefixes[] = {"", "UUID=", "LABEL=", "PARTUUID=", "PARTLABEL="};
  return kPrefixes[static_cast<size_t>(by)] + value;
}

}  // namespace kdump

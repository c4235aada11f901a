// The name of a block device in a target's URL.
#pragma once

#include <cstdint>
#include <string>

namespace kdump {

struct DeviceName {
  enum class By : uint8_t { path, uuid, label, partuuid, partlabel };
  By by = By::path;
  std::string value;

  std::string text() const;  // for messages: UUID=…, /dev/…
};

}  // namespace kdump

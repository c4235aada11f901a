// Sizes as a person reads them on a console: "512 B", "30.7 MiB", "1.9 TiB".
#pragma once

#include <cstdint>
#include <string>

namespace kdump {

std::string human_size(uint64_t size_bytes);

}  // namespace kdump

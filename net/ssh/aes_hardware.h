// Whether this CPU has instructions for AES and GCM's multiplication.
#pragma once

namespace kdump {

bool has_aes_instructions();

}  // namespace kdump

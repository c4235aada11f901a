// Detects CPU instructions for AES and for GCM's multiplication.
#pragma once

namespace kdump {

bool has_aes_instructions();

}  // namespace kdump

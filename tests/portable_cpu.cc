// Makes a program that of a CPU without instructions for cryptography: linked with it, this is
// found before filter/crypto/cpu_features.cc.
#include "filter/crypto/cpu_features.h"

namespace kdump {

const CpuFeatures& cpu_features() {
  static constexpr CpuFeatures kNone;
  return kNone;
}

}  // namespace kdump

#include "filter/crypto/cpu_features.h"

namespace kdump {

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detect_cpu_features();
  return features;
}

}  // namespace kdump

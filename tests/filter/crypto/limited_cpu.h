// The CPU that filter_test's primitives see: this machine's, less what a test takes away.
#pragma once

#include <functional>
#include <string>

#include "filter/crypto/cpu_features.h"

namespace kdump {

// Calls check once for each kind of CPU whose code this machine can run, with that kind in place
// and its name as an argument. The last one is the machine as it is.
void for_each_cpu(const std::function<void(const std::string& name)>& check);

// Calls work as on a CPU without any instructions of CpuFeatures.
void on_portable_cpu(const std::function<void()>& work);

}  // namespace kdump

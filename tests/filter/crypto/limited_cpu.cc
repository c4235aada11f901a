#include "tests/filter/crypto/limited_cpu.h"

namespace kdump {
namespace {

CpuFeatures& current() {
  static CpuFeatures features = detect_cpu_features();
  return features;
}

void with(const CpuFeatures& features, const std::function<void()>& work) {
  const CpuFeatures before = current();
  current() = features;
  work();
  current() = before;
}

}  // namespace

// Instead of filter/crypto/cpu_features.cc, which the linker then leaves out of its library.
const CpuFeatures& cpu_features() { return current(); }

void for_each_cpu(const std::function<void(const std::string& name)>& check) {
  const CpuFeatures all = detect_cpu_features();
  on_portable_cpu([&] { check("no instructions"); });
  if (all.avx2) with({.avx2 = true}, [&] { check("AVX2"); });
  if (all.aes) with({.aes = true}, [&] { check("AES"); });
  if (all.sha256) with({.sha256 = true}, [&] { check("SHA-256"); });
  with(all, [&] { check("this machine"); });
}

void on_portable_cpu(const std::function<void()>& work) { with({}, work); }

}  // namespace kdump

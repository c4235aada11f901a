// Detection alone: a test program replaces cpu_features() and keeps this.
#include "filter/crypto/cpu_features.h"

#if defined(__x86_64__)
#include <cpuid.h>

#include <cstdint>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace kdump {

#if defined(__x86_64__)

namespace {

// Whether the kernel saves the 256-bit registers at a task switch (XCR0, bits 1 and 2).
bool saves_wide_registers(unsigned flags) {
  if (!(flags & bit_OSXSAVE)) return false;
  uint32_t low = 0, high = 0;
  asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & 6) == 6;
}

}  // namespace

CpuFeatures detect_cpu_features() {
  CpuFeatures found;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return found;
  const unsigned flags = c;
  const bool ssse3 = flags & bit_SSSE3;
  found.aes = ssse3 && (flags & bit_AES) && (flags & bit_PCLMUL);
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  found.sha256 = ssse3 && (flags & bit_SSE4_1) && (b & bit_SHA);
  found.avx2 = (b & bit_AVX2) && saves_wide_registers(flags);
  return found;
}

#elif defined(__aarch64__)

CpuFeatures detect_cpu_features() {
  const unsigned long flags = getauxval(AT_HWCAP);
  return {.aes = (flags & HWCAP_AES) && (flags & HWCAP_PMULL), .sha256 = (flags & HWCAP_SHA2) != 0};
}

#else

CpuFeatures detect_cpu_features() { return {}; }

#endif

}  // namespace kdump

#include "net/ssh/aes_hardware.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace kdump {

#if defined(__x86_64__)
bool has_aes_instructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_AES) && (c & bit_PCLMUL) && (c & bit_SSSE3);
}
#elif defined(__aarch64__)
bool has_aes_instructions() {
  return (getauxval(AT_HWCAP) & (HWCAP_AES | HWCAP_PMULL)) == (HWCAP_AES | HWCAP_PMULL);
}
#else
bool has_aes_instructions() { return false; }
#endif

}  // namespace kdump

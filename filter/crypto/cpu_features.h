// The CPU instructions by which the primitives of this room choose their code. Chosen once, when
// the program first asks.
#pragma once

namespace kdump {

struct CpuFeatures {
  bool aes = false;     // AES, and the carry-less multiplication that GCM needs
  bool sha256 = false;  // read on x86 only: mbedTLS asks for itself on arm64
  bool avx2 = false;    // and the kernel saves its registers
};

CpuFeatures detect_cpu_features();

// What detect_cpu_features() found. A test program links its own definition instead, to run the
// code that other CPUs run (tests/filter/crypto/limited_cpu.cc).
const CpuFeatures& cpu_features();

}  // namespace kdump

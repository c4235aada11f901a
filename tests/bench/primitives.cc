// How fast one core encrypts, or hashes, what a packet of SFTP carries: "primitives NAME
// [portable]" prints megabytes a second of CPU time. scripts/dev/bench_primitives.py prints
// OpenSSL's beside.
#include <array>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "filter/crypto/aes_gcm.h"
#include "filter/crypto/chacha20_poly1305.h"
#include "filter/crypto/cpu_features.h"
#include "filter/crypto/sha256.h"

namespace kdump {
namespace {

constexpr size_t kPieceBytes = 32768;  // `openssl speed` measures with the same
constexpr double kSeconds = 0.3;

bool& is_portable() {
  static bool portable = false;
  return portable;
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double megabytes_a_second(const std::function<void(MutableBytes)>& work) {
  std::vector<uint8_t> piece(kPieceBytes, 'x');
  const double begin = cpu_seconds();
  double end = begin;
  size_t pieces = 0;
  for (; end - begin < kSeconds; end = cpu_seconds())
    for (int i = 0; i < 16; ++i, ++pieces) work(piece);
  return static_cast<double>(pieces * kPieceBytes) / (end - begin) / 1e6;
}

double measured(const std::string& name) {
  constexpr std::array<uint8_t, 64> kKey{1, 2, 3};
  constexpr std::array<uint8_t, 12> kNonce{};
  std::array<uint8_t, 16> tag;
  if (name == "sha256") {
    Sha256 sum;
    return megabytes_a_second([&](MutableBytes data) { sum.update(data); });
  }
  if (name == "chacha20-poly1305") {
    const ChaCha20Poly1305 cipher{std::span(kKey).first<32>()};
    return megabytes_a_second([&](MutableBytes data) { cipher.seal(kNonce, {}, data, tag); });
  }
  if (name == "chacha20-poly1305@openssh.com") {
    const SshChaCha20Poly1305 cipher{kKey};
    return megabytes_a_second([&](MutableBytes data) { cipher.seal(1, data, tag); });
  }
  if (name == "aes-128-gcm" || name == "aes-256-gcm") {
    const AesGcm cipher(Bytes(kKey).first(name == "aes-128-gcm" ? 16 : 32));
    return megabytes_a_second([&](MutableBytes data) { cipher.seal(kNonce, {}, data, tag); });
  }
  return 0;
}

}  // namespace

const CpuFeatures& cpu_features() {
  static constexpr CpuFeatures kNone;
  static const CpuFeatures all = detect_cpu_features();
  return is_portable() ? kNone : all;
}

}  // namespace kdump

int main(int argc, char** argv) {
  kdump::is_portable() = argc == 3 && std::string(argv[2]) == "portable";
  const double found = argc >= 2 ? kdump::measured(argv[1]) : 0;
  if (found <= 0) {
    fprintf(stderr, "usage: primitives sha256|aes-128-gcm|… [portable]\n");
    return 1;
  }
  printf("%.0f\n", found);
}

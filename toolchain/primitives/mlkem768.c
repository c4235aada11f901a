// ML-KEM-768 by libcrux's portable C, which is verified and which OpenSSH carries in one header.
#include <endian.h>
#include <mbedtls/platform_util.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "primitives.h"

// The header ends the process by it where an index is out of its array, which is proved never to
// happen.
#define fatal_f(...) abort()

#include "libcrux_mlkem768_sha3.h"

void mlkem768_key_pair(uint8_t public_key[MLKEM768_PUBLIC_BYTES],
                       uint8_t secret_key[MLKEM768_SECRET_BYTES],
                       const uint8_t seed[MLKEM768_SEED_BYTES]) {
  uint8_t randomness[MLKEM768_SEED_BYTES];
  memcpy(randomness, seed, sizeof randomness);
  struct libcrux_mlkem768_keypair made =
      libcrux_ml_kem_mlkem768_portable_generate_key_pair(randomness);
  memcpy(public_key, made.pk.value, MLKEM768_PUBLIC_BYTES);
  memcpy(secret_key, made.sk.value, MLKEM768_SECRET_BYTES);
  mbedtls_platform_zeroize(&made, sizeof made);
  mbedtls_platform_zeroize(randomness, sizeof randomness);
}

void mlkem768_decapsulate(uint8_t shared[MLKEM768_SHARED_BYTES],
                          const uint8_t secret_key[MLKEM768_SECRET_BYTES],
                          const uint8_t ciphertext[MLKEM768_CIPHERTEXT_BYTES]) {
  struct libcrux_mlkem768_sk secret;
  struct libcrux_mlkem768_ciphertext received;
  memcpy(secret.value, secret_key, MLKEM768_SECRET_BYTES);
  memcpy(received.value, ciphertext, MLKEM768_CIPHERTEXT_BYTES);
  libcrux_ml_kem_mlkem768_portable_decapsulate(&secret, &received, shared);
  mbedtls_platform_zeroize(&secret, sizeof secret);
}

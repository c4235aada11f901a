// X25519 and Ed25519 by libsodium's ref10, which share the field's arithmetic in one file, and the
// small functions which that takes from the rest of libsodium.
#include <mbedtls/constant_time.h>
#include <mbedtls/platform_util.h>

#include "crypto_hash_sha512.h"
#include "crypto_sign_ed25519.h"
#include "crypto_verify_32.h"
#include "primitives.h"
#include "private/ed25519_ref10.h"
#include "utils.h"

// Left to the linker, which drops it: see below.
#define sc25519_muladd unrolled_sc25519_muladd
#include "ed25519_ref10.c"
#undef sc25519_muladd
#include "x25519_ref10.c"

void sodium_memzero(void* const bytes, const size_t size) { mbedtls_platform_zeroize(bytes, size); }

int sodium_memcmp(const void* const a, const void* const b, size_t size) {
  return mbedtls_ct_memcmp(a, b, size) == 0 ? 0 : -1;
}

int sodium_is_zero(const unsigned char* bytes, const size_t size) {
  unsigned char any = 0;
  for (size_t i = 0; i < size; ++i) any |= bytes[i];
  return 1 & ((any - 1U) >> 8);
}

int crypto_verify_32(const unsigned char* a, const unsigned char* b) {
  return sodium_memcmp(a, b, 32);
}

// s = a * b + c modulo the group's order. libsodium's repeats the reduction inside, 6 KB of code;
// this multiplies byte by byte, which takes a microsecond. In constant time: indexes alone decide.
void sc25519_muladd(unsigned char s[32], const unsigned char a[32], const unsigned char b[32],
                    const unsigned char c[32]) {
  uint8_t wide[64];
  uint32_t column = 0;
  for (int i = 0; i < 64; ++i) {
    for (int j = i < 32 ? 0 : i - 31; j < 32 && j <= i; ++j) column += (uint32_t)a[j] * b[i - j];
    if (i < 32) column += c[i];
    wide[i] = (uint8_t)column;
    column >>= 8;
  }
  sc25519_reduce(wide);
  memcpy(s, wide, 32);
  sodium_memzero(wide, sizeof wide);
}

void x25519_public_key(uint8_t out[X25519_BYTES], const uint8_t secret[X25519_BYTES]) {
  static const uint8_t base[X25519_BYTES] = {9};
  (void)x25519(out, secret, base);
}

int x25519(uint8_t out[X25519_BYTES], const uint8_t secret[X25519_BYTES],
           const uint8_t point[X25519_BYTES]) {
  if (crypto_scalarmult_curve25519_ref10_implementation.mult(out, secret, point) != 0) return -1;
  return sodium_is_zero(out, X25519_BYTES) ? -1 : 0;
}

// As crypto_sign_ed25519_seed_keypair does it, whose file would bring a random number generator.
void ed25519_public_key(uint8_t out[ED25519_PUBLIC_BYTES], const uint8_t seed[ED25519_SEED_BYTES]) {
  uint8_t hash[crypto_hash_sha512_BYTES];
  ge25519_p3 point;
  crypto_hash_sha512(hash, seed, ED25519_SEED_BYTES);
  hash[0] &= 248;
  hash[31] &= 127;
  hash[31] |= 64;
  ge25519_scalarmult_base(&point, hash);
  ge25519_p3_tobytes(out, &point);
  sodium_memzero(hash, sizeof hash);
}

void ed25519_sign(uint8_t out[ED25519_SIGNATURE_BYTES], const uint8_t seed[ED25519_SEED_BYTES],
                  const uint8_t* message, size_t size) {
  // The public half is made here: a wrong one beside the seed would give the seed away.
  uint8_t key[ED25519_SEED_BYTES + ED25519_PUBLIC_BYTES];
  memcpy(key, seed, ED25519_SEED_BYTES);
  ed25519_public_key(key + ED25519_SEED_BYTES, seed);
  (void)crypto_sign_ed25519_detached(out, NULL, message, size, key);
  sodium_memzero(key, sizeof key);
}

int ed25519_verify(const uint8_t signature[ED25519_SIGNATURE_BYTES],
                   const uint8_t key[ED25519_PUBLIC_BYTES], const uint8_t* message, size_t size) {
  return crypto_sign_ed25519_verify_detached(signature, message, size, key);
}

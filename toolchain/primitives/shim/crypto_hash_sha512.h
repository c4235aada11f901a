// libsodium's header of this name, with mbedTLS's SHA-512 behind it: the program has that already.
#ifndef crypto_hash_sha512_H
#define crypto_hash_sha512_H

#include <mbedtls/sha512.h>

#define crypto_hash_sha512_BYTES 64U

typedef mbedtls_sha512_context crypto_hash_sha512_state;

// These fail only with accelerators that have failed, which mbedTLS is built without.
static inline void crypto_hash_sha512_init(crypto_hash_sha512_state* state) {
  mbedtls_sha512_init(state);
  (void)mbedtls_sha512_starts(state, 0);
}

static inline void crypto_hash_sha512_update(crypto_hash_sha512_state* state,
                                             const unsigned char* in, unsigned long long size) {
  (void)mbedtls_sha512_update(state, in, size);
}

static inline void crypto_hash_sha512_final(crypto_hash_sha512_state* state, unsigned char* out) {
  (void)mbedtls_sha512_finish(state, out);
  mbedtls_sha512_free(state);  // wipes it
}

static inline void crypto_hash_sha512(unsigned char* out, const unsigned char* in,
                                      unsigned long long size) {
  (void)mbedtls_sha512(in, size, out, 0);
}

#endif

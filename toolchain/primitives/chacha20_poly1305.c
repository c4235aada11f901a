// ChaCha20 and Poly1305 by libsodium's implementations.
#include "onetimeauth_poly1305.h"
#include "primitives.h"
#include "stream_chacha20.h"
#include "utils.h"

extern struct crypto_stream_chacha20_implementation crypto_stream_chacha20_ref_implementation;
extern struct crypto_onetimeauth_poly1305_implementation
    crypto_onetimeauth_poly1305_donna_implementation;
#define POLY1305 crypto_onetimeauth_poly1305_donna_implementation

#if defined(__x86_64__)
extern struct crypto_stream_chacha20_implementation
    crypto_stream_chacha20_dolbeau_ssse3_implementation,
    crypto_stream_chacha20_dolbeau_avx2_implementation;
#endif

_Static_assert(sizeof(struct poly1305) >= sizeof(crypto_onetimeauth_poly1305_state),
               "libsodium's state fits");

int crypto_verify_16(const unsigned char* a, const unsigned char* b) {
  return sodium_memcmp(a, b, 16);
}

void chacha20_xor(enum chacha20_code code, uint8_t* data, size_t size, const uint8_t key[32],
                  const uint8_t nonce[12], uint32_t counter) {
  const struct crypto_stream_chacha20_implementation* implementation =
      &crypto_stream_chacha20_ref_implementation;
#if defined(__x86_64__)
  if (code == CHACHA20_SSSE3) implementation = &crypto_stream_chacha20_dolbeau_ssse3_implementation;
  if (code == CHACHA20_AVX2) implementation = &crypto_stream_chacha20_dolbeau_avx2_implementation;
#endif
  (void)implementation->stream_ietf_ext_xor_ic(data, data, size, nonce, counter, key);
}

void poly1305_begin(struct poly1305* state, const uint8_t key[32]) {
  (void)POLY1305.onetimeauth_init((void*)state, key);
}

void poly1305_add(struct poly1305* state, const uint8_t* data, size_t size) {
  (void)POLY1305.onetimeauth_update((void*)state, data, size);
}

void poly1305_end(struct poly1305* state, uint8_t tag[16]) {
  (void)POLY1305.onetimeauth_final((void*)state, tag);
}

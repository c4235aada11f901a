// Poly1305 by libsodium's implementation.
#include "onetimeauth_poly1305.h"
#include "primitives.h"
#include "utils.h"

extern struct crypto_onetimeauth_poly1305_implementation
    crypto_onetimeauth_poly1305_donna_implementation;
#define POLY1305 crypto_onetimeauth_poly1305_donna_implementation

_Static_assert(sizeof(struct poly1305) >= sizeof(crypto_onetimeauth_poly1305_state),
               "libsodium's state fits");

int crypto_verify_16(const unsigned char* a, const unsigned char* b) {
  return sodium_memcmp(a, b, 16);
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

// What SSH needs and mbedTLS lacks: X25519, Ed25519 and Poly1305 of libsodium, ML-KEM-768
// of OpenSSH, AES and GHASH in constant time of BearSSL. Nothing here makes random numbers: they
// are the caller's. Secrets are handled in constant time. Functions that return int: 0 is success.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define X25519_BYTES 32
#define ED25519_SEED_BYTES 32
#define ED25519_PUBLIC_BYTES 32
#define ED25519_SIGNATURE_BYTES 64
#define MLKEM768_SECRET_BYTES 2400
#define MLKEM768_PUBLIC_BYTES 1184
#define MLKEM768_CIPHERTEXT_BYTES 1088
#define MLKEM768_SHARED_BYTES 32
#define MLKEM768_SEED_BYTES 64

// The public half of 32 random bytes.
void x25519_public_key(uint8_t out[X25519_BYTES], const uint8_t secret[X25519_BYTES]);
// Fails where the other side's point is one of small order: the result would be no secret.
int x25519(uint8_t out[X25519_BYTES], const uint8_t secret[X25519_BYTES],
           const uint8_t point[X25519_BYTES]);

void ed25519_public_key(uint8_t out[ED25519_PUBLIC_BYTES], const uint8_t seed[ED25519_SEED_BYTES]);
void ed25519_sign(uint8_t out[ED25519_SIGNATURE_BYTES], const uint8_t seed[ED25519_SEED_BYTES],
                  const uint8_t* message, size_t size);
int ed25519_verify(const uint8_t signature[ED25519_SIGNATURE_BYTES],
                   const uint8_t key[ED25519_PUBLIC_BYTES], const uint8_t* message, size_t size);

// seed: random bytes, used up by this one key pair.
void mlkem768_key_pair(uint8_t public_key[MLKEM768_PUBLIC_BYTES],
                       uint8_t secret_key[MLKEM768_SECRET_BYTES],
                       const uint8_t seed[MLKEM768_SEED_BYTES]);
// A ciphertext that was tampered with gives another secret, and no failure (FIPS 203).
void mlkem768_decapsulate(uint8_t shared[MLKEM768_SHARED_BYTES],
                          const uint8_t secret_key[MLKEM768_SECRET_BYTES],
                          const uint8_t ciphertext[MLKEM768_CIPHERTEXT_BYTES]);

struct poly1305 {
  uint64_t opaque[32] __attribute__((aligned(16)));
};
void poly1305_begin(struct poly1305* state, const uint8_t key[32]);
void poly1305_add(struct poly1305* state, const uint8_t* data, size_t size);
void poly1305_end(struct poly1305* state, uint8_t tag[16]);  // wipes the state

// AES without tables. words: the expanded key; rounds: 10 or 14.
#define AES_CT_WORDS 30
unsigned aes_ct_expand_key(uint64_t words[AES_CT_WORDS], const uint8_t* key, size_t size);
// XORs the key stream of CTR mode, from the 16-byte block `counter` on, into data.
void aes_ct_count(const uint64_t words[AES_CT_WORDS], unsigned rounds, const uint8_t nonce[12],
                  uint32_t counter, uint8_t* data, size_t size);
// GHASH of data, padded with zeros to whole blocks, continued from sum. h: the encrypted zero
// block.
void ghash_ct(uint8_t sum[16], const uint8_t h[16], const uint8_t* data, size_t size);

#ifdef __cplusplus
}
#endif

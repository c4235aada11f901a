// AES and GHASH by BearSSL's 64-bit code, which uses no table and no branch that depends on a secret.
#include <mbedtls/platform_util.h>
#include <string.h>

#include "bearssl_block.h"
#include "bearssl_hash.h"
#include "primitives.h"

_Static_assert(sizeof(((br_aes_ct64_ctr_keys*)0)->skey) == 8 * AES_CT_WORDS, "BearSSL's expanded key");

unsigned aes_ct_expand_key(uint64_t words[AES_CT_WORDS], const uint8_t* key, size_t size) {
  br_aes_ct64_ctr_keys keys;
  br_aes_ct64_ctr_init(&keys, key, size);
  memcpy(words, keys.skey, sizeof keys.skey);
  mbedtls_platform_zeroize(keys.skey, sizeof keys.skey);
  return keys.num_rounds;
}

void aes_ct_count(const uint64_t words[AES_CT_WORDS], unsigned rounds, const uint8_t nonce[12],
                  uint32_t counter, uint8_t* data, size_t size) {
  br_aes_ct64_ctr_keys keys;
  memcpy(keys.skey, words, sizeof keys.skey);
  keys.num_rounds = rounds;
  (void)br_aes_ct64_ctr_run(&keys, nonce, counter, data, size);
  mbedtls_platform_zeroize(keys.skey, sizeof keys.skey);
}

void ghash_ct(uint8_t sum[16], const uint8_t h[16], const uint8_t* data, size_t size) {
  br_ghash_ctmul64(sum, h, data, size);
}

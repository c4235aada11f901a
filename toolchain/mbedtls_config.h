// Appended to mbedTLS's own configuration: what libssh2's client does not use is left out.
// Kept are the ciphers, hashes, RSA, NIST curves and key formats that an SSH server may ask for.

#undef MBEDTLS_ARIA_C
#undef MBEDTLS_CAMELLIA_C
#undef MBEDTLS_CCM_C
#undef MBEDTLS_CHACHA20_C  // filter/crypto has it
#undef MBEDTLS_CHACHAPOLY_C
#undef MBEDTLS_DEBUG_C
#undef MBEDTLS_ECJPAKE_C
#undef MBEDTLS_ERROR_C
#undef MBEDTLS_GCM_C  // filter/crypto has it
#undef MBEDTLS_LMS_C
#undef MBEDTLS_NET_C
#undef MBEDTLS_NIST_KW_C
#undef MBEDTLS_PADLOCK_C
#undef MBEDTLS_PKCS7_C
#undef MBEDTLS_POLY1305_C
#undef MBEDTLS_PSA_CRYPTO_C
#undef MBEDTLS_PSA_CRYPTO_STORAGE_C
#undef MBEDTLS_PSA_ITS_FILE_C
#undef MBEDTLS_SELF_TEST
#undef MBEDTLS_SHA3_C
#undef MBEDTLS_TIMING_C
#undef MBEDTLS_VERSION_FEATURES

// A key with a passphrase is refused. mbedTLS's AES is compiled for libssh2's sake and not linked:
// filter/crypto has it.
#undef MBEDTLS_CIPHER_MODE_CBC
#undef MBEDTLS_CIPHER_MODE_CFB
#undef MBEDTLS_CIPHER_MODE_OFB
#undef MBEDTLS_CIPHER_MODE_XTS
#undef MBEDTLS_DES_C
#undef MBEDTLS_MD5_C
#undef MBEDTLS_PKCS12_C
#undef MBEDTLS_PKCS5_C
#undef MBEDTLS_RIPEMD160_C

// SSH signs with RSA as PKCS #1 v1.5 has it, and with an ECDSA nonce that is random.
#undef MBEDTLS_ECDSA_DETERMINISTIC
#undef MBEDTLS_GENPRIME
#undef MBEDTLS_HMAC_DRBG_C
#undef MBEDTLS_PKCS1_V21
#undef MBEDTLS_PK_RSA_ALT_SUPPORT
#undef MBEDTLS_X509_RSASSA_PSS_SUPPORT

// Curves: nistp256, nistp384 and nistp521 are all that libssh2 negotiates with mbedTLS.
// Without tables of points, 10 KB: a login multiplies two or three times.
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 0
#undef MBEDTLS_ECP_DP_BP256R1_ENABLED
#undef MBEDTLS_ECP_DP_BP384R1_ENABLED
#undef MBEDTLS_ECP_DP_BP512R1_ENABLED
#undef MBEDTLS_ECP_DP_CURVE25519_ENABLED
#undef MBEDTLS_ECP_DP_CURVE448_ENABLED
#undef MBEDTLS_ECP_DP_SECP192K1_ENABLED
#undef MBEDTLS_ECP_DP_SECP192R1_ENABLED
#undef MBEDTLS_ECP_DP_SECP224K1_ENABLED
#undef MBEDTLS_ECP_DP_SECP224R1_ENABLED
#undef MBEDTLS_ECP_DP_SECP256K1_ENABLED

// TLS is not spoken at all.
#undef MBEDTLS_SSL_CACHE_C
#undef MBEDTLS_SSL_CLI_C
#undef MBEDTLS_SSL_CONTEXT_SERIALIZATION
#undef MBEDTLS_SSL_COOKIE_C
#undef MBEDTLS_SSL_PROTO_DTLS
#undef MBEDTLS_SSL_PROTO_TLS1_2
#undef MBEDTLS_SSL_PROTO_TLS1_3
#undef MBEDTLS_SSL_SRV_C
#undef MBEDTLS_SSL_TICKET_C
#undef MBEDTLS_SSL_TLS_C

// SHA-256 uses arm64's instructions where the CPU has them (x86: patches/mbedtls-sha256-x86.patch).
#if defined(__aarch64__)
#define MBEDTLS_SHA256_USE_ARMV8_A_CRYPTO_IF_PRESENT
#endif

// Reads of undefined memory, one a library, that prove that valgrind sees that library's code: the
// linker puts these functions before those that they are named after (--wrap). Each marks a byte of
// what the library is about to read as undefined, and changes nothing, if the environment variable
// KDUMP_INIT_PLANT names the library. What reads the byte, and is reported, is the library.
#include <sys/types.h>
#include <valgrind/memcheck.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

bool is_planted(const char* library) {
  const char* const wanted = getenv("KDUMP_INIT_PLANT");
  return wanted && strcmp(wanted, library) == 0;
}

void mark_undefined(const void* bytes, size_t size) {
  (void)VALGRIND_MAKE_MEM_UNDEFINED(bytes, size);
}

// A string whose own fields are undefined, for a function that lies in libc++.so.
void append_to_undefined_string() {
  std::string text = "undefined";
  mark_undefined(&text, sizeof text);
  text.push_back('!');
  (void)VALGRIND_MAKE_MEM_DEFINED(&text, sizeof text);
}

}  // namespace

extern "C" {

// Our own code reads the vmcore's ELF header out of it.
ssize_t __real_pread64(int fd, void* out, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void* out, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void* out, size_t size, off_t offset) {
  const ssize_t got = __real_pread64(fd, out, size, offset);
  if (offset == 0 && got >= 64 && is_planted("kdump-init")) mark_undefined(out, 64);
  if (is_planted("libc++")) append_to_undefined_string();
  return got;
}

size_t __real_ZSTD_compress2(void* context, void* out, size_t room, const void* data, size_t size);
size_t __wrap_ZSTD_compress2(void* context, void* out, size_t room, const void* data, size_t size);
size_t __wrap_ZSTD_compress2(void* context, void* out, size_t room, const void* data, size_t size) {
  if (is_planted("zstd")) mark_undefined(data, size);
  return __real_ZSTD_compress2(context, out, room, data, size);
}

// The read that was there: the byte after a key (toolchain/patches/libssh2-0-unset-memory.patch).
using Random = int (*)(void*, unsigned char*, size_t);
int __real_mbedtls_pk_parse_key(void* context, const unsigned char* key, size_t size,
                                const unsigned char* password, size_t password_size, Random random,
                                void* random_state);
int __wrap_mbedtls_pk_parse_key(void* context, const unsigned char* key, size_t size,
                                const unsigned char* password, size_t password_size, Random random,
                                void* random_state);
int __wrap_mbedtls_pk_parse_key(void* context, const unsigned char* key, size_t size,
                                const unsigned char* password, size_t password_size, Random random,
                                void* random_state) {
  if (size != 0 && is_planted("mbedtls")) mark_undefined(key + size - 1, 1);
  return __real_mbedtls_pk_parse_key(context, key, size, password, password_size, random,
                                     random_state);
}

int __real_libssh2_userauth_publickey(void* session, const char* user,
                                      const unsigned char* public_key, size_t public_size,
                                      void* sign, void** state);
int __wrap_libssh2_userauth_publickey(void* session, const char* user,
                                      const unsigned char* public_key, size_t public_size,
                                      void* sign, void** state);
int __wrap_libssh2_userauth_publickey(void* session, const char* user,
                                      const unsigned char* public_key, size_t public_size,
                                      void* sign, void** state) {
  if (is_planted("libssh2")) mark_undefined(public_key, public_size);
  return __real_libssh2_userauth_publickey(session, user, public_key, public_size, sign, state);
}

int __real_n_dhcp4_incoming_new(void** incoming, const void* raw, size_t size);
int __wrap_n_dhcp4_incoming_new(void** incoming, const void* raw, size_t size);
int __wrap_n_dhcp4_incoming_new(void** incoming, const void* raw, size_t size) {
  if (is_planted("n-dhcp4")) mark_undefined(raw, size);
  return __real_n_dhcp4_incoming_new(incoming, raw, size);
}

}  // extern "C"

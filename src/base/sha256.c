/* base/sha256.c: see sha256.h. */
#include "base/sha256.h"

/* The plain functions, which a later OpenSSL would rather see called through EVP: there, the first hash of a process
 * reads OpenSSL's configuration file and loads its providers, two milliseconds before a ten-millisecond run begins. */
#define OPENSSL_API_COMPAT 0x10100000L
#include <openssl/sha.h>
#include <stdlib.h>

#include "base/err.h"

struct keel_sha256 {
    SHA256_CTX context;
};

keel_sha256 *keel_sha256_new(void) {
    keel_sha256 *made = malloc(sizeof *made);
    KEEL_ASSERT(made != NULL);
    KEEL_ASSERT(SHA256_Init(&made->context) == 1);
    return made;
}

void keel_sha256_free(keel_sha256 *hash) { free(hash); }

void keel_sha256_add(keel_sha256 *hash, const void *bytes, size_t size) {
    KEEL_ASSERT(SHA256_Update(&hash->context, bytes, size) == 1);
}

void keel_sha256_finish(keel_sha256 *hash, uint8_t ret_digest[KEEL_SHA256_SIZE]) {
    KEEL_ASSERT(SHA256_Final(ret_digest, &hash->context) == 1);
}

void keel_sha256_finish_text(keel_sha256 *hash, char ret_text[KEEL_SHA256_TEXT_MAX]) {
    static const char HEX[] = "0123456789abcdef";
    uint8_t digest[KEEL_SHA256_SIZE];
    keel_sha256_finish(hash, digest);
    for (int i = 0; i < KEEL_SHA256_SIZE; i++) {
        ret_text[2 * i] = HEX[digest[i] >> 4];
        ret_text[2 * i + 1] = HEX[digest[i] & 15];
    }
    ret_text[2 * KEEL_SHA256_SIZE] = 0;
}

void keel_sha256_text(const void *bytes, size_t size, char ret_text[KEEL_SHA256_TEXT_MAX]) {
    keel_sha256 *hash = keel_sha256_new();
    keel_sha256_add(hash, bytes, size);
    keel_sha256_finish_text(hash, ret_text);
    keel_sha256_free(hash);
}

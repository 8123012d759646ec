/* base/sha256.c: see sha256.h. */
#include "base/sha256.h"

#include <openssl/evp.h>

#include "base/err.h"

/* The handle is OpenSSL's own; keel_sha256 only names it. */
static EVP_MD_CTX *context(keel_sha256 *hash) { return (EVP_MD_CTX *)(void *)hash; }

keel_sha256 *keel_sha256_new(void) {
    EVP_MD_CTX *made = EVP_MD_CTX_new();
    KEEL_ASSERT(made != NULL);
    KEEL_ASSERT(EVP_DigestInit_ex(made, EVP_sha256(), NULL) == 1);
    return (keel_sha256 *)(void *)made;
}

void keel_sha256_free(keel_sha256 *hash) { EVP_MD_CTX_free(context(hash)); }

void keel_sha256_add(keel_sha256 *hash, const void *bytes, size_t size) {
    KEEL_ASSERT(EVP_DigestUpdate(context(hash), bytes, size) == 1);
}

void keel_sha256_finish(keel_sha256 *hash, uint8_t ret_digest[KEEL_SHA256_SIZE]) {
    unsigned size = 0;
    KEEL_ASSERT(EVP_DigestFinal_ex(context(hash), ret_digest, &size) == 1);
    KEEL_ASSERT(size == KEEL_SHA256_SIZE);
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

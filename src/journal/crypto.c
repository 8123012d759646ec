/* journal/crypto.c: see crypto.h. */
#include "journal/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

void keel_sign_public(const uint8_t seed[KEEL_KEY_SIZE], uint8_t ret_public[KEEL_KEY_SIZE]) {
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, KEEL_KEY_SIZE);
    size_t size = KEEL_KEY_SIZE;
    KEEL_ASSERT(key != NULL);
    KEEL_ASSERT(EVP_PKEY_get_raw_public_key(key, ret_public, &size) == 1 && size == KEEL_KEY_SIZE);
    EVP_PKEY_free(key);
}

struct keel_signer {
    EVP_PKEY *key;
};

keel_signer *keel_signer_new(const uint8_t seed[KEEL_KEY_SIZE]) {
    keel_signer *s = malloc(sizeof *s);
    KEEL_ASSERT(s != NULL);
    s->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, KEEL_KEY_SIZE);
    KEEL_ASSERT(s->key != NULL);
    return s;
}

void keel_signer_free(keel_signer *s) {
    if (s) EVP_PKEY_free(s->key); /* which wipes it */
    free(s);
}

void keel_signer_sign(const keel_signer *s, const void *bytes, size_t size,
                      uint8_t ret_signature[KEEL_SIGNATURE_SIZE]) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t signature_size = KEEL_SIGNATURE_SIZE;
    KEEL_ASSERT(ctx != NULL);
    KEEL_ASSERT(EVP_DigestSignInit(ctx, NULL, NULL, NULL, s->key) == 1);
    KEEL_ASSERT(EVP_DigestSign(ctx, ret_signature, &signature_size, bytes, size) == 1);
    KEEL_ASSERT(signature_size == KEEL_SIGNATURE_SIZE);
    EVP_MD_CTX_free(ctx);
}

void keel_sign(const uint8_t seed[KEEL_KEY_SIZE], const void *bytes, size_t size,
               uint8_t ret_signature[KEEL_SIGNATURE_SIZE]) {
    keel_signer *s = keel_signer_new(seed);
    keel_signer_sign(s, bytes, size, ret_signature);
    keel_signer_free(s);
}

int keel_sign_check(const uint8_t public_key[KEEL_KEY_SIZE], const void *bytes, size_t size,
                    const uint8_t signature[KEEL_SIGNATURE_SIZE]) {
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, KEEL_KEY_SIZE);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    KEEL_ASSERT(ctx != NULL);
    int fits = key != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
               EVP_DigestVerify(ctx, signature, KEEL_SIGNATURE_SIZE, bytes, size) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return fits;
}

void keel_seal(const uint8_t key[KEEL_KEY_SIZE], const uint8_t nonce[KEEL_NONCE_SIZE], const void *also,
               size_t also_size, const void *plain, size_t size, void *ret_cipher, uint8_t ret_tag[KEEL_TAG_SIZE]) {
    KEEL_ASSERT(size <= 1u << 30 && also_size <= 1u << 20);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t rest[16];
    int n = 0;
    KEEL_ASSERT(ctx != NULL);
    KEEL_ASSERT(EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1);
    KEEL_ASSERT(EVP_EncryptUpdate(ctx, NULL, &n, also, (int)also_size) == 1);
    KEEL_ASSERT(EVP_EncryptUpdate(ctx, ret_cipher, &n, plain, (int)size) == 1 && n == (int)size);
    KEEL_ASSERT(EVP_EncryptFinal_ex(ctx, rest, &n) == 1 && n == 0);
    KEEL_ASSERT(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, KEEL_TAG_SIZE, ret_tag) == 1);
    EVP_CIPHER_CTX_free(ctx);
}

int keel_unseal(const uint8_t key[KEEL_KEY_SIZE], const uint8_t nonce[KEEL_NONCE_SIZE], const void *also,
                size_t also_size, const void *cipher, size_t size, const uint8_t tag[KEEL_TAG_SIZE], void *ret_plain) {
    KEEL_ASSERT(size <= 1u << 30 && also_size <= 1u << 20);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t rest[16], expected[KEEL_TAG_SIZE];
    int n = 0;
    memcpy(expected, tag, sizeof expected);
    KEEL_ASSERT(ctx != NULL);
    KEEL_ASSERT(EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1);
    KEEL_ASSERT(EVP_DecryptUpdate(ctx, NULL, &n, also, (int)also_size) == 1);
    KEEL_ASSERT(EVP_DecryptUpdate(ctx, ret_plain, &n, cipher, (int)size) == 1);
    KEEL_ASSERT(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, KEEL_TAG_SIZE, expected) == 1);
    int fits = EVP_DecryptFinal_ex(ctx, rest, &n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return fits;
}

void keel_hex(const uint8_t *bytes, size_t size, char *ret) {
    static const char HEX[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        ret[2 * i] = HEX[bytes[i] >> 4];
        ret[2 * i + 1] = HEX[bytes[i] & 15];
    }
    ret[2 * size] = 0;
}

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

int keel_unhex(const char *text, uint8_t *ret, size_t size) {
    if (strlen(text) != 2 * size) return 0;
    for (size_t i = 0; i < size; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return 0;
        ret[i] = (uint8_t)(high * 16 + low);
    }
    return 1;
}

void keel_wipe(void *secret, size_t size) { OPENSSL_cleanse(secret, size); }

int keel_key_load(const keel_fs *fs, const char *path, uint8_t ret_key[KEEL_KEY_SIZE], keel_err *reterr) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    KEEL_TRY(keel_fs_private(fs, path, reterr));
    KEEL_TRY(keel_fs_read_whole(fs, path, 256, &bytes, &size, reterr));
    if (size == 2 * KEEL_KEY_SIZE + 1 && bytes[size - 1] == '\n') bytes[size - 1] = 0;
    int good = keel_unhex((const char *)bytes, ret_key, KEEL_KEY_SIZE);
    keel_wipe(bytes, size);
    free(bytes);
    if (!good)
        return keel_err_set(reterr, KEEL_E_PARSE,
                            "the key cannot be read: %s: a key file holds 64 hex digits and a newline", path);
    return 0;
}

int keel_key_make(const keel_fs *fs, const keel_entropy *entropy, const char *path, uint8_t ret_key[KEEL_KEY_SIZE],
                  keel_err *reterr) {
    char text[2 * KEEL_KEY_SIZE + 2];
    int rc = entropy->fill(entropy->ctx, ret_key, KEEL_KEY_SIZE);
    if (rc != 0) return keel_fs_fail(rc, "no randomness for", path, reterr);
    keel_hex(ret_key, KEEL_KEY_SIZE, text);
    text[2 * KEEL_KEY_SIZE] = '\n';
    int file = fs->open(fs->ctx, path, KEEL_FS_WRITE | KEEL_FS_CREATE | KEEL_FS_EXCLUSIVE);
    rc = file < 0 ? file : keel_fs_write_at(fs, file, text, 2 * KEEL_KEY_SIZE + 1, 0);
    if (rc == 0) rc = fs->sync(fs->ctx, file);
    if (file >= 0) fs->close(fs->ctx, file);
    keel_wipe(text, sizeof text);
    return rc == 0 ? 0 : keel_fs_fail(rc, "cannot make the key", path, reterr);
}

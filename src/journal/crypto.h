/* journal/crypto.h: what the journal needs of libcrypto: Ed25519 (RFC 8032), AES-256-GCM (NIST SP 800-38D), key files.
 *
 * A failure of the library itself (out of memory, an algorithm that is missing) ends the program by assertion: nothing
 * may ever pass as signed or encrypted that is not. */
#ifndef KEEL_JOURNAL_CRYPTO_H
#define KEEL_JOURNAL_CRYPTO_H

#include "port/entropy.h"
#include "port/fs.h"

enum { KEEL_KEY_SIZE = 32, KEEL_SIGNATURE_SIZE = 64, KEEL_NONCE_SIZE = 12, KEEL_TAG_SIZE = 16, KEEL_DIGEST_SIZE = 32 };

void keel_sign_public(const uint8_t seed[KEEL_KEY_SIZE], uint8_t ret_public[KEEL_KEY_SIZE]);
void keel_sign(const uint8_t seed[KEEL_KEY_SIZE], const void *bytes, size_t size,
               uint8_t ret_signature[KEEL_SIGNATURE_SIZE]);
/* The same signatures, for many: what follows from the seed alone is made once. Freed: NULL is allowed. */
typedef struct keel_signer keel_signer;
keel_signer *keel_signer_new(const uint8_t seed[KEEL_KEY_SIZE]);
void keel_signer_sign(const keel_signer *s, const void *bytes, size_t size, uint8_t ret_signature[KEEL_SIGNATURE_SIZE]);
void keel_signer_free(keel_signer *s);
int keel_sign_check(const uint8_t public_key[KEEL_KEY_SIZE], const void *bytes, size_t size,
                    const uint8_t signature[KEEL_SIGNATURE_SIZE]); /* 1: it fits */

/* size bytes from `plain` to `ret_cipher`, which may be the same place; `also` is authenticated with them. A key and a
 * nonce may never meet twice. */
void keel_seal(const uint8_t key[KEEL_KEY_SIZE], const uint8_t nonce[KEEL_NONCE_SIZE], const void *also,
               size_t also_size, const void *plain, size_t size, void *ret_cipher, uint8_t ret_tag[KEEL_TAG_SIZE]);
/* 1: ret_plain holds what was sealed; 0: key, nonce or bytes are not those, ret_plain is worthless. */
int keel_unseal(const uint8_t key[KEEL_KEY_SIZE], const uint8_t nonce[KEEL_NONCE_SIZE], const void *also,
                size_t also_size, const void *cipher, size_t size, const uint8_t tag[KEEL_TAG_SIZE], void *ret_plain);

/* A secret of 32 bytes in a file of its own: 64 hex digits and a newline, mode 0600.
 * load: KEEL_E_NOT_FOUND, KEEL_E_GATE (others may read it), KEEL_E_PARSE. make: a new one from `entropy`; KEEL_E_IO,
 * also when the file is there already. */
KEEL_MUST_USE int keel_key_load(const keel_fs *fs, const char *path, uint8_t ret_key[KEEL_KEY_SIZE], keel_err *reterr);
KEEL_MUST_USE int keel_key_make(const keel_fs *fs, const keel_entropy *entropy, const char *path,
                                uint8_t ret_key[KEEL_KEY_SIZE], keel_err *reterr);

/* Hex digits and a zero in ret[2 * size + 1]; and back: 1 when the text is exactly that. */
void keel_hex(const uint8_t *bytes, size_t size, char *ret);
int keel_unhex(const char *text, uint8_t *ret, size_t size);

void keel_wipe(void *secret, size_t size);

#endif

/* base/sha256.h: SHA-256 (FIPS 180-4), in pieces or at once. */
#ifndef KEEL_BASE_SHA256_H
#define KEEL_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { KEEL_SHA256_SIZE = 32, KEEL_SHA256_TEXT_MAX = 65 };

typedef struct keel_sha256 keel_sha256;

/* A running hash. keel_sha256_free (NULL allowed). Out of memory or a crypto library without SHA-256 ends the program
 * by assertion: a hash that is missing must never pass for one. */
keel_sha256 *keel_sha256_new(void);
void keel_sha256_free(keel_sha256 *hash);
void keel_sha256_add(keel_sha256 *hash, const void *bytes, size_t size);
void keel_sha256_finish(keel_sha256 *hash, uint8_t ret_digest[KEEL_SHA256_SIZE]); /* once */

/* The same as 64 lower-case hex digits and a zero. */
void keel_sha256_finish_text(keel_sha256 *hash, char ret_text[KEEL_SHA256_TEXT_MAX]);
void keel_sha256_text(const void *bytes, size_t size, char ret_text[KEEL_SHA256_TEXT_MAX]);

#endif

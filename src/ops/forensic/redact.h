/* ops/forensic/redact.h: the one place at which secrets are taken out of text before it is written.
 *
 * By name: `api_key=...`, `"token": "..."`, `Authorization: Bearer ...`. By form: keys in PEM, JSON web tokens, names
 * and passwords in addresses, tokens with known beginnings, card and account numbers, and 32 and more of hex digits,
 * also in groups, of letters and digits with nothing between, or of mixed small and large letters and digits with
 * twelve of them unbroken, which names of files hardly have. What is taken for one without being it is lost; the other
 * mistake is worse.
 */
#ifndef KEEL_OPS_FORENSIC_REDACT_H
#define KEEL_OPS_FORENSIC_REDACT_H

#include <stddef.h>

#define KEEL_REDACTED "[REDACTED]"

/* text[0..size) without secrets, in ret[cap] with a zero behind; what does not fit is cut. Returns the bytes in ret.
 * Done twice it is the same as once, where nothing was cut. */
size_t keel_redact_text(const char *text, size_t size, char *ret, size_t cap);

/* The same of a line that keel says to people ("what: where: how to mend it"): the files and settings that it names
 * stay. There `: ` behind `key` or `account` separates, a name of a file is no key however long it is, and a number of
 * a time no card. */
size_t keel_redact_line(const char *text, size_t size, char *ret, size_t cap);

/* 1 when a field of this name may hold a secret, whatever its value. */
int keel_redact_is_secret_name(const char *name, size_t size);

#endif

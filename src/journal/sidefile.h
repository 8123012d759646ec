/* journal/sidefile.h: small files beside the segments of a journal, "wal-NAME.KIND": a magic, the format's version at
 * byte 8, a payload from byte 12 on, a checksum (CRC-32C) over all before it at the end. Replaced as a whole. */
#ifndef KEEL_JOURNAL_SIDEFILE_H
#define KEEL_JOURNAL_SIDEFILE_H

#include "base/err.h"
#include "port/fs.h"

enum { KEEL_SIDEFILE_MAX = 128, KEEL_SIDEFILE_PAYLOAD = 12 };

typedef struct keel_sidefile {
    const char *kind;
    char magic[8];
    size_t size; /* of the whole file, at most KEEL_SIDEFILE_MAX */
} keel_sidefile;

/* Returns 1: read into ret [of->size], 0: there is none, KEEL_E_PARITY when it is damaged, KEEL_E_VERSION (newer),
 * KEEL_E_GATE (permissions), KEEL_E_IO, KEEL_E_NOMEM with the line set. */
KEEL_MUST_USE int keel_sidefile_read(const keel_fs *fs, const char *dir, const char *name, const keel_sidefile *of,
                                     uint8_t ret[], keel_err *reterr);

/* Magic, version and checksum are put into bytes [of->size], whose payload is the caller's; durable when 0 is returned.
 * Else KEEL_E_IO, KEEL_E_NOMEM with the line set. */
KEEL_MUST_USE int keel_sidefile_write(const keel_fs *fs, const char *dir, const char *name, const keel_sidefile *of,
                                      uint8_t bytes[], keel_err *reterr);

#endif

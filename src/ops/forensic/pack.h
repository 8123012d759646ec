/* ops/forensic/pack.h: whole files to Zstandard and back, in pieces. Seam: port/fs.h. */
#ifndef KEEL_OPS_FORENSIC_PACK_H
#define KEEL_OPS_FORENSIC_PACK_H

#include "port/fs.h"

/* `to` becomes the compressed bytes of `from`, synced; the same bytes for the same file. 0, KEEL_E_IO, KEEL_E_NOMEM,
 * KEEL_E_NOT_FOUND. */
KEEL_MUST_USE int keel_pack_file(const keel_fs *fs, const char *from, const char *to, keel_err *reterr);

/* And back. KEEL_E_DATA when it is no such file, or ends early. */
KEEL_MUST_USE int keel_unpack_file(const keel_fs *fs, const char *from, const char *to, keel_err *reterr);

#endif

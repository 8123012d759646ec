/* ops/forensic/parts.h: the closed parts of a stream, by their names: NAME.000001.jsonl.zst, NAME.000002.jsonl.zst, ...
 */
#ifndef KEEL_OPS_FORENSIC_PARTS_H
#define KEEL_OPS_FORENSIC_PARTS_H

#include "port/fs.h"

typedef struct keel_parts {
    uint32_t first, last; /* numbers of the lowest and highest there are; 0: none */
    uint32_t count;       /* last - first + 1 when none is missing between */
} keel_parts;

/* Look into the folder of dir/name; name may hold a folder ("rollups/hourly"). 0 or KEEL_E_* with the line set; a
 * folder that is not there has no parts. */
KEEL_MUST_USE int keel_parts_find(const keel_fs *fs, const char *dir, const char *name, keel_parts *ret,
                                  keel_err *reterr);

/* dir/name.000003.jsonl.zst; part 0: dir/name.jsonl. KEEL_E_RANGE when it does not fit. */
KEEL_MUST_USE int keel_parts_path(const char *dir, const char *name, uint32_t part, char ret[KEEL_FS_PATH_MAX],
                                  keel_err *reterr);

#endif

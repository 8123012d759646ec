/* engine/snapfile.c: see snapfile.h. This file cannot see the core's records. */
#include "engine/snapfile.h"

#include <string.h>

#include "journal/snapshot.h"

int keel_engine_snapfile_load(const keel_journal_where *where, const keel_journal_report *report,
                              keel_engine_snapfile *ret, keel_err *reterr) {
    keel_snapshot s;
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(keel_snapshot_load(where, report, &s, &ret->bytes, &ret->rejected, ret->why, reterr));
    ret->seq = s.seq;
    ret->state_hash = s.state_hash;
    ret->size = s.size;
    return 0;
}

int keel_engine_snapfile_save(keel_journal *j, uint64_t state_hash, const void *bytes, size_t size, keel_err *reterr) {
    return keel_journal_snapshot(j, state_hash, bytes, size, reterr);
}

/* engine/snapfile.c: see snapfile.h. This file cannot see the core's records. */
#include "engine/snapfile.h"

#include <stdlib.h>
#include <string.h>

#include "base/packed.h"
#include "journal/snapshot.h"

int keel_engine_snapfile_load(const keel_journal_where *where, const keel_journal_report *report, uint64_t below,
                              keel_engine_snapfile *ret, keel_err *reterr) {
    keel_snapshot s;
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(keel_snapshot_load(where, report, below, &s, &ret->bytes, &ret->rejected, ret->why, reterr));
    ret->seq = s.seq;
    ret->state_hash = s.state_hash;
    ret->size = s.size;
    return 0;
}

int keel_engine_snapfile_save(keel_journal *j, uint64_t state_hash, const void *bytes, size_t size, keel_err *reterr) {
    return keel_journal_snapshot(j, state_hash, bytes, size, reterr);
}

/* The START of the run in one snapshot, handed over: 0, or KEEL_E_*. */
static int start_in(const keel_engine_snapfile *file, char **ret_text, size_t *ret_size, keel_err *reterr) {
    keel_packed_reader r;
    const uint8_t *start = NULL;
    KEEL_TRY(keel_packed_open(&r, file->bytes, file->size, reterr));
    KEEL_TRY(keel_packed_look_bytes(&r, "start", &start, ret_size, reterr));
    *ret_text = malloc(*ret_size + 1);
    if (!*ret_text) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: start of a run: close other programs");
    memcpy(*ret_text, start, *ret_size);
    (*ret_text)[*ret_size] = 0;
    return 0;
}

int keel_engine_snapfile_start(const keel_journal_where *where, char **ret_text, size_t *ret_size, keel_err *reterr) {
    keel_journal_report found;
    keel_engine_snapfile file = {.seq = UINT64_MAX};
    KEEL_TRY(keel_journal_inspect(where, 0, NULL, NULL, &found, reterr));
    for (;;) {
        keel_err why = {0};
        KEEL_TRY(keel_engine_snapfile_load(where, &found, file.seq, &file, reterr));
        int rc = start_in(&file, ret_text, ret_size, &why);
        free(file.bytes);
        if (rc != KEEL_E_VERSION && rc != KEEL_E_PARITY) return rc == 0 ? 0 : keel_err_set(reterr, rc, "%s", why.text);
    }
}

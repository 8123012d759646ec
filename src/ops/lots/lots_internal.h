/* ops/lots/lots_internal.h: what the files of lots.h share. */
#ifndef KEEL_OPS_LOTS_LOTS_INTERNAL_H
#define KEEL_OPS_LOTS_LOTS_INTERNAL_H

#include "ops/lots/lots.h"

enum { KEEL_LOTS_SYMBOLS = 256, KEEL_LOTS_NAME = 48 };

typedef struct keel_lots_symbol {
    char name[KEEL_LOTS_NAME];
    int64_t gain_e8, settled_e8, fills; /* since a trade ended last */
} keel_lots_symbol;

struct keel_lots {
    keel_lots_ask ask;
    char run_id[129];
    int64_t as_of_ms;
    keel_lots_symbol symbol[KEEL_LOTS_SYMBOLS];
    int32_t symbols;
    keel_lot *lot; /* [lots] in the order of their fills */
    keel_disposal *disposal;
    int64_t *left; /* [ask.choice_count] of each choice */
    int64_t lots, lots_cap, disposals, disposals_cap;
    int64_t first; /* lots before this one are empty */
    keel_lots_totals totals;
    uint64_t seq;
    keel_err *err;
};

/* KEEL_E_DATA: the log has no end: `torn` bytes stand behind its last line, or its open part is gone. */
KEEL_MUST_USE int keel_lots_check_end(keel_lots *l, const keel_fs *fs, size_t torn);

/* KEEL_E_DATA: more than a few units of 1e-8 for each of the trade's fills are no rounding. */
KEEL_MUST_USE int keel_lots_check_rounding(keel_lots *l, const keel_lots_symbol *y, int64_t rounding_e8);

/* KEEL_E_DATA: the summary of a run that ended, where it lies beside the log, has another run, other trades or another
 * result. */
KEEL_MUST_USE int keel_lots_check_summary(keel_lots *l, const keel_fs *fs);

#endif

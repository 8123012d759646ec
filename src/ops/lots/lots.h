/* ops/lots/lots.h: what a run bought and sold as lots, and what each lot earned: for taxes.
 *
 * Made of the run's events alone (ops/forensic/reader.h): fills, funding and interest. A fill that opens or adds is a
 * lot; one that reduces, closes or turns a position disposes of lots of that symbol in the order of a method. A fill's
 * notional and fee are shared out over its parts by cumulated floors, in integers at 1e-8, so that parts add up to the
 * fill to the last unit; what all lots of a position earned, less its funding and interest, is what the books say the
 * trade earned but for what the books rounded, and that is counted.
 *
 * Format and rules: docs/tax-lots.md. Deterministic; one thread. */
#ifndef KEEL_OPS_LOTS_LOTS_H
#define KEEL_OPS_LOTS_LOTS_H

#include "base/json.h"
#include "base/strbuf.h"
#include "port/fs.h"

/* X(NAME, word). HIFO: the lot that gains least: of a long the dearest, of a short the cheapest; of equals the oldest.
 */
#define KEEL_LOTS_METHODS(X) X(FIFO, "fifo") X(LIFO, "lifo") X(HIFO, "hifo") X(SPECIFIC, "specific")

typedef enum keel_lots_method {
#define KEEL_LOTS_ENUM(name, word) KEEL_LOTS_##name,
    KEEL_LOTS_METHODS(KEEL_LOTS_ENUM)
#undef KEEL_LOTS_ENUM
        KEEL_LOTS_METHOD_COUNT
} keel_lots_method;

extern const char *const keel_lots_method_words[KEEL_LOTS_METHOD_COUNT];

/* One line of a choice by hand: so much of the lot that fill `opened` made goes with fill `closed`. Fills are named by
 * the number (seq) of their record. */
typedef struct keel_lots_choice {
    uint64_t closed, opened;
    int64_t qty_e8;
} keel_lots_choice;

typedef struct keel_lots_ask {
    const char *dir; /* of the run */
    keel_lots_method method;
    int64_t wash_days;              /* a loss with another lot acquired so many days before or after it; 0: none */
    const keel_lots_choice *choice; /* [choice_count], SPECIFIC: in the order in which lots are taken */
    int64_t choice_count;
} keel_lots_ask;

typedef struct keel_lot {
    uint64_t fill;
    int64_t ts_ms, qty_e8, left_e8, px_e8, notional_e8, fee_e8;
    int32_t symbol, side; /* +1 long, -1 short */
} keel_lot;

typedef struct keel_disposal {
    uint64_t opened, closed; /* fills */
    int64_t opened_ms, closed_ms, qty_e8, open_px_e8, close_px_e8;
    int64_t proceeds_e8, cost_e8, charges_e8, gain_e8; /* gain: proceeds less cost less fees */
    int32_t symbol, side;
    uint64_t wash; /* fill of the other lot, 0: none */
} keel_disposal;

typedef struct keel_lots_totals {
    int64_t proceeds_e8, cost_e8, charges_e8, gain_e8, settled_e8; /* settled: funding and interest that were paid */
    int64_t books_e8;    /* what the books say that the trades that ended earned */
    int64_t rounding_e8; /* books less (gain less settled), of the trades that ended */
    int64_t trades, wash_sales, wash_loss_e8;
} keel_lots_totals;

typedef struct keel_lots keel_lots;

/* KEEL_E_NOT_FOUND (no log), KEEL_E_DATA (records are missing, also at the end; the books or the run's summary.json
 * have another result; a choice that does not fit; an amount that does not fit), KEEL_E_NOMEM, errors of the reader. */
KEEL_MUST_USE int keel_lots_make(const keel_fs *fs, const keel_lots_ask *ask, keel_lots **ret, keel_err *reterr);
void keel_lots_free(keel_lots *l); /* NULL allowed */

const keel_lots_totals *keel_lots_totals_of(const keel_lots *l);

/* The table, its first line the names of columns; the same bytes of the same events. */
void keel_lots_csv(const keel_lots *l, keel_strbuf *out);
/* keel.lots, version 1: one object; checksum: SHA-256 of the table, hex. */
void keel_lots_json(const keel_lots *l, const char *checksum, keel_json *j);
/* A short page. */
void keel_lots_text(const keel_lots *l, keel_strbuf *out);

#endif

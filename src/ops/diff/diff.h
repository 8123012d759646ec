/* ops/diff/diff.h: two runs trade by trade, and what each difference comes from.
 *
 * The caller makes a row of stages from run A to run B: A, then A with one thing changed, then one more, and so on to
 * B. A stage is what a whole run came to. The difference between two stages belongs to what was changed between them,
 * so the causes of each row, and of the whole, add up to its difference exactly, in integers at 1e-8.
 *
 * Trades of two stages are matched like this, for each symbol and side on its own: first those that were entered at the
 * same time, in order of their exits; then, in order of entry, each that is left with the nearest one that is left on
 * the other side and was entered at most `within_ms` before or after it, the earlier of two equally near ones. */
#ifndef KEEL_OPS_DIFF_DIFF_H
#define KEEL_OPS_DIFF_DIFF_H

#include <stdint.h>

#include "base/err.h"
#include "model/trade.h"
#include "ops/report/report.h"

/* X(NAME, number, word, sentence), in the order in which they are changed. */
#define KEEL_DIFF_CAUSES(X)                                                                         \
    X(DATA, 0, "data_revised", "bars or settlements are not the same")                              \
    X(LATE, 1, "late_bar", "bars that were not there when their time came")                         \
    X(LATENCY, 2, "latency", "the way of an order to the venue")                                    \
    X(PARTIAL, 3, "partial_fill", "orders that executed in parts")                                  \
    X(QUEUE, 4, "queue", "targets behind others at their level")                                    \
    X(REJECT, 5, "reject", "orders that the venue refused")                                         \
    X(FEE, 6, "fee_tier", "maker or taker fee")                                                     \
    X(PARAMETERS, 7, "parameters", "strategy, its parameters, slippage, leverage, balance, exits")  \
    X(RISK, 8, "risk_gate", "limits of risk")                                                       \
    X(MODE, 9, "mode", "pause, halt, safe mode and resume, and what happens at the end of the run") \
    X(UNEXPLAINED, 10, "unexplained", "none of these: the run cannot be made again from what is kept")

typedef enum keel_diff_cause {
#define KEEL_DIFF_ENUM(name, number, word, sentence) KEEL_DIFF_##name = (number),
    KEEL_DIFF_CAUSES(KEEL_DIFF_ENUM)
#undef KEEL_DIFF_ENUM
        KEEL_DIFF_CAUSE_COUNT = 11
} keel_diff_cause;

const char *keel_diff_cause_word(keel_diff_cause cause);
const char *keel_diff_cause_sentence(keel_diff_cause cause);

/* What a run came to. */
typedef struct keel_diff_stage {
    keel_diff_cause cause; /* changed since the stage before; that of the first is not read */
    keel_trade *trades;    /* [count], owned; of each symbol (the same index in all stages), side, entry and exit time
                            * and price, quantity and pnl are read */
    int64_t count;
    int64_t net_e8; /* balance at the end less that at the start, open positions included */
} keel_diff_stage;

/* One trade of A, of B, or of both. */
typedef struct keel_diff_row {
    int64_t a, b;                           /* indexes of trades of the first and last stage, -1: none */
    int64_t part_e8[KEEL_DIFF_CAUSE_COUNT]; /* sums to pnl of b less pnl of a, where none counts 0 */
    uint32_t causes;                        /* mask of those that changed it, in money or in any field */
    uint32_t reserved;
} keel_diff_row;

typedef struct keel_diff {
    const keel_diff_stage *first, *last; /* borrowed */
    keel_diff_row *rows;                 /* [count], owned, in order of entry, then symbol */
    int64_t count;
    keel_diff_row open;    /* profit of positions still open at the end; a and b -1 */
    keel_diff_row passing; /* trades of stages in between that neither run has; adds up to 0 */
    int64_t matched, only_a, only_b;
    int64_t changed;                           /* rows with a cause */
    int64_t net_difference_e8;                 /* B less A */
    int64_t cause_e8[KEEL_DIFF_CAUSE_COUNT];   /* sums to it */
    int64_t cause_rows[KEEL_DIFF_CAUSE_COUNT]; /* rows that it changed */
} keel_diff;

/* Compare stages [0, count), count >= 1; they stay the caller's and must outlive *ret.
 * Returns 0, KEEL_E_RANGE (a sum beyond int64), KEEL_E_NOMEM; keel_diff_done also then. */
KEEL_MUST_USE int keel_diff_make(const keel_diff_stage *stages, int32_t count, int64_t within_ms, keel_diff *ret,
                                 keel_err *reterr);
void keel_diff_done(keel_diff *d);

/* The matching alone: ret_of_x[x_count] gets the index in y, or -1. KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_diff_match(const keel_trade *x, int64_t x_count, const keel_trade *y, int64_t y_count,
                                  int64_t within_ms, int64_t *ret_of_x, keel_err *reterr);

/* What a run's folder says it came to, as a stage; symbols[symbol_count] give the indexes. trades are to be freed.
 * Returns 0, KEEL_E_PARSE (another symbol, a total that cannot be read), KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_diff_recorded(const keel_run_folder *run, const char *const symbols[], int32_t symbol_count,
                                     keel_diff_stage *ret, keel_err *reterr);

#endif

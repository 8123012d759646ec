/* stats/book.h: one account's figures, taken while it runs: trades and samples of equity come in order, and of them
 * only what the figures need is kept: three words per trade and one per day. */
#ifndef KEEL_STATS_BOOK_H
#define KEEL_STATS_BOOK_H

#include "stats/summary.h"

typedef struct keel_stats_book {
    int64_t start_ms, end_ms; /* the run covers [start_ms, end_ms] */
    int64_t start_e8;
    keel_stats_tally tally;
    keel_stats_drawdown drawdown;
    keel_stats_held *trades; /* [trade_count] of [trade_cap] */
    int64_t trade_count, trade_cap;
    int64_t *day_e8; /* [days] last equity of each day, of the days before `day` */
    int64_t days, day;
    int64_t day_end_ms; /* last moment of `day` */
    int64_t last_e8; /* of the sample before */
} keel_stats_book;

/* Empty, for a run over [start_ms, end_ms] from start_e8.
 * Returns 0, or KEEL_E_RANGE (start balance not positive, end not after start), KEEL_E_NOMEM. keel_stats_book_done also
 * then. */
KEEL_MUST_USE int keel_stats_book_init(keel_stats_book *b, int64_t start_ms, int64_t end_ms, int64_t start_e8,
                                       keel_err *reterr);
void keel_stats_book_done(keel_stats_book *b);

/* A trade, in order of closing. Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_stats_book_trade(keel_stats_book *b, const keel_stats_trade *trade, keel_err *reterr);

/* A sample of equity, ts_ms not before the one before and at most end_ms. Samples that change no figure may be left out
 * (lane/lane.h, lean). */
void keel_stats_book_sample(keel_stats_book *b, int64_t ts_ms, int64_t equity_e8);

/* How the run ended. */
typedef struct keel_stats_end {
    int64_t final_e8; /* equity at end_ms: the last sample */
    /* Largest falls from a running peak seen at a finer resolution than the samples (inside a bar), as a share of the
     * peak and in money; they stand when larger. 0: none. */
    double event_drawdown;
    int64_t event_drawdown_e8;
    int32_t can_owe; /* 1: leverage above 1 or short sales, so more than the balance can be lost */
    int32_t reserved;
} keel_stats_end;

/* Compute everything; no trade or sample may follow.
 * Returns 0, or KEEL_E_RANGE (a sum beyond int64), KEEL_E_NOMEM. ret_summary is written only with 0. */
KEEL_MUST_USE int keel_stats_book_summarise(keel_stats_book *b, const keel_stats_end *end,
                                            keel_stats_summary *ret_summary, keel_err *reterr);

/* Bytes that a book holds besides itself. */
int64_t keel_stats_book_bytes(const keel_stats_book *b);

#endif

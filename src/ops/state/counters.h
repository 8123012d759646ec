/* ops/state/counters.h: what an operator and the risk guards want to know of an account now: today's result, trades of
 * the day and the hour, losses in a row, the equity that the day and the week began with, the peak.
 *
 * Counters are not kept beside the books: they are told by the trades and the samples of equity, which the journal
 * keeps. So a restart has them, a new day or hour begins them anew by itself, and nothing can drift apart. A person may
 * reset some of them: then what lies before the reset does not count. Days and hours are UTC and end with their last
 * moment, (00:00, 24:00], as in stats/daily.h; weeks begin on Monday. Deterministic. */
#ifndef KEEL_OPS_STATE_COUNTERS_H
#define KEEL_OPS_STATE_COUNTERS_H

#include <stdint.h>

#include "model/trade.h"

/* X(NAME, number, word, resettable) */
#define KEEL_COUNTERS(X)                              \
    X(PNL_TODAY, 0, "pnl_today", 1)                   \
    X(TRADES_TODAY, 1, "trades_today", 1)             \
    X(TRADES_THIS_HOUR, 2, "trades_this_hour", 1)     \
    X(CONSECUTIVE_LOSSES, 3, "consecutive_losses", 1) \
    X(LAST_LOSS, 4, "last_loss_time", 1)              \
    X(DAY_START_EQUITY, 5, "day_start_equity", 0)     \
    X(WEEK_START_EQUITY, 6, "week_start_equity", 0)   \
    X(PEAK_EQUITY, 7, "peak_equity", 1)

typedef enum keel_counter {
#define KEEL_COUNTER_ENUM(name, number, word, resettable) KEEL_COUNTER_##name = (number),
    KEEL_COUNTERS(KEEL_COUNTER_ENUM)
#undef KEEL_COUNTER_ENUM
        KEEL_COUNTER_COUNT = 8
} keel_counter;

extern const char *const keel_counter_words[KEEL_COUNTER_COUNT];

/* The counter of a word; -1: none. */
int keel_counter_of(const char *word);
int keel_counter_resettable(keel_counter counter);

/* What they are told by. Borrowed. */
typedef struct keel_counters_from {
    const keel_trade *trades; /* [trade_count], in order of closing */
    int64_t trade_count;
    const int64_t *equity_ts_ms, *equity_e8; /* [equity_count], times ascending */
    int64_t equity_count;
    int64_t start_e8;                     /* before the first sample */
    int64_t now_ms;                       /* trades and samples later than this do not count yet */
    int64_t cooldown_ms;                  /* after a loss */
    int64_t reset_ms[KEEL_COUNTER_COUNT]; /* what is not later than this does not count; INT64_MIN: never reset */
} keel_counters_from;

typedef struct keel_counters {
    int64_t now_ms;
    int64_t pnl_today_e8; /* of trades closed today, net of all costs */
    int64_t trades_today, trades_this_hour;
    int64_t consecutive_losses; /* the newest trades that lost; one that came out even ends the row */
    int64_t last_loss_ms;       /* INT64_MIN: none */
    int64_t cooldown_until_ms;  /* of the last loss; INT64_MIN: none */
    int64_t equity_e8, day_start_e8, week_start_e8, peak_e8;
} keel_counters;

void keel_counters_read(const keel_counters_from *from, keel_counters *ret);

#endif

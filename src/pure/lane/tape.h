/* lane/tape.h: the input of a whole run: one grid of bars for every symbol, with funding. Read only, shared by any
 * number of configurations. */
#ifndef KEEL_LANE_TAPE_H
#define KEEL_LANE_TAPE_H

#include "core/state.h"

#define KEEL_TAPE_EXTREMES 3

/* Columns over the main grid: bar k opens at start_ms + k * interval_ms; close 0 = the bar is missing. Detail columns,
 * when present, cover the same time in `ratio` finer bars each: index k * ratio + j. */
typedef struct keel_tape_symbol {
    KEEL_GLOBAL const int64_t *open_e8;
    KEEL_GLOBAL const int64_t *high_e8;
    KEEL_GLOBAL const int64_t *low_e8;
    KEEL_GLOBAL const int64_t *close_e8;
    KEEL_GLOBAL const double *volume;
    KEEL_GLOBAL const int64_t *detail_open_e8; /* all five NULL when ratio = 1 */
    KEEL_GLOBAL const int64_t *detail_high_e8;
    KEEL_GLOBAL const int64_t *detail_low_e8;
    KEEL_GLOBAL const int64_t *detail_close_e8;
    KEEL_GLOBAL const double *detail_volume;
    KEEL_GLOBAL const int64_t *funding_ts_ms; /* ascending */
    KEEL_GLOBAL const int64_t *funding_rate_e16;
    int64_t funding_count;
    KEEL_GLOBAL const int64_t *extremes[KEEL_TAPE_EXTREMES]; /* blocks of each size (lane/extremes.h); NULL: none */
    KEEL_GLOBAL const int64_t *early; /* of each bar's pieces but the last (lane/extremes.h); NULL: not known */
    int32_t watch_only;                     /* 1: read for context (bitcoin direction, breadth), never traded */
    int32_t sleeve; /* whose symbol this is: index of its configuration, 0 <= sleeve < sleeve_count */
} keel_tape_symbol;

/* Strategies that share one account. Each trades symbols of its own: where two trade the same market, its columns stand
 * in the tape twice, and each strategy's part of the position is kept apart, with its own margin. */
#ifndef KEEL_SLEEVES_MAX
#define KEEL_SLEEVES_MAX 8
#endif

typedef struct keel_tape {
    int64_t start_ms; /* open of bar 0 */
    int64_t interval_ms;
    int64_t bars;
    int64_t trade_from; /* first bar that may decide; earlier ones only warm signals up */
    int32_t ratio;      /* detail bars per main bar, >= 1 */
    int32_t symbol_count;
    int32_t sleeve_count; /* >= 1 */
    int32_t reserved;
    int32_t btc[KEEL_SLEEVES_MAX]; /* each sleeve's symbol that tells bitcoin's direction, -1 = none; the first sleeve
                                    * that has one also gives the regime */
    keel_tape_symbol sym[KEEL_SYMBOLS_MAX];
} keel_tape;
#endif

/* core/signal/regime.h: the market-wide trend gate and the regime detector, as streaming machines.
 *
 * The same machines run in a backtest and live. Times are bar CLOSE times, UTC, strictly increasing. */
#ifndef KEEL_CORE_SIGNAL_REGIME_H
#define KEEL_CORE_SIGNAL_REGIME_H

#include "core/signal/breadth.h"
#include "num/port.h"

/* ---- gate: may new entries be made at all?
 *
 *   trend ok = (breadth outside [breadth_low, breadth_high], or median ADX >= adx_min)
 *              and ratio_min <= median ATR ratio <= ratio_max
 *
 *   state \ bar    ok                              not ok, or not known
 *   off            on once `bars_on` in a row      off, count restarts
 *   on             on                              off
 *
 * An unknown figure makes its own test fail; it never counts as favourable. */
typedef struct keel_trend_gate_params {
    double breadth_low;  /* 0.30 */
    double breadth_high; /* 0.70 */
    double adx_min;      /* 22 */
    double ratio_min;    /* 0.5 */
    double ratio_max;    /* 3.0 */
    int32_t bars_on;     /* 2 */
    int32_t reserved;
} keel_trend_gate_params;

typedef struct keel_trend_gate {
    keel_trend_gate_params params;
    keel_universe_view view; /* inputs of the last bar, for logs */
    int64_t changed_ms;      /* time of the last change of `on`; 0 = never */
    int32_t on;
    int32_t streak; /* bars in a row with "trend ok", up to bars_on */
} keel_trend_gate;

KEEL_FN keel_trend_gate_params keel_trend_gate_defaults(void);
KEEL_FN void keel_trend_gate_init(keel_trend_gate *g, const keel_trend_gate_params *params);

/* One main bar. Returns 1 when the gate is on after it, else 0. */
KEEL_FN int32_t keel_trend_gate_step(keel_trend_gate *g, const keel_universe_view *view, int64_t ts_ms);

/* ---- detector: which market is this?
 *
 * Fed by the closes of the reference asset's main bars (any interval that divides a day), which it gathers into UTC
 * days: a day's close is the last close at or before its end; a day without bars is no day. From the daily closes C:
 *   score = 0.4 s(C / SMA50 - 1) + 0.3 s(SMA50 / SMA200 - 1) + 0.3 clamp(return over 30 days / 0.20, -1, 1)
 *           with s(x) = sign(x) min(1, |x| / 0.05); in [-1, 1]; renewed when a day ends
 *   volatility = root mean square of the last 7 daily log returns; its median is over the last 90 days
 *   CRASH    the return over 24 h is <= -10 %, or volatility > 3 medians with a negative return over those 7 days
 *   BULL     score >= 0.3      BEAR   score <= -0.3      CHOP   between
 *   UNKNOWN  fewer than 200 days
 * The 24 h return is renewed at each bar, against the last close at or before the start of the same hour a day ago
 * (so over 24 h, up to 25 h for bars within an hour); the label follows at once.
 * confidence in [0, 1]: BULL, BEAR |score|; CHOP 1 - |score| / 0.3; CRASH 1; UNKNOWN 0. */
enum {
    KEEL_REGIME_UNKNOWN = 0,
    KEEL_REGIME_BULL = 1,
    KEEL_REGIME_BEAR = 2,
    KEEL_REGIME_CHOP = 3,
    KEEL_REGIME_CRASH = 4,
    KEEL_REGIME_COUNT = 5
};

#define KEEL_REGIME_DAYS 200
#define KEEL_REGIME_VOL_DAYS 7
#define KEEL_REGIME_MEDIAN_DAYS 90
#define KEEL_REGIME_HOURS 25

typedef struct keel_regime_detector {
    int64_t bar_ts_ms;  /* close time of the last bar, 0 before the first */
    int64_t changed_ms; /* time of the last change of the label, 0 = never */
    double bar_close;
    double score;      /* meaningful unless UNKNOWN */
    double confidence; /* [0, 1] */
    double volatility; /* per day */
    double volatility_median;
    double return_24h;
    int32_t label;                       /* KEEL_REGIME_* */
    int32_t storm;                       /* 1: the volatility rule for CRASH holds since the last day end */
    int32_t days;                        /* daily closes seen */
    int32_t vols;                        /* volatilities seen */
    double close[KEEL_REGIME_DAYS];      /* ring of daily closes */
    double vol[KEEL_REGIME_MEDIAN_DAYS]; /* ring of volatilities */
    double hour[KEEL_REGIME_HOURS];      /* price at the start of an hour, ring by hour number */
    int32_t hours;                       /* hours filled, up to KEEL_REGIME_HOURS */
    int32_t reserved;
} keel_regime_detector;

KEEL_FN void keel_regime_init(keel_regime_detector *d);

/* One closed main bar of the reference asset.
 *   close_ts_ms  in  the bar's close time = open time + interval, > 0, strictly increasing
 *   close        in  > 0
 * Returns the label after it (KEEL_REGIME_*). */
KEEL_FN int32_t keel_regime_step(keel_regime_detector *d, int64_t close_ts_ms, double close);

#endif

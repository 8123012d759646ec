/* model/diag.h: why a decision came out as it did: every gate, exit rule, cooldown and sizing input of one step. */
#ifndef KEEL_MODEL_DIAG_H
#define KEEL_MODEL_DIAG_H

#include "num/port.h"

enum { KEEL_GATE_OFF = 0, KEEL_GATE_PASS = 1, KEEL_GATE_FAIL = 2, KEEL_GATE_UNKNOWN = 3, KEEL_GATE_WAIVED = 4 };

/* X(name, number, label, sentence): UNKNOWN counts as a failure for entries. */
#define KEEL_GATES(X)                                                      \
    X(RANGING, 0, "ranging", "market is not ranging")                      \
    X(ANOMALY, 1, "anomaly", "bar is not anomalous")                       \
    X(EXTENSION, 2, "extension", "close is near the fast average")         \
    X(ADX_RISING, 3, "adx_rising", "trend strength rises or is saturated") \
    X(VOLUME, 4, "volume", "volume confirms")                              \
    X(BTC, 5, "btc_alignment", "direction agrees with bitcoin")            \
    X(BREADTH, 6, "breadth", "market breadth does not oppose")             \
    X(REGIME, 7, "regime", "market-wide trend gate is on")

/* X(name, number, label) in order of evaluation. */
#define KEEL_EXIT_RULES(X)              \
    X(GLITCH, 0, "glitch_guard")        \
    X(LIQUIDATION, 1, "liquidation")    \
    X(STOP, 2, "stop")                  \
    X(TRAIL, 3, "trailing")             \
    X(TARGET, 4, "take_profit")         \
    X(PARTIAL, 5, "partial_tp")         \
    X(TSME, 6, "trend_saturation")      \
    X(ADX_EXHAUST, 7, "adx_exhaustion") \
    X(RSI_EXT, 8, "rsi_overextension")  \
    X(TIME_MAX, 9, "max_hold")          \
    X(TIME_CHECK, 10, "progress_check") \
    X(FILTER, 11, "filter")             \
    X(FUNDING, 12, "funding")

/* X(name, number, label): limits of risk, in the order in which they are asked; of most of them the value is to be at
 * most the limit, of those with MIN in their name at least. Waits are in ms, what is left of them; the limit is 0.
 * Counts are with what is asked for; money is in USD: the notional that is wanted, and what the limit leaves of it. */
#define KEEL_RISKS(X)                             \
    X(ADDS, 0, "adds")                            \
    X(ADD_MIN_PROFIT, 1, "add_min_profit_atr")    \
    X(ADD_WAIT, 2, "add_cooldown")                \
    X(EXIT_WAIT, 3, "exit_cooldown")              \
    X(MIN_CONFIDENCE, 4, "min_confidence")        \
    X(ENTRY_WAIT, 5, "entry_cooldown")            \
    X(DAY, 6, "trades_per_day")                   \
    X(POSITIONS, 7, "positions")                  \
    X(CASH, 8, "cash")                            \
    X(EXPOSURE, 9, "exposure")                    \
    X(POSITION_EXPOSURE, 10, "position_exposure") \
    X(MIN_NOTIONAL, 11, "min_notional")

enum {
#define KEEL_GATE_ENUM(name, number, label, sentence) KEEL_GATE_ID_##name = (number),
    KEEL_GATES(KEEL_GATE_ENUM)
#undef KEEL_GATE_ENUM
        KEEL_GATE_COUNT = 8,
#define KEEL_EXIT_ENUM(name, number, label) KEEL_EXIT_ID_##name = (number),
    KEEL_EXIT_RULES(KEEL_EXIT_ENUM)
#undef KEEL_EXIT_ENUM
        KEEL_EXIT_COUNT = 13,
#define KEEL_RISK_ENUM(name, number, label) KEEL_RISK_ID_##name = (number),
    KEEL_RISKS(KEEL_RISK_ENUM)
#undef KEEL_RISK_ENUM
        KEEL_RISK_COUNT = 12
};

typedef struct keel_gate_result {
    int32_t status;
    int32_t votes; /* ranging: number of signs seen; else 0 */
    double value;
    double threshold;
} keel_gate_result;

typedef struct keel_exit_result {
    int32_t armed;
    int32_t triggered;
    double value;     /* level for price rules, measured value for the others */
    double threshold; /* what it is compared with */
} keel_exit_result;

enum { /* warnings, a mask */
       KEEL_WARN_GLITCH = 1,
       KEEL_WARN_NO_ATR = 2,      /* neither snapshot nor entry ATR: ATR rules are disarmed */
       KEEL_WARN_NO_SNAPSHOT = 4, /* smart exits were skipped */
       KEEL_WARN_NO_POSITION = 8, /* funding without a position: no-op */
       KEEL_WARN_MARGIN_LOW = 16, /* below 1.5 x maintenance margin */
       KEEL_WARN_CASH_NEGATIVE = 32,
       KEEL_WARN_FILL_UNKNOWN = 64 /* a fill without a known order was booked */
};

enum { KEEL_AUX_NOT_NEEDED = 0, KEEL_AUX_FRESH = 1, KEEL_AUX_STALE = 2, KEEL_AUX_MISSING = 3 };

typedef struct keel_diag {
    int32_t schema_seen;
    int32_t refusal;
    int32_t warnings;
    int32_t hold_reason; /* why a signal became HOLD, KEEL_NONE when there was none */
    int32_t signal;      /* of the strategy */
    int32_t signal_reason;
    int32_t confidence;
    int32_t points;
    int32_t aux_status; /* KEEL_AUX_* of the feeds that the strategy needs */
    int32_t reserved;
    uint64_t feature_digest;   /* of the slots that were ready, when there was a signal */
    double probability;        /* of a net profit, calibrated from past outcomes; 0.5 until there are enough */
    int64_t cooldown_until_ms; /* latest time that holds an entry back, 0 = none */
    double profit_atr;
    double size_equity_usd; /* sizing inputs and result; 0 when nothing was sized */
    double size_factor;
    double size_notional_usd;
    keel_gate_result gate[KEEL_GATE_COUNT];
    keel_exit_result exit[KEEL_EXIT_COUNT];
    keel_gate_result risk[KEEL_RISK_COUNT]; /* OFF: it was not asked */
} keel_diag;

#endif

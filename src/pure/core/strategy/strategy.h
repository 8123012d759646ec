/* core/strategy/strategy.h: what a strategy is: a table of parameters, a list of the signals it reads, and one pure
 * function from what can be seen at a closed bar to an opinion. It places no orders, keeps no state and cannot see
 * the account; sizing, stops, cooldowns, gates and limits are the host's and hold for every strategy alike. */
#ifndef KEEL_CORE_STRATEGY_STRATEGY_H
#define KEEL_CORE_STRATEGY_STRATEGY_H

#include "core/signal/spec.h"
#include "model/diag.h"
#include "model/event.h"
#include "model/params.h"
#include "model/reason.h"
#include "model/snapshot.h"

#define KEEL_SLOT_BIT(slot) ((uint64_t)1 << (slot))

/* Everything a strategy may look at. */
typedef struct keel_view {
    const keel_snapshot *snap; /* this closed bar; borrowed for the call */
    int64_t ts_ms;             /* its close, UTC */
    int32_t side;              /* position: +1, -1, 0 */
    int32_t bars_held;
    double entry_px;     /* 0 when flat */
    double profit_atr;   /* open profit in ATR, 0 when flat or unknown */
    double funding_rate; /* last settled rate (share per settlement); meaningful when has_funding */
    int32_t has_funding;
    int32_t btc_bullish; /* KEEL_UNKNOWN / FALSE / TRUE */
    int32_t is_btc;
    int32_t regime_gate;
    double breadth; /* < 0 unknown */
} keel_view;

typedef struct keel_opinion {
    int32_t signal;     /* KEEL_NEUTRAL, BUY, SELL, CLOSE, PARTIAL_CLOSE */
    int32_t reason;     /* KEEL_E_* of an entry, KEEL_X_STRATEGY of a close */
    int32_t confidence; /* KEEL_CONF_* */
    int32_t points;     /* 0..5 behind the confidence, where it is made of points */
    double fraction;    /* of a PARTIAL_CLOSE */
    double stop_scale;  /* factor on the ATR stop distance, normally 1 */
} keel_opinion;

/* A list of signal specs under construction. `overflow` is set when one did not fit; the caller refuses then. */
#define KEEL_SIGNAL_LIST_MAX 32
typedef struct keel_signal_list {
    int32_t n;
    int32_t overflow;
    keel_signal_spec spec[KEEL_SIGNAL_LIST_MAX];
} keel_signal_list;

/* Append one signal: output(s) to slot.., read from source, first integer parameter p0 (0 for a kind without one). The
 * rest of the spec has its defaults; ret->spec[ret->n - 1] may be edited afterwards. */
KEEL_FN void keel_signal_list_add(keel_signal_list *list, int32_t kind, int32_t slot, int32_t source, int32_t p0);

/* The built-in strategies: X(ID, name). Each is one file, <name>.c, in the form of strategy.def; version, sentence and
 * parameters stand there. */
#define KEEL_STRATEGIES(X)                  \
    X(NO_TRADE, no_trade)                   \
    X(BUY_HOLD, buy_hold)                   \
    X(TREND, trend)                         \
    X(EMA_CROSS, ema_cross)                 \
    X(RSI_REVERSION, rsi_reversion)         \
    X(DONCHIAN_BREAKOUT, donchian_breakout) \
    X(MOMENTUM, momentum)                   \
    X(MEAN_REVERSION, mean_reversion)       \
    X(CARRY, carry)

enum {
#define KEEL_STRATEGY_ENUM(id, name) KEEL_STRATEGY_##id,
    KEEL_STRATEGIES(KEEL_STRATEGY_ENUM)
#undef KEEL_STRATEGY_ENUM
        KEEL_STRATEGY_COUNT,
    /* The strategy of a user's file: only in a unit that was compiled with one (KEEL_USER_STRATEGY). */
    KEEL_STRATEGY_USER = KEEL_STRATEGY_COUNT
};

/* Number of outputs of each signal kind, as constants. */
enum {
#define KEEL_SIGNAL_OUTPUTS_ENUM(kind, name, input, outputs, names, doc, ref) KEEL_SIGNAL_OUTPUTS_##kind = outputs,
    KEEL_SIGNAL_KINDS(KEEL_SIGNAL_OUTPUTS_ENUM)
#undef KEEL_SIGNAL_OUTPUTS_ENUM
        KEEL_SIGNAL_OUTPUTS_NONE = 0
};

/* Set the strategy of p: its own parameters and its presets of core parameters take their defaults.
 * Returns 1, or 0 for an unknown id. */
KEEL_FN int32_t keel_strategy_select(keel_params *p, int32_t id);

/* Set the strategy's own parameter `index`. Returns 1, or 0 (unknown, out of bounds, not whole): p unchanged. */
KEEL_FN int32_t keel_strategy_set(keel_params *p, int32_t index, double value);

/* Every signal that the configuration reads: the strategy's own, then those of the gates, exits and entries that are
 * switched on. list is overwritten. */
KEEL_FN void keel_strategy_signals(const keel_params *p, keel_signal_list *list);

/* The opinion at a closed bar. The default is NEUTRAL; a strategy that misses an input stays NEUTRAL. */
KEEL_FN void keel_strategy_decide(const keel_params *p, const keel_view *view, keel_opinion *ret);

/* Feeds besides candles that the strategy needs, a mask: without them, or when they are stale, it opens nothing. */
enum {
    KEEL_FEED_FUNDING = 1,
    KEEL_FEED_BTC = 2 /* the direction of bitcoin; it has a gate of its own, and may be missing */
};
KEEL_FN uint32_t keel_strategy_feeds(const keel_params *p);

/* The first from row `from` on of the strategy's own rules between parameters (REQUIRES) that p breaks, or -1. */
KEEL_FN int32_t keel_strategy_unmet(const keel_params *p, int32_t from);

/* Regimes of the market (core/signal/regime.h) in which the strategy opens positions, a mask of bits 1 <<
 * KEEL_REGIME_*; 0: in any, known or not. */
enum { KEEL_IN_BULL = 2, KEEL_IN_BEAR = 4, KEEL_IN_CHOP = 8, KEEL_IN_CRASH = 16, KEEL_IN_ALL = 30 };
KEEL_FN uint32_t keel_strategy_regimes(const keel_params *p);

/* Slots that the strategy itself needs before it may act. */
KEEL_FN uint64_t keel_strategy_needs(const keel_params *p);

#if KEEL_ON_HOST
/* One own parameter as its table has it. Static storage. */
typedef struct keel_strategy_row {
    const char *name;
    int32_t type; /* KEEL_TYPE_REAL, INT or BOOL */
    double def, lo, hi;
    const char *def_text, *lo_text, *hi_text, *step_text, *unit, *sentence;
} keel_strategy_row;

/* A rule between parameters: the condition as it is written, and what it means. */
typedef struct keel_strategy_rule {
    const char *condition, *sentence;
} keel_strategy_rule;

/* What a strategy says of itself. Static storage. */
typedef struct keel_strategy_text {
    const char *family, *name, *version, *sentence; /* family.name.version is its full name */
    const keel_strategy_row *row;                   /* [row_count], in the order of own[] */
    int32_t row_count;
    int32_t rule_count;
    const keel_strategy_rule *rule; /* [rule_count] */
    const char *universe;           /* symbols with commas between; "": any */
    double schema;                  /* of the form that it is written in */
    double depth_bars;              /* history that must lie before the first decision */
    double risk_budget;             /* share of equity, 0: not stated */
    uint32_t regimes;               /* KEEL_IN_*; 0: any */
    uint32_t feeds;                 /* KEEL_FEED_* */
} keel_strategy_text;

/* The version of the form that strategy.def makes. */
#define KEEL_STRATEGY_SCHEMA 1

/* The text of strategy `id`; name NULL for an unknown one. */
KEEL_FN keel_strategy_text keel_strategy_describe(int32_t id);
#endif

#endif

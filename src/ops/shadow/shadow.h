/* ops/shadow/shadow.h: a second bookkeeping of an account, written apart from the ledger and by another method, which
 * looks over its shoulder.
 *
 * It knows executions, settlements and prices, and nothing of postings, margin accounts or averages in integers. What
 * an account is worth is the money that came in, plus what was sold, less what was bought, less fees and settlements,
 * plus what is held at the last price; what a trade earned is the same of one symbol between two times without a
 * position. Money is kept in decimals of 1e-16. Only the margin follows an average cost, in binary floating point.
 *
 * After every event of the core its books are compared: quantity to the unit, money within KEEL_SHADOW_TOLERANCE_E8.
 * Deterministic; one thread. The record has no pointers and may be copied and stored. */
#ifndef KEEL_OPS_SHADOW_SHADOW_H
#define KEEL_OPS_SHADOW_SHADOW_H

#include <stdint.h>

#include "base/json.h"
#include "model/event.h"

enum { KEEL_SHADOW_SYMBOLS = 256 };
#define KEEL_SHADOW_TOLERANCE_E8 INT64_C(1000000) /* 0.01 USD */

/* What was compared. X(NAME, number, word) */
#define KEEL_SHADOW_FIGURES(X) \
    X(QUANTITY, 1, "quantity") \
    X(WORTH, 2, "worth")       \
    X(MARGIN, 3, "margin")     \
    X(TRADE, 4, "trade")       \
    X(BEYOND, 5, "beyond")

enum { /* figure; BEYOND: an amount too large to follow */
#define KEEL_SHADOW_ENUM(name, number, word) KEEL_SHADOW_##name = (number),
       KEEL_SHADOW_FIGURES(KEEL_SHADOW_ENUM)
#undef KEEL_SHADOW_ENUM
           KEEL_SHADOW_FIGURE_END
};

/* Money at 1e-8 and, below that, at 1e-16, 0 <= rest < 1e8. */
typedef struct keel_shadow_sum {
    int64_t whole, rest;
} keel_shadow_sum;

typedef struct keel_shadow_symbol {
    int64_t held;           /* quantity at 1e-8, short negative */
    int64_t price;          /* last one, at 1e-8 */
    keel_shadow_sum flow;   /* sold less bought, over the whole run */
    keel_shadow_sum costs;  /* fees, settlements and interest, paid + */
    keel_shadow_sum before; /* flow less costs when nothing was held last */
    double paid, locked;    /* average cost of what is held, and its margin, USD */
    int64_t maker, taker;   /* fees, at 1e-8 of the notional */
    double leverage;
} keel_shadow_symbol;

/* The first time that the books were not ours. */
typedef struct keel_shadow_breach {
    uint64_t seq;
    int64_t ts_ms;
    int32_t figure, symbol;
    int64_t ours, theirs;                                                        /* at 1e-8 */
    int64_t ours_worth, theirs_worth, theirs_free, theirs_locked, theirs_profit; /* both states */
} keel_shadow_breach;

typedef struct keel_shadow {
    uint64_t events, checks, trades; /* taken in; comparisons made, of which of whole trades */
    int32_t breaches;                /* events after which something was not ours; stays at INT32_MAX */
    int32_t symbol_count;
    int32_t beyond, reserved;
    keel_shadow_sum capital;
    keel_shadow_breach first;
    keel_shadow_symbol sym[KEEL_SHADOW_SYMBOLS];
} keel_shadow;

/* The books that are looked at, after an event. */
typedef struct keel_shadow_books {
    int64_t free_usd, locked_usd, profit_usd; /* cash, margin, open profit at the last prices; at 1e-8 */
    int64_t held;                             /* of the event's symbol, short negative */
    int64_t trade_usd;                        /* what the trade that ended with this event is said to have earned, */
    int32_t has_trade;                        /* when one ended */
    int32_t reserved;
} keel_shadow_books;

/* An account with this capital, at 1e-8. symbol_count <= KEEL_SHADOW_SYMBOLS. */
void keel_shadow_init(keel_shadow *s, int32_t symbol_count, int64_t capital);
/* Terms of one symbol: fees at 1e-8 of the notional; leverage of new positions. */
void keel_shadow_terms(keel_shadow *s, int32_t symbol, int64_t maker, int64_t taker, double leverage);

/* An event that the core accepted, and its books after it. Returns 1, or 0 when something is not ours; then breaches
 * was counted and, at the first, `first` written. */
int keel_shadow_look(keel_shadow *s, const keel_event *ev, const keel_shadow_books *books);

const char *keel_shadow_figure_word(int32_t figure);
/* keel.shadow, version 1, as members of the object that is open; symbols[symbol_count] name them. */
void keel_shadow_json(const keel_shadow *s, const char *const symbols[], keel_json *j);

#endif

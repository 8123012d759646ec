/* core/quiet.h: events that change nothing but prices, many at once.
 *
 * Most bars decide nothing. For those keel_step does a fixed, small thing: it remembers the price, the time and the
 * closed bar's values, counts the bar and revalues what is held. This file says which bars those are (a sufficient
 * condition, never a guess) and does the small thing for a whole stretch of them. The state afterwards is the state
 * that keel_step would have left, to the bit: tests/unit/lane_quiet.c holds every kind of run against the plain loop.
 */
#ifndef KEEL_CORE_QUIET_H
#define KEEL_CORE_QUIET_H

#include "core/state.h"
#include "model/params.h"
#include "model/snapshot.h"

/* Between which prices an open position has nothing to decide on its own.
 *   p    in
 *   s    in   the symbol; an order in flight or a rule that looks at every bar makes it never quiet
 *   low_e8, high_e8  out  a range with low > *low_e8 and high < *high_e8 touches no level, and what is held fits an
 *                    amount; written when 1 is returned
 * Returns 1, or 0 when every event must be stepped. Flat symbols without an order are quiet at any price: whether the
 * strategy stays silent is the caller's to know (lane/window.h). */
KEEL_FN int32_t keel_quiet_band(const keel_params *p, const keel_symbol *s, int64_t *low_e8, int64_t *high_e8);

/* What a stretch of one symbol's PRICE and BAR_CLOSE events amounts to. Funding is not among them. */
typedef struct keel_quiet {
    int64_t closes;     /* BAR_CLOSE events, >= 1 */
    int64_t last_px_e8; /* of the last event */
    int64_t last_ts_ms;
    int64_t low_e8; /* extremes over all ranges; read only when a position is open */
    int64_t high_e8;
} keel_quiet;

/* Take the stretch over into the symbol, but for what the account knows of it (see keel_quiet_mark). Before the call
 * s->seen holds the closed bar before the stretch's last one, which is one of the stretch itself where it has two;
 * after it the caller writes there what the last one says. */
KEEL_FN void keel_quiet_symbol(keel_symbol *s, const keel_quiet *q);

/* The account's side of `events` events that ended with sequence number `last_seq` at last_ts_ms. */
KEEL_FN void keel_quiet_account(keel_state *st, int64_t events, uint64_t last_seq, int64_t last_ts_ms);

/* Equity as a function of one symbol's price, everything else standing still. */
typedef struct keel_quiet_worth {
    int64_t base_e8; /* equity without the position's open profit and close cost */
    int64_t qty_e8;
    int64_t paid_e8; /* for what is held */
    int64_t taker_rate_e8;
    int32_t side;
    int32_t small; /* 1: no sum below can overflow at prices up to the limit it was made with */
    double slope;  /* of equity over price, money at 1e-8 per 1e-8 of price; rounding is left out */
} keel_quiet_worth;

/* For an open position, prices up to high_e8. */
KEEL_FN void keel_quiet_worth_of(const keel_state *st, const keel_params *p, const keel_symbol *s, int64_t high_e8,
                                 keel_quiet_worth *ret);

/* Equity at px_e8, the unit that keel_state_equity would give after keel_quiet_mark. w->small must be set. */
KEEL_FN int64_t keel_quiet_equity(const keel_quiet_worth *w, int64_t px_e8);

/* Revalue an open position at px_e8. Returns 1, or 0 on overflow, and the state is broken as keel_step breaks it. */
KEEL_FN int32_t keel_quiet_mark(keel_state *st, const keel_params *p, keel_symbol *s, int64_t px_e8);

#endif

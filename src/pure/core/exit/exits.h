/* core/exit/exits.h: should the open position leave at this event, and why. Evaluates the whole exit set of one
 * configuration in a fixed order; the first hit wins.
 *
 * The event carries the range (open, high, low, last) that the symbol traded since its previous event; a tick is a
 * range of one price. Levels known BEFORE the event are compared with the range, adverse ones first:
 *   1 glitch guard   2 liquidation, stop (incl. breakeven), trailing stop: of those inside the range the one that
 *   price meets first   3 full target   4 partial target
 * Only then do levels move: breakeven arms on the best price of the range, the trailing stop ratchets on its last
 * price. So no exit assumes a path inside the range that is kinder than the adverse one.
 *   5 on a closed bar with a snapshot: trend saturation, ADX exhaustion, RSI overextension
 *   6 time exits   7 filter and funding exits
 * Rules 5 to 7 leave at the next tradable instant; rules 2 to 4 at their level inside the range. */
#ifndef KEEL_CORE_EXIT_EXITS_H
#define KEEL_CORE_EXIT_EXITS_H

#include "core/state.h"
#include "model/command.h"
#include "model/diag.h"
#include "model/event.h"
#include "model/params.h"

typedef struct keel_exit {
    int32_t reason;       /* KEEL_X_*, KEEL_NONE = stay */
    int32_t trigger_kind; /* KEEL_TRIGGER_* */
    int32_t ambiguous;
    int32_t partial;    /* 1: close fraction of the quantity, 0: all */
    int64_t trigger_e8; /* 0 = market */
    double fraction;
} keel_exit;

/* 1: no rule of p looks at more than the levels of a position. */
KEEL_FN int32_t keel_exit_levels_only(const keel_params *p);

/* 1: keel_exit_evaluate would find nothing, since no rule of p looks at more than levels and none lies inside the range
 * of ev; the position's excursions know of the range. 0: nothing was done. */
KEEL_FN int32_t keel_exit_passes(const keel_params *p, keel_position *pos, const keel_event *ev);

/* Evaluate and update the position's excursions, breakeven and trailing levels.
 *   p     in
 *   s     io   the symbol; s->pos.side != 0
 *   ev    in   KEEL_EV_PRICE or KEEL_EV_BAR_CLOSE, validated
 *   snap  in   the closed bar's snapshot, or NULL between closes; s->seen and s->before_* already hold this
 *              bar's values and the ones before when snap is given
 *   may_exit in 0 while the exit cooldown holds back exits that are not protective
 *   ret   out  the decision
 *   diag  out  NULL, or exit[] and warnings are filled */
KEEL_FN void keel_exit_evaluate(const keel_params *p, keel_symbol *s, const keel_event *ev, const keel_snapshot *snap,
                                int32_t may_exit, keel_exit *ret, keel_diag *diag);

/* Can the full target fire? In partial-at-the-target mode it never does: the remainder leaves by another rule. A
 * position whose levels were set under other parameters keeps its target. */
KEEL_FN int32_t keel_exit_full_target_applies(const keel_params *p, const keel_position *pos);

/* Let the position's excursions (MAE, MFE) know a price it lived through. */
KEEL_FN void keel_exit_excursion(keel_position *pos, int64_t px_e8);

/* The same of two prices, 0 < low <= high, of which the lower comes first. */
KEEL_FN void keel_exit_excursion_range(keel_position *pos, int64_t low_e8, int64_t high_e8);

/* 1 for stop, breakeven, trailing, liquidation, risk and emergency reasons: exempt from the exit cooldown. */
KEEL_FN int32_t keel_exit_is_protective(int32_t reason);

/* Distance of the trailing stop in ATR, from the values of the last closed bar (EXT-03.2). */
KEEL_FN double keel_exit_trail_distance(const keel_params *p, const keel_position *pos, const keel_seen *seen,
                                        double profit_atr);

#endif

/* core/exit/levels.h: the price levels of a position, set when it is opened or grows.
 *
 * E = average entry price, A0 = ATR at entry (0 = unknown: ATR levels stay unset), s = side.
 *   stop     E - s * min(sl_atr_mult * A0 * stop_scale, sl_pct * E) over those that are on
 *   target   E + s * min(tp_atr_mult * A0, tp_pct * E) over those that are on
 *   partial  E + s * tp_partial_atr_mult * A0; tp_partial_atr_mult = 0: the target itself
 *   liq      price at which margin + open profit = 1.1 * maintenance margin (isolated); unset when it is not positive
 * Levels are rounded to 1e-8, nearest. 0 = not set; a level that would not be positive is not set.
 * A breakeven stop already armed and a trailing stop already set are kept when they are tighter. */
#ifndef KEEL_CORE_EXIT_LEVELS_H
#define KEEL_CORE_EXIT_LEVELS_H

#include "model/params.h"
#include "model/position.h"

KEEL_FN void keel_exit_set_levels(const keel_params *p, keel_position *pos);

/* 1: p sets no stop and no target. */
KEEL_FN int32_t keel_exit_no_levels(const keel_params *p);

/* Distance entry to initial stop, entry to target, in price units; 0 = off. */
KEEL_FN double keel_exit_stop_distance(const keel_params *p, const keel_position *pos);
KEEL_FN double keel_exit_target_distance(const keel_params *p, const keel_position *pos);

/* Where a breakeven stop stands, E + s * buffer * A0; 0 = not set. */
KEEL_FN int64_t keel_exit_breakeven_level(const keel_params *p, const keel_position *pos);

/* Move the stop to breakeven unless it is tighter already. */
KEEL_FN void keel_exit_arm_breakeven(const keel_params *p, keel_position *pos);

/* Liquidation level alone: margin or quantity changed. */
KEEL_FN void keel_exit_set_liquidation(const keel_params *p, keel_position *pos);

/* Of two levels, the one a falling (long) or rising (short) price meets first; 0 = none. */
KEEL_FN int64_t keel_exit_tighter(int32_t side, int64_t a_e8, int64_t b_e8);

#endif

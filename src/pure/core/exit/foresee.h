/* core/exit/foresee.h: ranges between two bar closes at which a position stays, without a step for each of them.
 *
 * Between closes only levels can end a position (exits.h, 2 to 4), unless a rule looks at the clock or at single
 * moves; and levels only ever get tighter: breakeven arms on the best price, the trailing stop follows the best last
 * price. So where the tightest level of some ranges is touched by none of them, each of them leaves the position open,
 * and the levels afterwards are those of the best prices. */
#ifndef KEEL_CORE_EXIT_FORESEE_H
#define KEEL_CORE_EXIT_FORESEE_H

#include "core/state.h"
#include "model/params.h"

/* Extremes of some ranges, as prices at 1e-8. */
typedef struct keel_exit_ranges {
    int64_t low_e8, high_e8;
    int64_t least_e8, most_e8; /* of last prices */
} keel_exit_ranges;

/* What moves of a position between closes. */
typedef struct keel_exit_levels {
    int64_t stop_e8, trail_e8;
    int32_t be_armed;
    int32_t reserved;
} keel_exit_levels;

/* 1: between closes p's rules look at nothing but levels. */
KEEL_FN int32_t keel_exit_levels_between(const keel_params *p);

/* Does the position of s stay over these ranges? A sufficient condition; keel_exit_levels_between(p) must hold and no
 * order of the symbol be under way.
 *   single  in  1: one range; levels known before it are what it must not touch
 *   io      in  levels before, out levels afterwards; only written when 1 is returned */
KEEL_FN int32_t keel_exit_foresee(const keel_params *p, const keel_symbol *s, const keel_exit_ranges *x, int32_t single,
                                  keel_exit_levels *io);

/* The levels of a position, and back. */
KEEL_FN void keel_exit_levels_of(const keel_position *pos, keel_exit_levels *ret);
KEEL_FN void keel_exit_levels_set(keel_position *pos, const keel_exit_levels *levels);

#endif

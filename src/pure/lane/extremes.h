/* lane/extremes.h: the lowest and highest prices of blocks of pieces, so that a long stretch of a tape is searched
 * block by block instead of bar by bar. Made once per tape, read only, shared by every configuration.
 *
 * Blocks of the first level have KEEL_EXTREMES_BLOCK pieces, those of each further one as many of the level before;
 * only whole blocks are kept. A block is four values: lowest low, highest high, lowest close, highest close. A piece
 * that is missing counts as price 0, so a block with a hole never looks quiet. */
#ifndef KEEL_LANE_EXTREMES_H
#define KEEL_LANE_EXTREMES_H

#include "core/exit/foresee.h"
#include "lane/tape.h"

/* Small, since both ends of a stretch are gone through piece by piece. */
#define KEEL_EXTREMES_BITS 3
#define KEEL_EXTREMES_BLOCK (1 << KEEL_EXTREMES_BITS)
#define KEEL_EXTREMES_VALUES 4

/* Place of each value in a block. */
enum { KEEL_EXTREMES_LOW = 0, KEEL_EXTREMES_HIGH = 1, KEEL_EXTREMES_LEAST = 2, KEEL_EXTREMES_MOST = 3 };

/* Pieces in a block of a level. */
KEEL_INLINE int64_t keel_extremes_size(int32_t level) { return (int64_t)1 << (KEEL_EXTREMES_BITS * (level + 1)); }

/* Fill one level of one symbol: the first from its finest columns, the others from the level before.
 *   pieces  in   tape->bars * tape->ratio
 *   fine    in   the level before; not read for level 0
 *   out     out  [pieces / keel_extremes_size(level) * KEEL_EXTREMES_VALUES] */
KEEL_FN void keel_extremes_fill(const keel_tape_symbol *t, int64_t pieces, int32_t level,
                                KEEL_GLOBAL const int64_t *fine, KEEL_GLOBAL int64_t *out);

/* The four values of each bar's pieces but the last, `ratio` > 1 pieces a bar.
 *   out  out  [bars * KEEL_EXTREMES_VALUES] */
KEEL_FN void keel_extremes_early(const keel_tape_symbol *t, int64_t bars, int32_t ratio, KEEL_GLOBAL int64_t *out);

/* First piece in [at, end) whose range is not inside (lowest, highest), else end; with the extremes of the ranges
 * before it: KEEL_I64_MAX and 0 when there are none. */
KEEL_FN int64_t keel_extremes_range(const keel_tape_symbol *t, int64_t at, int64_t end, int64_t lowest_e8,
                                    int64_t highest_e8, int64_t *ret_low_e8, int64_t *ret_high_e8);

/* First piece in [at, end) whose close is below low or above high, else end. */
KEEL_FN int64_t keel_extremes_close(const keel_tape_symbol *t, int64_t at, int64_t end, int64_t low_e8,
                                    int64_t high_e8);

/* First piece in [at, end) whose close is beyond `bound` on the better side (1: above, -1: below), else end; with the
 * worst close before it: KEEL_I64_MAX for side 1 and 0 for -1 when there is none. */
KEEL_FN int64_t keel_extremes_worst(const keel_tape_symbol *t, int64_t at, int64_t end, int32_t side, int64_t bound_e8,
                                    int64_t *ret_worst_e8);

/* Let *io know of pieces from .. to - 1. */
KEEL_INLINE void keel_extremes_more(KEEL_GLOBAL const int64_t *lows, KEEL_GLOBAL const int64_t *highs,
                                    KEEL_GLOBAL const int64_t *closes, int64_t from, int64_t to, keel_exit_ranges *io) {
    int64_t low = io->low_e8, high = io->high_e8, least = io->least_e8, most = io->most_e8;
    for (int64_t at = from; at < to; at++) {
        low = lows[at] < low ? lows[at] : low;
        high = highs[at] > high ? highs[at] : high;
        least = closes[at] < least ? closes[at] : least;
        most = closes[at] > most ? closes[at] : most;
    }
    io->low_e8 = low;
    io->high_e8 = high;
    io->least_e8 = least;
    io->most_e8 = most;
}

/* Extremes of pieces from .. to - 1. How many are left beside whole eights cannot be foreseen; the last eight are
 * looked at once more instead. */
KEEL_INLINE void keel_extremes_scan(KEEL_GLOBAL const int64_t *lows, KEEL_GLOBAL const int64_t *highs,
                                    KEEL_GLOBAL const int64_t *closes, int64_t from, int64_t to,
                                    keel_exit_ranges *ret) {
    const int64_t whole = (to - from) & ~(int64_t)7;
    ret->low_e8 = ret->least_e8 = KEEL_I64_MAX;
    ret->high_e8 = ret->most_e8 = 0;
    keel_extremes_more(lows, highs, closes, from, whole > 0 ? from + whole : to, ret);
    if (whole > 0) keel_extremes_more(lows, highs, closes, to - 8, to, ret);
}

#endif

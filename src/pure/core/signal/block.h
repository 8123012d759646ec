/* core/signal/block.h: one signal over a short run of bars: the step of machine.h, ordered so that what does not depend
 * on the bar before is computed for many bars at once.
 *
 * The bits are those of stepping because every value is made by the same operations on the same operands; only the
 * order among independent operations differs. A window's aggregates are an example: roll.h makes sums level by
 * level, so the sums of one level do not wait for each other; and where it cuts a window at the turn of its ring, the
 * running aggregates of one turn and the suffix aggregates of another do not. */
#ifndef KEEL_CORE_SIGNAL_BLOCK_H
#define KEEL_CORE_SIGNAL_BLOCK_H

#include "core/signal/machine.h"

/* Bars per block. More would not fit the first cache with all columns of a kind; fewer repeat the start too often. */
#define KEEL_BLOCK_BARS 512

/* Columns of one length would lie a multiple of 4 KiB apart, where a load is taken to depend on a store to another
 * column; three cache lines more keep them apart. */
#define KEEL_BLOCK_ROOM (KEEL_BLOCK_BARS + 24)

/* Longest window with tables and windows of its own in the scratch. */
#define KEEL_BLOCK_TABLE 1024

/* Room for a block and a window more. */
#define KEEL_BLOCK_LONG (KEEL_BLOCK_ROOM + KEEL_BLOCK_TABLE)

/* Longest window that is summed a block at a time; levels of its sums, and room for them: each behind what it keeps of
 * earlier blocks, at multiples of a line of the cache. */
#define KEEL_SUM_LENGTH_MAX 2047
#define KEEL_SUM_LEVELS 11
#define KEEL_SUM_LEVEL_AT(k) (((k)-1) * KEEL_BLOCK_ROOM + ((2 << (k)) + 15) / 8 * 8)
#define KEEL_SUM_ROOM (KEEL_SUM_LEVEL_AT(KEEL_SUM_LEVELS) + 8)

/* Columns to work in. What a member holds is said where it is used. */
typedef struct keel_signal_scratch {
    double source[KEEL_BLOCK_ROOM]; /* [7]: the value before the block; [8 ..]: a source computed from the candle */
    double a[KEEL_BLOCK_LONG];
    double b[KEEL_BLOCK_LONG];
    double c[KEEL_BLOCK_ROOM];
    double d[KEEL_BLOCK_ROOM];
    double e[KEEL_BLOCK_ROOM];
    double f[KEEL_BLOCK_ROOM];
    double t[3][KEEL_BLOCK_LONG]; /* tables of one window length, which stay from block to block of a call */
    int32_t table_n;              /* that length, 0 when there are none */
    int32_t table_inputs;         /* for so many inputs */
    double sums[KEEL_SUM_ROOM];
} keel_signal_scratch;

/* What the block after this one reads and writes, fetched while this one's chains leave the memory idle: a block is a
 * page, and what a processor fetches by itself ends with the page. */
#define KEEL_BLOCK_AHEAD (3 + KEEL_SIGNAL_OUTPUT_MAX)
typedef struct keel_block_ahead {
    int32_t columns; /* 0 when nothing follows */
    int32_t at;      /* bars fetched */
    KEEL_GLOBAL const double *column[KEEL_BLOCK_AHEAD];
} keel_block_ahead;

/* One block of one signal. */
typedef struct keel_signal_block {
    int32_t count;                         /* bars, 1 .. KEEL_BLOCK_BARS */
    int32_t from;                          /* first bar that feeds the signal; earlier ones have no source */
    int32_t ready[KEEL_SIGNAL_OUTPUT_MAX]; /* out: first bar with the output, `count` when none */
    int32_t
        steady; /* in: the bar before this block gave all outputs, and lies before the columns: x[-1], close[-1] .. */
    KEEL_GLOBAL const int64_t *ts_ms; /* in: [count] */
    KEEL_GLOBAL const double *open;
    KEEL_GLOBAL const double *high;
    KEEL_GLOBAL const double *low;
    KEEL_GLOBAL const double *close;
    KEEL_GLOBAL const double *volume;
    KEEL_GLOBAL const double *x;                     /* in: [count] the source of a SERIES kind */
    KEEL_GLOBAL double *out[KEEL_SIGNAL_OUTPUT_MAX]; /* out: [count] each; none is an input */
    KEEL_GLOBAL keel_signal_scratch *scratch;
    keel_block_ahead *ahead;
} keel_signal_block;

/* Fetch as much of what is ahead as belongs to so many bars. */
KEEL_FN void keel_block_look(keel_block_ahead *ahead, int32_t bars);

/* Feed bars b->from .. b->count - 1 to one signal: what keel_signal_machine_step does, bar after bar. Writes b->out
 * (0 where not ready) and b->ready.
 *   spec, st, win  as keel_signal_machine_step */
KEEL_FN void keel_signal_block_run(const keel_signal_spec *spec, keel_signal_state *st, double *win,
                                   keel_signal_block *b);

#endif

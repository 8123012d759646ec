/* lane/window.h: signals of a span of bars, computed ahead, and where in it the strategy would speak at all.
 *
 * A lane either steps its own signal sets bar by bar or reads a window that somebody filled, one window after the
 * other. The values are the same bits (core/signal/columns.h). With a window the lane also knows at which bars nothing
 * can happen, and passes them in stretches (core/quiet.h). Windows are read only and may be shared by configurations.
 */
#ifndef KEEL_LANE_WINDOW_H
#define KEEL_LANE_WINDOW_H

#include "core/signal/columns.h"
#include "lane/tape.h"
#include "model/params.h"

/* Bits of acts[]: the strategy's opinion at that close is not NEUTRAL, for a symbol that is flat, long, short. */
enum { KEEL_ACTS_FLAT = 1, KEEL_ACTS_LONG = 2, KEEL_ACTS_SHORT = 4, KEEL_ACTS_ALL = 7 };
#define KEEL_ACTS_BLOCK 64

typedef struct keel_window_symbol {
    uint64_t slots;                             /* that somebody writes */
    KEEL_GLOBAL const double *v[KEEL_SLOT_MAX]; /* [count] of each slot of `slots` */
    KEEL_GLOBAL const uint64_t *ready;          /* [count], bits of `slots` */
    KEEL_GLOBAL const uint8_t *acts;            /* [count] of KEEL_ACTS_*; NULL: not known, every bar is stepped */
    KEEL_GLOBAL const uint8_t *acts_any;        /* of each KEEL_ACTS_BLOCK bars together; NULL: not kept */
    uint64_t always;                            /* slots that are ready on every bar, as far as that is known */
    int32_t whole;                              /* 1: no bar and no piece of the window is missing */
    int32_t slot_count;                         /* the bits of `slots`, listed */
    int32_t slot[KEEL_SLOT_MAX];
} keel_window_symbol;

typedef struct keel_window {
    int64_t from; /* bars from .. from + count - 1 of the tape */
    int64_t count;
    keel_window_symbol sym[KEEL_SYMBOLS_MAX];
} keel_window;

/* Memory to fill one symbol's windows in, of `cap` bars each; all columns of set, 5 of prices. Borrowed. */
typedef struct keel_window_room {
    KEEL_GLOBAL int64_t *ts_ms;               /* [cap] */
    KEEL_GLOBAL double *prices;               /* [5][cap] open, high, low, close, volume */
    KEEL_GLOBAL double *columns;              /* [slots of the set][cap] */
    KEEL_GLOBAL uint64_t *ready;              /* [cap] */
    KEEL_GLOBAL uint8_t *acts;                /* [cap] */
    KEEL_GLOBAL keel_signal_scratch *scratch; /* may serve all symbols of one thread */
    int64_t missing;                          /* bars missing in a row; 0 at the start */
    int32_t cap;
    int32_t begun;  /* a bar was seen; 0 at the start */
    int32_t priced; /* 1: ts_ms and prices hold this window already (keel_window_price_all), whole says of what kind */
    int32_t whole;
    uint64_t same;      /* ready[0 .. same_count - 1] hold this already */
    int32_t same_count; /* 0 at the start, and when somebody else wrote there */
    int32_t reserved;
} keel_window_room;

/* Compute the next window of one symbol: bars from .. from + count - 1, count <= room->cap, windows in order.
 *   set   io  the symbol's signals; goes on from the window before
 *   room  io  acts NULL: nobody is judged
 *   ret   out points into room */
KEEL_FN void keel_window_fill(const keel_tape *tape, int32_t symbol, const keel_params *p, int64_t from, int64_t count,
                              keel_signal_set *set, keel_window_room *room, keel_window_symbol *ret);

/* Times and prices of a window, for all sets that read them: whoever borrows them in a room of his own takes over
 * priced and whole as well. */
KEEL_FN void keel_window_price_all(const keel_tape *tape, int32_t symbol, int64_t from, int64_t count,
                                   keel_window_room *room);

/* Is it told by the snapshot and the side that is held alone whether the strategy speaks? Only then acts[] can be known
 * ahead. */
KEEL_FN int32_t keel_window_foresees(const keel_params *p);

/* Where the strategy of p would speak: acts[i] for the count bars of w.
 *   w     in   slots, v and ready filled
 *   acts  out  [count]
 * keel_window_foresees(p) must hold. */
KEEL_FN void keel_window_judge(const keel_params *p, const keel_window_symbol *w, int64_t count,
                               KEEL_GLOBAL uint8_t *acts);

/* First place in [at, end) where one of `sides` (KEEL_ACTS_*) would speak, else end. acts must be known. */
KEEL_FN int64_t keel_window_silence(const keel_window_symbol *w, int64_t at, int64_t end, int32_t sides);

/* acts_any of count acts.
 *   any  out  [count / KEEL_ACTS_BLOCK] whole blocks */
KEEL_FN void keel_window_blocks(KEEL_GLOBAL const uint8_t *acts, int64_t count, KEEL_GLOBAL uint8_t *any);

/* Which slots are ready at place `at`; most often all of them on every bar, and then nothing is read for it. */
KEEL_INLINE uint64_t keel_window_ready_at(const keel_window_symbol *w, int64_t at) {
    return w->always == w->slots ? w->slots : w->ready[at];
}

/* The snapshot at place `at` of a window; slots that nobody writes are left alone. */
KEEL_FN void keel_window_snapshot(const keel_window_symbol *w, int64_t at, keel_snapshot *ret);

#endif

/* simd/simd.h: the pure text compiled again for wider vectors, and the choice among them at run time.
 *
 * Every level is the same source (pure/all.c) with other instructions for loops that do not wait for themselves, and
 * where one asks for it (level_turns.c) with several chains in the lanes of a vector; nothing is contracted, and no
 * chain is reordered, so all levels give the same bits, and a test compares them. Which level runs is
 * no setting of a run and no part of its identity. Thread: the tables are constant; all functions may be called from
 * any thread. */
#ifndef KEEL_SIMD_SIMD_H
#define KEEL_SIMD_SIMD_H

#include "core/signal/block_sum.h"
#include "core/signal/columns.h"
#include "lane/lane.h"
#include "lane/window.h"
#include "simd/lanes.h"

/* What one level offers; contracts in the headers of pure. */
typedef struct keel_simd {
    const char *name; /* "portable", "avx2", "avx512" */
    void (*signal_columns)(keel_signal_set *set, const keel_signal_bars *bars, int64_t first, int32_t count,
                           int32_t stride, double *out, int32_t *ret_from, keel_signal_scratch *scratch);
    void (*window_fill)(const keel_tape *tape, int32_t symbol, const keel_params *p, int64_t from, int64_t count,
                        keel_signal_set *set, keel_window_room *room, keel_window_symbol *ret);
    void (*window_judge)(const keel_params *p, const keel_window_symbol *w, int64_t count, uint8_t *acts);
    int32_t (*lane_advance)(keel_lane *lane, keel_state *st, const keel_params *p, const keel_tape *tape,
                            keel_signal_set *sets, keel_snapshot *snaps, const keel_window *window, keel_lane_out *out);
    void (*block_means_begin)(keel_means *s, const keel_roll *st, const double *win, const int32_t *lengths, int32_t n,
                              double *room);
    void (*block_means)(keel_means *s, const double *x, int32_t m, double *const *out, double *room);
    void (*block_means_end)(const keel_means *s, keel_roll *st, double *win, const double *room);
    keel_simd_lanes_run *lanes_run;
    keel_simd_lanes_apart *lanes_apart;
} keel_simd;

/* The widest level that this processor and its operating system run. Never NULL. */
const keel_simd *keel_simd_best(void);

/* Level `index`, 0 the plainest; NULL when there is none, or when this processor cannot run it. Levels are numbered the
 * same on every machine of one architecture. */
const keel_simd *keel_simd_level(int index);

/* One more than the highest index. */
int keel_simd_levels(void);

#endif

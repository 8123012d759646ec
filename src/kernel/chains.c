/* kernel/chains.c: see chains.h. */
#include "kernel/chains.h"

#include <stddef.h>

#include "base/err.h"
#include "simd/simd.h"

/* Even, since chains go two bars at a time; results of so many bars stay in the first cache until they are put where
 * they belong. */
enum { BARS = 128 };
_Static_assert(KEEL_LANES_MAX <= KEEL_MEANS_MAX, "as many lengths go together");

int32_t keel_chain_of(const keel_signal_set *set) {
    if (set->n < 1) return 0;
    const keel_signal_spec *head = &set->spec[0];
    int32_t stored = head->source == KEEL_SOURCE_OPEN || head->source == KEEL_SOURCE_HIGH ||
                     head->source == KEEL_SOURCE_LOW || head->source == KEEL_SOURCE_CLOSE;
    if (!stored) return 0;
    if (head->kind != KEEL_SIGNAL_EMA && head->kind != KEEL_SIGNAL_RMA && head->kind != KEEL_SIGNAL_RSI &&
        head->kind != KEEL_SIGNAL_ATR && head->kind != KEEL_SIGNAL_SMA)
        return 0;
    for (int32_t i = 1; i < set->n; i++)
        if (set->spec[i].kind != KEEL_SIGNAL_PREV || set->spec[i].source != KEEL_SOURCE_SLOT(head->slot)) return 0;
    return head->kind * 256 + head->source + 1;
}

static const double *source_of(const keel_signal_spec *spec, const keel_signal_bars *bars) {
    switch (spec->source) {
        case KEEL_SOURCE_OPEN: return bars->open;
        case KEEL_SOURCE_HIGH: return bars->high;
        case KEEL_SOURCE_LOW: return bars->low;
        default: return bars->close;
    }
}

/* Rings of a set after `count` values, of which they keep the last. */
static void remember(keel_signal_set *set, const double *column, int64_t count) {
    for (int32_t i = 1; i < set->n; i++) {
        keel_roll *ring = &set->state[i].roll;
        double old = 0.0;
        int64_t last = count < ring->n ? count : ring->n;
        ring->pos = (int32_t)((ring->pos + (count - last)) % ring->n);
        for (int64_t at = count - last; at < count; at++)
            (void)keel_roll_delay(ring, set->win + set->window_at[i], column[at], &old);
    }
}

/* Up to KEEL_LANES_MAX sets of one SMA each: by the sums of the longest, whose ring the others then follow. */
static void run_means(const keel_chain chains[], int32_t n, const keel_signal_bars *bars, int64_t count) {
    const keel_simd *simd = keel_simd_best();
    const double *x = source_of(&chains[0].set->spec[0], bars);
    int32_t lengths[KEEL_LANES_MAX], longest = 0;
    double *column[KEEL_LANES_MAX];
    _Alignas(64) double room[KEEL_MEANS_ROOM];
    keel_means means;
    for (int32_t i = 0; i < n; i++) {
        lengths[i] = chains[i].set->spec[0].p[0];
        if (lengths[i] > lengths[longest]) longest = i;
    }
    keel_roll *first = &chains[longest].set->state[0].roll;
    double *win = chains[longest].set->win + chains[longest].set->window_at[0];
    simd->block_means_begin(&means, first, win, lengths, n, room);
    for (int64_t at = 0; at < count; at += KEEL_BLOCK_BARS) {
        int32_t bars_now = count - at < KEEL_BLOCK_BARS ? (int32_t)(count - at) : KEEL_BLOCK_BARS;
        for (int32_t i = 0; i < n; i++)
            column[i] = chains[i].column + at;
        simd->block_means(&means, x + at, bars_now, column, room);
    }
    simd->block_means_end(&means, first, win, room);
    for (int32_t i = 0; i < n; i++) {
        keel_signal_set *set = chains[i].set;
        if (i != longest) keel_roll_sum_follow(&set->state[0].roll, set->win + set->window_at[0], count, first, win);
        remember(set, chains[i].column, count);
    }
}

/* Up to KEEL_LANES_MAX sets. */
static void run(const keel_chain chains[], int32_t n, const keel_signal_bars *bars, int64_t count) {
    const keel_simd *simd = keel_simd_best();
    keel_signal_spec specs[KEEL_LANES_MAX];
    keel_simd_lanes lanes;
    double out[BARS * KEEL_LANES_MAX], *column[KEEL_LANES_MAX];
    int32_t from[KEEL_LANES_MAX];
    const double *x = source_of(&chains[0].set->spec[0], bars);
    for (int32_t i = 0; i < n; i++)
        specs[i] = chains[i].set->spec[0];
    KEEL_ASSERT(keel_simd_lanes_init(&lanes, specs, n) == KEEL_SIGNAL_OK);
    for (int32_t i = 0; i < lanes.width; i++) /* a lane not in use runs beside the others */
        lanes.state[i] = chains[i < n ? i : 0].set->state[0];
    for (int64_t at = 0; at < count; at += BARS) {
        int32_t bars_now = count - at < BARS ? (int32_t)(count - at) : BARS;
        simd->lanes_run(&lanes, bars, x, at, bars_now, out, from);
        for (int32_t i = 0; i < n; i++) {
            KEEL_ASSERT(from[i] == 0);
            column[i] = chains[i].column + at;
        }
        simd->lanes_apart(out, lanes.width, bars_now, n, column);
    }
    for (int32_t i = 0; i < n; i++) {
        chains[i].set->state[0] = lanes.state[i];
        remember(chains[i].set, chains[i].column, count);
    }
}

void keel_chains_run(const keel_chain chains[], int32_t n, const keel_signal_bars *bars, int64_t count) {
    for (int32_t at = 0; at < n; at += KEEL_LANES_MAX) {
        int32_t some = n - at < KEEL_LANES_MAX ? n - at : KEEL_LANES_MAX;
        if (chains[at].set->spec[0].kind == KEEL_SIGNAL_SMA) {
            run_means(chains + at, some, bars, count);
        } else {
            run(chains + at, some, bars, count);
        }
    }
}

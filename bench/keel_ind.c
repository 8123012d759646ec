/* bench/keel_ind.c: indicators of keel for a caller with arrays: what the suite `ind` loads beside other libraries.
 *
 * Like them, a call allocates its results; they are freed before it returns, unless the caller gives room for them.
 * Bars go through in tiles, as a run takes them. What a sweep reads is not kept: there a tile's results take the place
 * of those of the tile before. */
#include <stdlib.h>
#include <string.h>

#include "simd/simd.h"

/* Bars at a time: of columns, of results that are not kept. */
enum { TILE = 4096, SHORT_TILE = 512, SUMS_TILE = KEEL_BLOCK_BARS };

/* Beyond so many the columns lie in no cache between tiles either, and all bars go in one call. */
enum { ALL_AT_ONCE = 65536 };

/* What becomes of the results: written to the caller's room, kept until the call ends, or until the next tile. */
enum { IN_ROOM = 0, KEPT = 1, NOT_KEPT = 2 };

/* Columns of bars; n of them. */
typedef struct arrays {
    int64_t n;
    const int64_t *ts_ms;
    const double *open, *high, *low, *close, *volume;
} arrays;

int keel_ind_kind(const char *name);
int keel_ind_outputs(int kind);
const char *keel_ind_level(int level);
int keel_ind_columns(int level, const keel_signal_spec *specs, int count, const arrays *a, double *room, int keep);
int keel_ind_lanes(int level, const keel_signal_spec *specs, int count, const arrays *a, double *room, int keep);
int keel_ind_means(int level, const keel_signal_spec *specs, int count, const arrays *a, double *room, int keep);
int keel_ind_stream(const keel_signal_spec *spec, const arrays *a, double *room);
int keel_ind_stream_set(const keel_signal_spec *spec, const arrays *a, double *room);

/* Number of the kind of that name, -1 if there is none. */
int keel_ind_kind(const char *name) {
    static const char *const names[] = {
#define NAME(kind, text, input, outputs, list, doc, ref) text,
        KEEL_SIGNAL_KINDS(NAME)
#undef NAME
    };
    for (int i = 0; i < KEEL_SIGNAL_KIND_COUNT; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

int keel_ind_outputs(int kind) { return keel_signal_kind_outputs(kind); }

/* Name of the level, NULL when this machine does not run it; -1: the one that keel would choose. */
const char *keel_ind_level(int level) {
    const keel_simd *simd = level < 0 ? keel_simd_best() : keel_simd_level(level);
    return simd ? simd->name : NULL;
}

static const keel_simd *level_of(int level) { return level < 0 ? keel_simd_best() : keel_simd_level(level); }

/* What a call allocates for its results. */
typedef struct results {
    void *memory;
    double *at; /* on a line of the cache; NULL when there is no memory */
} results;

/* Not by aligned_alloc: glibc does not find room that was freed for the next aligned request of the same size, and
 * each call would be given fresh pages by the kernel. */
static results room_for(int64_t doubles) {
    results r = {malloc((size_t)doubles * sizeof(double) + 63), NULL};
    if (r.memory) r.at = (double *)(((uintptr_t)r.memory + 63) / 64 * 64);
    return r;
}

/* All outputs of all specs over all bars, a column each. 0 when it worked. */
int keel_ind_columns(int level, const keel_signal_spec *specs, int count, const arrays *a, double *room, int keep) {
    static keel_signal_set set;
    static keel_signal_scratch scratch;
    int32_t from[KEEL_SLOT_MAX];
    keel_signal_bars bars = {a->ts_ms, a->open, a->high, a->low, a->close, a->volume};
    if (keel_signal_set_init(&set, specs, count) != KEEL_SIGNAL_OK) return 1;
    int64_t stride = keep == IN_ROOM ? a->n : keep == KEPT ? (a->n + 7) / 8 * 8 : SHORT_TILE + 24;
    int32_t tile = keep == NOT_KEPT ? SHORT_TILE : a->n > ALL_AT_ONCE ? (int32_t)a->n : TILE;
    results made = {NULL, room};
    if (keep != IN_ROOM) made = room_for(stride * keel_signal_column_count(&set));
    double *out = made.at;
    if (!out) return 1;
    for (int64_t at = 0; at < a->n; at += tile) {
        int32_t some = a->n - at < tile ? (int32_t)(a->n - at) : tile;
        level_of(level)->signal_columns(&set, &bars, at, some, (int32_t)stride, out + (keep == NOT_KEPT ? 0 : at), from,
                                        &scratch);
    }
    free(made.memory);
    return 0;
}

/* Lanes over the close: [bar][width] doubles, the width rounded up to eights. */
int keel_ind_lanes(int level, const keel_signal_spec *specs, int count, const arrays *a, double *room, int keep) {
    static keel_simd_lanes lanes;
    int32_t from[KEEL_LANES_MAX];
    keel_signal_bars bars = {a->ts_ms, a->open, a->high, a->low, a->close, a->volume};
    if (keel_simd_lanes_init(&lanes, specs, count) != KEEL_SIGNAL_OK) return 1;
    results made = {NULL, room};
    if (keep != IN_ROOM) made = room_for((keep == KEPT ? a->n : SHORT_TILE) * lanes.width);
    double *out = made.at;
    if (!out) return 1;
    for (int64_t at = 0; at < a->n; at += SHORT_TILE) {
        int32_t some = a->n - at < SHORT_TILE ? (int32_t)(a->n - at) : SHORT_TILE;
        level_of(level)->lanes_run(&lanes, &bars, a->close, at, some, out + (keep == NOT_KEPT ? 0 : at * lanes.width),
                                   from);
    }
    free(made.memory);
    return 0;
}

/* SMAs over the close, a column each, by the sums of the longest. */
int keel_ind_means(int level, const keel_signal_spec *specs, int count, const arrays *a, double *room, int keep) {
    enum { MOST = 64 };
    static double win[KEEL_SUM_LENGTH_MAX];
    static _Alignas(64) double sums[KEEL_MEANS_ROOM];
    static keel_means means;
    double *column[MOST];
    int32_t lengths[MOST], longest = 1;
    keel_roll roll;
    if (count < 1 || count > MOST) return 1;
    for (int i = 0; i < count; i++) {
        if (specs[i].kind != KEEL_SIGNAL_SMA || keel_signal_spec_check(&specs[i]) != KEEL_SIGNAL_OK) return 1;
        lengths[i] = specs[i].p[0];
        if (lengths[i] > longest) longest = lengths[i];
    }
    memset(win, 0, sizeof win);
    keel_roll_init(&roll, longest);
    int64_t stride = keep == NOT_KEPT ? SUMS_TILE + 24 : a->n;
    results made = {NULL, room};
    if (keep != IN_ROOM) made = room_for(stride * count);
    if (!made.at) return 1;
    level_of(level)->block_means_begin(&means, &roll, win, lengths, count, sums);
    for (int64_t at = 0; at < a->n; at += SUMS_TILE) {
        int32_t some = a->n - at < SUMS_TILE ? (int32_t)(a->n - at) : SUMS_TILE;
        for (int i = 0; i < count; i++)
            column[i] = made.at + i * stride + (keep == NOT_KEPT ? 0 : at);
        level_of(level)->block_means(&means, a->close + at, some, column, sums);
    }
    free(made.memory);
    return 0;
}

/* Bar i to the machine's own step, which returns a bit per output in o. */
#define STREAM_EACH(outputs, call)                            \
    for (int64_t i = 0; i < a->n; i++) {                      \
        uint32_t has = (uint32_t)(call);                      \
        for (int k = 0; k < (outputs); k++)                   \
            room[k * a->n + i] = (has >> k) & 1 ? o[k] : 0.0; \
    }                                                         \
    return 0

/* The same columns bar by bar, by the step of the one indicator: slot 0 of the kinds of the suite. */
int keel_ind_stream(const keel_signal_spec *spec, const arrays *a, double *room) {
    static keel_signal_state st;
    static double win[KEEL_SIGNAL_WINDOW_MAX];
    double o[KEEL_SIGNAL_OUTPUT_MAX] = {0};
    const double *h = a->high, *l = a->low, *c = a->close;
    keel_signal_machine_init(spec, &st);
    switch (spec->kind) {
        case KEEL_SIGNAL_SMA: STREAM_EACH(1, keel_sma_step(&st.roll, win, c[i], o));
        case KEEL_SIGNAL_EMA: STREAM_EACH(1, keel_ema_step(&st.ema, c[i], o));
        case KEEL_SIGNAL_RSI: STREAM_EACH(1, keel_rsi_step(&st.rsi, c[i], o));
        case KEEL_SIGNAL_MACD: STREAM_EACH(3, keel_macd_step(&st.macd, c[i], o));
        case KEEL_SIGNAL_BB: STREAM_EACH(4, keel_bollinger_step(&st.roll, win, spec->f[0], c[i], o));
        case KEEL_SIGNAL_ATR: STREAM_EACH(1, keel_atr_step(&st.atr, h[i], l[i], c[i], o));
        case KEEL_SIGNAL_ADX: STREAM_EACH(4, keel_adx_step(&st.adx, h[i], l[i], c[i], o));
        case KEEL_SIGNAL_STOCH: STREAM_EACH(2, keel_stochastic_step(&st.stochastic, win, h[i], l[i], c[i], o));
        default: return 1;
    }
}

/* The same through a set of one signal, as a run that decides at each close updates its signals. */
int keel_ind_stream_set(const keel_signal_spec *spec, const arrays *a, double *room) {
    static keel_signal_set set;
    static keel_snapshot snap;
    if (keel_signal_set_init(&set, spec, 1) != KEEL_SIGNAL_OK) return 1;
    int32_t columns = keel_signal_column_count(&set);
    for (int64_t i = 0; i < a->n; i++) {
        keel_ohlcv bar = {a->open[i], a->high[i], a->low[i], a->close[i], a->volume[i]};
        keel_signal_set_step(&set, &bar, a->ts_ms[i], &snap);
        for (int32_t k = 0; k < columns; k++)
            room[k * a->n + i] = snap.v[k];
    }
    return 0;
}

/* kernel/windows.c: see windows.h. */
#include "kernel/windows.h"

#include <stdlib.h>

#include "simd/simd.h"

enum { CACHE_BYTES = 512 * 1024, BARS_MIN = 256, BARS_MAX = 4096 };

struct keel_windows {
    const keel_kernel *kernel;
    const keel_tape *tape;
    const keel_params *p;
    keel_signal_set *sets;
    int32_t cap;
    size_t rooms, doubles; /* that there is memory for */
    void *memory;          /* of all rooms */
    keel_signal_scratch *scratch;
    keel_window window;
    keel_window_room room[];
};

void keel_windows_judge(const keel_params *p, const keel_window_symbol *w, int64_t count, uint8_t *acts) {
    keel_simd_best()->window_judge(p, w, count, acts);
}

int keel_windows_signals(const keel_kernel *kernel, const keel_params *p, keel_signal_set *ret, keel_err *err) {
    keel_signal_list list;
    kernel->strategy_signals(p, &list);
    int32_t rc = list.overflow ? KEEL_SIGNAL_E_COUNT : keel_signal_set_init(ret, list.spec, list.n);
    if (rc == KEEL_SIGNAL_OK) return 0;
    if (rc == KEEL_SIGNAL_E_WINDOW)
        return keel_err_set(err, KEEL_E_USAGE,
                            "indicator windows do not fit: together they span more than %d bars: lower the periods in "
                            "section signals or of the strategy",
                            KEEL_SIGNAL_WINDOW_MAX);
    return keel_err_set(err, KEEL_E_USAGE,
                        "indicator parameters refused (code %d): section signals or strategy: check that fast periods "
                        "are below slow ones",
                        (int)rc);
}

/* Time, five prices, the mask, the columns; acts are counted as a whole word. */
static size_t words_per_bar(const keel_signal_set *set) { return 8 + (size_t)keel_signal_column_count(set); }

static int32_t bars_that_fit(size_t words, int64_t bars) {
    int64_t fit = (int64_t)(CACHE_BYTES / (words * 8));
    if (fit > BARS_MAX) fit = BARS_MAX;
    if (fit < BARS_MIN) fit = BARS_MIN;
    return (int32_t)(fit < bars ? fit : (bars > 0 ? bars : 1));
}

static void lay_out(keel_windows *w) {
    double *at = w->memory;
    for (int32_t i = 0; i < w->tape->symbol_count; i++) {
        keel_window_room *r = &w->room[i];
        size_t cap = (size_t)w->cap;
        *r = (keel_window_room){.cap = w->cap, .scratch = w->scratch};
        r->ts_ms = (int64_t *)(void *)at;
        r->ready = (uint64_t *)(void *)(at + cap);
        r->acts = (uint8_t *)(void *)(at + 2 * cap);
        r->prices = at + 3 * cap;
        r->columns = at + 8 * cap;
        at += cap * words_per_bar(&w->sets[i]);
    }
}

/* Windows of a run, in memory that is enough for it. */
static void begin(keel_windows *w, const keel_kernel *kernel, const keel_tape *tape, const keel_params *p,
                  keel_signal_set *sets, int32_t cap) {
    w->kernel = kernel;
    w->tape = tape;
    w->p = p;
    w->sets = sets;
    w->cap = cap;
    lay_out(w);
}

int keel_windows_again(keel_windows **io, const keel_kernel *kernel, const keel_tape *tape, const keel_params *p,
                       keel_signal_set *sets, keel_err *err) {
    size_t n = (size_t)tape->symbol_count, words = 0;
    for (size_t i = 0; i < n; i++)
        words += words_per_bar(&sets[i]);
    const int32_t cap = bars_that_fit(words > 0 ? words : 1, tape->bars);
    const size_t doubles = words * (size_t)cap;
    keel_windows *w = *io;
    if (!w || w->rooms < n || w->doubles < doubles) {
        keel_windows_free(w);
        *io = NULL;
        w = calloc(1, sizeof *w + n * sizeof w->room[0]);
        if (w) {
            w->rooms = n;
            w->doubles = doubles;
            w->memory = malloc(doubles * sizeof(double) + 1);
            w->scratch = malloc(sizeof *w->scratch);
        }
        if (!w || !w->memory || !w->scratch) {
            keel_windows_free(w);
            return keel_err_set(err, KEEL_E_NOMEM, "out of memory: signals of %d symbols: run fewer",
                                tape->symbol_count);
        }
    }
    begin(w, kernel, tape, p, sets, cap);
    *io = w;
    return 0;
}

int keel_windows_new(const keel_kernel *kernel, const keel_tape *tape, const keel_params *p, keel_signal_set *sets,
                     keel_windows **ret, keel_err *err) {
    keel_windows *w = NULL;
    KEEL_TRY(keel_windows_again(&w, kernel, tape, p, sets, err));
    *ret = w;
    return 0;
}

void keel_windows_free(keel_windows *w) {
    if (!w) return;
    free(w->memory);
    free(w->scratch);
    free(w);
}

/* Where a user's strategy would speak; keel's own are judged by window_fill. */
static void foresee(keel_windows *w, int32_t symbol) {
    const keel_kernel *kernel = w->kernel;
    const keel_params *p = &w->p[w->tape->sym[symbol].sleeve];
    keel_window_symbol *to = &w->window.sym[symbol];
    if (!kernel->window_judge || p->strategy != KEEL_STRATEGY_USER || kernel->strategy_feeds(p) != 0) return;
    kernel->window_judge(p, w->tape, to, w->window.from, w->window.count, w->room[symbol].acts);
    to->acts = w->room[symbol].acts;
}

const keel_window *keel_windows_next(keel_windows *w, int64_t from) {
    int64_t left = w->tape->bars - from;
    w->window.from = from;
    w->window.count = left < w->cap ? left : w->cap;
    for (int32_t i = 0; i < w->tape->symbol_count; i++) {
        /* Signals do not depend on the unit, and keel's own is compiled for this processor. */
        keel_kernel_builtin.window_fill(w->tape, i, &w->p[w->tape->sym[i].sleeve], from, w->window.count, &w->sets[i],
                                        &w->room[i], &w->window.sym[i]);
        foresee(w, i);
    }
    return &w->window;
}

/* sweep/columns.h: columns shared by many configurations, window after window, hold the bits that each configuration's
 * own windows hold, over bars that are missing, on several symbols, with chains side by side and alone. */
#include "lane_random.h"

#include "kernel/chains.h"
#include "kernel/windows.h"
#include "research/sweep/columns.h"

enum { BARS = 6000, MANY = 120, OTHERS = 6 };

static const nature WHOLE = {"no holes", 1000000000, 10000000000000, 10000000000, 6, 2, 0, 20};

/* Chains that ran side by side, counted where the linker puts this call in the other's place. */
static int together, widest;
void __real_keel_chains_run(const keel_chain chains[], int32_t n, const keel_signal_bars *bars, int64_t count);
void __wrap_keel_chains_run(const keel_chain chains[], int32_t n, const keel_signal_bars *bars, int64_t count);
void __wrap_keel_chains_run(const keel_chain chains[], int32_t n, const keel_signal_bars *bars, int64_t count) {
    together++;
    if (n > widest) widest = n;
    __real_keel_chains_run(chains, n, bars, count);
}

typedef struct alone {
    keel_params p;
    keel_columns_use use;
    keel_windows *windows;
    keel_signal_set *sets;
    const keel_window *at_hand;
} alone;

static void lose(market *m, int symbol, int64_t from, int64_t count) {
    static const piece_px none = {0, 0, 0, 0};
    keel_tape_symbol *s = &m->tape.sym[symbol];
    int64_t *const px[] = {column(s->open_e8), column(s->high_e8), column(s->low_e8), column(s->close_e8)};
    for (int64_t k = from; k < from + count; k++)
        set_px(px, column_f64(s->volume), k, none, 0);
}

static void begin_alone(const market *m, alone *a) {
    keel_signal_set *model = room(1, sizeof *model);
    keel_err err = {0};
    assert_int_equal(keel_windows_signals(&keel_kernel_builtin, &a->p, model, &err), 0);
    a->sets = room(m->tape.symbol_count, sizeof *a->sets);
    for (int s = 0; s < m->tape.symbol_count; s++)
        a->sets[s] = *model;
    free(model);
    assert_int_equal(keel_windows_new(&keel_kernel_builtin, &m->tape, &a->p, a->sets, &a->windows, &err), 0);
    a->at_hand = keel_windows_next(a->windows, 0);
}

/* One bar of both; a slot's value counts where it is ready. */
static void compare_bar(const keel_window_symbol *shared, int64_t i, const keel_window_symbol *own, int64_t j) {
    assert_true(shared->slots == own->slots && shared->ready[i] == own->ready[j]);
    for (int32_t k = 0; k < own->slot_count; k++) {
        int32_t slot = own->slot[k];
        if (own->ready[j] >> slot & 1u) assert_memory_equal(&shared->v[slot][i], &own->v[slot][j], sizeof(double));
    }
    assert_true(!shared->acts == !own->acts);
    if (own->acts) assert_int_equal(shared->acts[i], own->acts[j]);
}

static void compare(const market *m, alone *a, const keel_window *shared) {
    for (int64_t i = 0; i < shared->count; i++) {
        int64_t bar = shared->from + i;
        if (bar == a->at_hand->from + a->at_hand->count) a->at_hand = keel_windows_next(a->windows, bar);
        for (int s = 0; s < m->tape.symbol_count; s++)
            compare_bar(&shared->sym[s], i, &a->at_hand->sym[s], bar - a->at_hand->from);
    }
}

/* What many lengths want: a crossing of averages; beside them strategies whose signals are of other kinds. */
static void ask(alone *all, keel_columns *c) {
    keel_err err = {0};
    for (int i = 0; i < MANY + OTHERS; i++) {
        keel_params *p = &all[i].p;
        keel_params_default(p);
        assert_int_equal(keel_strategy_select(p, i < MANY ? KEEL_STRATEGY_EMA_CROSS : (i - MANY) % KEEL_STRATEGY_COUNT),
                         1);
        if (i < MANY) {
            p->own[0] = 2 + i;
            p->own[1] = 40 + 3 * i;
        }
        assert_int_equal(keel_columns_ask(c, p, &all[i].use, &err), 0);
    }
    assert_int_equal(keel_columns_begin(c, &err), 0);
}

static int windows_of(const market *m) {
    static alone all[MANY + OTHERS];
    keel_columns *c = keel_columns_new(&keel_kernel_builtin, &m->tape);
    int windows = 0;
    memset(all, 0, sizeof all);
    assert_non_null(c);
    ask(all, c);
    for (int i = 0; i < MANY + OTHERS; i++)
        begin_alone(m, &all[i]);
    for (; keel_columns_next(c) > 0; windows++)
        for (int i = 0; i < MANY + OTHERS; i++)
            compare(m, &all[i], keel_columns_window(c, &all[i].p, &all[i].use));
    for (int i = 0; i < MANY + OTHERS; i++) {
        keel_windows_free(all[i].windows);
        free(all[i].sets);
    }
    keel_columns_free(c);
    return windows;
}

/* [SWP-02.1] [PRF-03] */
static void shared_columns_are_each_ones_own(void **state) {
    (void)state;
    market *m = market_random(7, 2, BARS, 1, &WHOLE);
    int windows = windows_of(m);
    assert_true(windows >= 6);
    assert_true(together >= windows); /* several windows in a row, on both symbols */
    assert_true(widest >= MANY);
    market_free(m);
}

/* A hole ends the walk side by side on its symbol alone, and it begins again when everything is ready. */
static void a_hole_ends_it_on_its_symbol_alone(void **state) {
    (void)state;
    together = 0;
    market *m = market_random(7, 2, BARS, 1, &WHOLE);
    windows_of(m);
    int unbroken = together;
    lose(m, 1, 2100, 1);
    lose(m, 1, 4000, 9);
    lose(m, 0, 5990, 10);
    together = 0;
    windows_of(m);
    assert_true(together > 0 && together < unbroken);
    market_free(m);
}

static void scattered_holes(void **state) {
    (void)state;
    for (size_t n = 0; n < COUNT(NATURES); n++) {
        market *m = market_random(11 + n, 2, BARS / 3, 1, &NATURES[n]);
        windows_of(m);
        market_free(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_columns_are_each_ones_own),
        cmocka_unit_test(a_hole_ends_it_on_its_symbol_alone),
        cmocka_unit_test(scattered_holes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* simd: every level that this processor runs fills the windows of a run with the bits of the plain build: columns, what
 * is ready, where the strategy speaks, and the signals afterwards [PRF-03]. The built-in unit runs the widest level. */
#include "lane_random.h"

#include <stddef.h>
#include <stdio.h>

#include "kernel/kernel.h"
#include "simd/simd.h"

enum { BARS = 1500, CAP = 700 };

typedef struct filled {
    int64_t ts_ms[CAP];
    double prices[5 * CAP], columns[KEEL_SLOT_MAX * CAP];
    uint64_t ready[CAP];
    uint8_t acts[CAP];
} filled;

static keel_signal_scratch scratch;
static const keel_simd plain = {.name = "plain", .window_fill = keel_window_fill};

/* The window from `from` on; room and set go from one window to the next. NULL: the built-in unit. */
static void fill(const keel_simd *level, market *m, int64_t from, keel_signal_set *set, filled *to,
                 keel_window_room *room_of, keel_window_symbol *ret) {
    int64_t count = m->tape.bars - from < CAP ? m->tape.bars - from : CAP;
    memset(to, 0x5a, offsetof(filled, ready)); /* what is ready may stay as it was */
    memset(to->acts, 0x5a, sizeof to->acts);
    room_of->cap = CAP;
    room_of->ts_ms = to->ts_ms;
    room_of->prices = to->prices;
    room_of->columns = to->columns;
    room_of->ready = to->ready;
    room_of->acts = to->acts;
    room_of->scratch = &scratch;
    if (level)
        level->window_fill(&m->tape, 0, &m->p, from, count, set, room_of, ret);
    else
        keel_kernel_builtin.window_fill(&m->tape, 0, &m->p, from, count, set, room_of, ret);
}

/* One level, NULL for what the built-in unit runs, against the plain build. */
static void compare(market *m, const keel_simd *level, const char *what) {
    static filled want, got;
    keel_signal_set sets[2] = {m->sets[0], m->sets[0]};
    keel_window_room rooms[2];
    keel_window_symbol w[2];
    memset(rooms, 0, sizeof rooms);
    for (int64_t from = 0; from < m->tape.bars; from += CAP) {
        size_t count = (size_t)(m->tape.bars - from < CAP ? m->tape.bars - from : CAP);
        rooms[0].same_count = 0; /* the plain build writes what is ready each time; the other one may know it stands */
        memset(want.ready, 0x5a, sizeof want.ready);
        fill(&plain, m, from, &sets[0], &want, &rooms[0], &w[0]);
        fill(level, m, from, &sets[1], &got, &rooms[1], &w[1]);
        assert_true(w[0].slots == w[1].slots && w[0].whole == w[1].whole && !w[0].acts == !w[1].acts);
        assert_memory_equal(&rooms[0].missing, &rooms[1].missing, sizeof rooms[0].missing);
        if (memcmp(&want, &got, offsetof(filled, ready)) != 0 || memcmp(want.acts, got.acts, sizeof want.acts) != 0 ||
            memcmp(want.ready, got.ready, count * sizeof *want.ready) != 0)
            fail_msg("%s: another window from bar %d", what, (int)from);
        if (memcmp(&sets[0], &sets[1], sizeof sets[0]) != 0)
            fail_msg("%s: other signals after bar %d", what, (int)from);
    }
}

static void compare_levels(market *m) {
    for (int i = 0; i < keel_simd_levels(); i++)
        if (keel_simd_level(i)) compare(m, keel_simd_level(i), keel_simd_level(i)->name);
    compare(m, NULL, "the built-in unit");
}

/* Closes of 1 to 63 bits: a level that needs no division for a price as a double gets the same double. */
static void prices_of_every_size_are_equal_at_every_level(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        dice d = {.s = seed};
        market *m = market_random(seed, 1, BARS, 1, &NATURES[0]);
        int64_t *close_e8 = (int64_t *)(uintptr_t)m->tape.sym[0].close_e8;
        use_manner(m, KEEL_STRATEGY_EMA_CROSS, 0);
        begin(m);
        for (int64_t k = 0; k < BARS; k++)
            close_e8[k] = (int64_t)((throw(&d) | 1) >> between(&d, 1, 63));
        compare_levels(m);
        market_free(m);
    }
}

static void windows_are_equal_at_every_level(void **state) {
    (void)state;
    int acting = 0;
    for (int32_t strategy = 0; strategy < KEEL_STRATEGY_COUNT; strategy++)
        for (size_t n = 0; n < COUNT(NATURES); n++) {
            market *m = market_random(31 * (uint64_t)strategy + n, 1, BARS, 1, &NATURES[n]);
            use_manner(m, strategy, (int)n % MANNERS);
            begin(m);
            acting += keel_window_foresees(&m->p);
            compare_levels(m);
            market_free(m);
        }
    assert_true(acting > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_equal_at_every_level),
        cmocka_unit_test(prices_of_every_size_are_equal_at_every_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* core/signal/columns: whole columns equal stepping, bit for bit: every kind, drawn parameters, chains of signals, gaps
 * and cuts into calls [IND-01.2] [SIG-01]. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/signal/columns.h"

enum { BARS = 4000, STRIDE = BARS + 7, GAPS = 3 };

typedef struct market {
    int64_t ts_ms[BARS];
    double open[BARS], high[BARS], low[BARS], close[BARS], volume[BARS];
} market;

static uint64_t seed;
static market the_market;
static keel_signal_scratch scratch;

static uint32_t draw(uint32_t below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static double drawn_share(void) { return (double)draw(1u << 30) / (double)(1u << 30); }

/* A walk with flat and volumeless stretches, equal highs and lows, and jumps in time. */
static void make_market(market *m) {
    double price = 100.0 + 50000.0 * drawn_share();
    double wild = 0.0005 + 0.05 * drawn_share();
    int64_t ts_ms = 1700006400000 + (int64_t)draw(48) * 1800000;
    int still = 0;
    for (int i = 0; i < BARS; i++) {
        if (still > 0)
            still--;
        else if (draw(150) == 0)
            still = (int)draw(60);
        m->ts_ms[i] = ts_ms;
        ts_ms += 900000 * (draw(500) == 0 ? 1 + (int64_t)draw(300) : 1);
        m->open[i] = price;
        m->close[i] = still ? price : floor(price * (1.0 + (drawn_share() - 0.5) * wild) * 100.0) / 100.0;
        if (m->close[i] <= 0.01) m->close[i] = 0.01;
        double top = m->close[i] > price ? m->close[i] : price, bottom = m->close[i] < price ? m->close[i] : price;
        m->high[i] = still ? top : floor(top * (1.0 + drawn_share() * wild) * 10.0) / 10.0;
        m->low[i] = still ? bottom : bottom * (1.0 - drawn_share() * wild);
        if (m->high[i] < top) m->high[i] = top;
        m->volume[i] = still ? 0.0 : floor(drawn_share() * 500.0);
        price = m->close[i];
    }
}

/* A parameter anywhere in its bounds, most often small. */
static int32_t drawn_int(int32_t low, int32_t high) {
    int32_t reach = high - low + 1;
    if (draw(8) != 0 && reach > 60) reach = 60;
    return low + (int32_t)draw((uint32_t)reach);
}

static keel_signal_spec drawn_spec(int32_t kind, int32_t slot) {
    keel_signal_spec spec = keel_signal_spec_default(kind, slot);
    if (draw(5) == 0) return spec;
    do {
#define DRAW_INT_(k, index, name, initial, low, high, unit) \
    if (kind == KEEL_SIGNAL_##k) spec.p[index] = drawn_int(low, (high) > 700 ? 700 : (high));
#define DRAW_REAL_(k, index, name, initial, low, high, unit) \
    if (kind == KEEL_SIGNAL_##k) spec.f[index] = (low) + ((initial)*2.0 - (low)) * drawn_share();
        KEEL_SIGNAL_INTS(DRAW_INT_)
        KEEL_SIGNAL_REALS(DRAW_REAL_)
#undef DRAW_INT_
#undef DRAW_REAL_
    } while (keel_signal_spec_check(&spec) != KEEL_SIGNAL_OK);
    return spec;
}

/* A source for a kind that reads one: the candle's, or a slot written before. */
static void draw_source(keel_signal_spec *spec, int32_t slots_before) {
    if (keel_signal_kind_input(spec->kind) != KEEL_SIGNAL_INPUT_SERIES) return;
    spec->source = (int32_t)draw(KEEL_SOURCE_VOLUME + 1);
    if (slots_before > 0 && draw(2) == 0) spec->source = KEEL_SOURCE_SLOT((int32_t)draw((uint32_t)slots_before));
}

/* The next call's length: single bars, odd cuts, block lengths, everything. */
static int drawn_cut(int left) {
    static const int cuts[] = {1, 2, 7, 100, 511, 512, 513, 1024, 3000, BARS};
    int cut = draw(3) == 0 ? 1 + (int)draw(600) : cuts[draw(10)];
    return cut < left ? cut : left;
}

static void say_specs(const keel_signal_set *set) {
    for (int32_t i = 0; i < set->n; i++) {
        const keel_signal_spec *s = &set->spec[i];
        print_error("spec %d: kind %d slot %d source %d p %d %d %d %d f %g %g\n", i, s->kind, s->slot, s->source,
                    s->p[0], s->p[1], s->p[2], s->p[3], s->f[0], s->f[1]);
    }
}

static void compare(const keel_signal_set *set, const keel_snapshot *snap, const double *out, const int32_t *from,
                    int i, int bar) {
    uint64_t ready = keel_signal_columns_ready(set, from, i);
    if (ready != snap->ready) {
        say_specs(set);
        fail_msg("bar %d: ready %" PRIx64 ", stepping %" PRIx64, bar, ready, snap->ready);
    }
    for (int32_t slot = 0; slot < KEEL_SLOT_MAX; slot++) {
        int32_t column = keel_signal_column(set, slot);
        if (column < 0) continue;
        if (memcmp(&out[(int64_t)column * STRIDE + bar], &snap->v[slot], sizeof(double)) == 0) continue;
        say_specs(set);
        fail_msg("bar %d slot %d: %a, stepping %a", bar, slot, out[(int64_t)column * STRIDE + bar], snap->v[slot]);
    }
}

static uint64_t digest(const keel_signal_set *set) {
    keel_hash h;
    keel_hash_init(&h);
    keel_signal_set_hash(set, &h);
    return keel_hash_digest(&h);
}

/* One set of signals over one market, columns in drawn cuts beside stepping, gaps at drawn bars. */
static void run_both(const keel_signal_spec *specs, int32_t n, const market *m) {
    static keel_signal_set set, stepped;
    static double out[KEEL_SLOT_MAX * STRIDE];
    int32_t from[KEEL_SLOT_MAX];
    keel_snapshot snap = {0};
    keel_signal_bars bars = {m->ts_ms, m->open, m->high, m->low, m->close, m->volume};
    int gap_at[GAPS];
    for (int g = 0; g < GAPS; g++)
        gap_at[g] = draw(3) == 0 ? (int)draw(BARS) : -1;
    assert_int_equal(keel_signal_set_init(&set, specs, n), KEEL_SIGNAL_OK);
    assert_int_equal(keel_signal_set_init(&stepped, specs, n), KEEL_SIGNAL_OK);
    assert_int_equal(keel_signal_column_count(&set), __builtin_popcountll(keel_signal_set_slots(&set)));
    for (size_t i = 0; i < sizeof out / sizeof *out; i++)
        out[i] = -12345.0;
    for (int at = 0; at < BARS;) {
        int cut = drawn_cut(BARS - at);
        for (int g = 0; g < GAPS; g++) {
            if (gap_at[g] > at && gap_at[g] < at + cut) cut = gap_at[g] - at;
            if (gap_at[g] != at) continue;
            keel_signal_set_reset_gap(&set);
            keel_signal_set_reset_gap(&stepped);
        }
        keel_signal_columns(&set, &bars, at, cut, STRIDE, out + at, from, &scratch);
        for (int i = 0; i < cut; i++) {
            keel_ohlcv bar = {m->open[at + i], m->high[at + i], m->low[at + i], m->close[at + i], m->volume[at + i]};
            keel_signal_set_step(&stepped, &bar, m->ts_ms[at + i], &snap);
            compare(&set, &snap, out, from, i, at + i);
        }
        at += cut;
        assert_true(digest(&set) == digest(&stepped));
    }
    for (int32_t column = 0; column < keel_signal_column_count(&set); column++) {
        for (int i = BARS; i < STRIDE; i++) /* nothing beyond a column is touched */
            assert_true(out[(int64_t)column * STRIDE + i] == -12345.0);
    }
}

static void every_kind_alone(void **state) {
    (void)state;
    for (int round = 0; round < 6; round++) {
        for (int32_t kind = 0; kind < KEEL_SIGNAL_KIND_COUNT; kind++) {
            seed = 1000u * (uint64_t)round + (uint64_t)kind;
            make_market(&the_market);
            keel_signal_spec spec = drawn_spec(kind, (int32_t)draw(40));
            draw_source(&spec, 0);
            run_both(&spec, 1, &the_market);
        }
    }
}

/* Lists of signals that read each other. */
static void chains_of_signals(void **state) {
    (void)state;
    for (int round = 0; round < 40; round++) {
        keel_signal_spec specs[8];
        int32_t slot = 0, n = 0, window = 0;
        seed = 77000u + (uint64_t)round;
        make_market(&the_market);
        while (n < 8) {
            keel_signal_spec spec = drawn_spec((int32_t)draw(KEEL_SIGNAL_KIND_COUNT), slot);
            draw_source(&spec, slot);
            if (window + keel_signal_window(&spec) > KEEL_SIGNAL_WINDOW_MAX) break;
            window += keel_signal_window(&spec);
            slot += keel_signal_kind_outputs(spec.kind);
            specs[n++] = spec;
        }
        run_both(specs, n, &the_market);
    }
}

/* One indicator with many lengths over one series. */
static void many_lengths_of_one_kind(void **state) {
    (void)state;
    for (int32_t kind = 0; kind < KEEL_SIGNAL_KIND_COUNT; kind++) {
        keel_signal_spec specs[KEEL_SIGNAL_SPEC_MAX];
        int32_t n = 0, slot = 0, window = 0;
        int32_t outputs = keel_signal_kind_outputs(kind);
        seed = 990000u + (uint64_t)kind;
        make_market(&the_market);
        int32_t source = keel_signal_kind_input(kind) == KEEL_SIGNAL_INPUT_SERIES ? (int32_t)draw(7) : 0;
        while (n < KEEL_SIGNAL_SPEC_MAX && slot + outputs <= KEEL_SLOT_MAX) {
            keel_signal_spec spec = drawn_spec(kind, slot);
            spec.source = source;
            if (window + keel_signal_window(&spec) > KEEL_SIGNAL_WINDOW_MAX) break;
            window += keel_signal_window(&spec);
            slot += outputs;
            specs[n++] = spec;
        }
        assert_true(n > 1);
        run_both(specs, n, &the_market);
    }
}

/* Averages of bars and of each other: some go through a block in pairs, some alone. */
static void averages_beside_each_other(void **state) {
    (void)state;
    for (int round = 0; round < 20; round++) {
        keel_signal_spec specs[7];
        int32_t n = 2 + round % 6;
        seed = 440000u + (uint64_t)round;
        make_market(&the_market);
        for (int32_t i = 0; i < n; i++) {
            specs[i] = drawn_spec(KEEL_SIGNAL_EMA, 7 * (n - i)); /* slots in another order than signals */
            specs[i].source = draw(3) == 0 ? KEEL_SOURCE_HL2 : (int32_t)draw(2);
            if (i > 0 && draw(4) == 0) specs[i].source = KEEL_SOURCE_SLOT(7 * (n - (int32_t)draw((uint32_t)i)));
        }
        run_both(specs, n, &the_market);
    }
}

static void nothing_to_feed(void **state) {
    (void)state;
    keel_signal_set set;
    keel_signal_spec spec = keel_signal_spec_default(KEEL_SIGNAL_ADX, 6);
    int32_t from[KEEL_SLOT_MAX];
    double out[4] = {1.0, 1.0, 1.0, 1.0};
    make_market(&the_market);
    keel_signal_bars bars = {the_market.ts_ms, the_market.open,  the_market.high,
                             the_market.low,   the_market.close, the_market.volume};
    assert_int_equal(keel_signal_set_init(&set, &spec, 1), KEEL_SIGNAL_OK);
    uint64_t before = digest(&set);
    keel_signal_columns(&set, &bars, 0, 0, 1, out, from, &scratch);
    assert_true(digest(&set) == before);
    for (int slot = 0; slot < KEEL_SLOT_MAX; slot++)
        assert_int_equal(from[slot], 0);
    assert_true(out[0] == 1.0);
    assert_int_equal(keel_signal_column(&set, 6), 0);
    assert_int_equal(keel_signal_column(&set, 9), 3);
    assert_int_equal(keel_signal_column(&set, 5), -1);
    assert_int_equal(keel_signal_column(&set, -1), -1);
    assert_int_equal(keel_signal_column(&set, KEEL_SLOT_MAX), -1);
    assert_int_equal(keel_signal_set_init(&set, &spec, 0), KEEL_SIGNAL_OK);
    keel_signal_columns(&set, &bars, 0, 5, 5, out, from, &scratch);
    for (int slot = 0; slot < KEEL_SLOT_MAX; slot++)
        assert_int_equal(from[slot], 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_alone),         cmocka_unit_test(chains_of_signals),
        cmocka_unit_test(many_lengths_of_one_kind), cmocka_unit_test(averages_beside_each_other),
        cmocka_unit_test(nothing_to_feed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

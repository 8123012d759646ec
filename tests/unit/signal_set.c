/* core/signal/set: checks in their order, warm-ups as declared, gaps [SIG-01] [IND-01].
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/signal/set.h"

enum { BARS = 600 };

/* A seeded walk of hourly candles, the same in every run. */
typedef struct market {
    int64_t ts_ms[BARS];
    double open[BARS], high[BARS], low[BARS], close[BARS], volume[BARS];
} market;

static market the_market(uint64_t seed) {
    market m;
    double price = 30000.0;
    for (int i = 0; i < BARS; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        double u = (double)(seed >> 11) / 9007199254740992.0;
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        double w = (double)(seed >> 11) / 9007199254740992.0;
        int still = i % 97 < 5;
        m.ts_ms[i] = 1700006400000 + (int64_t)i * 3600000;
        m.open[i] = price;
        m.close[i] = still ? price : price * (1.0 + (u - 0.5) * 0.02);
        m.high[i] = (m.close[i] > price ? m.close[i] : price) * (still ? 1.0 : 1.0 + w * 0.004);
        m.low[i] = (m.close[i] < price ? m.close[i] : price) * (still ? 1.0 : 1.0 - w * 0.003);
        m.volume[i] = still ? 0.0 : u * 500.0;
        price = m.close[i];
    }
    return m;
}

static void feed(keel_signal_set *set, const market *m, int i, keel_snapshot *snap) {
    keel_ohlcv bar = {m->open[i], m->high[i], m->low[i], m->close[i], m->volume[i]};
    keel_signal_set_step(set, &bar, m->ts_ms[i], snap);
}

static keel_signal_spec spec_at(int32_t kind, int32_t slot, int32_t source) {
    keel_signal_spec spec = keel_signal_spec_default(kind, slot);
    spec.source = source;
    return spec;
}

/* The canonical fields of SIG-01, with small periods. */
static int canonical(keel_signal_spec *spec) {
    int n = 0;
    spec[n++] = spec_at(KEEL_SIGNAL_COPY, KEEL_SLOT_CLOSE, KEEL_SOURCE_CLOSE);
    spec[n++] = spec_at(KEEL_SIGNAL_COPY, KEEL_SLOT_HIGH, KEEL_SOURCE_HIGH);
    spec[n++] = spec_at(KEEL_SIGNAL_COPY, KEEL_SLOT_LOW, KEEL_SOURCE_LOW);
    spec[n++] = spec_at(KEEL_SIGNAL_COPY, KEEL_SLOT_OPEN, KEEL_SOURCE_OPEN);
    spec[n++] = spec_at(KEEL_SIGNAL_COPY, KEEL_SLOT_VOLUME, KEEL_SOURCE_VOLUME);
    spec[n++] = spec_at(KEEL_SIGNAL_SMA, KEEL_SLOT_VOL_SMA, KEEL_SOURCE_VOLUME);
    spec[n++] = spec_at(KEEL_SIGNAL_ADX, KEEL_SLOT_ADX, KEEL_SOURCE_CLOSE);
    spec[n++] = spec_at(KEEL_SIGNAL_RSI, KEEL_SLOT_RSI, KEEL_SOURCE_CLOSE);
    spec[n++] = spec_at(KEEL_SIGNAL_EMA, KEEL_SLOT_EMA_FAST, KEEL_SOURCE_CLOSE);
    spec[n] = spec_at(KEEL_SIGNAL_EMA, KEEL_SLOT_EMA_SLOW, KEEL_SOURCE_CLOSE);
    spec[n++].p[0] = 50;
    spec[n++] = spec_at(KEEL_SIGNAL_SLOPE, KEEL_SLOT_EMA_SLOPE, KEEL_SOURCE_SLOT(KEEL_SLOT_EMA_SLOW));
    spec[n++] = spec_at(KEEL_SIGNAL_PREV, KEEL_SLOT_PREV_CLOSE, KEEL_SOURCE_CLOSE);
    spec[n++] = spec_at(KEEL_SIGNAL_BB_WIDTH_RATIO, KEEL_SLOT_BB_WIDTH_RATIO, KEEL_SOURCE_CLOSE);
    spec[n++] = spec_at(KEEL_SIGNAL_ATR, KEEL_SLOT_ATR, KEEL_SOURCE_CLOSE);
    spec[n] = spec_at(KEEL_SIGNAL_SMA, KEEL_SLOT_ATR_SMA, KEEL_SOURCE_SLOT(KEEL_SLOT_ATR));
    spec[n++].p[0] = 50;
    spec[n++] = spec_at(KEEL_SIGNAL_STOCH_RSI, KEEL_SLOT_STOCH_K, KEEL_SOURCE_CLOSE);
    spec[n++] = spec_at(KEEL_SIGNAL_MACD, KEEL_SLOT_MACD_LINE, KEEL_SOURCE_CLOSE);
    return n;
}

static int32_t init_one(keel_signal_spec spec) {
    keel_signal_set set;
    return keel_signal_set_init(&set, &spec, 1);
}

/* Each refusal by itself, then together with all later ones: the first of the list wins. */
static void refusals_come_in_their_order(void **state) {
    (void)state;
    keel_signal_set set;
    keel_signal_spec spec = keel_signal_spec_default(KEEL_SIGNAL_SMA, 3);
    assert_int_equal(init_one(spec), KEEL_SIGNAL_OK);
    assert_int_equal(keel_signal_set_init(&set, &spec, -1), KEEL_SIGNAL_E_COUNT);
    assert_int_equal(keel_signal_set_init(&set, &spec, KEEL_SIGNAL_SPEC_MAX + 1), KEEL_SIGNAL_E_COUNT);

    spec.source = KEEL_SOURCE_SLOT(7); /* nobody wrote it */
    assert_int_equal(init_one(spec), KEEL_SIGNAL_E_SOURCE);
    spec.source = 17;
    assert_int_equal(init_one(spec), KEEL_SIGNAL_E_SOURCE);
    spec.slot = KEEL_SLOT_MAX;
    assert_int_equal(init_one(spec), KEEL_SIGNAL_E_SLOT);
    spec.slot = -1;
    assert_int_equal(init_one(spec), KEEL_SIGNAL_E_SLOT);
    spec.p[0] = 0;
    assert_int_equal(init_one(spec), KEEL_SIGNAL_E_PARAM);
    spec.kind = KEEL_SIGNAL_KIND_COUNT;
    assert_int_equal(init_one(spec), KEEL_SIGNAL_E_KIND);
    spec.kind = -1;
    assert_int_equal(init_one(spec), KEEL_SIGNAL_E_KIND);
    assert_int_equal(init_one(keel_signal_spec_default(999, 0)), KEEL_SIGNAL_E_KIND);
}

static void parameters_are_bounded(void **state) {
    (void)state;
    keel_signal_spec spec = keel_signal_spec_default(KEEL_SIGNAL_SMA, 0);
    spec.p[1] = 1; /* SMA has no second parameter */
    assert_int_equal(init_one(spec), KEEL_SIGNAL_E_PARAM);
    spec = keel_signal_spec_default(KEEL_SIGNAL_SMA, 0);
    spec.reserved = 1;
    assert_int_equal(init_one(spec), KEEL_SIGNAL_E_PARAM);
    spec = keel_signal_spec_default(KEEL_SIGNAL_BB, 0);
    spec.f[0] = (double)NAN;
    assert_int_equal(init_one(spec), KEEL_SIGNAL_E_PARAM);
    spec = keel_signal_spec_default(KEEL_SIGNAL_MACD, 0);
    spec.p[0] = spec.p[1]; /* fast must be below slow */
    assert_int_equal(init_one(spec), KEEL_SIGNAL_E_PARAM);
    spec = spec_at(KEEL_SIGNAL_ATR, 0, KEEL_SOURCE_VOLUME); /* reads the whole bar */
    assert_int_equal(init_one(spec), KEEL_SIGNAL_E_SOURCE);
#define BOUNDS_INT_(k, index, name, initial, low, high, unit)             \
    spec = keel_signal_spec_default(KEEL_SIGNAL_##k, 0);                  \
    assert_int_equal(spec.p[index], initial);                             \
    assert_int_equal(keel_signal_spec_check(&spec), KEEL_SIGNAL_OK);      \
    spec.p[index] = (low)-1;                                              \
    assert_int_equal(keel_signal_spec_check(&spec), KEEL_SIGNAL_E_PARAM); \
    spec.p[index] = (high) + 1;                                           \
    assert_int_equal(keel_signal_spec_check(&spec), KEEL_SIGNAL_E_PARAM);
    KEEL_SIGNAL_INTS(BOUNDS_INT_)
#undef BOUNDS_INT_
}

static void a_slot_has_one_writer_and_windows_one_budget(void **state) {
    (void)state;
    keel_signal_set set;
    keel_signal_spec two[] = {spec_at(KEEL_SIGNAL_MACD, 5, 0), spec_at(KEEL_SIGNAL_SMA, 7, 0)};
    assert_int_equal(keel_signal_set_init(&set, two, 2), KEEL_SIGNAL_E_SLOT_TWICE);
    two[1].slot = 8;
    assert_int_equal(keel_signal_set_init(&set, two, 2), KEEL_SIGNAL_OK);
    two[0] = spec_at(KEEL_SIGNAL_SMA, 7, KEEL_SOURCE_SLOT(8)); /* written only later */
    assert_int_equal(keel_signal_set_init(&set, two, 2), KEEL_SIGNAL_E_SOURCE);
    keel_signal_spec wide[3];
    for (int i = 0; i < 3; i++) {
        wide[i] = spec_at(KEEL_SIGNAL_SMA, i, 0);
        wide[i].p[0] = 2000;
    }
    assert_int_equal(keel_signal_set_init(&set, wide, 2), KEEL_SIGNAL_OK);
    assert_int_equal(keel_signal_set_init(&set, wide, 3), KEEL_SIGNAL_E_WINDOW);
    assert_int_equal(keel_signal_set_init(&set, wide, 0), KEEL_SIGNAL_OK);
}

/* For each kind and each output: declared warm-up equals the first bar that is ready, and it stays ready. */
static void warmups_are_as_declared(void **state) {
    (void)state;
    market m = the_market(3);
    for (int32_t kind = 0; kind < KEEL_SIGNAL_KIND_COUNT; kind++) {
        for (int shorter = 0; shorter < 2; shorter++) {
            keel_signal_set set;
            keel_snapshot snap = {0};
            keel_signal_spec spec = keel_signal_spec_default(kind, 0);
            if (shorter && spec.p[0] > 4) spec.p[0] -= 3;
            assert_int_equal(keel_signal_set_init(&set, &spec, 1), KEEL_SIGNAL_OK);
            uint64_t before = 0;
            for (int i = 0; i < BARS; i++) {
                feed(&set, &m, i, &snap);
                for (int k = 0; k < keel_signal_kind_outputs(kind); k++) {
                    int32_t warmup = keel_signal_warmup(&spec, 1, k);
                    if (kind == KEEL_SIGNAL_PIVOT) {
                        assert_int_equal(warmup, KEEL_SIGNAL_WARMUP_BY_TIME);
                    } else if (KEEL_SNAPSHOT_HAS(&snap, k) != (i >= warmup)) {
                        fail_msg("kind %d output %d bar %d: ready %d, declared %d", kind, k, i,
                                 KEEL_SNAPSHOT_HAS(&snap, k), warmup);
                    }
                }
                assert_int_equal(before & ~snap.ready, 0);
                before = snap.ready;
            }
            assert_true(before != 0);
        }
    }
}

static void warmups_follow_their_sources(void **state) {
    (void)state;
    market m = the_market(4);
    keel_signal_spec spec[KEEL_SIGNAL_SPEC_MAX];
    keel_signal_set set;
    keel_snapshot snap = {0};
    int n = canonical(spec);
    assert_int_equal(keel_signal_set_init(&set, spec, n), KEEL_SIGNAL_OK);
    assert_int_equal(keel_signal_warmup(spec, n, KEEL_SLOT_CLOSE), 0);
    assert_int_equal(keel_signal_warmup(spec, n, KEEL_SLOT_EMA_SLOPE), 50);
    assert_int_equal(keel_signal_warmup(spec, n, KEEL_SLOT_ATR_SMA), 14 + 49);
    assert_int_equal(keel_signal_warmup(spec, n, KEEL_SLOT_ADX_PREV), 28);
    assert_int_equal(keel_signal_warmup(spec, n, KEEL_SLOT_EMA_MACRO), KEEL_SIGNAL_WARMUP_NEVER);
    for (int i = 0; i < BARS; i++) {
        feed(&set, &m, i, &snap);
        for (int slot = 0; slot < KEEL_SLOT_MAX; slot++) {
            int32_t warmup = keel_signal_warmup(spec, n, slot);
            assert_int_equal(KEEL_SNAPSHOT_HAS(&snap, slot), warmup >= 0 && i >= warmup);
        }
    }
    assert_int_equal(snap.ready, keel_signal_set_slots(&set));
}

/* A composed signal equals the same machine fed by hand. */
static void a_source_feeds_the_same_bar(void **state) {
    (void)state;
    market m = the_market(5);
    keel_signal_spec spec[KEEL_SIGNAL_SPEC_MAX];
    keel_signal_set set;
    keel_snapshot snap = {0};
    keel_roll roll;
    double win[50], want = 0.0;
    int n = canonical(spec), compared = 0;
    assert_int_equal(keel_signal_set_init(&set, spec, n), KEEL_SIGNAL_OK);
    keel_roll_init(&roll, 50);
    for (int i = 0; i < BARS; i++) {
        feed(&set, &m, i, &snap);
        if (!KEEL_SNAPSHOT_HAS(&snap, KEEL_SLOT_ATR)) continue;
        if (!keel_sma_step(&roll, win, snap.v[KEEL_SLOT_ATR], &want)) continue;
        assert_memory_equal(&want, &snap.v[KEEL_SLOT_ATR_SMA], sizeof want);
        compared++;
    }
    assert_true(compared > 500);
}

static void other_slots_are_left_alone(void **state) {
    (void)state;
    market m = the_market(6);
    keel_signal_spec spec = spec_at(KEEL_SIGNAL_SMA, 9, KEEL_SOURCE_CLOSE);
    keel_signal_set set;
    keel_snapshot snap = {0};
    snap.v[12] = 7.0;
    snap.ready = (uint64_t)1 << 12;
    assert_int_equal(keel_signal_set_init(&set, &spec, 1), KEEL_SIGNAL_OK);
    for (int i = 0; i < 30; i++)
        feed(&set, &m, i, &snap);
    assert_true(snap.v[12] == 7.0);
    assert_int_equal(snap.ready, ((uint64_t)1 << 12) | ((uint64_t)1 << 9));
}

/* After a gap everything warms up again and equals a fresh set, hash included. */
static void a_gap_forgets_everything(void **state) {
    (void)state;
    market m = the_market(7);
    keel_signal_spec spec[KEEL_SIGNAL_SPEC_MAX];
    keel_signal_set old, fresh;
    keel_snapshot snap_old = {0}, snap_fresh = {0};
    keel_hash hash_old, hash_fresh;
    int n = canonical(spec);
    memset(&old, 0x5a, sizeof old);
    memset(&fresh, 0xa5, sizeof fresh);
    assert_int_equal(keel_signal_set_init(&old, spec, n), KEEL_SIGNAL_OK);
    assert_int_equal(keel_signal_set_init(&fresh, spec, n), KEEL_SIGNAL_OK);
    for (int i = 0; i < 300; i++)
        feed(&old, &m, i, &snap_old);
    keel_signal_set_reset_gap(&old);
    for (int i = 300; i < BARS; i++) {
        feed(&old, &m, i, &snap_old);
        feed(&fresh, &m, i, &snap_fresh);
        assert_memory_equal(&snap_old, &snap_fresh, sizeof snap_old);
    }
    keel_hash_init(&hash_old);
    keel_hash_init(&hash_fresh);
    keel_signal_set_hash(&old, &hash_old);
    keel_signal_set_hash(&fresh, &hash_fresh);
    assert_true(keel_hash_digest(&hash_old) == keel_hash_digest(&hash_fresh));
    feed(&old, &m, 0, &snap_old);
    keel_hash_init(&hash_old);
    keel_signal_set_hash(&old, &hash_old);
    assert_true(keel_hash_digest(&hash_old) != keel_hash_digest(&hash_fresh));
}

/* What comes later never changes what was said before. */
static void the_future_changes_nothing(void **state) {
    (void)state;
    market calm = the_market(10), noisy = calm, other = the_market(11);
    for (int cut = 50; cut < BARS; cut += 137) {
        for (int i = cut; i < BARS; i++) {
            noisy.open[i] = other.open[i];
            noisy.high[i] = other.high[i];
            noisy.low[i] = other.low[i];
            noisy.close[i] = other.close[i];
            noisy.volume[i] = other.volume[i];
        }
        keel_signal_spec spec[KEEL_SIGNAL_SPEC_MAX];
        keel_signal_set a, b;
        keel_snapshot snap_a = {0}, snap_b = {0};
        int n = canonical(spec);
        assert_int_equal(keel_signal_set_init(&a, spec, n), KEEL_SIGNAL_OK);
        assert_int_equal(keel_signal_set_init(&b, spec, n), KEEL_SIGNAL_OK);
        for (int i = 0; i < cut; i++) {
            feed(&a, &calm, i, &snap_a);
            feed(&b, &noisy, i, &snap_b);
            assert_memory_equal(&snap_a, &snap_b, sizeof snap_a);
        }
        noisy = calm;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_come_in_their_order),
        cmocka_unit_test(parameters_are_bounded),
        cmocka_unit_test(a_slot_has_one_writer_and_windows_one_budget),
        cmocka_unit_test(warmups_are_as_declared),
        cmocka_unit_test(warmups_follow_their_sources),
        cmocka_unit_test(a_source_feeds_the_same_bar),
        cmocka_unit_test(other_slots_are_left_alone),
        cmocka_unit_test(a_gap_forgets_everything),
        cmocka_unit_test(the_future_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

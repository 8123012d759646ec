/* model/params.def through model/params.h: every entry, at, inside and outside its bounds. [CFG-01] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/params.h"

typedef struct entry {
    const char *section, *name, *unit, *sentence;
    int type;
    double preset, low, high, step;
} entry;

static const entry table[] = {
#define X(section, name, type, def, lo, hi, step, unit, doc) \
    {#section, #name, unit, doc, KEEL_TYPE_##type, (double)(def), (double)(lo), (double)(hi), (double)(step)},
#include "model/params.def"
#undef X
};
_Static_assert(sizeof table / sizeof table[0] == KEEL_PARAM_COUNT, "one entry for each index");

static int is_whole(const entry *e) { return e->type == KEEL_TYPE_INT || e->type == KEEL_TYPE_BOOL; }

/* Refused, and not one byte of the parameters changed. */
static void assert_refused(int index, double value) {
    keel_params p, before;
    memset(&p, 0, sizeof p);
    keel_params_default(&p);
    before = p;
    if (keel_params_set(&p, index, value)) fail_msg("%s accepts %a", table[index].name, value);
    assert_memory_equal(&p, &before, sizeof p);
}

/* Accepted, read back as the same number, and nothing else changed. */
static void assert_kept(int index, double value) {
    keel_params p;
    keel_params_default(&p);
    if (!keel_params_set(&p, index, value)) fail_msg("%s refuses %a", table[index].name, value);
    if (keel_params_get(&p, index) != value)
        fail_msg("%s: %a comes back as %a", table[index].name, value, keel_params_get(&p, index));
    for (int i = 0; i < KEEL_PARAM_COUNT; i++)
        if (i != index && keel_params_get(&p, i) != table[i].preset)
            fail_msg("setting %s changed %s", table[index].name, table[i].name);
}

static void entries_are_complete(void **state) {
    (void)state;
    for (int i = 0; i < KEEL_PARAM_COUNT; i++) {
        const entry *e = &table[i];
        if (!(e->low <= e->preset && e->preset <= e->high)) fail_msg("%s: default outside its bounds", e->name);
        if (!(e->low < e->high && e->step > 0 && e->step <= e->high - e->low)) fail_msg("%s: step or bounds", e->name);
        if (e->sentence[0] == '\0' || e->section[0] == '\0') fail_msg("%s: no sentence or section", e->name);
        if (e->type == KEEL_TYPE_BOOL && (e->low != 0 || e->high != 1 || e->unit[0] != '\0'))
            fail_msg("%s: a switch is 0 or 1 and has no unit", e->name);
        if (e->type != KEEL_TYPE_BOOL && e->unit[0] == '\0') fail_msg("%s: no unit", e->name);
        if (is_whole(e) && e->step != (double)(int64_t)e->step) fail_msg("%s: step of a whole number", e->name);
        for (int k = 0; k < i; k++)
            if (strcmp(table[k].name, e->name) == 0) fail_msg("%s stands twice", e->name);
    }
}

static void defaults_are_those_of_the_table(void **state) {
    (void)state;
    keel_params p;
    memset(&p, 0xff, sizeof p);
    keel_params_default(&p);
    for (int i = 0; i < KEEL_PARAM_COUNT; i++)
        assert_true(keel_params_get(&p, i) == table[i].preset);
    assert_int_equal(p.strategy, 0);
    assert_int_equal(p.strategy_param_count, 0);
    for (int i = 0; i < KEEL_STRATEGY_PARAM_MAX; i++)
        assert_true(p.own[i] == 0.0);
}

static void bounds_are_allowed_and_nothing_beyond(void **state) {
    (void)state;
    for (int i = 0; i < KEEL_PARAM_COUNT; i++) {
        const entry *e = &table[i];
        double least = is_whole(e) ? 1.0 : 1e-9 * (1.0 + e->high);
        assert_kept(i, e->low);
        assert_kept(i, e->high);
        assert_kept(i, e->preset);
        assert_refused(i, e->low - least);
        assert_refused(i, e->high + least);
        assert_refused(i, 1e300);
        assert_refused(i, -1e300);
        assert_refused(i, __builtin_inf());
        assert_refused(i, -__builtin_inf());
        assert_refused(i, __builtin_nan(""));
    }
}

static void whole_numbers_refuse_fractions(void **state) {
    (void)state;
    int seen = 0;
    for (int i = 0; i < KEEL_PARAM_COUNT; i++) {
        if (!is_whole(&table[i])) continue;
        assert_refused(i, table[i].low + 0.5);
        assert_refused(i, table[i].high - 0.25);
        assert_kept(i, table[i].low + 1);
        seen++;
    }
    assert_true(seen > 10);
}

/* From bound to bound in steps of the table: what a sweep walks through. */
static void every_step_reads_back(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    for (int i = 0; i < KEEL_PARAM_COUNT; i++) {
        const entry *e = &table[i];
        for (int k = 0; k < 2000; k++) {
            double value = e->low + k * e->step;
            if (value > e->high) break;
            assert_int_equal(keel_params_set(&p, i, value), 1);
            double got = keel_params_get(&p, i);
            double unit = e->type == KEEL_TYPE_USD ? 1e-8 : e->type == KEEL_TYPE_BPS ? 1e-4 : 0.0;
            double off = got > value ? got - value : value - got;
            if (off > unit * 0.5000001) fail_msg("%s: %a comes back as %a", e->name, value, got);
        }
    }
}

static void money_and_rates_are_scaled(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    assert_int_equal(p.min_notional_usd, 10 * KEEL_E8);
    assert_int_equal(p.taker_fee_bps, 50000); /* 5 bps = 0.0005 = 50000e-8 */
    assert_int_equal(p.maker_fee_bps, 20000);
    assert_int_equal(keel_params_set(&p, KEEL_PARAM_min_notional_usd, 12.34567891), 1);
    assert_int_equal(p.min_notional_usd, 1234567891);
    assert_int_equal(keel_params_set(&p, KEEL_PARAM_maker_fee_bps, -0.5), 1);
    assert_int_equal(p.maker_fee_bps, -5000);
    assert_int_equal(keel_params_set(&p, KEEL_PARAM_taker_fee_bps, 4.5001), 1);
    assert_int_equal(p.taker_fee_bps, 45001);
    assert_true(keel_params_get(&p, KEEL_PARAM_taker_fee_bps) == 4.5001);
    assert_true(keel_params_get(&p, KEEL_PARAM_min_notional_usd) == 12.34567891);
}

static void unknown_indices_are_refused(void **state) {
    (void)state;
    keel_params p, before;
    memset(&p, 0, sizeof p);
    keel_params_default(&p);
    before = p;
    static const int wrong[] = {-1, KEEL_PARAM_COUNT, KEEL_PARAM_COUNT + 1, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(keel_params_set(&p, wrong[i], 1.0), 0);
        assert_true(keel_params_get(&p, wrong[i]) == 0.0);
    }
    assert_memory_equal(&p, &before, sizeof p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_complete),
        cmocka_unit_test(defaults_are_those_of_the_table),
        cmocka_unit_test(bounds_are_allowed_and_nothing_beyond),
        cmocka_unit_test(whole_numbers_refuse_fractions),
        cmocka_unit_test(every_step_reads_back),
        cmocka_unit_test(money_and_rates_are_scaled),
        cmocka_unit_test(unknown_indices_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

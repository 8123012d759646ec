/* The bar market by itself: adverse prices, ticks, and where a triggered order executes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "market/bar_market.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static int64_t e8(double x) { return (int64_t)(x * 1e8 + 0.5); }

/* [BKT-02.2] Slippage moves the price against the order, then the tick moves it further, never back. */
static void slippage_and_tick_are_adverse(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double ref;
        int side;
        double slippage_bps, tick, want;
    } rows[] = {
        {"bought without slippage on the tick", 100, 1, 0, 0.25, 100},
        {"sold without slippage on the tick", 100, -1, 0, 0.25, 100},
        {"bought off the tick: up", 100.10, 1, 0, 0.25, 100.25},
        {"sold off the tick: down", 100.10, -1, 0, 0.25, 100},
        {"bought with 10 bps", 100, 1, 10, 0.00000001, 100.1},
        {"sold with 10 bps", 100, -1, 10, 0.00000001, 99.9},
        {"bought with 10 bps, then the tick", 100, 1, 10, 0.25, 100.25},
        {"sold with 10 bps, then the tick", 100, -1, 10, 0.25, 99.75},
        {"sold below one tick: one tick", 0.1, -1, 0, 0.25, 0.25},
        {"sold at half the price", 100, -1, 5000, 0.00000001, 50},
        {"one unit", 0.00000001, 1, 10, 0.00000001, 0.00000001},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t got = 0;
        int32_t fits = keel_market_slip(e8(rows[i].ref), rows[i].side, (int64_t)(rows[i].slippage_bps * 10000 + 0.5),
                                        e8(rows[i].tick), &got);
        if (!fits || got != e8(rows[i].want))
            fail_msg("%s: %.8f, want %.8f", rows[i].name, (double)got / 1e8, rows[i].want);
    }
}

static void price_that_does_not_fit_is_refused(void **state) {
    (void)state;
    int64_t got = 7;
    assert_int_equal(keel_market_slip(INT64_MAX - 5, 1, 10000, 1, &got), 0);
    assert_int_equal(keel_market_slip(INT64_MAX - 5, 1, 0, 100, &got), 0);
    assert_int_equal(got, 7);
    keel_instrument rules = {.lot_e8 = 1, .tick_e8 = 100};
    keel_event fill;
    assert_int_equal(keel_market_fill(1, 1, 0, 1, 100, INT64_MAX - 5, 0, 0, &rules, &fill), 0);
}

/* A level order executes at its level, or at the open when the range already opened beyond the level. */
static void trigger_price(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int side, trigger;
        double level, open, want;
    } rows[] = {
        {"long stop, opened above", -1, KEEL_TRIGGER_STOP, 95, 100, 95},
        {"long stop, opened at it", -1, KEEL_TRIGGER_STOP, 95, 95, 95},
        {"long stop, gapped below", -1, KEEL_TRIGGER_STOP, 95, 90, 90},
        {"short stop, opened below", 1, KEEL_TRIGGER_STOP, 105, 100, 105},
        {"short stop, gapped above", 1, KEEL_TRIGGER_STOP, 105, 110, 110},
        {"long target, opened below", -1, KEEL_TRIGGER_TARGET, 110, 100, 110},
        {"long target, gapped above", -1, KEEL_TRIGGER_TARGET, 110, 112, 112},
        {"short target, opened above", 1, KEEL_TRIGGER_TARGET, 90, 100, 90},
        {"short target, gapped below", 1, KEEL_TRIGGER_TARGET, 90, 85, 85},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        keel_command c = {.side = rows[i].side, .trigger_kind = rows[i].trigger, .trigger_e8 = e8(rows[i].level)};
        int64_t got = keel_market_trigger_price(&c, e8(rows[i].open));
        if (got != e8(rows[i].want)) fail_msg("%s: %.8f, want %.8f", rows[i].name, (double)got / 1e8, rows[i].want);
    }
}

/* A fill keeps the price before slippage, so that the ledger can tell what slippage cost. */
static void fill_event(void **state) {
    (void)state;
    keel_instrument rules = {.lot_e8 = 1, .tick_e8 = e8(0.5)};
    keel_event f;
    assert_int_equal(keel_market_fill(7, 9, 3, -1, e8(2), e8(100), 1234, 20000, &rules, &f), 1);
    assert_int_equal(f.kind, KEEL_EV_FILL);
    assert_int_equal(f.schema, KEEL_EVENT_SCHEMA);
    assert_int_equal(f.order_id, 7);
    assert_int_equal(f.fill_id, 9);
    assert_int_equal(f.symbol, 3);
    assert_int_equal(f.side, -1);
    assert_int_equal(f.qty_e8, e8(2));
    assert_int_equal(f.ts_ms, 1234);
    assert_int_equal(f.ref_px_e8, e8(100));
    assert_int_equal(f.price_e8, e8(99.5));
    assert_int_equal(f.fee_role, KEEL_TAKER);
    assert_int_equal(f.last_of_order, 1);
}

static void one_order_at_a_time(void **state) {
    (void)state;
    keel_market_order o;
    keel_market_clear(&o);
    assert_int_equal(o.id, 0);
    keel_command first = {.id = 4, .side = 1, .qty_e8 = 10}, second = {.id = 5, .side = -1, .qty_e8 = 20};
    keel_market_accept(&o, &first);
    keel_market_accept(&o, &second);
    assert_int_equal(o.id, 5);
    assert_int_equal(o.side, -1);
    assert_int_equal(o.qty_e8, 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slippage_and_tick_are_adverse),
        cmocka_unit_test(price_that_does_not_fit_is_refused),
        cmocka_unit_test(trigger_price),
        cmocka_unit_test(fill_event),
        cmocka_unit_test(one_order_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

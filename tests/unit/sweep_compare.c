/* The first difference of two trade lists and of two totals: what `keel sweep confirm` shows when its alarm rings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/cli/sweep_compare.h"

enum { TRADES = 5 };

static void make(keel_trade t[TRADES]) {
    memset(t, 0, TRADES * sizeof *t);
    for (int i = 0; i < TRADES; i++) {
        t[i].trade_id = i + 1;
        t[i].entry_ts_ms = 1704067200000 + i * 7200000;
        t[i].exit_ts_ms = t[i].entry_ts_ms + 3600000;
        t[i].side = i % 2 ? -1 : 1;
        t[i].entry_px_e8 = 4200000000000 + i * 100000000;
        t[i].exit_px_e8 = t[i].entry_px_e8 + 50000000;
        t[i].qty_e8 = 1000000;
        t[i].fees_e8 = 37821000;
        t[i].pnl_e8 = -37321000;
    }
}

static void test_equal(void **state) {
    keel_trade one[TRADES], other[TRADES];
    keel_sweep_difference d;
    (void)state;
    make(one);
    make(other);
    assert_int_equal(keel_sweep_compare_trades(one, TRADES, other, TRADES, &d), 0);
    assert_int_equal(keel_sweep_compare_trades(one, 0, other, 0, &d), 0);
}

/* [SWP-04.2] One unit of fee in the third trade, and everything after it: the third is named, both sides are shown. */
static void test_one_tick_of_fee(void **state) {
    keel_trade one[TRADES], other[TRADES];
    keel_sweep_difference d;
    (void)state;
    make(one);
    make(other);
    for (int i = 2; i < TRADES; i++) {
        other[i].fees_e8 += 1;
        other[i].pnl_e8 -= 1;
    }
    assert_int_equal(keel_sweep_compare_trades(one, TRADES, other, TRADES, &d), 1);
    assert_string_equal(d.what, "trade 3 fees_e8");
    assert_non_null(strstr(d.one, "fees 0.37821,"));
    assert_non_null(strstr(d.other, "fees 0.37821001,"));
    assert_non_null(strstr(d.one, "long of symbol 0, 2024-01-01T04:00:00.000Z at 42002.00 to"));
}

/* A list that goes on where the other ended. */
static void test_missing_trade(void **state) {
    keel_trade one[TRADES], other[TRADES];
    keel_sweep_difference d;
    (void)state;
    make(one);
    make(other);
    assert_int_equal(keel_sweep_compare_trades(one, TRADES - 1, other, TRADES, &d), 1);
    assert_string_equal(d.what, "trade 5 is missing");
    assert_string_equal(d.one, "no trade: it ended with 4");
    assert_non_null(strstr(d.other, "long of symbol 0"));
}

/* Every field that makes a trade is looked at. */
static void test_every_field(void **state) {
    static const struct {
        size_t offset;
        const char *name;
    } FIELDS[] = {
        {offsetof(keel_trade, symbol), "symbol"},           {offsetof(keel_trade, side), "side"},
        {offsetof(keel_trade, entry_ts_ms), "entry_ts_ms"}, {offsetof(keel_trade, entry_px_e8), "entry_px_e8"},
        {offsetof(keel_trade, exit_ts_ms), "exit_ts_ms"},   {offsetof(keel_trade, exit_px_e8), "exit_px_e8"},
        {offsetof(keel_trade, qty_e8), "qty_e8"},           {offsetof(keel_trade, funding_e8), "funding_e8"},
        {offsetof(keel_trade, pnl_e8), "pnl_e8"},           {offsetof(keel_trade, exit_reason), "exit_reason"}};
    (void)state;
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        keel_trade one[TRADES], other[TRADES];
        keel_sweep_difference d;
        make(one);
        make(other);
        ((unsigned char *)&other[1])[FIELDS[i].offset] ^= 1;
        assert_int_equal(keel_sweep_compare_trades(one, TRADES, other, TRADES, &d), 1);
        assert_non_null(strstr(d.what, FIELDS[i].name));
    }
}

static void test_totals(void **state) {
    keel_sweep_difference d;
    keel_err err = {0};
    (void)state;
    assert_int_equal(keel_sweep_compare_totals("{\"a\":1,\"b\":null}", "{\"a\":1,\"b\":null}", &d, &err), 0);
    assert_int_equal(keel_sweep_compare_totals("{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2.0}", &d, &err), 1);
    assert_string_equal(d.what, "totals.b");
    assert_string_equal(d.other, "2.0");
    assert_int_equal(keel_sweep_compare_totals("{\"a\":1}", "{\"a\":null}", &d, &err), 1);
    assert_string_equal(d.other, "null");
    assert_int_equal(keel_sweep_compare_totals("{\"a\":1}", "{\"a\":1,\"b\":2}", &d, &err), 1);
    assert_string_equal(d.one, "absent");
    assert_int_equal(keel_sweep_compare_totals("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", &d, &err), 1);
    assert_true(keel_sweep_compare_totals("{\"a\":", "{\"a\":1}", &d, &err) < 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_equal), cmocka_unit_test(test_one_tick_of_fee),
                                       cmocka_unit_test(test_missing_trade), cmocka_unit_test(test_every_field),
                                       cmocka_unit_test(test_totals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

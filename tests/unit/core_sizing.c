/* How much to open, and how much of a position to close (KRN-08.6, KRN-02.3, KRN-03). Prices and shares are exact in
 * binary, so expected quantities are exact. */
#include "core_fixture.h"

#include "core/risk/sizing.h"
#include "num/int.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Ten thousand dollars in cash, two symbols, nothing open; no reserve and no costs unless a test sets them. */
static keel_state *account(void) {
    static keel_state st;
    keel_posting posting;
    keel_state_init(&st, 2);
    assert_int_equal(keel_ledger_deposit(&st.acct, 0, e8(10000), &posting), KEEL_REFUSED_OK);
    return &st;
}

static keel_params plain(void) {
    keel_params p;
    keel_params_default(&p);
    p.allocation_pct = 0.125;
    p.cash_reserve_pct = 0;
    p.taker_fee_bps = 0;
    p.min_notional_usd = 0;
    return p;
}

static keel_size size_at(const keel_params *p, const keel_state *st, double price, int confidence, double atr) {
    keel_size size;
    keel_size_entry(p, st, &st->sym[0], e8(price), 0, confidence, atr, 0, 0, &size);
    return size;
}

static void assert_qty(const char *name, const keel_size *size, double want) {
    if (size->qty_e8 != e8(want)) fail_msg("%s: %lld, want %lld", name, (long long)size->qty_e8, (long long)e8(want));
    int hold = want > 0 ? KEEL_NONE : size->hold;
    assert_int_equal(size->hold, hold);
    if (want <= 0.0 && size->hold == KEEL_NONE) fail_msg("%s: nothing to open, and no reason", name);
}

/* Opens a position of `usd` at 100 in symbol i, so that it counts for exposure. */
static void hold(keel_state *st, int i, int side, double usd) {
    keel_ledger_fill fill = {.qty_e8 = e8(usd / 100),
                             .px_e8 = e8(100),
                             .ref_px_e8 = e8(100),
                             .leverage_e8 = KEEL_E8,
                             .side = side,
                             .symbol = i};
    keel_posting posting[2];
    int32_t count;
    assert_int_equal(keel_ledger_book(&st->acct, &st->sym[i].pos, &fill, posting, &count), KEEL_REFUSED_OK);
    st->sym[i].last_px_e8 = e8(100);
    st->sym[i].pos.first_qty_e8 = st->sym[i].pos.qty_e8;
    st->open_positions++;
}

/* margin = equity x 1/8 x tier x ramp x volatility; notional = margin x leverage; quantity = notional / price. */
static void the_formula(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int confidence;
        double leverage, ramp, price, want;
    } rows[] = {{"high confidence", KEEL_CONF_HIGH, 1, 1, 100, 12.5},
                {"medium", KEEL_CONF_MEDIUM, 1, 1, 100, 9.375},
                {"low", KEEL_CONF_LOW, 1, 1, 100, 6.25},
                {"leverage", KEEL_CONF_HIGH, 2, 1, 100, 25},
                {"ramp", KEEL_CONF_HIGH, 1, 0.5, 100, 6.25},
                {"ramp at zero", KEEL_CONF_HIGH, 1, 0, 100, 0},
                {"dear", KEEL_CONF_HIGH, 1, 1, 50000, 0.025},
                {"cheap", KEEL_CONF_HIGH, 1, 1, 0.00390625, 320000}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        keel_params p = plain();
        p.leverage = rows[i].leverage;
        p.size_multiplier = rows[i].ramp;
        keel_size size = size_at(&p, account(), rows[i].price, rows[i].confidence, 0);
        assert_qty(rows[i].name, &size, rows[i].want);
        assert_true(size.equity_usd == 10000);
    }
}

/* Reference 0.02; ATR / price of 0.04 halves, of 0.01 would double but is capped at 1.5. */
static void volatility_factor(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double reference, atr, want;
    } rows[] = {{"off", 0, 4, 12.5},
                {"as the reference", 0.03125, 3.125, 12.5},
                {"calmer", 0.03125, 2.5, 15.625},
                {"at the upper bound", 0.0375, 2.5, 18.75},
                {"beyond it", 0.0625, 2.5, 18.75},
                {"wilder", 0.03125, 4.16666666666666666, 9.375},
                {"at the lower bound", 0.03125, 6.25, 6.25},
                {"beyond it below", 0.03125, 50, 6.25},
                {"unknown", 0.03125, 0, 12.5}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        keel_params p = plain();
        p.vol_size_ref = rows[i].reference;
        keel_size size = size_at(&p, account(), 100, KEEL_CONF_HIGH, rows[i].atr);
        int64_t off = size.qty_e8 - e8(rows[i].want);
        if (off > 1 || off < -1) fail_msg("%s: %lld", rows[i].name, (long long)size.qty_e8);
    }
}

/* Rounded down to the lot: never more than asked. */
static void rounded_down_to_the_lot(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double lot, price, want;
    } rows[] = {{"exact", 0.5, 100, 12.5},
                {"a lot too many", 1, 100, 12},
                {"larger than all of it", 13, 100, 0},
                {"just one", 12.5, 100, 12.5},
                {"finest", 1e-8, 96, 13.02083333}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        keel_params p = plain();
        keel_state *st = account();
        st->sym[0].rules.lot_e8 = e8(rows[i].lot);
        keel_size size = size_at(&p, st, rows[i].price, KEEL_CONF_HIGH, 0);
        assert_qty(rows[i].name, &size, rows[i].want);
        if (size.qty_e8 == 0) assert_int_equal(size.hold, KEEL_H_CAP);
    }
}

/* The larger of the parameter and the venue's rule; at it is enough. */
static void smallest_notional(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double own, venue, want;
    } rows[] = {{"own, met", 1250, 0, 12.5},
                {"own, missed", 1250.00000001, 0, 0},
                {"venue, met", 0, 1250, 12.5},
                {"venue, missed", 0, 1250.00000001, 0},
                {"the larger holds", 10, 2000, 0}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        keel_params p = plain();
        keel_state *st = account();
        p.min_notional_usd = e8(rows[i].own);
        st->sym[0].rules.min_notional_e8 = e8(rows[i].venue);
        keel_size size = size_at(&p, st, 100, KEEL_CONF_HIGH, 0);
        assert_qty(rows[i].name, &size, rows[i].want);
    }
}

/* Margin, fee and slippage of the whole order fit into what is free, less the reserve. */
static void clamped_to_the_cash(void **state) {
    (void)state;
    keel_params p = plain();
    p.allocation_pct = 1;
    keel_state *st = account();
    hold(st, 1, 1, 7500); /* 2500 free, equity still 10000 */
    keel_size size = size_at(&p, st, 100, KEEL_CONF_HIGH, 0);
    assert_qty("all that is free", &size, 25);
    p.cash_reserve_pct = 0.25;
    size = size_at(&p, st, 100, KEEL_CONF_HIGH, 0);
    assert_qty("less the reserve", &size, 18.75);
    p.leverage = 2;
    size = size_at(&p, st, 100, KEEL_CONF_HIGH, 0);
    assert_qty("twice with leverage", &size, 37.5);
    p.leverage = 1;
    p.cash_reserve_pct = 0;
    p.taker_fee_bps = KEEL_E8 / 4;
    size = size_at(&p, st, 100, KEEL_CONF_HIGH, 0);
    assert_qty("the fee has to be paid as well", &size, 20);
    p.slippage_bps = KEEL_E8 / 4;
    size = size_at(&p, st, 100, KEEL_CONF_HIGH, 0);
    assert_qty("and the slippage", &size, 16);
    p.taker_fee_bps = -KEEL_E8 / 4;
    size = size_at(&p, st, 100, KEEL_CONF_HIGH, 0);
    assert_qty("a rebate is not counted on", &size, 20);
}

/* The books accept what was sized, for any cash, costs and leverage: the clamp is never too generous. */
static void what_is_sized_can_be_booked(void **state) {
    (void)state;
    uint64_t seed = 5;
    for (int i = 0; i < 100000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        keel_params p = plain();
        keel_state *st = account();
        p.allocation_pct = 1;
        p.max_gross_exposure = 1000;
        p.taker_fee_bps = (int64_t)(seed >> 40) % 200000;
        p.slippage_bps = (int64_t)(seed >> 20) % 500000;
        p.leverage = 0.25 * (double)(1 + (seed >> 50) % 64);
        double price = 0.001 + (double)((seed >> 13) % 100000000) / 1024;
        keel_size size = size_at(&p, st, price, KEEL_CONF_HIGH, 0);
        if (size.qty_e8 == 0) fail_msg("round %d: nothing", i);
        int64_t px = e8(price), worse;
        assert_true(keel_mul_div_floor(px, p.slippage_bps, KEEL_E8, &worse));
        keel_ledger_fill fill = {.qty_e8 = size.qty_e8,
                                 .px_e8 = px + worse,
                                 .ref_px_e8 = px,
                                 .fee_rate_e8 = p.taker_fee_bps,
                                 .leverage_e8 = e8(p.leverage),
                                 .side = i % 2 ? 1 : -1};
        keel_posting posting[2];
        int32_t count;
        int refused = keel_ledger_book(&st->acct, &st->sym[0].pos, &fill, posting, &count);
        /* rounding of margin and fee to the unit is the one thing that the clamp cannot see */
        if (refused != KEEL_REFUSED_OK) {
            assert_int_equal(keel_ledger_deposit(&st->acct, 0, 2, posting), KEEL_REFUSED_OK);
            refused = keel_ledger_book(&st->acct, &st->sym[0].pos, &fill, posting, &count);
        }
        if (refused != KEEL_REFUSED_OK) fail_msg("round %d: refusal %d", i, refused);
    }
}

/* Sum of notionals over equity, own position apart; and the limit of one position. */
static void clamped_to_the_exposure(void **state) {
    (void)state;
    keel_params p = plain();
    p.allocation_pct = 1;
    p.leverage = 4;
    p.max_gross_exposure = 1.5;
    keel_state *st = account();
    keel_size size = size_at(&p, st, 100, KEEL_CONF_HIGH, 0);
    assert_qty("all of the room", &size, 150);
    hold(st, 1, -1, 5000);
    size = size_at(&p, st, 100, KEEL_CONF_HIGH, 0);
    assert_qty("a short takes room too", &size, 100);
    p.max_position_exposure = 0.25;
    size = size_at(&p, st, 100, KEEL_CONF_HIGH, 0);
    assert_qty("one position", &size, 25);
    p.max_gross_exposure = 0.5;
    size = size_at(&p, st, 100, KEEL_CONF_HIGH, 0);
    assert_qty("no room", &size, 0);
    assert_int_equal(size.hold, KEEL_H_CAP);
    p.max_gross_exposure = 0.25;
    size = size_at(&p, st, 100, KEEL_CONF_HIGH, 0);
    assert_qty("less than none", &size, 0);
}

/* A caller's own notional replaces the rule, and the limits hold for it as well. */
static void a_notional_of_the_caller(void **state) {
    (void)state;
    keel_params p = plain();
    keel_state *st = account();
    keel_size size;
    keel_size_entry(&p, st, &st->sym[0], e8(100), e8(2000), KEEL_CONF_LOW, 0, 0, 0, &size);
    assert_qty("as asked, whatever the confidence", &size, 20);
    keel_size_entry(&p, st, &st->sym[0], e8(100), e8(1000000), KEEL_CONF_LOW, 0, 0, 0, &size);
    assert_qty("at most what is free", &size, 100);
}

/* [KRN-03.1] An add is a share of the first entry's quantity; what is held counts for the limits. */
static void adds(void **state) {
    (void)state;
    keel_params p = plain();
    p.add_fraction = 0.5;
    keel_state *st = account();
    hold(st, 0, 1, 2000);
    keel_size size;
    keel_size_entry(&p, st, &st->sym[0], e8(128), 0, KEEL_CONF_LOW, 0, 1, 0, &size);
    assert_qty("half of twenty", &size, 10);
    p.max_position_exposure = 0.3125;
    keel_size_entry(&p, st, &st->sym[0], e8(125), 0, KEEL_CONF_LOW, 0, 1, 0, &size);
    assert_qty("3125 in all, 2500 held", &size, 5);
}

/* The opening half of a reversal may spend what the closing half gives back. */
static void reversal(void **state) {
    (void)state;
    keel_params p = plain();
    p.allocation_pct = 1;
    keel_state *st = account();
    hold(st, 0, 1, 10000);
    keel_size size;
    keel_size_entry(&p, st, &st->sym[0], e8(100), 0, KEEL_CONF_HIGH, 0, 0, 0, &size);
    assert_qty("nothing is free", &size, 0);
    keel_size_entry(&p, st, &st->sym[0], e8(100), 0, KEEL_CONF_HIGH, 0, 0, e8(10000), &size);
    assert_qty("what comes back", &size, 100);
}

static void nothing_left(void **state) {
    (void)state;
    keel_params p = plain();
    keel_state *st = account();
    st->open_pnl_e8 = -e8(10000);
    keel_size size = size_at(&p, st, 100, KEEL_CONF_HIGH, 0);
    assert_qty("no equity", &size, 0);
    assert_int_equal(size.hold, KEEL_H_RISK);
}

/* [KRN-02.1] [KRN-02.3] A part is rounded down to the lot; a remainder below one lot goes with it. */
static void parts_of_a_position(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double qty, lot, fraction, want;
    } rows[] = {{"half", 10, 1, 0.5, 5},
                {"all", 10, 1, 1, 10},
                {"half of an odd number", 5, 1, 0.5, 2},
                {"remainder of exactly one lot", 5, 1, 0.75, 3},
                {"remainder below one lot", 10.5, 1, 0.9375, 9},
                {"a lot is all there is", 1, 1, 0.9375, 0},
                {"remainder below one lot goes too", 2.5, 1, 0.8125, 2.5},
                {"part below one lot", 3, 1, 0.25, 0},
                {"as fine as it gets", 3e-8, 1e-8, 0.5, 2e-8}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        keel_symbol s;
        memset(&s, 0, sizeof s);
        s.pos.side = 1;
        s.pos.qty_e8 = e8(rows[i].qty);
        s.rules.lot_e8 = e8(rows[i].lot);
        int64_t got = keel_size_close(&s, rows[i].fraction);
        if (got != e8(rows[i].want))
            fail_msg("%s: %lld, want %lld", rows[i].name, (long long)got, (long long)e8(rows[i].want));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_formula),
        cmocka_unit_test(volatility_factor),
        cmocka_unit_test(rounded_down_to_the_lot),
        cmocka_unit_test(smallest_notional),
        cmocka_unit_test(clamped_to_the_cash),
        cmocka_unit_test(what_is_sized_can_be_booked),
        cmocka_unit_test(clamped_to_the_exposure),
        cmocka_unit_test(a_notional_of_the_caller),
        cmocka_unit_test(adds),
        cmocka_unit_test(reversal),
        cmocka_unit_test(nothing_left),
        cmocka_unit_test(parts_of_a_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Equity from scratch, over an account with many positions: free cash, margin, open profit, cost to close
 * [KRN-08.2] [KRN-08.3]. The time of a call is printed; how fast is fast enough is a matter of the bench. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/step.h"

#define POSITIONS 50
#define COIN ((int64_t)100000000)
#define USD ((int64_t)100000000)
#define T0 ((int64_t)1700000000000)

static keel_state st;
static keel_params p;

static int32_t step(keel_event ev) {
    keel_decision d;
    ev.seq = st.last_seq + 1;
    ev.schema = KEEL_EVENT_SCHEMA;
    if (ev.ts_ms == 0) ev.ts_ms = T0;
    return keel_step(&st, &p, &ev, NULL, &d, NULL);
}

static int side_of(int i) { return i % 3 == 0 ? -1 : 1; }
static int64_t coins_of(int i) { return 1 + i % 7; }
static int64_t entry_of(int i) { return (100 + i) * USD; }

/* Whole coins at whole dollars, alternately long and short, leverage 2, fees of 5 bps: every product is a whole number
 * of units, so the figures below need no rounding of their own. */
static void open_positions(void) {
    keel_params_default(&p);
    p.leverage = 2.0;
    p.taker_fee_bps = 50000;
    p.maintenance_margin_pct = 0.0;
    keel_state_init(&st, POSITIONS);
    assert_int_equal(step((keel_event){.kind = KEEL_EV_DEPOSIT, .price_e8 = 100000 * USD}), KEEL_REFUSED_OK);
    for (int i = 0; i < POSITIONS; i++)
        assert_int_equal(step((keel_event){.kind = KEEL_EV_FILL,
                                           .symbol = i,
                                           .side = side_of(i),
                                           .qty_e8 = coins_of(i) * COIN,
                                           .price_e8 = entry_of(i),
                                           .last_of_order = 1}),
                         KEEL_REFUSED_OK);
    assert_int_equal(st.open_positions, POSITIONS);
}

static void move_to(int i, int64_t px) {
    assert_int_equal(step((keel_event){.kind = KEEL_EV_PRICE,
                                       .symbol = i,
                                       .ts_ms = T0 + 60000,
                                       .price_e8 = px,
                                       .open_e8 = px,
                                       .high_e8 = px,
                                       .low_e8 = px,
                                       .breadth = -1}),
                     KEEL_REFUSED_OK);
}

/* What the account is worth at prices px [POSITIONS], from the definition alone. */
static int64_t worth(const int64_t px[]) {
    int64_t equity = 100000 * USD;
    for (int i = 0; i < POSITIONS; i++) {
        equity -= coins_of(i) * entry_of(i) / 2000; /* paid to get in: 5 bps */
        equity += side_of(i) * coins_of(i) * (px[i] - entry_of(i));
        equity -= coins_of(i) * px[i] / 2000; /* to get out */
    }
    return equity;
}

static void equity_of_fifty_positions(void **state) {
    int64_t px[POSITIONS], full = 0;
    (void)state;
    open_positions();
    for (int i = 0; i < POSITIONS; i++)
        px[i] = entry_of(i);
    assert_int_equal(keel_state_equity_full(&st, p.taker_fee_bps, &full), 1);
    assert_int_equal(full, worth(px));
    for (int i = 0; i < POSITIONS; i++) {
        px[i] = (90 + 2 * i) * USD;
        move_to(i, px[i]);
        assert_int_equal(keel_state_equity_full(&st, p.taker_fee_bps, &full), 1);
        assert_int_equal(full, worth(px));
        assert_int_equal(full, keel_state_equity(&st));
    }
    assert_int_not_equal(full, 100000 * USD);
}

/* [KRN-08.2] Without a price the average entry stands in. */
static void a_missing_price_is_the_average(void **state) {
    int64_t with = 0, without = 0;
    (void)state;
    open_positions();
    assert_int_equal(keel_state_equity_full(&st, p.taker_fee_bps, &with), 1);
    for (int i = 0; i < POSITIONS; i++)
        st.sym[i].last_px_e8 = 0;
    assert_int_equal(keel_state_equity_full(&st, p.taker_fee_bps, &without), 1);
    assert_int_equal(without, with);
}

static void what_does_not_fit_is_said(void **state) {
    int64_t full = 42;
    (void)state;
    open_positions();
    st.sym[7].last_px_e8 = INT64_MAX;
    st.sym[7].pos.qty_e8 = 3 * COIN;
    assert_int_equal(keel_state_equity_full(&st, p.taker_fee_bps, &full), 0);
    assert_int_equal(full, 42);
    open_positions();
    st.acct.cash_e8 = INT64_MAX;
    assert_int_equal(keel_state_equity_full(&st, p.taker_fee_bps, &full), 0);
}

/* [KRN-08.3] */
static void time_of_a_call(void **state) {
    enum { CALLS = 2000 };
    int64_t full = 0, sum = 0;
    (void)state;
    open_positions();
    clock_t begun = clock();
    for (int i = 0; i < CALLS; i++) {
        st.sym[i % POSITIONS].last_px_e8 += USD; /* another answer each time, so that no call is spared */
        assert_int_equal(keel_state_equity_full(&st, p.taker_fee_bps, &full), 1);
        sum ^= full;
    }
    double us = (double)(clock() - begun) * 1e6 / CLOCKS_PER_SEC / CALLS;
    print_message("equity of %d positions: %.2f us a call (%d calls, %llx)\n", POSITIONS, us, CALLS,
                  (unsigned long long)sum);
    assert_int_not_equal(sum, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equity_of_fifty_positions),
        cmocka_unit_test(a_missing_price_is_the_average),
        cmocka_unit_test(what_does_not_fit_is_said),
        cmocka_unit_test(time_of_a_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

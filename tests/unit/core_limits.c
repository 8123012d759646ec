/* Each limit of risk that was asked says what it compared with what; saying so changes nothing. [LOG-05] [T-065] */
#include "core_world.h"

typedef struct limit {
    const char *name;
    void (*prepare)(world *w);
    int held; /* a long of 12.5 from 100 */
    int32_t signal;
    double px;
    int32_t rule, status;
    double value, threshold;
    int32_t hold; /* KEEL_NONE: an order is made */
} limit;

static void nothing(world *w) { (void)w; }
static void one_a_day(world *w) {
    w->p.max_trades_per_day = 1;
    w->st.day = T0 / 86400000;
    w->st.entries_today = 1;
}
static void one_position(world *w) {
    w->p.max_positions = 1;
    w->st.open_positions = 1;
}
static void entered_just_now(world *w) {
    w->p.entry_cooldown_s = 20;
    w->st.sym[0].last_entry_ms = w->ts_ms - 5000;
}
static void left_just_now(world *w) {
    w->p.exit_cooldown_s = 15;
    w->st.sym[0].last_exit_ms = w->ts_ms - 5000;
}
static void reverses_too_soon(world *w) {
    left_just_now(w);
    w->p.enable_reverse = 1;
}
static void may_add(world *w) {
    w->p.max_adds_per_position = 1;
    w->p.add_min_profit_atr = 1.0;
    w->st.sym[0].pos.entry_atr = ATR;
}
static void adds_too_soon(world *w) {
    may_add(w);
    w->p.add_cooldown_s = 7200;
}
static void small_exposure(world *w) { w->p.max_gross_exposure = 0.0625; }
static void small_position(world *w) { w->p.max_position_exposure = 0.0625; }
static void no_small_orders(world *w) { w->p.min_notional_usd = e8(2000); }
static void small_and_no_small_orders(world *w) {
    small_exposure(w);
    w->p.min_notional_usd = e8(1000);
}
static void sure(world *w) { w->p.entry_min_confidence = 3; }

static void each_limit_says_what_it_compared(void **state) {
    (void)state;
    static const limit ROWS[] = {
        {"confidence", nothing, 0, KEEL_BUY, 100, KEEL_RISK_ID_MIN_CONFIDENCE, KEEL_GATE_PASS, 2, 1, KEEL_NONE},
        {"too little", sure, 0, KEEL_BUY, 100, KEEL_RISK_ID_MIN_CONFIDENCE, KEEL_GATE_FAIL, 2, 3, KEEL_H_CONFIDENCE},
        {"no wait", nothing, 0, KEEL_BUY, 100, KEEL_RISK_ID_ENTRY_WAIT, KEEL_GATE_PASS, 0, 0, KEEL_NONE},
        {"wait", entered_just_now, 0, KEEL_BUY, 100, KEEL_RISK_ID_ENTRY_WAIT, KEEL_GATE_FAIL, 15000, 0,
         KEEL_H_COOLDOWN},
        {"any number a day", nothing, 0, KEEL_BUY, 100, KEEL_RISK_ID_DAY, KEEL_GATE_OFF, 0, 0, KEEL_NONE},
        {"second of the day", one_a_day, 0, KEEL_BUY, 100, KEEL_RISK_ID_DAY, KEEL_GATE_FAIL, 2, 1, KEEL_H_CAP},
        {"positions", nothing, 0, KEEL_BUY, 100, KEEL_RISK_ID_POSITIONS, KEEL_GATE_PASS, 1, 20, KEEL_NONE},
        {"one too many", one_position, 0, KEEL_BUY, 100, KEEL_RISK_ID_POSITIONS, KEEL_GATE_FAIL, 2, 1, KEEL_H_CAP},
        {"exposure", small_exposure, 0, KEEL_BUY, 100, KEEL_RISK_ID_EXPOSURE, KEEL_GATE_FAIL, 1250, 625, KEEL_NONE},
        {"position", small_position, 0, KEEL_BUY, 100, KEEL_RISK_ID_POSITION_EXPOSURE, KEEL_GATE_FAIL, 1250, 625,
         KEEL_NONE},
        {"no cap of one", nothing, 0, KEEL_BUY, 100, KEEL_RISK_ID_POSITION_EXPOSURE, KEEL_GATE_OFF, 0, 0, KEEL_NONE},
        {"too small", no_small_orders, 0, KEEL_BUY, 100, KEEL_RISK_ID_MIN_NOTIONAL, KEEL_GATE_FAIL, 1250, 2000,
         KEEL_H_CAP},
        {"made too small", small_and_no_small_orders, 0, KEEL_BUY, 100, KEEL_RISK_ID_MIN_NOTIONAL, KEEL_GATE_FAIL, 625,
         1000, KEEL_H_CAP},
        {"no adds", nothing, 1, KEEL_BUY, 100, KEEL_RISK_ID_ADDS, KEEL_GATE_FAIL, 1, 0, KEEL_H_NOT_ALLOWED},
        {"half the profit", may_add, 1, KEEL_BUY, 102, KEEL_RISK_ID_ADD_MIN_PROFIT, KEEL_GATE_FAIL, 0.5, 1,
         KEEL_H_NOT_ALLOWED},
        {"the profit", may_add, 1, KEEL_BUY, 104, KEEL_RISK_ID_ADD_MIN_PROFIT, KEEL_GATE_PASS, 1, 1, KEEL_NONE},
        {"add too soon", adds_too_soon, 1, KEEL_BUY, 104, KEEL_RISK_ID_ADD_WAIT, KEEL_GATE_FAIL, 3600000, 0,
         KEEL_H_COOLDOWN},
        {"exit too soon", left_just_now, 1, KEEL_CLOSE, 100, KEEL_RISK_ID_EXIT_WAIT, KEEL_GATE_FAIL, 10000, 0,
         KEEL_H_COOLDOWN},
        {"reverse too soon", reverses_too_soon, 1, KEEL_SELL, 100, KEEL_RISK_ID_EXIT_WAIT, KEEL_GATE_FAIL, 10000, 0,
         KEEL_H_COOLDOWN},
        {"exit", nothing, 1, KEEL_CLOSE, 100, KEEL_RISK_ID_EXIT_WAIT, KEEL_GATE_PASS, 0, 0, KEEL_NONE},
    };
    static keel_state before;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const limit *r = &ROWS[i];
        world *w = r->held ? holding(1) : fresh();
        keel_decision silent;
        r->prepare(w);
        before = w->st;
        assert_int_equal(signal_at(w, r->signal, r->px), KEEL_REFUSED_OK);
        const keel_gate_result *x = &w->diag.risk[r->rule];
        if (x->status != r->status || x->value != r->value || x->threshold != r->threshold)
            fail_msg("%s: %d, %.17g of %.17g", r->name, x->status, x->value, x->threshold);
        assert_reason(r->name, 1, w->diag.hold_reason, r->hold);
        assert_int_equal(w->d.command_count, r->hold == KEEL_NONE);
        keel_event ev = priced(KEEL_EV_SIGNAL, r->px);
        ev.signal = r->signal;
        ev.seq = w->seq;
        ev.ts_ms = w->ts_ms;
        ev.schema = KEEL_EVENT_SCHEMA;
        assert_int_equal(keel_step(&before, &w->p, &ev, NULL, &silent, NULL), KEEL_REFUSED_OK);
        if (keel_state_hash(&before) != keel_state_hash(&w->st)) fail_msg("%s: telling changed the state", r->name);
    }
}

/* What cash carries: all of it for an order without costs, and nothing is asked where there is no equity. */
static void cash_and_equity(void **state) {
    (void)state;
    world *w = fresh();
    w->p.slippage_bps = 0;
    w->p.leverage = 2.0;
    assert_int_equal(signal_at(w, KEEL_BUY, 100), KEEL_REFUSED_OK);
    assert_true(w->diag.risk[KEEL_RISK_ID_CASH].status == KEEL_GATE_PASS);
    assert_true(w->diag.risk[KEEL_RISK_ID_CASH].value == 2500.0 &&
                w->diag.risk[KEEL_RISK_ID_CASH].threshold == 20000.0);
    w = fresh();
    w->st.acct.cash_e8 = 0;
    assert_int_equal(signal_at(w, KEEL_BUY, 100), KEEL_REFUSED_OK);
    assert_reason("no equity", 1, w->diag.hold_reason, KEEL_H_RISK);
    assert_int_equal(w->diag.risk[KEEL_RISK_ID_CASH].status, KEEL_GATE_OFF);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_limit_says_what_it_compared),
        cmocka_unit_test(cash_and_equity),
    };
    return cmocka_run_group_tests_name("core_limits", tests, NULL, NULL);
}

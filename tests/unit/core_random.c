/* A market without sense: hundreds of thousands of random events, many of them wrong, under random parameters. After
 * each one the invariants of the state must hold. A failure prints seed and step.
 *   books balance; equity recomputed equals the running value [KRN-08.2] [T-020]; what came in, what every ended trade
 *   made and what the open positions carry is all there is; counters agree with what they count; a refused event leaves
 *   every byte as it was [KRN-01.5]; the same seed gives the same hash [KRN-01.2]. */
#include "core_fixture.h"

#define SYMBOLS 4
#define EVENTS 20000
#define SEEDS 12

typedef struct run {
    keel_state st, before;
    keel_params p;
    keel_decision d;
    keel_diag diag;
    uint64_t rng, seq, next_fill;
    int64_t ts_ms, capital_e8, ended_e8;
    double px[SYMBOLS];
    int seed, step;
    int refused, fills, trades, reversals, partials;
} run;

static run the_run;

static uint64_t draw(run *r) { /* xorshift64*, Vigna 2016 */
    r->rng ^= r->rng >> 12;
    r->rng ^= r->rng << 25;
    r->rng ^= r->rng >> 27;
    return r->rng * 0x2545f4914f6cdd1dULL;
}

static int below(run *r, int n) { return (int)((draw(r) >> 33) % (uint64_t)n); }
static double uniform(run *r) { return (double)(draw(r) >> 11) / 9007199254740992.0; }
static int chance(run *r, double p) { return uniform(r) < p; }

static void random_params(run *r) {
    keel_params_default(&r->p);
    for (int i = 0; i < KEEL_PARAM_COUNT; i++) {
        int32_t on = keel_params_get(&r->p, i) == 0.0;
        if (chance(r, 0.1)) (void)keel_params_set(&r->p, i, on ? 1.0 : 0.0);
    }
    (void)keel_strategy_select(&r->p, below(r, KEEL_STRATEGY_COUNT));
    r->p.maintenance_margin_pct = 0.005 * below(r, 3);
    r->p.leverage = 0.5 * (1 + below(r, 20));
    r->p.max_adds_per_position = below(r, 4);
    r->p.enable_reverse = below(r, 2);
    r->p.entry_cooldown_s = r->p.exit_cooldown_s = below(r, 2) * 30;
    r->p.reentry_minutes = below(r, 2);
    r->p.loss_streak = below(r, 4);
    r->p.allocation_pct = 0.02 + 0.3 * uniform(r);
}

static keel_snapshot random_snapshot(run *r, double px) {
    keel_snapshot s;
    memset(&s, 0, sizeof s);
    for (int i = 0; i < KEEL_SLOT_MAX; i++) {
        if (chance(r, 0.05)) continue;
        s.ready |= (uint64_t)1 << i;
        s.v[i] = 100 * uniform(r);
        if (i <= KEEL_SLOT_OPEN || (i >= KEEL_SLOT_EMA_FAST && i <= KEEL_SLOT_PREV_CLOSE))
            s.v[i] = px * (0.98 + 0.04 * uniform(r));
        if (i == KEEL_SLOT_EMA_SLOPE) s.v[i] = 0.002 * (uniform(r) - 0.5);
        if (i == KEEL_SLOT_ATR || i == KEEL_SLOT_ATR_SMA) s.v[i] = px * 0.02 * (0.5 + uniform(r));
        if (i == KEEL_SLOT_BB_WIDTH_RATIO) s.v[i] = 0.5 + uniform(r);
    }
    return s;
}

static void random_range(run *r, keel_event *ev) {
    double *px = &r->px[ev->symbol];
    double open = *px * (1 + 0.01 * (uniform(r) - 0.5)), last = open * (1 + 0.03 * (uniform(r) - 0.5));
    if (chance(r, 0.002)) last *= chance(r, 0.5) ? 0.6 : 1.6;
    if (last < 1) last = 50 + 100 * uniform(r);
    double high = (open > last ? open : last) * (1 + 0.01 * uniform(r));
    double low = (open < last ? open : last) * (1 - 0.01 * uniform(r));
    *px = last;
    ev->open_e8 = e8(open);
    ev->high_e8 = e8(high);
    ev->low_e8 = e8(low);
    ev->price_e8 = e8(last);
    ev->btc_bullish = below(r, 3);
    ev->regime_gate = below(r, 3);
    ev->breadth = uniform(r) * 1.2 - 0.1;
}

/* The venue answers the order in flight: all or a part of it, or it refuses. */
static void random_answer(run *r, keel_event *ev) {
    const keel_pending *order = &r->st.sym[ev->symbol].pending;
    ev->order_id = order->id;
    if (chance(r, 0.05)) {
        ev->kind = KEEL_EV_REJECT;
        return;
    }
    ev->kind = KEEL_EV_FILL;
    ev->side = order->side;
    ev->qty_e8 = chance(r, 0.7) ? order->qty_e8 : (int64_t)((double)order->qty_e8 * uniform(r)) + 1;
    if (ev->qty_e8 > order->qty_e8) ev->qty_e8 = order->qty_e8;
    ev->last_of_order = ev->qty_e8 == order->qty_e8 || chance(r, 0.3);
    ev->price_e8 = e8(r->px[ev->symbol] * (1 + 0.002 * (uniform(r) - 0.5)));
    ev->ref_px_e8 = chance(r, 0.5) ? e8(r->px[ev->symbol]) : 0;
    ev->fee_role = below(r, 2);
    ev->fill_id = chance(r, 0.1) && r->next_fill > 1 ? r->next_fill - 1 : r->next_fill++;
}

static void spoil(run *r, keel_event *ev) {
    switch (below(r, 7)) {
        case 0: ev->symbol = chance(r, 0.5) ? -1 : SYMBOLS; break;
        case 1: ev->price_e8 = 0; break;
        case 2: /* of what comes from the market; a venue's own times may lag behind it */
            if (ev->kind <= KEEL_EV_SIGNAL) ev->ts_ms -= 1000000;
            break;
        case 3: ev->kind = below(r, 20) - 5; break;
        case 4: ev->schema = below(r, 4); break;
        case 5: ev->low_e8 = ev->high_e8 + 1; break;
        default: ev->seq -= 1 + (uint64_t)below(r, 3); break;
    }
}

static keel_event random_event(run *r) {
    keel_event ev = {.seq = ++r->seq, .schema = KEEL_EVENT_SCHEMA, .symbol = below(r, SYMBOLS)};
    r->ts_ms += chance(r, 0.3) ? 0 : (int64_t)(1000 * (1 + below(r, 600)));
    ev.ts_ms = r->ts_ms;
    if (r->st.sym[ev.symbol].pending.kind != 0 && chance(r, 0.7)) {
        random_answer(r, &ev);
    } else {
        static const int32_t kinds[] = {KEEL_EV_PRICE,  KEEL_EV_PRICE,  KEEL_EV_BAR_CLOSE, KEEL_EV_BAR_CLOSE,
                                        KEEL_EV_SIGNAL, KEEL_EV_SIGNAL, KEEL_EV_FUNDING,   KEEL_EV_BORROW};
        ev.kind = kinds[below(r, 8)];
        random_range(r, &ev);
        ev.signal = below(r, 5);
        if (ev.signal >= KEEL_CLOSE) ev.close_fraction = chance(r, 0.3) ? 1.0 : uniform(r);
        if (ev.kind == KEEL_EV_FUNDING) ev.rate_e16 = (int64_t)(1e13 * (uniform(r) - 0.4));
        if (ev.kind == KEEL_EV_BORROW) ev.rate_e16 = (int64_t)(1e11 * uniform(r));
    }
    if (chance(r, 0.03)) spoil(r, &ev);
    return ev;
}

static void check(const run *r, int holds, const char *what) {
    if (!holds) fail_msg("seed %d, step %d: %s", r->seed, r->step, what);
}

static void check_counters(const run *r) {
    int open = 0, opens = 0;
    for (int i = 0; i < SYMBOLS; i++) {
        const keel_symbol *s = &r->st.sym[i];
        open += s->pos.side != 0;
        opens += s->pending.kind == KEEL_CMD_OPEN;
        check(r, (s->pos.side == 0) == (s->pos.qty_e8 == 0) && s->pos.qty_e8 >= 0, "side without quantity");
        check(r, s->pos.basis_e8 >= 0 && s->pos.margin_e8 >= 0, "negative cost");
        check(r, s->pos.mae_e8 <= 0 && s->pos.mfe_e8 >= 0, "excursions on the wrong side of zero");
        if (s->pos.side == 0) check(r, s->pos.entry_px == 0.0 && s->pos.stop_e8 == 0, "a flat position remembers");
    }
    check(r, r->st.open_positions == open, "open positions miscounted");
    check(r, r->st.pending_opens == opens, "orders in flight miscounted");
}

static void check_money(const run *r) {
    const keel_account *a = &r->st.acct;
    int64_t equity = 0, margin = 0, basis = 0, carried = 0;
    check(r, keel_ledger_balanced(a), "books do not balance");
    check(r, keel_state_equity_full(&r->st, r->p.taker_fee_bps, &equity), "equity overflows");
    check(r, equity == keel_state_equity(&r->st), "equity recomputed differs from the running value");
    for (int i = 0; i < SYMBOLS; i++) {
        const keel_position *pos = &r->st.sym[i].pos;
        margin += pos->margin_e8;
        basis += pos->side * pos->basis_e8;
        carried += pos->realised_e8 - pos->fees_e8 - pos->funding_e8;
    }
    check(r, margin == a->margin_e8 && basis == a->basis_e8, "positions and totals differ");
    check(r, a->cash_e8 + a->margin_e8 == r->capital_e8 + r->ended_e8 + carried, "money came from nowhere");
}

static void one_step(run *r) {
    keel_event ev = random_event(r);
    double mid = ev.symbol >= 0 && ev.symbol < SYMBOLS ? r->px[ev.symbol] : 1.0;
    keel_snapshot snap = random_snapshot(r, mid);
    int told = ev.kind == KEEL_EV_BAR_CLOSE && chance(r, 0.9);
    r->before = r->st;
    int32_t refused = keel_step(&r->st, &r->p, &ev, told ? &snap : NULL, &r->d, chance(r, 0.5) ? &r->diag : NULL);
    check(r, r->st.fault == 0, "fault");
    if (refused != KEEL_REFUSED_OK) {
        r->refused++;
        check(r, memcmp(&r->st, &r->before, sizeof r->st) == 0, "a refused event changed the state");
        check(r, r->d.command_count + r->d.posting_count + r->d.trade_count == 0, "a refused event decided something");
    }
    r->seq = r->st.last_seq > r->seq ? r->st.last_seq : r->seq;
    if (refused == KEEL_REFUSED_OK && ev.kind == KEEL_EV_FILL) r->fills++;
    if (refused == KEEL_REFUSED_OK && ev.kind == KEEL_EV_DEPOSIT) r->capital_e8 += ev.price_e8;
    if (r->d.command_count) {
        const keel_command *c = &r->d.command[0];
        r->reversals += c->kind == KEEL_CMD_REVERSE;
        r->partials += c->kind == KEEL_CMD_PARTIAL_CLOSE;
        check(r, c->qty_e8 > 0 && (c->side == 1 || c->side == -1), "a command without quantity or side");
    }
    if (r->d.trade_count) {
        const keel_trade *t = &r->d.trade;
        r->trades++;
        r->ended_e8 += t->pnl_e8;
        check(r, t->pnl_e8 == t->price_pnl_e8 - t->fees_e8 - t->funding_e8 - t->slippage_e8, "trade does not add up");
        check(r, t->qty_e8 > 0 && t->exit_ts_ms >= t->entry_ts_ms, "trade without quantity or time");
    }
    check_counters(r);
    check_money(r);
}

static uint64_t play(run *r, int seed) {
    memset(r, 0, sizeof *r);
    r->seed = seed;
    r->rng = 0x9e3779b97f4a7c15UL * (uint64_t)(seed + 1);
    r->next_fill = 1;
    r->ts_ms = 1700000000000;
    r->capital_e8 = e8(100000);
    random_params(r);
    keel_state_init(&r->st, SYMBOLS);
    keel_event deposit = {.seq = ++r->seq,
                          .ts_ms = r->ts_ms,
                          .schema = KEEL_EVENT_SCHEMA,
                          .kind = KEEL_EV_DEPOSIT,
                          .price_e8 = r->capital_e8};
    assert_int_equal(keel_step(&r->st, &r->p, &deposit, NULL, &r->d, NULL), KEEL_REFUSED_OK);
    for (int i = 0; i < SYMBOLS; i++) {
        r->px[i] = 20 + 1000 * uniform(r);
        r->st.sym[i].rules.lot_e8 = i % 2 ? e8(0.001) : 1;
    }
    for (r->step = 0; r->step < EVENTS; r->step++)
        one_step(r);
    return keel_state_hash(&r->st);
}

static void invariants_hold_in_a_senseless_market(void **state) {
    (void)state;
    int refused = 0, fills = 0, trades = 0, reversals = 0, partials = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
        (void)play(&the_run, seed);
        refused += the_run.refused;
        fills += the_run.fills;
        trades += the_run.trades;
        reversals += the_run.reversals;
        partials += the_run.partials;
    }
    print_message("%d refused, %d fills, %d trades, %d reversals, %d partial closes\n", refused, fills, trades,
                  reversals, partials);
    assert_true(refused > 1000 && fills > 10000 && trades > 2000 && reversals > 100 && partials > 500);
}

static void equal_seeds_give_equal_hashes(void **state) {
    (void)state;
    uint64_t first = play(&the_run, 3);
    assert_true(play(&the_run, 3) == first);
    assert_true(play(&the_run, 4) != first);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invariants_hold_in_a_senseless_market),
        cmocka_unit_test(equal_seeds_give_equal_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

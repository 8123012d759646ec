/* lane/kat.c: see kat.h. */
#include "lane/kat.h"

#include "num/int.h"

/* SplitMix64 (Steele, Lea, Flood, 2014): the bars need scatter, not quality. */
KEEL_LOCAL uint64_t keel_kat_next(uint64_t *s) {
    *s += 0x9e3779b97f4a7c15UL;
    uint64_t z = *s;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9UL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebUL;
    return z ^ (z >> 31);
}

/* One detail bar: a drifting walk in integers; the drift turns every 400 pieces so that trends exist. */
KEEL_LOCAL int64_t keel_kat_move(uint64_t *s, int64_t px, int64_t at) {
    int64_t scatter = (int64_t)(keel_kat_next(s) % 801u) - 400; /* 1e-5 of the price */
    int64_t drift = (at / 400) % 2 == 0 ? 60 : -55;
    int64_t step = px / 100000 * (scatter + drift);
    return px + step > 1000000 ? px + step : px;
}

KEEL_LOCAL void keel_kat_bars(uint64_t seed, int32_t symbol, KEEL_GLOBAL int64_t *o, KEEL_GLOBAL double *v) {
    int64_t n = KEEL_KAT_BARS, m = KEEL_KAT_BARS * KEEL_KAT_RATIO;
    KEEL_GLOBAL int64_t *h = o + n, *l = h + n, *c = l + n;
    KEEL_GLOBAL int64_t *dopen = c + n, *dh = dopen + m, *dl = dh + m, *dc = dl + m;
    uint64_t s = seed * 2u + (uint64_t)symbol;
    int64_t px = symbol == 0 ? 4000000000000 : 250000000000;
    for (int64_t k = 0; k < n; k++) {
        int32_t missing = k % 311 == 310 || (k > 900 && k < 908);
        o[k] = 0;
        h[k] = 0;
        l[k] = 0;
        c[k] = 0;
        v[k] = 0.0;
        for (int32_t j = 0; j < KEEL_KAT_RATIO; j++) {
            int64_t at = k * KEEL_KAT_RATIO + j;
            int64_t open = px, close = keel_kat_move(&s, px, at);
            int64_t high = open > close ? open : close, low = open < close ? open : close;
            high += high / 100000 * (int64_t)(keel_kat_next(&s) % 120u);
            low -= low / 100000 * (int64_t)(keel_kat_next(&s) % 120u);
            px = close;
            dopen[at] = open;
            dh[at] = high;
            dl[at] = low;
            dc[at] = missing ? 0 : close;
            v[n + at] = at % 97 == 0 ? 0.0 : (double)(keel_kat_next(&s) % 100000u) / 64.0;
            if (missing) continue;
            if (j == 0) {
                o[k] = open;
                h[k] = high;
                l[k] = low;
            }
            if (high > h[k]) h[k] = high;
            if (low < l[k]) l[k] = low;
            c[k] = close;
            v[k] += v[n + at];
        }
    }
}

KEEL_FN void keel_kat_tape(uint64_t seed, KEEL_GLOBAL int64_t *ints, KEEL_GLOBAL double *doubles, keel_tape *tape) {
    int64_t n = KEEL_KAT_BARS, m = KEEL_KAT_BARS * KEEL_KAT_RATIO;
    tape->start_ms = 1700006400000;
    tape->interval_ms = 3600000;
    tape->bars = n;
    tape->trade_from = 100;
    tape->ratio = KEEL_KAT_RATIO;
    tape->symbol_count = KEEL_KAT_SYMBOLS;
    tape->sleeve_count = 1;
    tape->btc[0] = 0;
    tape->reserved = 0;
    for (int32_t i = 1; i < KEEL_SLEEVES_MAX; i++)
        tape->btc[i] = -1;
    for (int32_t i = 0; i < KEEL_KAT_SYMBOLS; i++) {
        KEEL_GLOBAL int64_t *x = ints + i * (KEEL_KAT_INTS / KEEL_KAT_SYMBOLS);
        KEEL_GLOBAL double *v = doubles + i * (KEEL_KAT_DOUBLES / KEEL_KAT_SYMBOLS);
        KEEL_GLOBAL int64_t *f = x + 4 * (n + m);
        keel_tape_symbol *s = &tape->sym[i];
        keel_kat_bars(seed, i, x, v);
        for (int64_t k = 0; k < KEEL_KAT_FUNDINGS; k++) {
            f[k] = tape->start_ms + k * 8 * tape->interval_ms;
            f[KEEL_KAT_FUNDINGS + k] = (k % 5 - 1) * 1000000000000; /* -1e-4 .. 3e-4 */
        }
        s->open_e8 = x;
        s->high_e8 = x + n;
        s->low_e8 = x + 2 * n;
        s->close_e8 = x + 3 * n;
        s->volume = v;
        s->detail_open_e8 = x + 4 * n;
        s->detail_high_e8 = x + 4 * n + m;
        s->detail_low_e8 = x + 4 * n + 2 * m;
        s->detail_close_e8 = x + 4 * n + 3 * m;
        s->detail_volume = v + n;
        s->funding_ts_ms = f;
        s->funding_rate_e16 = f + KEEL_KAT_FUNDINGS;
        s->funding_count = KEEL_KAT_FUNDINGS;
        for (int32_t level = 0; level < KEEL_TAPE_EXTREMES; level++)
            s->extremes[level] = (KEEL_GLOBAL const int64_t *)0;
        s->early = (KEEL_GLOBAL const int64_t *)0;
        s->watch_only = 0;
        s->sleeve = 0;
    }
}

KEEL_FN int32_t keel_kat_params(int32_t strategy, keel_params *p) {
    keel_params_default(p);
    if (!keel_strategy_select(p, strategy)) return 0;
    p->slippage_bps = 20000;           /* 2 bps */
    p->gate_breadth = p->gate_ranging; /* the strategy with gates meets all of them */
    return 1;
}

KEEL_FN void keel_kat_rules(int32_t symbol, keel_instrument *rules) {
    rules->lot_e8 = symbol == 0 ? 1 : 100000;
    rules->tick_e8 = symbol == 0 ? 1 : 1000000;
    rules->min_notional_e8 = 0;
    rules->market = KEEL_PERP;
    rules->is_btc = symbol == 0;
}

KEEL_FN void keel_kat_run(int32_t strategy, uint64_t seed, KEEL_GLOBAL int64_t *ints, KEEL_GLOBAL double *doubles,
                          keel_signal_set *sets, keel_snapshot *snaps, keel_lane *lane, keel_state *st,
                          keel_kat_answer *ret) {
    keel_params p;
    keel_tape tape;
    keel_signal_list list;
    keel_lane_out out;
    ret->state_hash = 0;
    ret->trades = 0;
    ret->final_e8 = 0;
    ret->reserved = 0;
    if (!keel_kat_params(strategy, &p)) return;
    keel_kat_tape(seed, ints, doubles, &tape);
    keel_strategy_signals(&p, &list);
    for (int32_t i = 0; i < KEEL_KAT_SYMBOLS; i++) {
        if (list.overflow || keel_signal_set_init(&sets[i], list.spec, list.n) != KEEL_SIGNAL_OK) return;
        snaps[i].ready = 0;
    }
    if (keel_lane_init(lane, st, &p, &tape, KEEL_KAT_CAPITAL_E8, 1) != KEEL_REFUSED_OK) return;
    for (int32_t i = 0; i < KEEL_KAT_SYMBOLS; i++)
        keel_kat_rules(i, &st->sym[i].rules);
    out.trades = (KEEL_GLOBAL keel_trade *)0;
    out.equity_ts_ms = (KEEL_GLOBAL int64_t *)0;
    out.equity_e8 = (KEEL_GLOBAL int64_t *)0;
    out.trade_cap = 0;
    out.trade_count = 0;
    out.equity_cap = 0;
    out.equity_count = 0;
    out.decisions = (KEEL_GLOBAL keel_lane_decision *)0;
    out.decision_cap = 0;
    out.decision_count = 0;
    if (keel_lane_advance(lane, st, &p, &tape, sets, snaps, (const keel_window *)0, &out) != KEEL_LANE_DONE) return;
    ret->state_hash = keel_state_hash(st);
    ret->trades = lane->tally.trades;
    ret->final_e8 = lane->equity_e8;
}

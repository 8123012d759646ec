/* lane_fixture.h: small markets for the tests of whole runs: a tape that a test writes bar by bar, one configuration,
 * one run, and what came out.
 *
 * A market begins with WARM calm bars (100, between 98 and 102: a true range of 4). The last of them is the first bar
 * that may decide, so an entry decided at its close fills at the open of bar WARM. */
#ifndef KEEL_TESTS_LANE_FIXTURE_H
#define KEEL_TESTS_LANE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/strategy/strategy.h"
#include "lane/lane.h"

#define WARM 20
#define HOUR_MS ((int64_t)3600000)
#define START_MS ((int64_t)1700006400000) /* midnight UTC */
#define YEAR_S 31536000
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

typedef struct candle {
    double open, high, low, close, volume;
} candle;

#define CALM ((candle){100, 102, 98, 100, 1000})
#define MISSING ((candle){0, 0, 0, 0, 0})

typedef struct market {
    keel_tape tape;
    keel_params p;
    keel_params rows[1 + KEEL_REGIME_COUNT]; /* with by_regime: p, then what holds by label */
    int32_t by_regime;
    keel_instrument rules[4];
    int64_t capital_e8;
    int keep_open;
    int64_t trade_cap, equity_cap; /* of the buffers handed to the lane; 0 = ample */
    /* results */
    keel_lane *lane;
    keel_state *st;
    keel_signal_set *sets;
    keel_snapshot *snaps;
    keel_trade *trades;
    int64_t trade_count;
    int64_t *equity_ts_ms, *equity_e8;
    int64_t equity_count;
    int status; /* KEEL_LANE_DONE or KEEL_LANE_FAULT */
} market;

static inline int64_t e8(double x) { return (int64_t)(x * 1e8 + (x < 0.0 ? -0.5 : 0.5)); }

static inline void *room(int64_t n, size_t size) {
    void *p = calloc((size_t)(n > 0 ? n : 1), size);
    if (!p) fail_msg("out of memory");
    return p;
}

/* The tape promises not to write; the test that owns the columns may. */
static inline int64_t *column(const int64_t *c) { return (int64_t *)(uintptr_t)c; }
static inline double *column_f64(const double *c) { return (double *)(uintptr_t)c; }

static inline void put(market *m, int symbol, int64_t k, candle c) {
    keel_tape_symbol *s = &m->tape.sym[symbol];
    column(s->open_e8)[k] = e8(c.open);
    column(s->high_e8)[k] = e8(c.high);
    column(s->low_e8)[k] = e8(c.low);
    column(s->close_e8)[k] = e8(c.close);
    column_f64(s->volume)[k] = c.volume;
}

/* Piece j of bar k. */
static inline void put_detail(market *m, int symbol, int64_t k, int j, candle c) {
    keel_tape_symbol *s = &m->tape.sym[symbol];
    int64_t at = k * m->tape.ratio + j;
    column(s->detail_open_e8)[at] = e8(c.open);
    column(s->detail_high_e8)[at] = e8(c.high);
    column(s->detail_low_e8)[at] = e8(c.low);
    column(s->detail_close_e8)[at] = e8(c.close);
    column_f64(s->detail_volume)[at] = c.volume;
}

static inline void put_funding(market *m, int symbol, int64_t ts_ms, int64_t rate_e16) {
    keel_tape_symbol *s = &m->tape.sym[symbol];
    assert_true(s->funding_count < 4096);
    column(s->funding_ts_ms)[s->funding_count] = ts_ms;
    column(s->funding_rate_e16)[s->funding_count] = rate_e16;
    s->funding_count++;
}

static inline int64_t bar_ms(int64_t k) { return START_MS + k * HOUR_MS; }

static inline void columns_new(const keel_tape *t, keel_tape_symbol *s) {
    int64_t n = t->bars, d = t->ratio > 1 ? n * t->ratio : 0;
    s->open_e8 = room(n, sizeof(int64_t));
    s->high_e8 = room(n, sizeof(int64_t));
    s->low_e8 = room(n, sizeof(int64_t));
    s->close_e8 = room(n, sizeof(int64_t));
    s->volume = room(n, sizeof(double));
    s->funding_ts_ms = room(4096, sizeof(int64_t));
    s->funding_rate_e16 = room(4096, sizeof(int64_t));
    if (d == 0) return;
    s->detail_open_e8 = room(d, sizeof(int64_t));
    s->detail_high_e8 = room(d, sizeof(int64_t));
    s->detail_low_e8 = room(d, sizeof(int64_t));
    s->detail_close_e8 = room(d, sizeof(int64_t));
    s->detail_volume = room(d, sizeof(double));
}

/* `bars` calm bars for each symbol, ratio pieces each; 10000 USD; costs zero. The strategy is set afterwards. */
static inline market *market_new(int symbols, int64_t bars, int ratio) {
    market *m = room(1, sizeof *m);
    m->tape.start_ms = START_MS;
    m->tape.interval_ms = HOUR_MS;
    m->tape.bars = bars;
    m->tape.trade_from = WARM - 1;
    m->tape.ratio = ratio;
    m->tape.symbol_count = symbols;
    m->tape.sleeve_count = 1;
    for (int i = 0; i < KEEL_SLEEVES_MAX; i++)
        m->tape.btc[i] = -1;
    m->capital_e8 = e8(10000);
    for (int i = 0; i < symbols; i++) {
        m->rules[i] = (keel_instrument){.lot_e8 = 1, .tick_e8 = 1, .market = KEEL_PERP};
        columns_new(&m->tape, &m->tape.sym[i]);
        for (int64_t k = 0; k < bars; k++) {
            put(m, i, k, CALM);
            for (int j = 0; ratio > 1 && j < ratio; j++)
                put_detail(m, i, k, j, CALM);
        }
    }
    return m;
}

static inline void results_free(market *m) {
    free(m->lane);
    free(m->st);
    free(m->sets);
    free(m->snaps);
    free(m->trades);
    free(m->equity_ts_ms);
    free(m->equity_e8);
    m->trade_count = m->equity_count = 0;
}

static inline void market_free(market *m) {
    for (int i = 0; i < m->tape.symbol_count; i++) {
        const keel_tape_symbol *s = &m->tape.sym[i];
        const int64_t *const columns[] = {s->open_e8,        s->high_e8,         s->low_e8,        s->close_e8,
                                          s->detail_open_e8, s->detail_high_e8,  s->detail_low_e8, s->detail_close_e8,
                                          s->funding_ts_ms,  s->funding_rate_e16};
        for (size_t c = 0; c < COUNT(columns); c++)
            free(column(columns[c]));
        free(column_f64(s->volume));
        free(column_f64(s->detail_volume));
    }
    results_free(m);
    free(m);
}

/* Places in the tables of the strategies' own parameters. */
enum { CARRY_MIN_RATE_BPS = 0, MOMENTUM_LOOKBACK = 0 };

/* A strategy with its presets, no costs, a tenth of equity as margin, ten coins at 100. */
static inline void use(market *m, int32_t strategy) {
    keel_params_default(&m->p);
    assert_int_equal(keel_strategy_select(&m->p, strategy), 1);
    m->p.taker_fee_bps = 0;
    m->p.maker_fee_bps = 0;
    m->p.slippage_bps = 0;
    m->p.allocation_pct = 0.1;
    m->p.maintenance_margin_pct = 0;
}

/* Enters on `side` at the close of the decision bar and never again: carry with a settled rate of one unit at 1e-16,
 * which moves no money. */
static inline void use_one_entry(market *m, int side) {
    use(m, KEEL_STRATEGY_CARRY);
    assert_int_equal(keel_strategy_set(&m->p, CARRY_MIN_RATE_BPS, 0), 1);
    m->p.funding_max_age_h = 1000;
    m->p.entry_cooldown_s = YEAR_S;
    for (int i = 0; i < m->tape.symbol_count; i++)
        put_funding(m, i, START_MS, side > 0 ? -1 : 1);
}

/* The same by momentum over one bar, so that funding is free: closes must not change afterwards. */
static inline void use_one_entry_by_momentum(market *m, int side) {
    use(m, KEEL_STRATEGY_MOMENTUM);
    assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 1), 1);
    for (int i = 0; i < m->tape.symbol_count; i++) {
        candle before = CALM;
        before.close = side > 0 ? 99 : 101;
        put(m, i, WARM - 2, before);
    }
}

/* What the lane is given. */
static inline const keel_params *given(const market *m) { return m->by_regime ? m->rows : &m->p; }

static inline void begin(market *m) {
    int32_t n = m->tape.symbol_count;
    keel_signal_list list;
    results_free(m);
    m->lane = room(1, sizeof *m->lane);
    m->st = room(1, sizeof *m->st);
    m->sets = room(n, sizeof *m->sets);
    m->snaps = room(n, sizeof *m->snaps);
    m->trades = room(20000, sizeof *m->trades);
    m->equity_ts_ms = room(m->tape.bars + 1, sizeof(int64_t));
    m->equity_e8 = room(m->tape.bars + 1, sizeof(int64_t));
    keel_strategy_signals(&m->p, &list);
    assert_int_equal(list.overflow, 0);
    for (int32_t i = 0; i < n; i++)
        assert_int_equal(keel_signal_set_init(&m->sets[i], list.spec, list.n), KEEL_SIGNAL_OK);
    assert_int_equal(keel_lane_init(m->lane, m->st, given(m), &m->tape, m->capital_e8, !m->keep_open), KEEL_REFUSED_OK);
    m->lane->by_regime = m->by_regime;
    for (int32_t i = 0; i < n; i++)
        m->st->sym[i].rules = m->rules[i];
}

/* One call of the lane, its buffers emptied behind what is already there. */
static inline int advance(market *m) {
    keel_lane_out out;
    memset(&out, 0, sizeof out);
    out.trade_cap = m->trade_cap > 0 ? m->trade_cap : 20000 - m->trade_count;
    out.equity_cap = m->equity_cap > 0 ? m->equity_cap : m->tape.bars + 1 - m->equity_count;
    out.trades = m->trades + m->trade_count;
    out.equity_ts_ms = m->equity_ts_ms + m->equity_count;
    out.equity_e8 = m->equity_e8 + m->equity_count;
    int status = keel_lane_advance(m->lane, m->st, given(m), &m->tape, m->sets, m->snaps, NULL, &out);
    m->trade_count += out.trade_count;
    m->equity_count += out.equity_count;
    assert_true(m->trade_count <= 20000 && m->equity_count <= m->tape.bars + 1);
    return status;
}

static inline void run(market *m) {
    begin(m);
    do
        m->status = advance(m);
    while (m->status == KEEL_LANE_DRAIN);
}

/* run() of something that must not fault. */
static inline void run_well(market *m) {
    run(m);
    if (m->status != KEEL_LANE_DONE) fail_msg("bar %d: refused with code %d", (int)m->lane->bar, (int)m->lane->fault);
}

static inline const char *reason_name(int reason) {
    switch (reason) {
#define REASON_CASE(name, number, sentence) \
    case number: return #name;
        KEEL_REASONS(REASON_CASE)
#undef REASON_CASE
        default: return "no reason at all";
    }
}

static inline void assert_e8(const char *what, int64_t got_e8, double want) {
    if (got_e8 != e8(want)) fail_msg("%s: %.8f, want %.8f", what, (double)got_e8 / 1e8, want);
}

static inline void assert_trades(const char *what, const market *m, int64_t want) {
    if (m->trade_count != want) fail_msg("%s: %d trades, want %d", what, (int)m->trade_count, (int)want);
}

static inline void assert_exit(const char *what, const keel_trade *t, int reason, double px) {
    if (t->exit_reason != reason) fail_msg("%s: %s, want %s", what, reason_name(t->exit_reason), reason_name(reason));
    assert_e8(what, t->exit_px_e8, px);
}

#endif

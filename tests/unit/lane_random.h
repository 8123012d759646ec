/* lane_random.h: markets from a seed, for properties that must hold over any of them: scattered prices in several
 * magnitudes, jumps, holes, bars without volume, detail bars, funding; and configurations that use everything. */
#ifndef KEEL_TESTS_LANE_RANDOM_H
#define KEEL_TESTS_LANE_RANDOM_H

#include "lane_fixture.h"

typedef struct dice {
    uint64_t s;
} dice;

/* SplitMix64. */
static inline uint64_t throw(dice * d) {
    uint64_t z = d->s += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static inline int64_t between(dice *d, int64_t lo, int64_t hi) {
    return lo + (int64_t)(throw(d) % (uint64_t)(hi - lo + 1));
}

static inline int chance(dice *d, int per_mille) { return between(d, 1, 1000) <= per_mille; }

/* Where prices live, at 1e-8, and how wildly they move. */
typedef struct nature {
    const char *name;
    int64_t lowest, highest, start;
    int64_t step_per_mille;                              /* of one range */
    int jump_per_mille, hole_per_mille, quiet_per_mille; /* chances of a bar */
} nature;

static const nature NATURES[] = {
    {"common", 1000000000, 10000000000000, 10000000000, 12, 2, 10, 20},
    {"dust prices of some units", 200, 2000000, 40000, 200, 5, 10, 20},
    {"prices of a billion", 10000000000000000, 900000000000000000, 100000000000000000, 30, 2, 10, 20},
    {"storms: jumps and holes", 100000000, 100000000000000, 10000000000, 60, 60, 80, 150},
};

static inline int64_t clamp_px(const nature *n, int64_t px) {
    return px < n->lowest ? n->lowest : (px > n->highest ? n->highest : px);
}

static inline int64_t moved(dice *d, const nature *n, int64_t px, int64_t per_mille) {
    int64_t share = between(d, -per_mille * 1000, per_mille * 1000); /* 1e-6 */
    int64_t step = px / 1000000 * share + px % 1000000 * share / 1000000;
    if (step == 0) step = between(d, -1, 1);
    return clamp_px(n, px + step);
}

typedef struct piece_px {
    int64_t o, h, l, c;
} piece_px;

static inline void set_px(int64_t *const columns[4], double *volume, int64_t at, piece_px p, double v) {
    columns[0][at] = p.o;
    columns[1][at] = p.h;
    columns[2][at] = p.l;
    columns[3][at] = p.c;
    volume[at] = v;
}

/* Bars first..last of a symbol from the dice: detail first, the main bar made of it. */
static inline void scatter(market *m, int symbol, dice *d, const nature *n, int64_t first) {
    keel_tape_symbol *s = &m->tape.sym[symbol];
    int64_t *const main_px[] = {column(s->open_e8), column(s->high_e8), column(s->low_e8), column(s->close_e8)};
    int64_t *const fine_px[] = {column(s->detail_open_e8), column(s->detail_high_e8), column(s->detail_low_e8),
                                column(s->detail_close_e8)};
    int64_t px = n->start;
    static const piece_px none = {0, 0, 0, 0};
    for (int64_t k = first; k < m->tape.bars; k++) {
        int missing = chance(d, n->hole_per_mille), quiet = chance(d, n->quiet_per_mille);
        piece_px bar = none;
        double volume = 0;
        for (int j = 0; j < m->tape.ratio; j++) {
            int64_t wild = chance(d, n->jump_per_mille) ? 500 : n->step_per_mille;
            piece_px p;
            p.o = chance(d, 30) ? moved(d, n, px, wild) : px;
            p.c = moved(d, n, p.o, wild);
            p.h = moved(d, n, p.o > p.c ? p.o : p.c, n->step_per_mille);
            p.l = moved(d, n, p.o < p.c ? p.o : p.c, n->step_per_mille);
            if (p.h < p.o || p.h < p.c) p.h = p.o > p.c ? p.o : p.c;
            if (p.l > p.o || p.l > p.c) p.l = p.o < p.c ? p.o : p.c;
            double v = quiet || chance(d, n->quiet_per_mille) ? 0.0 : (double)between(d, 1, 1000000) / 64.0;
            int lost = missing || chance(d, n->hole_per_mille / 4);
            px = p.c;
            if (m->tape.ratio > 1)
                set_px(fine_px, column_f64(s->detail_volume), k * m->tape.ratio + j, lost ? none : p, lost ? 0 : v);
            if (bar.o == 0) bar = p;
            if (p.h > bar.h) bar.h = p.h;
            if (p.l < bar.l) bar.l = p.l;
            bar.c = p.c;
            volume += v;
        }
        set_px(main_px, column_f64(s->volume), k, missing ? none : bar, missing ? 0 : volume);
    }
}

/* Settlements about every eight hours, some late, in both directions, from `from_ms` on. */
static inline void settle_at_random(market *m, int symbol, dice *d, int64_t from_ms) {
    int64_t end_ms = bar_ms(m->tape.bars);
    for (int64_t ts = START_MS; ts < end_ms; ts += 8 * HOUR_MS) {
        int64_t at = ts + (chance(d, 300) ? between(d, 1, 200) : 0), rate = between(d, -30, 60) * 1000000000000 / 10;
        if (at >= from_ms) put_funding(m, symbol, at, rate);
    }
}

static inline market *market_random(uint64_t seed, int symbols, int64_t bars, int ratio, const nature *n) {
    market *m = market_new(symbols, bars, ratio);
    dice d = {seed};
    for (int i = 0; i < symbols; i++) {
        scatter(m, i, &d, n, 0);
        settle_at_random(m, i, &d, START_MS);
        m->rules[i].lot_e8 = i == 1 ? 1000 : 1;
        m->rules[i].tick_e8 = i == 1 && n->lowest > 1000000 ? 100000 : 1;
    }
    m->rules[0].is_btc = 1;
    m->tape.btc[0] = 0;
    m->tape.trade_from = 120;
    return m;
}

enum { MANNERS = 3 };

/* Manner 0: the strategy as it comes, with costs. 1: every managed exit, adds, reversals, leverage. 2: the same with
 * the guards that hold things back. */
static inline void use_manner(market *m, int32_t strategy, int manner) {
    keel_params *p = &m->p;
    keel_params_default(p);
    if (manner == 0) assert_int_equal(keel_strategy_select(p, strategy), 1);
    if (manner > 0) {
        keel_params all = *p; /* the core's defaults: every managed exit is on */
        assert_int_equal(keel_strategy_select(p, strategy), 1);
        all.strategy = p->strategy;
        all.strategy_param_count = p->strategy_param_count;
        memcpy(all.own, p->own, sizeof all.own);
        *p = all;
        p->gate_ranging = p->gate_anomaly = p->gate_extension = p->gate_adx_rising = p->gate_volume = p->gate_btc = 0;
        p->entry_min_confidence = 0;
        p->leverage = 3;
        p->allocation_pct = 0.2;
        p->enable_reverse = 1;
        p->max_adds_per_position = 3;
        p->add_min_profit_atr = 0.2;
        p->enable_progress_checks = p->enable_filter_exit = p->enable_funding_exit = 1;
        p->max_hold_bars = 90;
    }
    if (manner == 2) {
        p->gate_breadth = p->gate_regime = 1;
        p->block_exits_on_extreme_dev = 1;
        p->glitch_price_dev_pct = 0.1;
        p->vol_size_ref = 0.01;
        p->max_trades_per_day = 3;
        p->exit_cooldown_s = 7200;
        p->cooldown_after_loss_s = 3600;
        p->max_positions = 2;
    }
    p->taker_fee_bps = 55000;
    p->slippage_bps = 20000;
    p->borrow_rate_annual = 0.2;
}

static const char *const STRATEGY_NAMES[KEEL_STRATEGY_COUNT] = {
#define NAME(id, name) #name,
    KEEL_STRATEGIES(NAME)
#undef NAME
};

#endif

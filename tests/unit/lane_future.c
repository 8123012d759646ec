/* No look-ahead: what a run has done by an instant does not depend on anything after it. Everything after the instant
 * (bars, detail bars, volumes, settlements) is replaced by noise, and the run up to the instant must be equal to the
 * last bit. The same sentinel is then shown markets and a strategy that cheat, and must catch each. */
#include "lane_random.h"

#include <stdio.h>

enum { BARS = 420, CUTS = 12 };

typedef struct past {
    uint64_t state_hash, signals_hash;
    int64_t equity_e8, trade_count, equity_count;
    keel_market_order order[3];
} past;

/* How a market lies about time; HONEST is how keel's own are made. */
typedef enum cheat { HONEST, NEXT_BAR, NEXT_CLOSE, NEXT_VOLUME, NEXT_FUNDING, CHEATS } cheat;

static const char *const CHEAT_NAMES[CHEATS] = {"honest", "main bars one early", "closes one early",
                                                "volumes one early", "funding rates one early"};

static void shift(int64_t *c, int64_t n) { memmove(c, c + 1, (size_t)(n - 1) * sizeof *c); }

static void shift_f64(double *c, int64_t n) { memmove(c, c + 1, (size_t)(n - 1) * sizeof *c); }

/* Columns that a decision at k reads are replaced by those of k + 1. Fills come from the detail bars, which stay. */
static void lie(market *m, cheat how) {
    int64_t n = m->tape.bars;
    for (int i = 0; i < m->tape.symbol_count; i++) {
        keel_tape_symbol *s = &m->tape.sym[i];
        if (how == NEXT_BAR) {
            shift(column(s->open_e8), n);
            shift(column(s->high_e8), n);
            shift(column(s->low_e8), n);
        }
        if (how == NEXT_BAR || how == NEXT_CLOSE) shift(column(s->close_e8), n);
        for (int64_t k = 0; how == NEXT_CLOSE && k < n; k++) { /* a candle all the same */
            if (s->close_e8[k] > s->high_e8[k]) column(s->high_e8)[k] = s->close_e8[k];
            if (s->close_e8[k] < s->low_e8[k]) column(s->low_e8)[k] = s->close_e8[k];
        }
        if (how == NEXT_VOLUME) shift_f64(column_f64(s->volume), n);
        if (how == NEXT_FUNDING) shift(column(s->funding_rate_e16), s->funding_count);
    }
}

/* A market without holes, so that a shifted column stays aligned. */
static const nature SMOOTH = {"smooth", 1000000000, 10000000000000, 10000000000, 12, 2, 0, 0};

/* The market of `seed`, and from main bar `cut` + 1 on another one. cut = BARS: as it was. */
static market *market_until(uint64_t seed, int64_t cut, int ratio, cheat how) {
    market *m = market_random(seed, 3, BARS, ratio, how == HONEST ? &NATURES[0] : &SMOOTH);
    if (cut < BARS) {
        dice d = {seed * 31 + (uint64_t)cut};
        nature noise = NATURES[3];
        for (int i = 0; i < 3; i++) {
            keel_tape_symbol *s = &m->tape.sym[i];
            noise.start = s->close_e8[cut] > 0 ? s->close_e8[cut] * 3 / 2 : 5000000000;
            scatter(m, i, &d, &noise, cut + 1);
            while (s->funding_count > 0 && s->funding_ts_ms[s->funding_count - 1] >= bar_ms(cut + 1))
                s->funding_count--;
            settle_at_random(m, i, &d, bar_ms(cut + 1));
        }
    }
    lie(m, how);
    return m;
}

/* The run up to and with bar `cut`. */
static past history(market *m, int64_t cut) {
    past p;
    keel_hash h;
    memset(&p, 0, sizeof p);
    begin(m);
    m->equity_cap = 1;
    while (m->lane->bar <= cut)
        if (advance(m) != KEEL_LANE_DRAIN) fail_msg("the run ended early");
    p.state_hash = keel_state_hash(m->st);
    keel_hash_init(&h);
    for (int i = 0; i < 3; i++) {
        keel_signal_set_hash(&m->sets[i], &h);
        p.order[i] = m->lane->sym[i].order;
    }
    p.signals_hash = keel_hash_digest(&h);
    p.equity_e8 = m->lane->equity_e8;
    p.trade_count = m->trade_count;
    p.equity_count = m->equity_count;
    return p;
}

/* 1 when the run up to the end of bar `cut` differs between the market and its altered future. */
static int is_caught(uint64_t seed, int64_t cut, int ratio, cheat how, int32_t strategy, int manner) {
    market *a = market_until(seed, BARS, ratio, how), *b = market_until(seed, cut, ratio, how);
    use_manner(a, strategy, manner);
    use_manner(b, strategy, manner);
    past before = history(a, cut), after = history(b, cut);
    int differs = memcmp(&before, &after, sizeof before) != 0 ||
                  memcmp(a->trades, b->trades, (size_t)a->trade_count * sizeof *a->trades) != 0 ||
                  memcmp(a->equity_e8, b->equity_e8, (size_t)a->equity_count * sizeof *a->equity_e8) != 0;
    market_free(a);
    market_free(b);
    return differs;
}

static int64_t cut_of(int i) { return 121 + i * (BARS - 126) / (CUTS - 1); }

/* [BKT-01.3] [T-186] Every strategy, every manner, with and without detail bars, with funding. */
static void the_future_changes_nothing(void **state) {
    (void)state;
    for (int32_t s = 0; s < KEEL_STRATEGY_COUNT; s++)
        for (int manner = 0; manner < MANNERS; manner++)
            for (int ratio = 1; ratio <= 4; ratio += 3)
                for (int i = 0; i < CUTS; i++)
                    if (is_caught((uint64_t)(11 + s), cut_of(i), ratio, HONEST, s, manner))
                        fail_msg("%s, manner %d, %d pieces: bar %d knows what comes after it", STRATEGY_NAMES[s],
                                 manner, ratio, (int)cut_of(i));
}

/* [T-186] The noise is noise: without a cut in the past the runs do differ afterwards. */
static void the_future_is_replaced(void **state) {
    (void)state;
    for (int32_t s = KEEL_STRATEGY_BUY_HOLD; s < KEEL_STRATEGY_COUNT; s++) {
        market *a = market_until(11, BARS, 4, HONEST), *b = market_until(11, 200, 4, HONEST);
        use_manner(a, s, 1);
        use_manner(b, s, 1);
        run_well(a);
        run_well(b);
        assert_true(keel_state_hash(a->st) != keel_state_hash(b->st));
        market_free(a);
        market_free(b);
    }
}

/* [T-186] Planted cheats: the sentinel sees each on some cut, on every strategy that reads what was leaked. */
static void planted_cheats_are_caught(void **state) {
    (void)state;
    static const struct {
        cheat how;
        int32_t strategy;
        int manner;
    } rows[] = {
        {NEXT_BAR, KEEL_STRATEGY_EMA_CROSS, 0},   {NEXT_BAR, KEEL_STRATEGY_RSI_REVERSION, 0},
        {NEXT_BAR, KEEL_STRATEGY_TREND, 1},       {NEXT_BAR, KEEL_STRATEGY_DONCHIAN_BREAKOUT, 0},
        {NEXT_BAR, KEEL_STRATEGY_MOMENTUM, 0},    {NEXT_BAR, KEEL_STRATEGY_MEAN_REVERSION, 0},
        {NEXT_CLOSE, KEEL_STRATEGY_EMA_CROSS, 0}, {NEXT_CLOSE, KEEL_STRATEGY_MOMENTUM, 0},
        {NEXT_VOLUME, KEEL_STRATEGY_TREND, 0},    {NEXT_FUNDING, KEEL_STRATEGY_CARRY, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int caught = 0;
        for (int c = 0; c < CUTS; c++)
            caught += is_caught(17, cut_of(c), 4, rows[i].how, rows[i].strategy, rows[i].manner);
        if (caught == 0)
            fail_msg("%s was not caught on %s", CHEAT_NAMES[rows[i].how], STRATEGY_NAMES[rows[i].strategy]);
        for (int c = 0; c < CUTS; c++) /* and without the lie the same runs pass */
            assert_int_equal(is_caught(17, cut_of(c), 4, HONEST, rows[i].strategy, rows[i].manner), 0);
    }
}

/* [T-186] Inside a main bar: pieces after an instant, and the main bar that they make, are replaced; what filled at
 * levels before the instant stands. */
static void the_rest_of_a_bar_changes_nothing(void **state) {
    (void)state;
    int64_t compared = 0;
    for (int32_t s = 0; s < KEEL_STRATEGY_COUNT; s++)
        for (int i = 0; i < CUTS; i++) {
            int64_t k = cut_of(i);
            int piece = i % 3; /* the last that is kept, of four */
            int64_t now_ms = bar_ms(k) + (piece + 1) * HOUR_MS / 4;
            market *a = market_until(23, BARS, 4, HONEST), *b = market_until(23, k - 1, 4, HONEST);
            for (int y = 0; y < 3; y++) {
                const keel_tape_symbol *from = &a->tape.sym[y];
                keel_tape_symbol *to = &b->tape.sym[y];
                if (from->close_e8[k] == 0 || to->close_e8[k] == 0) { /* a hole stays one in both */
                    put(a, y, k, MISSING);
                    put(b, y, k, MISSING);
                }
                for (int j = 0; j <= piece; j++) {
                    int64_t at = k * 4 + j;
                    column(to->detail_open_e8)[at] = from->detail_open_e8[at];
                    column(to->detail_high_e8)[at] = from->detail_high_e8[at];
                    column(to->detail_low_e8)[at] = from->detail_low_e8[at];
                    column(to->detail_close_e8)[at] = from->detail_close_e8[at];
                    column_f64(to->detail_volume)[at] = from->detail_volume[at];
                }
                put_detail(a, y, k, 3, CALM); /* neither bar is without any detail: it is then judged as a whole */
                put_detail(b, y, k, 3, CALM);
                to->funding_count = 0;
                for (int64_t f = 0; f < from->funding_count; f++)
                    put_funding(b, y, from->funding_ts_ms[f], from->funding_rate_e16[f]);
            }
            use_manner(a, s, 1);
            use_manner(b, s, 1);
            run_well(a);
            run_well(b);
            for (int64_t t = 0; t < a->trade_count && a->trades[t].exit_ts_ms <= now_ms; t++) {
                /* at the instant itself a market order may already have met the next piece's open */
                if (a->trades[t].exit_ts_ms == now_ms && !(a->trades[t].flags & KEEL_TRADE_INTRABAR)) continue;
                compared++;
                if (t >= b->trade_count || memcmp(&a->trades[t], &b->trades[t], sizeof a->trades[t]) != 0)
                    fail_msg("%s: trade %d knew what came after piece %d of bar %d", STRATEGY_NAMES[s], (int)t, piece,
                             (int)k);
            }
            market_free(a);
            market_free(b);
        }
    assert_true(compared > 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_future_changes_nothing),
        cmocka_unit_test(the_future_is_replaced),
        cmocka_unit_test(planted_cheats_are_caught),
        cmocka_unit_test(the_rest_of_a_bar_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

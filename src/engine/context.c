/* engine/context.c: see engine_internal.h. Signals and the market as a whole at the close of the main bars, in the
 * order and with the machines that a backtest uses; tests/unit/engine_parity.c holds the two against each other. */
#include "engine/engine_internal.h"
#include "num/int.h"

static const keel_input_piece *bar_of(const keel_engine *e, int32_t symbol) {
    return e->bar_at[symbol] < 0 ? NULL : &e->in.piece[e->bar_at[symbol]];
}

void keel_engine_signals(keel_engine *e, int32_t symbol) {
    const keel_input_piece *bar = bar_of(e, symbol);
    keel_engine_symbol *s = &e->sym[symbol];
    if (e->plan.sleeve[symbol] < 0) return;
    if (!bar) {
        if (s->begun) s->missing++;
        return;
    }
    if (s->missing > (int64_t)e->plan.params[e->plan.sleeve[symbol]].max_gap_bars) {
        keel_signal_set_reset_gap(&e->sets[symbol]);
        e->snaps[symbol].ready = 0;
    }
    s->missing = 0;
    s->begun = 1;
    keel_ohlcv values = {.open = keel_e8_to_f64(bar->open_e8),
                         .high = keel_e8_to_f64(bar->high_e8),
                         .low = keel_e8_to_f64(bar->low_e8),
                         .close = keel_e8_to_f64(bar->close_e8),
                         .volume = bar->volume};
    keel_signal_set_step(&e->sets[symbol], &values, e->in.bar_open_ms, &e->snaps[symbol]);
}

static void breadth(keel_engine *e, int32_t sleeve, int64_t close_ms) {
    keel_engine_sleeve *c = &e->sleeve[sleeve];
    keel_breadth sum;
    keel_breadth_init(&sum);
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        if (e->plan.sleeve[i] == sleeve && bar_of(e, i)) (void)keel_breadth_add(&sum, &e->snaps[i]);
    keel_universe_view view = keel_breadth_done(&sum);
    if (view.has_breadth) c->breadth = view.breadth;
    int32_t on = keel_trend_gate_step(&c->gate, &view, close_ms);
    if (view.has_breadth || view.has_adx) c->regime_gate = on ? KEEL_TRUE : KEEL_FALSE;
}

/* The first sleeve that has a bitcoin tells the regime. */
static void regime(keel_engine *e, int64_t close_ms) {
    for (int32_t s = 0; s < e->plan.sleeve_count; s++) {
        if (e->plan.btc[s] < 0) continue;
        const keel_input_piece *bar = bar_of(e, e->plan.btc[s]);
        if (bar) e->regime = keel_regime_step(&e->detector, close_ms, keel_e8_to_f64(bar->close_e8));
        return;
    }
}

void keel_engine_contexts(keel_engine *e) {
    int64_t close_ms = e->in.bar_open_ms + e->plan.interval_ms;
    regime(e, close_ms);
    for (int32_t s = 0; s < e->plan.sleeve_count; s++) {
        keel_engine_sleeve *c = &e->sleeve[s];
        int32_t btc = e->plan.btc[s];
        c->btc_bullish = KEEL_UNKNOWN;
        if (btc >= 0 && bar_of(e, btc)) {
            const keel_snapshot *b = &e->snaps[btc];
            if (KEEL_SNAPSHOT_HAS(b, KEEL_SLOT_EMA_FAST) && KEEL_SNAPSHOT_HAS(b, KEEL_SLOT_EMA_SLOW))
                c->btc_bullish = b->v[KEEL_SLOT_EMA_FAST] > b->v[KEEL_SLOT_EMA_SLOW] ? KEEL_TRUE : KEEL_FALSE;
        }
        c->breadth = -1.0;
        c->regime_gate = KEEL_UNKNOWN;
        if (e->plan.params[s].gate_breadth || e->plan.params[s].gate_regime) breadth(e, s, close_ms);
    }
}

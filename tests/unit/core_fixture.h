/* core_fixture.h: positions, ranges and snapshots for the scenario tests of the core.
 *
 * A scenario is written for a long position entered at 100 with an ATR of 4 and is run twice: as it stands, and as its
 * mirror image for a short, prices reflected at 100, high and low exchanged, RSI and %K reflected at 50, slopes
 * negated. So one table shows both sides. The numbers are exact in binary, so that "at the threshold" means it. */
#ifndef KEEL_TESTS_CORE_FIXTURE_H
#define KEEL_TESTS_CORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/exit/exits.h"
#include "core/exit/levels.h"
#include "core/step.h"

#define ENTRY 100.0
#define ATR 4.0
#define HOUR_MS ((int64_t)3600000)
#define MINUTE_MS ((int64_t)60000)

static inline int64_t e8(double x) { return (int64_t)(x * 1e8 + (x < 0.0 ? -0.5 : 0.5)); }

/* A price of the long scenario as it looks on `side`. */
static inline double facing(int side, double px) { return side > 0 ? px : 2.0 * ENTRY - px; }

/* An oscillator between 0 and 100 likewise. */
static inline double facing_100(int side, double x) { return side > 0 ? x : 100.0 - x; }

typedef struct range {
    double open, high, low, last;
} range;

static inline range at(double px) { return (range){px, px, px, px}; }

static inline keel_event range_event(int side, range r, int32_t kind, int64_t ts_ms) {
    return (keel_event){.seq = 1,
                        .ts_ms = ts_ms,
                        .schema = KEEL_EVENT_SCHEMA,
                        .kind = kind,
                        .price_e8 = e8(facing(side, r.last)),
                        .open_e8 = e8(facing(side, r.open)),
                        .high_e8 = e8(facing(side, side > 0 ? r.high : r.low)),
                        .low_e8 = e8(facing(side, side > 0 ? r.low : r.high)),
                        .breadth = -1.0};
}

/* An event at one price. */
static inline keel_event priced(int32_t kind, double px) {
    return (keel_event){
        .kind = kind, .price_e8 = e8(px), .open_e8 = e8(px), .high_e8 = e8(px), .low_e8 = e8(px), .breadth = -1};
}

/* Defaults with every exit switched off: a test switches on what it looks at. */
static inline keel_params params_without_exits(void) {
    keel_params p;
    keel_params_default(&p);
    p.sl_atr_mult = 0;
    p.tp_atr_mult = 0;
    p.enable_partial_tp = 0;
    p.enable_breakeven_stop = 0;
    p.enable_trailing = 0;
    p.enable_tsme = 0;
    p.adx_exhaustion_lt = 0;
    p.enable_rsi_ext = 0;
    p.maintenance_margin_pct = 0;
    return p;
}

/* One coin held on `side` since time 0, with the levels that p gives it. */
static inline keel_symbol symbol_holding(const keel_params *p, int side) {
    keel_symbol s;
    memset(&s, 0, sizeof s);
    s.rules.lot_e8 = 1;
    s.rules.tick_e8 = 1;
    s.last_exit_ms = s.last_entry_ms = s.last_close_ms = s.last_funding_ms = KEEL_NEVER;
    s.last_px_e8 = e8(ENTRY);
    s.pos.side = side;
    s.pos.confidence = KEEL_CONF_HIGH;
    s.pos.qty_e8 = s.pos.first_qty_e8 = e8(1);
    s.pos.basis_e8 = s.pos.margin_e8 = e8(ENTRY);
    s.pos.entry_px = ENTRY;
    s.pos.entry_atr = ATR;
    s.pos.stop_scale = 1.0;
    keel_exit_set_levels(p, &s.pos);
    return s;
}

static inline void see(keel_symbol *s, int slot, double value) {
    s->seen.ready |= (uint64_t)1 << slot;
    switch (slot) {
        case KEEL_SLOT_ATR: s->seen.atr = value; break;
        case KEEL_SLOT_ADX: s->seen.adx = value; break;
        case KEEL_SLOT_ADX_PREV: s->seen.adx_prev = value; break;
        case KEEL_SLOT_RSI: s->seen.rsi = value; break;
        case KEEL_SLOT_BB_WIDTH_RATIO: s->seen.bb_width_ratio = value; break;
        case KEEL_SLOT_EMA_SLOPE: s->seen.ema_slope = value; break;
        case KEEL_SLOT_STOCH_K: s->seen.stoch_k = value; break;
        default: fail_msg("slot %d is not remembered", slot);
    }
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

static inline void assert_reason(const char *scenario, int side, int got, int want) {
    if (got != want)
        fail_msg("%s, %s: %s, want %s", scenario, side > 0 ? "long" : "short", reason_name(got), reason_name(want));
}

static inline void assert_px(const char *scenario, int side, int64_t got_e8, double want) {
    int64_t want_e8 = want > 0.0 ? e8(facing(side, want)) : 0;
    if (got_e8 != want_e8)
        fail_msg("%s, %s: %lld, want %lld", scenario, side > 0 ? "long" : "short", (long long)got_e8,
                 (long long)want_e8);
}

/* What the trend strategy sees when everything speaks for a long. */
static inline keel_snapshot uptrend(void) {
    static const struct {
        int slot;
        double value;
    } values[] = {{KEEL_SLOT_CLOSE, 102},      {KEEL_SLOT_PREV_CLOSE, 101},
                  {KEEL_SLOT_EMA_FAST, 101},   {KEEL_SLOT_EMA_SLOW, 100},
                  {KEEL_SLOT_ADX, 30},         {KEEL_SLOT_ADX_PREV, 29},
                  {KEEL_SLOT_RSI, 60},         {KEEL_SLOT_BB_WIDTH_RATIO, 1},
                  {KEEL_SLOT_VOLUME, 2000},    {KEEL_SLOT_VOL_SMA, 1000},
                  {KEEL_SLOT_ATR, 2},          {KEEL_SLOT_ATR_SMA, 2},
                  {KEEL_SLOT_EMA_SLOPE, 0.001}};
    keel_snapshot s;
    memset(&s, 0, sizeof s);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        s.ready |= (uint64_t)1 << values[i].slot;
        s.v[values[i].slot] = values[i].value;
    }
    return s;
}

#endif

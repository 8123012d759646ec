/* engine/keep_signals.c: see engine_internal.h. What the indicators of all symbols remember, a part for each kind of
 * machine. Their settings are the plan's: they are written to be compared, and never taken from a snapshot. */
#include <string.h>

#include "engine/engine_internal.h"

#define ONE(type, name, member) KEEL_PACKED(type, name, keel_signal_state, member)
#define LIST(type, name, member, n) KEEL_PACKED_LIST(type, name, keel_signal_state, member, n)
#define ROLL(p, m)                                                                                         \
    ONE(I32, p "n", m.n), ONE(I32, p "pos", m.pos), ONE(I32, p "full", m.full), ONE(I32, p "top", m.top), \
        LIST(F64, p "head", m.head, 2)
#define WILDER(p, m)                                                                               \
    ONE(I32, p "n", m.n), ONE(I32, p "count", m.count), ONE(F64, p "share", m.share),              \
        ONE(F64, p "value", m.value), ONE(F64, p "before", m.before), ONE(F64, p "last", m.last)
#define EMA(p, m)                                                                                          \
    ONE(I32, p "n", m.n), ONE(I32, p "count", m.count), ONE(F64, p "alpha", m.alpha),                      \
        ONE(F64, p "alpha2", m.alpha2), ONE(F64, p "value", m.value), ONE(F64, p "before", m.before),      \
        ONE(F64, p "last", m.last)
#define RSI(p, m)                                                                                      \
    WILDER(p "gain.", m.gain), WILDER(p "loss.", m.loss), ONE(F64, p "last", m.last),                  \
        ONE(I32, p "has_last", m.has_last)
#define STOCHASTIC(p, m) \
    ROLL(p "high.", m.high), ROLL(p "low.", m.low), ROLL(p "k.", m.k), ROLL(p "d.", m.d)
#define ATR(p, m)                                                              \
    WILDER(p "mean.", m.mean), ONE(F64, p "last_close", m.last_close),         \
        ONE(I32, p "has_last", m.has_last)

static const keel_packed_field roll_fields[] = {ROLL("", roll)};
static const keel_packed_field ema_fields[] = {EMA("", ema)};
static const keel_packed_field wilder_fields[] = {WILDER("", wilder)};
static const keel_packed_field chain_fields[] = {EMA("e1.", chain.e[0]), EMA("e2.", chain.e[1]),
                                                 EMA("e3.", chain.e[2]), ONE(F64, "last", chain.last),
                                                 ONE(I32, "has_last", chain.has_last)};
static const keel_packed_field kama_fields[] = {ROLL("delay.", kama.delay), ROLL("change.", kama.change),
                                                ONE(F64, "last", kama.last), ONE(F64, "value", kama.value),
                                                ONE(I32, "count", kama.count)};
static const keel_packed_field linreg_fields[] = {ROLL("", linreg.roll), ONE(F64, "origin", linreg.origin),
                                                  ONE(I32, "has_origin", linreg.has_origin)};
static const keel_packed_field rsi_fields[] = {RSI("", rsi)};
static const keel_packed_field stochastic_fields[] = {STOCHASTIC("", stochastic)};
static const keel_packed_field stoch_rsi_fields[] = {RSI("rsi.", stoch_rsi.rsi), STOCHASTIC("stoch.", stoch_rsi.stoch)};
static const keel_packed_field macd_fields[] = {EMA("fast.", macd.fast), EMA("slow.", macd.slow),
                                                EMA("signal.", macd.signal), ONE(I32, "skip", macd.skip)};
static const keel_packed_field bb_width_ratio_fields[] = {ROLL("band.", bb_width_ratio.band),
                                                          ROLL("average.", bb_width_ratio.average)};
static const keel_packed_field donchian_fields[] = {ROLL("high.", donchian.high), ROLL("low.", donchian.low)};
static const keel_packed_field atr_fields[] = {ATR("", atr)};
static const keel_packed_field adx_fields[] = {ONE(I32, "n", adx.n),
                                               ONE(I32, "count", adx.count),
                                               ONE(I32, "dx_count", adx.dx_count),
                                               ONE(F64, "keep", adx.keep),
                                               ONE(F64, "share", adx.share),
                                               ONE(F64, "last_high", adx.last_high),
                                               ONE(F64, "last_low", adx.last_low),
                                               ONE(F64, "last_close", adx.last_close),
                                               ONE(F64, "plus_sum", adx.plus_sum),
                                               ONE(F64, "minus_sum", adx.minus_sum),
                                               ONE(F64, "range_sum", adx.range_sum),
                                               ONE(F64, "adx", adx.adx)};
static const keel_packed_field keltner_fields[] = {EMA("middle.", keltner.middle), ATR("atr.", keltner.atr),
                                                   ONE(F64, "mult", keltner.mult)};
static const keel_packed_field supertrend_fields[] = {ATR("atr.", supertrend.atr),
                                                      ONE(F64, "mult", supertrend.mult),
                                                      ONE(F64, "upper", supertrend.upper),
                                                      ONE(F64, "lower", supertrend.lower),
                                                      ONE(F64, "last_close", supertrend.last_close),
                                                      ONE(I32, "direction", supertrend.direction)};
static const keel_packed_field sar_fields[] = {
    ONE(F64, "step", sar.step),           ONE(F64, "max", sar.max),
    ONE(F64, "acceleration", sar.acceleration), ONE(F64, "extreme", sar.extreme),
    ONE(F64, "sar", sar.sar),             ONE(F64, "last_high", sar.last_high),
    ONE(F64, "last_low", sar.last_low),   ONE(I32, "direction", sar.direction),
    ONE(I32, "has_last", sar.has_last)};
static const keel_packed_field cci_fields[] = {ROLL("", cci.sum), ONE(I32, "at", cci.at)};
static const keel_packed_field willr_fields[] = {ROLL("high.", willr.high), ROLL("low.", willr.low)};
static const keel_packed_field aroon_fields[] = {ROLL("high.", aroon.high), ROLL("low.", aroon.low)};
static const keel_packed_field ultosc_fields[] = {
    ROLL("pressure1.", ultosc.pressure[0]), ROLL("pressure2.", ultosc.pressure[1]),
    ROLL("pressure3.", ultosc.pressure[2]), ROLL("range1.", ultosc.range[0]),
    ROLL("range2.", ultosc.range[1]),       ROLL("range3.", ultosc.range[2]),
    ONE(F64, "last_close", ultosc.last_close), ONE(I32, "has_last", ultosc.has_last)};
static const keel_packed_field pivot_fields[] = {ONE(I64, "day", pivot.day),     ONE(F64, "high", pivot.high),
                                                 ONE(F64, "low", pivot.low),     ONE(F64, "close", pivot.close),
                                                 LIST(F64, "level", pivot.level, 5), ONE(I32, "whole", pivot.whole),
                                                 ONE(I32, "ready", pivot.ready)};
static const keel_packed_field vwap_day_fields[] = {
    ONE(I64, "day", vwap_day.day), ONE(F64, "value_sum", vwap_day.value_sum),
    ONE(F64, "volume_sum", vwap_day.volume_sum), ONE(I32, "started", vwap_day.started)};
static const keel_packed_field vwap_fields[] = {ROLL("value.", vwap.value), ROLL("volume.", vwap.volume)};
static const keel_packed_field obv_fields[] = {ONE(F64, "last_close", obv.last_close), ONE(F64, "total", obv.total),
                                               ONE(I32, "has_last", obv.has_last)};
static const keel_packed_field mfi_fields[] = {ROLL("up.", mfi.up), ROLL("down.", mfi.down),
                                               ONE(F64, "last", mfi.last), ONE(I32, "has_last", mfi.has_last)};
static const keel_packed_field cmf_fields[] = {ROLL("flow.", cmf.flow), ROLL("volume.", cmf.volume)};
static const keel_packed_field cc_vol_fields[] = {ROLL("returns.", cc_vol.returns), ONE(F64, "last", cc_vol.last),
                                                  ONE(I32, "has_last", cc_vol.has_last)};
static const keel_packed_field yang_zhang_fields[] = {
    ROLL("overnight.", yang_zhang.overnight), ROLL("intraday.", yang_zhang.intraday),
    ROLL("satchell.", yang_zhang.satchell), ONE(F64, "last_close", yang_zhang.last_close),
    ONE(I32, "has_last", yang_zhang.has_last)};

/* X(NAME, member of keel_signal_state and end of the part's name, bytes of it that are reserved) */
#define MACHINES(X)                        \
    X(ROLL, roll, 0)                       \
    X(EMA, ema, 0)                         \
    X(WILDER, wilder, 0)                   \
    X(CHAIN, chain, 4)                     \
    X(KAMA, kama, 4)                       \
    X(LINREG, linreg, 4)                   \
    X(RSI, rsi, 4)                         \
    X(STOCHASTIC, stochastic, 0)           \
    X(STOCH_RSI, stoch_rsi, 4)             \
    X(MACD, macd, 4)                       \
    X(BB_WIDTH_RATIO, bb_width_ratio, 0)   \
    X(DONCHIAN, donchian, 0)               \
    X(ATR, atr, 4)                         \
    X(ADX, adx, 4)                         \
    X(KELTNER, keltner, 4)                 \
    X(SUPERTREND, supertrend, 8)           \
    X(SAR, sar, 0)                         \
    X(CCI, cci, 4)                         \
    X(WILLR, willr, 0)                     \
    X(AROON, aroon, 0)                     \
    X(ULTOSC, ultosc, 4)                   \
    X(PIVOT, pivot, 0)                     \
    X(VWAP_DAY, vwap_day, 4)               \
    X(VWAP, vwap, 0)                       \
    X(OBV, obv, 4)                         \
    X(MFI, mfi, 4)                         \
    X(CMF, cmf, 0)                         \
    X(CC_VOL, cc_vol, 4)                   \
    X(YANG_ZHANG, yang_zhang, 4)

enum {
#define MACHINE_ENUM(name, member, unsaid) MACHINE_##name,
    MACHINES(MACHINE_ENUM)
#undef MACHINE_ENUM
        MACHINE_COUNT
};

static const keel_packed_table TABLES[MACHINE_COUNT] = {
#define MACHINE_TABLE(name, member, unsaid)                                                                  \
    {"signal." #member, member##_fields, (uint32_t)(sizeof member##_fields / sizeof *member##_fields),       \
     sizeof(((keel_signal_state *)0)->member), unsaid},
    MACHINES(MACHINE_TABLE)
#undef MACHINE_TABLE
};

/* As keel_signal_machine_init has them. */
static int machine_of(int32_t kind) {
    switch (kind) {
        case KEEL_SIGNAL_EMA: return MACHINE_EMA;
        case KEEL_SIGNAL_RMA: return MACHINE_WILDER;
        case KEEL_SIGNAL_DEMA:
        case KEEL_SIGNAL_TEMA:
        case KEEL_SIGNAL_TRIX: return MACHINE_CHAIN;
        case KEEL_SIGNAL_KAMA: return MACHINE_KAMA;
        case KEEL_SIGNAL_LINREG: return MACHINE_LINREG;
        case KEEL_SIGNAL_RSI: return MACHINE_RSI;
        case KEEL_SIGNAL_STOCH_RSI: return MACHINE_STOCH_RSI;
        case KEEL_SIGNAL_MACD: return MACHINE_MACD;
        case KEEL_SIGNAL_BB_WIDTH_RATIO: return MACHINE_BB_WIDTH_RATIO;
        case KEEL_SIGNAL_CC_VOL: return MACHINE_CC_VOL;
        case KEEL_SIGNAL_ATR: return MACHINE_ATR;
        case KEEL_SIGNAL_ADX: return MACHINE_ADX;
        case KEEL_SIGNAL_DONCHIAN: return MACHINE_DONCHIAN;
        case KEEL_SIGNAL_KELTNER: return MACHINE_KELTNER;
        case KEEL_SIGNAL_CCI: return MACHINE_CCI;
        case KEEL_SIGNAL_WILLR: return MACHINE_WILLR;
        case KEEL_SIGNAL_STOCH: return MACHINE_STOCHASTIC;
        case KEEL_SIGNAL_AROON: return MACHINE_AROON;
        case KEEL_SIGNAL_SUPERTREND: return MACHINE_SUPERTREND;
        case KEEL_SIGNAL_SAR: return MACHINE_SAR;
        case KEEL_SIGNAL_ULTOSC: return MACHINE_ULTOSC;
        case KEEL_SIGNAL_VWAP_DAY: return MACHINE_VWAP_DAY;
        case KEEL_SIGNAL_VWAP: return MACHINE_VWAP;
        case KEEL_SIGNAL_OBV: return MACHINE_OBV;
        case KEEL_SIGNAL_MFI: return MACHINE_MFI;
        case KEEL_SIGNAL_CMF: return MACHINE_CMF;
        case KEEL_SIGNAL_YANG_ZHANG: return MACHINE_YANG_ZHANG;
        case KEEL_SIGNAL_PIVOT: return MACHINE_PIVOT;
        default: return MACHINE_ROLL;
    }
}

/* One indicator of one symbol. */
typedef struct spec_row {
    int32_t symbol, place;
    keel_signal_spec spec;
} spec_row;

static const keel_packed_field SPEC_FIELDS[] = {
    KEEL_PACKED_IN(I32, "symbol", spec_row, symbol, 0, KEEL_SYMBOLS_MAX - 1),
    KEEL_PACKED_IN(I32, "place", spec_row, place, 0, KEEL_SIGNAL_SPEC_MAX - 1),
    KEEL_PACKED_IN(I32, "kind", spec_row, spec.kind, 0, KEEL_SIGNAL_KIND_COUNT - 1),
    KEEL_PACKED(I32, "slot", spec_row, spec.slot),
    KEEL_PACKED(I32, "source", spec_row, spec.source),
    KEEL_PACKED_LIST(I32, "p", spec_row, spec.p, 4),
    KEEL_PACKED_LIST(F64, "f", spec_row, spec.f, 2)};
static const keel_packed_table SPECS = KEEL_PACKED_TABLE("signals", SPEC_FIELDS, spec_row, 4);

typedef struct window_row {
    double value;
} window_row;

static const keel_packed_field WINDOW_FIELDS[] = {KEEL_PACKED(F64, "value", window_row, value)};
static const keel_packed_table WINDOW = KEEL_PACKED_TABLE("signal.window", WINDOW_FIELDS, window_row, 0);

static const keel_packed_field SLOT_FIELDS[] = {KEEL_PACKED(U64, "ready", keel_snapshot, ready),
                                                KEEL_PACKED_LIST(F64, "value", keel_snapshot, v, KEEL_SLOT_MAX)};
static const keel_packed_table SLOTS = KEEL_PACKED_TABLE("slots", SLOT_FIELDS, keel_snapshot, 0);

/* How many there are: machines of one table, or with MACHINE_COUNT of all. */
static uint64_t count(const keel_engine *e, int machine) {
    uint64_t n = 0;
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        for (int32_t k = 0; k < e->sets[i].n; k++)
            n += machine == MACHINE_COUNT || machine_of(e->sets[i].spec[k].kind) == machine;
    return n;
}

static uint64_t window_size(const keel_engine *e) {
    uint64_t n = 0;
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        n += (uint64_t)e->sets[i].window_used;
    return n;
}

static spec_row row_of(const keel_engine *e, int32_t symbol, int32_t place) {
    return (spec_row){.symbol = symbol, .place = place, .spec = e->sets[symbol].spec[place]};
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static void keep_machines(const keel_engine *e, int machine, keel_packed_writer *w) {
    uint64_t rows = count(e, machine);
    if (rows == 0) return;
    keel_packed_part(w, &TABLES[machine], rows);
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        for (int32_t k = 0; k < e->sets[i].n; k++)
            if (machine_of(e->sets[i].spec[k].kind) == machine)
                keel_packed_run(w, &TABLES[machine], &e->sets[i].state[k], 1, sizeof(keel_signal_state));
}

void keel_engine_keep_signals(const keel_engine *e, keel_packed_writer *w) {
    keel_packed_rows(w, &SLOTS, e->snaps, (uint64_t)e->plan.symbol_count, sizeof *e->snaps);
    keel_packed_part(w, &SPECS, count(e, MACHINE_COUNT));
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        for (int32_t k = 0; k < e->sets[i].n; k++) {
            spec_row row = row_of(e, i, k);
            keel_packed_run(w, &SPECS, &row, 1, sizeof row);
        }
    for (int machine = 0; machine < MACHINE_COUNT; machine++)
        keep_machines(e, machine, w);
    keel_packed_part(w, &WINDOW, window_size(e));
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        keel_packed_run(w, &WINDOW, e->sets[i].win, (uint64_t)e->sets[i].window_used, sizeof(double));
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static int same_specs(const keel_engine *e, keel_packed_reader *r, keel_err *reterr) {
    keel_packed_view v;
    uint64_t at = 0;
    KEEL_TRY(keel_packed_look(r, &SPECS, count(e, MACHINE_COUNT), &v, reterr));
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        for (int32_t k = 0; k < e->sets[i].n; k++) {
            spec_row ours = row_of(e, i, k), theirs = {0};
            keel_packed_get(&v, at++, &theirs);
            if (memcmp(&ours, &theirs, sizeof ours) != 0)
                return keel_err_set(reterr, KEEL_E_VERSION,
                                    "a snapshot by keel %s has other indicators: number %d of symbol %d", r->build,
                                    (int)k + 1, (int)i);
        }
    return 0;
}

static int is_named(const char *name, const char *end) {
    size_t size = strlen(name), tail = strlen(end);
    return size >= tail && strcmp(name + size - tail, end) == 0 && (size == tail || name[size - tail - 1] == '.');
}

/* Lengths of rings are the plan's, and places in a ring lie in it: with others a step would reach beyond the window. */
static int fits(const keel_packed_table *t, const keel_signal_state *ours, const keel_signal_state *theirs) {
    int32_t n = 0, was, is;
    for (uint32_t i = 0; i < t->count; i++) {
        const keel_packed_field *f = &t->field[i];
        if (f->type != KEEL_PACKED_I32) continue;
        memcpy(&was, (const char *)ours + f->offset, sizeof was);
        memcpy(&is, (const char *)theirs + f->offset, sizeof is);
        if (is_named(f->name, "n")) {
            n = was;
            if (is != was) return 0;
        }
        if ((is_named(f->name, "pos") || is_named(f->name, "top") || is_named(f->name, "at")) && (is < 0 || is >= n))
            return 0;
    }
    return 1;
}

static int take_machines(keel_engine *e, int machine, keel_packed_reader *r, int takes, keel_err *reterr) {
    const keel_packed_table *t = &TABLES[machine];
    keel_packed_view v;
    uint64_t rows = count(e, machine), at = 0;
    if (rows == 0) return 0;
    KEEL_TRY(keel_packed_look(r, t, rows, &v, reterr));
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        for (int32_t k = 0; k < e->sets[i].n; k++) {
            if (machine_of(e->sets[i].spec[k].kind) != machine) continue;
            keel_signal_state theirs = e->sets[i].state[k];
            keel_packed_get(&v, at++, &theirs);
            if (!fits(t, &e->sets[i].state[k], &theirs))
                return keel_err_set(reterr, KEEL_E_PARITY, "a snapshot that cannot be: row %llu of %s",
                                    (unsigned long long)at, t->name);
            if (takes) e->sets[i].state[k] = theirs;
        }
    return 0;
}

int keel_engine_take_signals(keel_engine *e, keel_packed_reader *r, int takes, keel_err *reterr) {
    keel_packed_view v;
    uint64_t at = 0;
    KEEL_TRY(keel_packed_take(r, &SLOTS, e->snaps, (uint64_t)e->plan.symbol_count, sizeof *e->snaps, takes, reterr));
    KEEL_TRY(same_specs(e, r, reterr));
    for (int machine = 0; machine < MACHINE_COUNT; machine++)
        KEEL_TRY(take_machines(e, machine, r, takes, reterr));
    KEEL_TRY(keel_packed_look(r, &WINDOW, window_size(e), &v, reterr));
    for (int32_t i = 0; i < e->plan.symbol_count && takes; i++)
        for (int32_t k = 0; k < e->sets[i].window_used; k++)
            keel_packed_get(&v, at++, &e->sets[i].win[k]);
    return 0;
}

int keel_engine_look_signals(int32_t symbols, keel_packed_reader *r, keel_err *reterr) {
    uint64_t rows[MACHINE_COUNT] = {0};
    keel_packed_view v;
    KEEL_TRY(keel_packed_look(r, &SLOTS, (uint64_t)symbols, &v, reterr));
    KEEL_TRY(keel_packed_look(r, &WINDOW, KEEL_PACKED_ANY, &v, reterr));
    KEEL_TRY(keel_packed_look(r, &SPECS, KEEL_PACKED_ANY, &v, reterr));
    for (uint64_t i = 0; i < v.rows; i++) {
        spec_row row;
        keel_packed_get(&v, i, &row);
        rows[machine_of(row.spec.kind)]++;
    }
    for (int machine = 0; machine < MACHINE_COUNT; machine++)
        if (rows[machine] > 0) KEEL_TRY(keel_packed_look(r, &TABLES[machine], rows[machine], &v, reterr));
    return 0;
}

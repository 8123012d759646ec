/* core/signal/block.c: the start of a block by the machine's own step, the rest by the loop of its kind. */
#include "core/signal/block.h"
#include "core/signal/block_recursion.h"
#include "core/signal/block_rolling.h"

KEEL_FN void keel_block_look(keel_block_ahead *ahead, int32_t bars) {
    int32_t end = ahead->at + bars < KEEL_BLOCK_BARS ? ahead->at + bars : KEEL_BLOCK_BARS;
    if (ahead->columns == 0) return;
    for (int32_t k = 0; k < ahead->columns; k++) {
        for (int32_t i = ahead->at; i < end; i += 8)
            KEEL_PREFETCH(ahead->column[k] + i);
    }
    ahead->at = (end + 7) / 8 * 8;
}

/* Bar i by the machine's own step. Returns the mask of its ready outputs. */
KEEL_LOCAL uint32_t keel_block_step(const keel_signal_spec *spec, keel_signal_state *st, double *win,
                                    keel_signal_block *b, int32_t outputs, int32_t i) {
    double out[KEEL_SIGNAL_OUTPUT_MAX] = {0.0, 0.0, 0.0, 0.0, 0.0};
    keel_ohlcv bar;
    bar.open = b->open[i];
    bar.high = b->high[i];
    bar.low = b->low[i];
    bar.close = b->close[i];
    bar.volume = b->volume[i];
    uint32_t mask = keel_signal_machine_step(spec, st, win, b->x[i], &bar, b->ts_ms[i], out);
    for (int32_t k = 0; k < outputs; k++) {
        int32_t has = (int32_t)((mask >> k) & 1);
        b->out[k][i] = has ? out[k] : 0.0;
        if (has && b->ready[k] == b->count) b->ready[k] = i;
    }
    return mask;
}

/* A kind without a loop of its own: its step with the state at hand. `call` feeds bar i to s and writes o[]. */
#define KEEL_BLOCK_EACH(type, member, outputs, call) \
    {                                                \
        type s = st->member;                         \
        for (int32_t i = at; i < b->count; i++) {    \
            (void)call;                              \
            for (int32_t k = 0; k < (outputs); k++)  \
                b->out[k][i] = o[k];                 \
        }                                            \
        st->member = s;                              \
    }

/* Bars at .. of a SERIES kind that gives all its outputs. */
KEEL_LOCAL void keel_block_series(const keel_signal_spec *spec, keel_signal_state *st, double *win,
                                  const keel_signal_block *b, int32_t at) {
    double o[KEEL_SIGNAL_OUTPUT_MAX] = {0.0, 0.0, 0.0, 0.0, 0.0};
    KEEL_GLOBAL const double *x = b->x;
    switch (spec->kind) {
        case KEEL_SIGNAL_COPY:
            for (int32_t i = at; i < b->count; i++)
                b->out[0][i] = x[i];
            return;
        case KEEL_SIGNAL_PREV: keel_block_prev(&st->roll, win, b, at); return;
        case KEEL_SIGNAL_SMA: keel_block_sma(&st->roll, win, b, at); return;
        case KEEL_SIGNAL_EMA: keel_block_ema(&st->ema, b, at); return;
        case KEEL_SIGNAL_WMA: KEEL_BLOCK_EACH(keel_roll, roll, 1, keel_wma_step(&s, win, x[i], o)) return;
        case KEEL_SIGNAL_RMA: keel_block_rma(&st->wilder, b, at); return;
        case KEEL_SIGNAL_DEMA: KEEL_BLOCK_EACH(keel_ema_chain, chain, 1, keel_dema_step(&s, x[i], o)) return;
        case KEEL_SIGNAL_TEMA: KEEL_BLOCK_EACH(keel_ema_chain, chain, 1, keel_tema_step(&s, x[i], o)) return;
        case KEEL_SIGNAL_TRIX: KEEL_BLOCK_EACH(keel_ema_chain, chain, 1, keel_trix_step(&s, x[i], o)) return;
        case KEEL_SIGNAL_KAMA: KEEL_BLOCK_EACH(keel_kama, kama, 1, keel_kama_step(&s, win, x[i], o)) return;
        case KEEL_SIGNAL_SLOPE: keel_block_slope(&st->roll, win, b, at); return;
        case KEEL_SIGNAL_ROC: keel_block_roc(&st->roll, win, b, at); return;
        case KEEL_SIGNAL_MOM: keel_block_mom(&st->roll, win, b, at); return;
        case KEEL_SIGNAL_LINREG: KEEL_BLOCK_EACH(keel_linreg, linreg, 1, keel_linreg_step(&s, win, x[i], o)) return;
        case KEEL_SIGNAL_ZSCORE: keel_block_zscore(&st->roll, win, b, at); return;
        case KEEL_SIGNAL_RSI: keel_block_rsi(&st->rsi, b, at, b->out[0]); return;
        case KEEL_SIGNAL_STOCH_RSI: keel_block_stoch_rsi(&st->stoch_rsi, win, b, at); return;
        case KEEL_SIGNAL_MACD: keel_block_macd(&st->macd, b, at); return;
        case KEEL_SIGNAL_BB: keel_block_bollinger(&st->roll, win, spec->f[0], b, at); return;
        case KEEL_SIGNAL_BB_WIDTH_RATIO: keel_block_bb_width_ratio(&st->bb_width_ratio, win, b, at); return;
        case KEEL_SIGNAL_CC_VOL: KEEL_BLOCK_EACH(keel_cc_vol, cc_vol, 1, keel_cc_vol_step(&s, win, x[i], o)) return;
        default: return;
    }
}

/* Bars at .. of a BAR kind that gives all its outputs. */
KEEL_LOCAL void keel_block_bars(keel_signal_state *st, int32_t kind, double *win, const keel_signal_block *b,
                                int32_t at) {
    double z[KEEL_SIGNAL_OUTPUT_MAX] = {0.0, 0.0, 0.0, 0.0, 0.0};
    double *o = z;
    KEEL_GLOBAL const double *open = b->open;
    KEEL_GLOBAL const double *h = b->high;
    KEEL_GLOBAL const double *l = b->low;
    KEEL_GLOBAL const double *c = b->close;
    KEEL_GLOBAL const double *v = b->volume;
    KEEL_GLOBAL const int64_t *ts = b->ts_ms;
    switch (kind) {
        case KEEL_SIGNAL_ATR: keel_block_atr(&st->atr, b, at, b->out[0]); return;
        case KEEL_SIGNAL_ADX: keel_block_adx(&st->adx, b, at); return;
        case KEEL_SIGNAL_DONCHIAN: keel_block_donchian(&st->donchian, win, b, at); return;
        case KEEL_SIGNAL_KELTNER: keel_block_keltner(&st->keltner, b, at); return;
        case KEEL_SIGNAL_CCI: KEEL_BLOCK_EACH(keel_cci, cci, 1, keel_cci_step(&s, win, h[i], l[i], c[i], o)) return;
        case KEEL_SIGNAL_WILLR: keel_block_willr(&st->willr, win, b, at); return;
        case KEEL_SIGNAL_STOCH: keel_block_stoch(&st->stochastic, win, b, at); return;
        case KEEL_SIGNAL_AROON: KEEL_BLOCK_EACH(keel_aroon, aroon, 2, keel_aroon_step(&s, win, h[i], l[i], o)) return;
        case KEEL_SIGNAL_SUPERTREND:
            KEEL_BLOCK_EACH(keel_supertrend, supertrend, 2, keel_supertrend_step(&s, h[i], l[i], c[i], o))
            return;
        case KEEL_SIGNAL_SAR: KEEL_BLOCK_EACH(keel_sar, sar, 1, keel_sar_step(&s, h[i], l[i], o)) return;
        case KEEL_SIGNAL_ULTOSC:
            KEEL_BLOCK_EACH(keel_ultosc, ultosc, 1, keel_ultosc_step(&s, win, h[i], l[i], c[i], o))
            return;
        case KEEL_SIGNAL_VWAP_DAY:
            KEEL_BLOCK_EACH(keel_vwap_day, vwap_day, 1, keel_vwap_day_step(&s, h[i], l[i], c[i], v[i], ts[i], o))
            return;
        case KEEL_SIGNAL_VWAP: keel_block_vwap(&st->vwap, win, b, at); return;
        case KEEL_SIGNAL_OBV: KEEL_BLOCK_EACH(keel_obv, obv, 1, keel_obv_step(&s, c[i], v[i], o)) return;
        case KEEL_SIGNAL_MFI: keel_block_mfi(&st->mfi, win, b, at); return;
        case KEEL_SIGNAL_CMF: keel_block_cmf(&st->cmf, win, b, at); return;
        case KEEL_SIGNAL_PARKINSON:
            KEEL_BLOCK_EACH(keel_roll, roll, 1, keel_parkinson_step(&s, win, h[i], l[i], o)) return;
        case KEEL_SIGNAL_GARMAN_KLASS:
            KEEL_BLOCK_EACH(keel_roll, roll, 1, keel_garman_klass_step(&s, win, open[i], h[i], l[i], c[i], o))
            return;
        case KEEL_SIGNAL_ROGERS_SATCHELL:
            KEEL_BLOCK_EACH(keel_roll, roll, 1, keel_rogers_satchell_step(&s, win, open[i], h[i], l[i], c[i], o))
            return;
        case KEEL_SIGNAL_YANG_ZHANG:
            KEEL_BLOCK_EACH(keel_yang_zhang, yang_zhang, 1, keel_yang_zhang_step(&s, win, open[i], h[i], l[i], c[i], o))
            return;
        case KEEL_SIGNAL_PIVOT:
            KEEL_BLOCK_EACH(keel_pivot, pivot, 5, keel_pivot_step(&s, h[i], l[i], c[i], ts[i], o))
            return;
        default: return;
    }
}

KEEL_FN void keel_signal_block_run(const keel_signal_spec *spec, keel_signal_state *st, double *win,
                                   keel_signal_block *b) {
    int32_t outputs = keel_signal_kind_outputs(spec->kind);
    uint32_t all = ((uint32_t)1 << outputs) - 1u;
    uint32_t mask = b->steady ? all : 0;
    int32_t at = b->from;
    for (int32_t k = 0; k < outputs; k++) {
        b->ready[k] = b->steady ? 0 : b->count;
        for (int32_t i = 0; i < b->from; i++)
            b->out[k][i] = 0.0;
    }
    for (; at < b->count && mask != all; at++) /* what was ready stays ready */
        mask = keel_block_step(spec, st, win, b, outputs, at);
    if (at >= b->count) return;
    if (keel_signal_kind_input(spec->kind) == KEEL_SIGNAL_INPUT_BAR) {
        keel_block_bars(st, spec->kind, win, b, at);
    } else {
        keel_block_series(spec, st, win, b, at);
    }
}

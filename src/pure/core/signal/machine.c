/* core/signal/machine.c: the switches. Nothing is computed here. */
#include "core/signal/machine.h"

KEEL_FN double keel_signal_bar_value(const keel_ohlcv *bar, int32_t source) {
    switch (source) {
        case KEEL_SOURCE_OPEN: return bar->open;
        case KEEL_SOURCE_HIGH: return bar->high;
        case KEEL_SOURCE_LOW: return bar->low;
        case KEEL_SOURCE_HL2: return (bar->high + bar->low) / 2.0;
        case KEEL_SOURCE_HLC3: return ((bar->high + bar->low) + bar->close) / 3.0;
        case KEEL_SOURCE_VOLUME: return bar->volume;
        default: return bar->close;
    }
}

KEEL_FN int32_t keel_signal_window(const keel_signal_spec *spec) {
    const int32_t *p = spec->p;
    switch (spec->kind) {
        case KEEL_SIGNAL_PREV:
        case KEEL_SIGNAL_SMA:
        case KEEL_SIGNAL_SLOPE:
        case KEEL_SIGNAL_ROC:
        case KEEL_SIGNAL_MOM:
        case KEEL_SIGNAL_PARKINSON:
        case KEEL_SIGNAL_GARMAN_KLASS:
        case KEEL_SIGNAL_ROGERS_SATCHELL: return p[0];
        case KEEL_SIGNAL_WMA:
        case KEEL_SIGNAL_KAMA:
        case KEEL_SIGNAL_LINREG:
        case KEEL_SIGNAL_ZSCORE:
        case KEEL_SIGNAL_BB:
        case KEEL_SIGNAL_CC_VOL:
        case KEEL_SIGNAL_DONCHIAN:
        case KEEL_SIGNAL_CCI:
        case KEEL_SIGNAL_WILLR:
        case KEEL_SIGNAL_VWAP:
        case KEEL_SIGNAL_MFI:
        case KEEL_SIGNAL_CMF: return 2 * p[0];
        case KEEL_SIGNAL_STOCH_RSI: return 2 * p[1] + p[2] + p[3];
        case KEEL_SIGNAL_STOCH: return 2 * p[0] + p[1] + p[2];
        case KEEL_SIGNAL_BB_WIDTH_RATIO: return 2 * p[0] + p[1];
        case KEEL_SIGNAL_AROON: return 4 * (p[0] + 1);
        case KEEL_SIGNAL_ULTOSC: return 2 * (p[0] + p[1] + p[2]);
        case KEEL_SIGNAL_YANG_ZHANG: return 5 * p[0];
        default: return 0;
    }
}

/* Kinds whose outputs all start together. */
KEEL_LOCAL int32_t keel_signal_lookback_common(const keel_signal_spec *spec) {
    const int32_t *p = spec->p;
    switch (spec->kind) {
        case KEEL_SIGNAL_SMA:
        case KEEL_SIGNAL_EMA:
        case KEEL_SIGNAL_WMA:
        case KEEL_SIGNAL_RMA:
        case KEEL_SIGNAL_LINREG:
        case KEEL_SIGNAL_ZSCORE:
        case KEEL_SIGNAL_BB:
        case KEEL_SIGNAL_DONCHIAN:
        case KEEL_SIGNAL_CCI:
        case KEEL_SIGNAL_WILLR:
        case KEEL_SIGNAL_VWAP:
        case KEEL_SIGNAL_CMF:
        case KEEL_SIGNAL_PARKINSON:
        case KEEL_SIGNAL_GARMAN_KLASS:
        case KEEL_SIGNAL_ROGERS_SATCHELL: return p[0] - 1;
        case KEEL_SIGNAL_PREV:
        case KEEL_SIGNAL_KAMA:
        case KEEL_SIGNAL_SLOPE:
        case KEEL_SIGNAL_ROC:
        case KEEL_SIGNAL_MOM:
        case KEEL_SIGNAL_RSI:
        case KEEL_SIGNAL_CC_VOL:
        case KEEL_SIGNAL_ATR:
        case KEEL_SIGNAL_AROON:
        case KEEL_SIGNAL_SUPERTREND:
        case KEEL_SIGNAL_MFI:
        case KEEL_SIGNAL_YANG_ZHANG: return p[0];
        case KEEL_SIGNAL_DEMA: return 2 * (p[0] - 1);
        case KEEL_SIGNAL_TEMA: return 3 * (p[0] - 1);
        case KEEL_SIGNAL_TRIX: return 3 * (p[0] - 1) + 1;
        case KEEL_SIGNAL_BB_WIDTH_RATIO: return p[0] + p[1] - 2;
        case KEEL_SIGNAL_SAR: return 1;
        case KEEL_SIGNAL_ULTOSC: return p[2];
        case KEEL_SIGNAL_PIVOT: return -1;
        default: return 0;
    }
}

KEEL_FN int32_t keel_signal_lookback(const keel_signal_spec *spec, int32_t output) {
    const int32_t *p = spec->p;
    switch (spec->kind) {
        case KEEL_SIGNAL_STOCH_RSI: return p[0] + p[1] + p[2] - 2 + (output == 1 ? p[3] - 1 : 0);
        case KEEL_SIGNAL_STOCH: return p[0] + p[1] - 2 + (output == 1 ? p[2] - 1 : 0);
        case KEEL_SIGNAL_MACD: return p[1] - 1 + (output == 0 ? 0 : p[2] - 1);
        case KEEL_SIGNAL_ADX: return output >= 2 ? p[0] : 2 * p[0] - 1 + output;
        case KEEL_SIGNAL_KELTNER: return output == 0 || p[0] - 1 > p[1] ? p[0] - 1 : p[1];
        default: return keel_signal_lookback_common(spec);
    }
}

KEEL_FN void keel_signal_machine_init(const keel_signal_spec *spec, keel_signal_state *st) {
    const int32_t *p = spec->p;
    for (int32_t i = 0; i < KEEL_SIGNAL_STATE_WORDS; i++)
        st->words[i] = 0;
    switch (spec->kind) {
        case KEEL_SIGNAL_COPY: keel_roll_init(&st->roll, 1); break;
        case KEEL_SIGNAL_EMA: keel_ema_init(&st->ema, p[0]); break;
        case KEEL_SIGNAL_RMA: keel_wilder_init(&st->wilder, p[0]); break;
        case KEEL_SIGNAL_DEMA:
        case KEEL_SIGNAL_TEMA:
        case KEEL_SIGNAL_TRIX: keel_ema_chain_init(&st->chain, p[0]); break;
        case KEEL_SIGNAL_KAMA: keel_kama_init(&st->kama, p[0]); break;
        case KEEL_SIGNAL_LINREG: keel_linreg_init(&st->linreg, p[0]); break;
        case KEEL_SIGNAL_RSI: keel_rsi_init(&st->rsi, p[0]); break;
        case KEEL_SIGNAL_STOCH_RSI: keel_stoch_rsi_init(&st->stoch_rsi, p[0], p[1], p[2], p[3]); break;
        case KEEL_SIGNAL_MACD: keel_macd_init(&st->macd, p[0], p[1], p[2]); break;
        case KEEL_SIGNAL_BB_WIDTH_RATIO: keel_bb_width_ratio_init(&st->bb_width_ratio, p[0], p[1]); break;
        case KEEL_SIGNAL_CC_VOL: keel_cc_vol_init(&st->cc_vol, p[0]); break;
        case KEEL_SIGNAL_ATR: keel_atr_init(&st->atr, p[0]); break;
        case KEEL_SIGNAL_ADX: keel_adx_init(&st->adx, p[0]); break;
        case KEEL_SIGNAL_DONCHIAN: keel_donchian_init(&st->donchian, p[0]); break;
        case KEEL_SIGNAL_KELTNER: keel_keltner_init(&st->keltner, p[0], p[1], spec->f[0]); break;
        case KEEL_SIGNAL_CCI: keel_cci_init(&st->cci, p[0]); break;
        case KEEL_SIGNAL_WILLR: keel_willr_init(&st->willr, p[0]); break;
        case KEEL_SIGNAL_STOCH: keel_stochastic_init(&st->stochastic, p[0], p[1], p[2]); break;
        case KEEL_SIGNAL_AROON: keel_aroon_init(&st->aroon, p[0]); break;
        case KEEL_SIGNAL_SUPERTREND: keel_supertrend_init(&st->supertrend, p[0], spec->f[0]); break;
        case KEEL_SIGNAL_SAR: keel_sar_init(&st->sar, spec->f[0], spec->f[1]); break;
        case KEEL_SIGNAL_ULTOSC: keel_ultosc_init(&st->ultosc, p[0], p[1], p[2]); break;
        case KEEL_SIGNAL_VWAP_DAY: keel_vwap_day_init(&st->vwap_day); break;
        case KEEL_SIGNAL_VWAP: keel_vwap_init(&st->vwap, p[0]); break;
        case KEEL_SIGNAL_OBV: keel_obv_init(&st->obv); break;
        case KEEL_SIGNAL_MFI: keel_mfi_init(&st->mfi, p[0]); break;
        case KEEL_SIGNAL_CMF: keel_cmf_init(&st->cmf, p[0]); break;
        case KEEL_SIGNAL_YANG_ZHANG: keel_yang_zhang_init(&st->yang_zhang, p[0]); break;
        case KEEL_SIGNAL_PIVOT: keel_pivot_init(&st->pivot); break;
        default: keel_roll_init(&st->roll, p[0]); break; /* the kinds that are one ring */
    }
}

/* Kinds that read one series. */
KEEL_LOCAL int32_t keel_signal_series_step(const keel_signal_spec *spec, keel_signal_state *st, double *win, double x,
                                           double *out) {
    switch (spec->kind) {
        case KEEL_SIGNAL_COPY: out[0] = x; return 1;
        case KEEL_SIGNAL_PREV: return keel_roll_delay(&st->roll, win, x, out);
        case KEEL_SIGNAL_SMA: return keel_sma_step(&st->roll, win, x, out);
        case KEEL_SIGNAL_EMA: return keel_ema_step(&st->ema, x, out);
        case KEEL_SIGNAL_WMA: return keel_wma_step(&st->roll, win, x, out);
        case KEEL_SIGNAL_RMA: return keel_wilder_step(&st->wilder, x, out);
        case KEEL_SIGNAL_DEMA: return keel_dema_step(&st->chain, x, out);
        case KEEL_SIGNAL_TEMA: return keel_tema_step(&st->chain, x, out);
        case KEEL_SIGNAL_KAMA: return keel_kama_step(&st->kama, win, x, out);
        case KEEL_SIGNAL_SLOPE: return keel_slope_step(&st->roll, win, x, out);
        case KEEL_SIGNAL_ROC: return keel_roc_step(&st->roll, win, x, out);
        case KEEL_SIGNAL_MOM: return keel_mom_step(&st->roll, win, x, out);
        case KEEL_SIGNAL_LINREG: return keel_linreg_step(&st->linreg, win, x, out);
        case KEEL_SIGNAL_ZSCORE: return keel_zscore_step(&st->roll, win, x, out);
        case KEEL_SIGNAL_RSI: return keel_rsi_step(&st->rsi, x, out);
        case KEEL_SIGNAL_STOCH_RSI: return keel_stoch_rsi_step(&st->stoch_rsi, win, x, out);
        case KEEL_SIGNAL_MACD: return keel_macd_step(&st->macd, x, out);
        case KEEL_SIGNAL_TRIX: return keel_trix_step(&st->chain, x, out);
        case KEEL_SIGNAL_BB: return keel_bollinger_step(&st->roll, win, spec->f[0], x, out);
        case KEEL_SIGNAL_BB_WIDTH_RATIO: return keel_bb_width_ratio_step(&st->bb_width_ratio, win, x, out);
        case KEEL_SIGNAL_CC_VOL: return keel_cc_vol_step(&st->cc_vol, win, x, out);
        default: return 0;
    }
}

/* Kinds that read the candle. */
KEEL_LOCAL int32_t keel_signal_bar_step(const keel_signal_spec *spec, keel_signal_state *st, double *win,
                                        const keel_ohlcv *bar, int64_t ts_ms, double *out) {
    double o = bar->open;
    double h = bar->high;
    double l = bar->low;
    double c = bar->close;
    double v = bar->volume;
    switch (spec->kind) {
        case KEEL_SIGNAL_ATR: return keel_atr_step(&st->atr, h, l, c, out);
        case KEEL_SIGNAL_ADX: return keel_adx_step(&st->adx, h, l, c, out);
        case KEEL_SIGNAL_DONCHIAN: return keel_donchian_step(&st->donchian, win, h, l, out);
        case KEEL_SIGNAL_KELTNER: return keel_keltner_step(&st->keltner, h, l, c, out);
        case KEEL_SIGNAL_CCI: return keel_cci_step(&st->cci, win, h, l, c, out);
        case KEEL_SIGNAL_WILLR: return keel_willr_step(&st->willr, win, h, l, c, out);
        case KEEL_SIGNAL_STOCH: return keel_stochastic_step(&st->stochastic, win, h, l, c, out);
        case KEEL_SIGNAL_AROON: return keel_aroon_step(&st->aroon, win, h, l, out);
        case KEEL_SIGNAL_SUPERTREND: return keel_supertrend_step(&st->supertrend, h, l, c, out);
        case KEEL_SIGNAL_SAR: return keel_sar_step(&st->sar, h, l, out);
        case KEEL_SIGNAL_ULTOSC: return keel_ultosc_step(&st->ultosc, win, h, l, c, out);
        case KEEL_SIGNAL_VWAP_DAY: return keel_vwap_day_step(&st->vwap_day, h, l, c, v, ts_ms, out);
        case KEEL_SIGNAL_VWAP: return keel_vwap_step(&st->vwap, win, h, l, c, v, out);
        case KEEL_SIGNAL_OBV: return keel_obv_step(&st->obv, c, v, out);
        case KEEL_SIGNAL_MFI: return keel_mfi_step(&st->mfi, win, h, l, c, v, out);
        case KEEL_SIGNAL_CMF: return keel_cmf_step(&st->cmf, win, h, l, c, v, out);
        case KEEL_SIGNAL_PARKINSON: return keel_parkinson_step(&st->roll, win, h, l, out);
        case KEEL_SIGNAL_GARMAN_KLASS: return keel_garman_klass_step(&st->roll, win, o, h, l, c, out);
        case KEEL_SIGNAL_ROGERS_SATCHELL: return keel_rogers_satchell_step(&st->roll, win, o, h, l, c, out);
        case KEEL_SIGNAL_YANG_ZHANG: return keel_yang_zhang_step(&st->yang_zhang, win, o, h, l, c, out);
        case KEEL_SIGNAL_PIVOT: return keel_pivot_step(&st->pivot, h, l, c, ts_ms, out);
        default: return 0;
    }
}

KEEL_FN uint32_t keel_signal_machine_step(const keel_signal_spec *spec, keel_signal_state *st, double *win, double x,
                                          const keel_ohlcv *bar, int64_t ts_ms, double *out) {
    if (keel_signal_kind_input(spec->kind) == KEEL_SIGNAL_INPUT_BAR) {
        return (uint32_t)keel_signal_bar_step(spec, st, win, bar, ts_ms, out);
    }
    return (uint32_t)keel_signal_series_step(spec, st, win, x, out);
}

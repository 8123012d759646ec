/* core/strategy/canon.c: see canon.h. */
#include "core/strategy/canon.h"

#include "core/strategy/gates.h"

KEEL_FN void keel_signal_list_add(keel_signal_list *list, int32_t kind, int32_t slot, int32_t source, int32_t p0) {
    if (list->n >= KEEL_SIGNAL_LIST_MAX) {
        list->overflow = 1;
        return;
    }
    keel_signal_spec spec = keel_signal_spec_default(kind, slot);
    spec.source = source;
    spec.p[0] = p0;
    list->spec[list->n] = spec;
    list->n++;
}

KEEL_FN uint64_t keel_canon_exit_needs(const keel_params *p) {
    uint64_t need = 0;
    int32_t atr = p->sl_atr_mult > 0.0 || p->tp_atr_mult > 0.0 || p->enable_trailing || p->enable_breakeven_stop ||
                  (p->enable_partial_tp && p->tp_partial_atr_mult > 0.0) || p->vol_size_ref > 0.0 || p->enable_tsme ||
                  p->adx_exhaustion_lt > 0.0 || p->enable_rsi_ext || p->enable_funding_exit ||
                  p->max_adds_per_position > 0 || p->block_exits_on_extreme_dev;
    if (atr) need |= KEEL_SLOT_BIT(KEEL_SLOT_ATR);
    if (p->enable_trailing)
        need |= KEEL_SLOT_BIT(KEEL_SLOT_ADX) | KEEL_SLOT_BIT(KEEL_SLOT_RSI) | KEEL_SLOT_BIT(KEEL_SLOT_BB_WIDTH_RATIO);
    if (p->enable_tsme) need |= KEEL_SLOT_BIT(KEEL_SLOT_ADX) | KEEL_SLOT_BIT(KEEL_SLOT_EMA_SLOPE);
    if (p->enable_tsme && p->tsme_require_stoch) need |= KEEL_SLOT_BIT(KEEL_SLOT_STOCH_K);
    if (p->adx_exhaustion_lt > 0.0) need |= KEEL_SLOT_BIT(KEEL_SLOT_ADX);
    if (p->enable_rsi_ext) need |= KEEL_SLOT_BIT(KEEL_SLOT_RSI);
    if (p->enable_filter_exit) need |= KEEL_SLOT_BIT(KEEL_SLOT_EMA_FAST) | KEEL_SLOT_BIT(KEEL_SLOT_EMA_SLOW);
    return need;
}

KEEL_LOCAL int32_t keel_canon_wants(uint64_t need, int32_t slot) { return (int32_t)((need >> slot) & 1u); }

KEEL_LOCAL void keel_canon_bar_fields(uint64_t need, keel_signal_list *l) {
    if (keel_canon_wants(need, KEEL_SLOT_CLOSE))
        keel_signal_list_add(l, KEEL_SIGNAL_COPY, KEEL_SLOT_CLOSE, KEEL_SOURCE_CLOSE, 0);
    if (keel_canon_wants(need, KEEL_SLOT_HIGH))
        keel_signal_list_add(l, KEEL_SIGNAL_COPY, KEEL_SLOT_HIGH, KEEL_SOURCE_HIGH, 0);
    if (keel_canon_wants(need, KEEL_SLOT_LOW))
        keel_signal_list_add(l, KEEL_SIGNAL_COPY, KEEL_SLOT_LOW, KEEL_SOURCE_LOW, 0);
    if (keel_canon_wants(need, KEEL_SLOT_OPEN))
        keel_signal_list_add(l, KEEL_SIGNAL_COPY, KEEL_SLOT_OPEN, KEEL_SOURCE_OPEN, 0);
    if (keel_canon_wants(need, KEEL_SLOT_VOLUME))
        keel_signal_list_add(l, KEEL_SIGNAL_COPY, KEEL_SLOT_VOLUME, KEEL_SOURCE_VOLUME, 0);
    if (keel_canon_wants(need, KEEL_SLOT_PREV_CLOSE))
        keel_signal_list_add(l, KEEL_SIGNAL_PREV, KEEL_SLOT_PREV_CLOSE, KEEL_SOURCE_CLOSE, 1);
}

KEEL_LOCAL void keel_canon_averages(const keel_params *p, uint64_t need, keel_signal_list *l) {
    if (keel_canon_wants(need, KEEL_SLOT_VOL_SMA))
        keel_signal_list_add(l, KEEL_SIGNAL_SMA, KEEL_SLOT_VOL_SMA, KEEL_SOURCE_VOLUME, p->vol_sma_period);
    if (keel_canon_wants(need, KEEL_SLOT_EMA_FAST))
        keel_signal_list_add(l, KEEL_SIGNAL_EMA, KEEL_SLOT_EMA_FAST, KEEL_SOURCE_CLOSE, p->ema_fast_period);
    if (keel_canon_wants(need, KEEL_SLOT_EMA_SLOW))
        keel_signal_list_add(l, KEEL_SIGNAL_EMA, KEEL_SLOT_EMA_SLOW, KEEL_SOURCE_CLOSE, p->ema_slow_period);
    if (keel_canon_wants(need, KEEL_SLOT_EMA_MACRO))
        keel_signal_list_add(l, KEEL_SIGNAL_EMA, KEEL_SLOT_EMA_MACRO, KEEL_SOURCE_CLOSE, p->ema_macro_period);
    if (keel_canon_wants(need, KEEL_SLOT_EMA_SLOPE))
        keel_signal_list_add(l, KEEL_SIGNAL_SLOPE, KEEL_SLOT_EMA_SLOPE, KEEL_SOURCE_SLOT(KEEL_SLOT_EMA_SLOW), 1);
}

KEEL_LOCAL void keel_canon_strength(const keel_params *p, uint64_t need, keel_signal_list *l) {
    if (keel_canon_wants(need, KEEL_SLOT_ADX))
        keel_signal_list_add(l, KEEL_SIGNAL_ADX, KEEL_SLOT_ADX, KEEL_SOURCE_CLOSE, p->adx_period);
    if (keel_canon_wants(need, KEEL_SLOT_RSI))
        keel_signal_list_add(l, KEEL_SIGNAL_RSI, KEEL_SLOT_RSI, KEEL_SOURCE_CLOSE, p->rsi_period);
    if (keel_canon_wants(need, KEEL_SLOT_STOCH_K)) {
        keel_signal_list_add(l, KEEL_SIGNAL_STOCH_RSI, KEEL_SLOT_STOCH_K, KEEL_SOURCE_CLOSE, p->rsi_period);
        l->spec[l->n - 1].p[1] = p->stoch_rsi_period;
        l->spec[l->n - 1].p[2] = p->stoch_k_smooth;
        l->spec[l->n - 1].p[3] = p->stoch_d_smooth;
    }
    if (keel_canon_wants(need, KEEL_SLOT_MACD_HIST)) {
        keel_signal_list_add(l, KEEL_SIGNAL_MACD, KEEL_SLOT_MACD_LINE, KEEL_SOURCE_CLOSE, p->macd_fast);
        l->spec[l->n - 1].p[1] = p->macd_slow;
        l->spec[l->n - 1].p[2] = p->macd_signal;
    }
}

KEEL_LOCAL void keel_canon_ranges(const keel_params *p, uint64_t need, keel_signal_list *l) {
    if (keel_canon_wants(need, KEEL_SLOT_ATR))
        keel_signal_list_add(l, KEEL_SIGNAL_ATR, KEEL_SLOT_ATR, KEEL_SOURCE_CLOSE, p->atr_period);
    if (keel_canon_wants(need, KEEL_SLOT_ATR_SMA))
        keel_signal_list_add(l, KEEL_SIGNAL_SMA, KEEL_SLOT_ATR_SMA, KEEL_SOURCE_SLOT(KEEL_SLOT_ATR), p->ave_window);
    if (keel_canon_wants(need, KEEL_SLOT_BB_WIDTH_RATIO)) {
        keel_signal_list_add(l, KEEL_SIGNAL_BB_WIDTH_RATIO, KEEL_SLOT_BB_WIDTH_RATIO, KEEL_SOURCE_CLOSE, p->bb_period);
        l->spec[l->n - 1].p[1] = p->bb_width_avg;
    }
}

KEEL_FN void keel_canon_add(const keel_params *p, uint64_t need, keel_signal_list *list) {
    /* what a slot is computed from */
    if (keel_canon_wants(need, KEEL_SLOT_EMA_SLOPE)) need |= KEEL_SLOT_BIT(KEEL_SLOT_EMA_SLOW);
    if (keel_canon_wants(need, KEEL_SLOT_ATR_SMA)) need |= KEEL_SLOT_BIT(KEEL_SLOT_ATR);
    /* one machine fills several slots */
    if (need &
        (KEEL_SLOT_BIT(KEEL_SLOT_ADX_PREV) | KEEL_SLOT_BIT(KEEL_SLOT_PLUS_DI) | KEEL_SLOT_BIT(KEEL_SLOT_MINUS_DI)))
        need |= KEEL_SLOT_BIT(KEEL_SLOT_ADX);
    if (need & KEEL_SLOT_BIT(KEEL_SLOT_STOCH_D)) need |= KEEL_SLOT_BIT(KEEL_SLOT_STOCH_K);
    if (need & (KEEL_SLOT_BIT(KEEL_SLOT_MACD_LINE) | KEEL_SLOT_BIT(KEEL_SLOT_MACD_SIGNAL)))
        need |= KEEL_SLOT_BIT(KEEL_SLOT_MACD_HIST);
    keel_canon_bar_fields(need, list);
    keel_canon_averages(p, need, list);
    keel_canon_strength(p, need, list);
    keel_canon_ranges(p, need, list);
}

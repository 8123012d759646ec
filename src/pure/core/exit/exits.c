/* core/exit/exits.c: see exits.h. */
#include "core/exit/exits.h"

#include "core/exit/levels.h"
#include "num/int.h"
#include "num/warm.h"

/* What every rule of one evaluation looks at. */
typedef struct keel_exit_view {
    double price;       /* last of the range */
    double atr;         /* 0 = unknown */
    double profit_atr;  /* at the last price; 0 when atr is unknown */
    int64_t adverse_e8; /* end of the range against the position */
    int64_t best_e8;    /* end in its favour */
    int32_t low_conf;
} keel_exit_view;

KEEL_LOCAL void keel_exit_note(keel_diag *diag, int32_t rule, int32_t armed, int32_t triggered, double value,
                               double threshold) {
    if (!diag) return;
    diag->exit[rule].armed = armed;
    diag->exit[rule].triggered = triggered;
    diag->exit[rule].value = value;
    diag->exit[rule].threshold = threshold;
}

KEEL_LOCAL int32_t keel_exit_seen(const keel_seen *seen, int32_t slot) { return (int32_t)((seen->ready >> slot) & 1u); }

KEEL_LOCAL void keel_exit_look(const keel_symbol *s, const keel_event *ev, keel_exit_view *v) {
    const keel_position *pos = &s->pos;
    v->price = keel_e8_to_f64(ev->price_e8);
    v->atr = keel_exit_seen(&s->seen, KEEL_SLOT_ATR) && s->seen.atr > 0.0 ? s->seen.atr : pos->entry_atr;
    v->profit_atr = v->atr > 0.0 ? (double)pos->side * (v->price - pos->entry_px) / v->atr : 0.0;
    v->adverse_e8 = pos->side > 0 ? ev->low_e8 : ev->high_e8;
    v->best_e8 = pos->side > 0 ? ev->high_e8 : ev->low_e8;
    v->low_conf = pos->confidence == KEEL_CONF_LOW;
}

KEEL_FN int32_t keel_exit_is_protective(int32_t reason) {
    return reason == KEEL_X_STOP || reason == KEEL_X_BREAKEVEN || reason == KEEL_X_TRAIL ||
           reason == KEEL_X_LIQUIDATION || reason == KEEL_X_RISK_REDUCE || reason == KEEL_X_DRIFT ||
           reason == KEEL_X_EMERGENCY || reason == KEEL_X_END_OF_DATA;
}

/* ---- levels ------------------------------------------------------------------------------------------------ */

KEEL_LOCAL int32_t keel_exit_hit_adverse(int32_t side, int64_t level_e8, int64_t adverse_e8) {
    return level_e8 > 0 && (side > 0 ? adverse_e8 <= level_e8 : adverse_e8 >= level_e8);
}

KEEL_LOCAL int32_t keel_exit_hit_best(int32_t side, int64_t level_e8, int64_t best_e8) {
    return level_e8 > 0 && (side > 0 ? best_e8 >= level_e8 : best_e8 <= level_e8);
}

/* Largest distance of the range from the previous price is extreme (EXT-05): strictly beyond a threshold. */
KEEL_LOCAL int32_t keel_exit_is_glitch(const keel_params *p, const keel_symbol *s, const keel_event *ev,
                                       const keel_exit_view *v, keel_diag *diag) {
    if (s->last_px_e8 <= 0 || (!diag && !p->block_exits_on_extreme_dev)) return 0;
    double reference = keel_e8_to_f64(s->last_px_e8);
    double up = keel_fabs(keel_e8_to_f64(ev->high_e8) - reference);
    double down = keel_fabs(keel_e8_to_f64(ev->low_e8) - reference);
    double move = up > down ? up : down;
    int32_t extreme =
        move / reference > p->glitch_price_dev_pct || (v->atr > 0.0 && move > p->glitch_atr_mult * v->atr);
    keel_exit_note(diag, KEEL_EXIT_ID_GLITCH, p->block_exits_on_extreme_dev, extreme, move / reference,
                   v->atr > 0.0 ? move / v->atr : 0.0);
    return extreme && p->block_exits_on_extreme_dev;
}

KEEL_FN int32_t keel_exit_full_target_applies(const keel_params *p, const keel_position *pos) {
    return !(p->enable_partial_tp && !(p->tp_partial_atr_mult > 0.0) && pos->partial_e8 == pos->target_e8);
}

/* Part of the quantity at the partial target; 1 when the remainder would be too small to keep. */
KEEL_LOCAL double keel_exit_partial_fraction(const keel_params *p, const keel_position *pos) {
    double left_usd = keel_e8_to_f64(pos->qty_e8) * (1.0 - p->tp_partial_pct) * keel_e8_to_f64(pos->partial_e8);
    return left_usd < keel_e8_to_f64(p->tp_partial_min_notional_usd) ? 1.0 : p->tp_partial_pct;
}

/* A part below one lot cannot be sent: the first target then does not stand in the way of other rules. */
KEEL_LOCAL int32_t keel_exit_part_is_tradable(const keel_params *p, const keel_symbol *s) {
    int64_t part;
    double fraction = keel_exit_partial_fraction(p, &s->pos);
    return fraction >= 1.0 || (keel_f64_round_i64((double)s->pos.qty_e8 * fraction, &part) && part >= s->rules.lot_e8);
}

KEEL_LOCAL int32_t keel_exit_level_rules(const keel_params *p, const keel_symbol *s, const keel_exit_view *v,
                                         int32_t may_exit, keel_exit *ret, keel_diag *diag) {
    const keel_position *pos = &s->pos;
    int64_t guard =
        keel_exit_tighter(pos->side, keel_exit_tighter(pos->side, pos->stop_e8, pos->trail_e8), pos->liq_e8);
    int32_t adverse = keel_exit_hit_adverse(pos->side, guard, v->adverse_e8);
    int32_t full = keel_exit_full_target_applies(p, pos) && keel_exit_hit_best(pos->side, pos->target_e8, v->best_e8);
    int32_t part = p->enable_partial_tp && !pos->tp1_taken &&
                   keel_exit_hit_best(pos->side, pos->partial_e8, v->best_e8) && keel_exit_part_is_tradable(p, s);
    double worst = keel_e8_to_f64(v->adverse_e8);
    double best = keel_e8_to_f64(v->best_e8);
    int32_t by_stop = adverse && guard == pos->stop_e8;
    int32_t by_trail = adverse && !by_stop && guard == pos->trail_e8;
    keel_exit_note(diag, KEEL_EXIT_ID_LIQUIDATION, pos->liq_e8 > 0, adverse && !by_stop && !by_trail, worst,
                   keel_e8_to_f64(pos->liq_e8));
    keel_exit_note(diag, KEEL_EXIT_ID_STOP, pos->stop_e8 > 0, by_stop, worst, keel_e8_to_f64(pos->stop_e8));
    keel_exit_note(diag, KEEL_EXIT_ID_TRAIL, pos->trail_e8 > 0, by_trail, worst, keel_e8_to_f64(pos->trail_e8));
    keel_exit_note(diag, KEEL_EXIT_ID_TARGET, pos->target_e8 > 0, full, best, keel_e8_to_f64(pos->target_e8));
    keel_exit_note(diag, KEEL_EXIT_ID_PARTIAL, pos->partial_e8 > 0 && !pos->tp1_taken, part, best,
                   keel_e8_to_f64(pos->partial_e8));
    if (adverse) {
        ret->reason =
            by_stop ? (pos->be_armed ? KEEL_X_BREAKEVEN : KEEL_X_STOP) : (by_trail ? KEEL_X_TRAIL : KEEL_X_LIQUIDATION);
        ret->trigger_kind = KEEL_TRIGGER_STOP;
        ret->trigger_e8 = guard;
        ret->ambiguous = full || part;
        return 1;
    }
    if (!may_exit || (!full && !part)) return 0;
    ret->trigger_kind = KEEL_TRIGGER_TARGET;
    if (full) {
        ret->reason = KEEL_X_TP;
        ret->trigger_e8 = pos->target_e8;
        return 1;
    }
    ret->trigger_e8 = pos->partial_e8;
    ret->fraction = keel_exit_partial_fraction(p, pos);
    ret->partial = ret->fraction < 1.0;
    ret->reason = ret->partial ? KEEL_X_TP_PARTIAL : KEEL_X_TP;
    return 1;
}

KEEL_WARM int32_t keel_exit_levels_only(const keel_params *p) {
    return !p->enable_breakeven_stop && !p->enable_trailing && !p->enable_tsme && !(p->adx_exhaustion_lt > 0.0) &&
           !p->enable_rsi_ext && !(p->max_hold_bars > 0) && !(p->max_hold_h > 0.0) && !p->enable_progress_checks &&
           !p->enable_filter_exit && !p->enable_funding_exit;
}

/* Is no level inside the range, whether or not its rule would fire there? */
KEEL_LOCAL int32_t keel_exit_untouched(const keel_position *pos, int64_t adverse_e8, int64_t best_e8) {
    return !keel_exit_hit_adverse(pos->side, pos->stop_e8, adverse_e8) &&
           !keel_exit_hit_adverse(pos->side, pos->trail_e8, adverse_e8) &&
           !keel_exit_hit_adverse(pos->side, pos->liq_e8, adverse_e8) &&
           !keel_exit_hit_best(pos->side, pos->target_e8, best_e8) &&
           !keel_exit_hit_best(pos->side, pos->partial_e8, best_e8);
}

/* ---- levels that move -------------------------------------------------------------------------------------- */

KEEL_FN double keel_exit_trail_distance(const keel_params *p, const keel_position *pos, const keel_seen *seen,
                                        double profit_atr) {
    int32_t low = pos->confidence == KEEL_CONF_LOW && p->trailing_distance_atr_low_conf > 0.0;
    double d = low ? p->trailing_distance_atr_low_conf : p->trailing_distance_atr;
    double floor_atr = p->trail_floor_default;
    int32_t adx = keel_exit_seen(seen, KEEL_SLOT_ADX);
    int32_t rising = adx && keel_exit_seen(seen, KEEL_SLOT_ADX_PREV) && seen->adx > seen->adx_prev;
    if (keel_exit_seen(seen, KEEL_SLOT_BB_WIDTH_RATIO) && seen->bb_width_ratio > p->trail_bbw_threshold)
        d *= p->trail_bbw_mult;
    /* With a closed bar behind it; a strength that is not known is not strong. */
    if (seen->ready != 0 && profit_atr >= p->trail_high_profit_atr)
        d *= adx && seen->adx >= p->trail_strong_adx && rising ? p->trail_tighten_strong : p->trail_tighten_default;
    else if (adx && seen->adx < p->trail_weak_adx)
        d *= p->trail_weak_trend_mult;
    if (keel_exit_seen(seen, KEEL_SLOT_RSI)) {
        int32_t favours = pos->side > 0 ? seen->rsi > p->trail_rsi_favour : seen->rsi < 100.0 - p->trail_rsi_favour;
        if (favours) floor_atr = p->trail_floor_trending;
    }
    return d > floor_atr ? d : floor_atr;
}

KEEL_LOCAL void keel_exit_move_levels(const keel_params *p, keel_symbol *s, const keel_exit_view *v) {
    keel_position *pos = &s->pos;
    if (!(v->atr > 0.0)) return;
    double side = (double)pos->side;
    double best_atr = side * (keel_e8_to_f64(v->best_e8) - pos->entry_px) / v->atr;
    if (p->enable_breakeven_stop && !pos->be_armed && best_atr >= p->breakeven_start_atr)
        keel_exit_arm_breakeven(p, pos);
    if (!p->enable_trailing) return;
    double start =
        v->low_conf && p->trailing_start_atr_low_conf > 0.0 ? p->trailing_start_atr_low_conf : p->trailing_start_atr;
    if (pos->trail_e8 == 0 && v->profit_atr < start) return;
    double d = keel_exit_trail_distance(p, pos, &s->seen, v->profit_atr);
    int64_t candidate;
    if (keel_f64_to_e8(v->price - side * d * v->atr, &candidate) && candidate > 0)
        pos->trail_e8 = keel_exit_tighter(pos->side, pos->trail_e8, candidate);
}

/* A price between the two extremes seen since the position last grew can renew neither: open profit is monotone in the
 * price, and a part that was closed only makes it smaller. */
KEEL_WARM_OWN int32_t keel_exit_excursion_known(const keel_position *pos, int64_t px_e8) {
    int64_t up = pos->side > 0 ? pos->mfe_px_e8 : pos->mae_px_e8;
    int64_t down = pos->side > 0 ? pos->mae_px_e8 : pos->mfe_px_e8;
    return up != 0 && down != 0 && px_e8 <= up && px_e8 >= down;
}

KEEL_FN void keel_exit_excursion(keel_position *pos, int64_t px_e8) {
    int64_t pnl;
    int64_t up = pos->side > 0 ? pos->mfe_px_e8 : pos->mae_px_e8;
    int64_t down = pos->side > 0 ? pos->mae_px_e8 : pos->mfe_px_e8;
    if (keel_exit_excursion_known(pos, px_e8) || !keel_ledger_open_pnl(pos, px_e8, &pnl)) return;
    if (up == 0 || px_e8 > up) up = px_e8;
    if (down == 0 || px_e8 < down) down = px_e8;
    pos->mfe_px_e8 = pos->side > 0 ? up : down;
    pos->mae_px_e8 = pos->side > 0 ? down : up;
    if (pnl < pos->mae_e8) pos->mae_e8 = pnl;
    if (pnl > pos->mfe_e8) pos->mfe_e8 = pnl;
}

KEEL_FN void keel_exit_excursion_range(keel_position *pos, int64_t low_e8, int64_t high_e8) {
    int64_t low_pnl, high_pnl;
    if (pos->mfe_px_e8 != 0 || pos->mae_px_e8 != 0 || !keel_ledger_open_pnl(pos, low_e8, &low_pnl) ||
        !keel_ledger_open_pnl(pos, high_e8, &high_pnl)) {
        keel_exit_excursion(pos, low_e8);
        keel_exit_excursion(pos, high_e8);
        return;
    }
    int64_t worst = pos->side > 0 ? low_pnl : high_pnl, best = pos->side > 0 ? high_pnl : low_pnl;
    pos->mfe_px_e8 = pos->side > 0 ? high_e8 : low_e8;
    pos->mae_px_e8 = pos->side > 0 ? low_e8 : high_e8;
    if (worst < pos->mae_e8) pos->mae_e8 = worst;
    if (best > pos->mfe_e8) pos->mfe_e8 = best;
}

/* What the position lived through in this range: a stop that fired ends it at its price, so what lies beyond, and a
 * best price that may have come afterwards, do not count. */
KEEL_LOCAL void keel_exit_excursions(keel_position *pos, const keel_event *ev, const keel_exit_view *v,
                                     const keel_exit *out) {
    if (out->trigger_kind == KEEL_TRIGGER_STOP) {
        keel_exit_excursion(pos, ev->open_e8);
        keel_exit_excursion(pos, keel_exit_tighter(-pos->side, out->trigger_e8, ev->open_e8));
        return;
    }
    keel_exit_excursion(pos, v->adverse_e8);
    if (out->trigger_kind == KEEL_TRIGGER_TARGET && !out->partial)
        keel_exit_excursion(pos, keel_exit_tighter(pos->side, out->trigger_e8, ev->open_e8));
    else
        keel_exit_excursion(pos, v->best_e8);
}

/* ---- rules on the closed bar ------------------------------------------------------------------------------- */

KEEL_LOCAL int32_t keel_exit_tsme(const keel_params *p, const keel_symbol *s, const keel_exit_view *v,
                                  keel_diag *diag) {
    const keel_seen *now = &s->seen;
    uint64_t need = ((uint64_t)1 << KEEL_SLOT_ADX) | ((uint64_t)1 << KEEL_SLOT_EMA_SLOPE);
    uint64_t both = now->ready & s->before_ready;
    int32_t armed = p->enable_tsme && v->atr > 0.0 && (both & need) == need;
    int32_t hit = armed && v->profit_atr > p->tsme_min_profit_atr && now->adx >= p->tsme_adx_min &&
                  now->adx < s->before_adx && (double)s->pos.side * (now->ema_slope - s->before_slope) < 0.0;
    if (hit && p->tsme_require_stoch) {
        double extreme = s->pos.side > 0 ? p->tsme_stoch_extreme : 100.0 - p->tsme_stoch_extreme;
        hit = (int32_t)((both >> KEEL_SLOT_STOCH_K) & 1u) &&
              (s->pos.side > 0 ? s->before_stoch_k >= extreme && now->stoch_k < extreme
                               : s->before_stoch_k <= extreme && now->stoch_k > extreme);
    }
    keel_exit_note(diag, KEEL_EXIT_ID_TSME, armed, hit, armed ? now->adx : 0.0, p->tsme_adx_min);
    return hit;
}

KEEL_LOCAL int32_t keel_exit_adx_exhausted(const keel_params *p, const keel_symbol *s, const keel_exit_view *v,
                                           keel_diag *diag) {
    int32_t armed = p->adx_exhaustion_lt > 0.0 && v->atr > 0.0 && keel_exit_seen(&s->seen, KEEL_SLOT_ADX);
    int32_t hit = armed && v->profit_atr > 0.0 && s->seen.adx < p->adx_exhaustion_lt;
    keel_exit_note(diag, KEEL_EXIT_ID_ADX_EXHAUST, armed, hit, armed ? s->seen.adx : 0.0, p->adx_exhaustion_lt);
    return hit;
}

KEEL_LOCAL int32_t keel_exit_rsi_extended(const keel_params *p, const keel_symbol *s, const keel_exit_view *v,
                                          keel_diag *diag) {
    int32_t high = v->profit_atr >= p->rsi_ext_profit_switch;
    double upper = high ? p->rsi_ext_upper_profit : p->rsi_ext_upper;
    double low_upper = high ? p->rsi_ext_upper_profit_low_conf : p->rsi_ext_upper_low_conf;
    if (v->low_conf && low_upper > 0.0) upper = low_upper;
    double threshold = s->pos.side > 0 ? upper : 100.0 - upper;
    int32_t armed = p->enable_rsi_ext && v->atr > 0.0 && keel_exit_seen(&s->seen, KEEL_SLOT_RSI);
    int32_t hit = armed && v->profit_atr > p->rsi_ext_min_profit_atr &&
                  (s->pos.side > 0 ? s->seen.rsi > threshold : s->seen.rsi < threshold);
    keel_exit_note(diag, KEEL_EXIT_ID_RSI_EXT, armed, hit, armed ? s->seen.rsi : 0.0, threshold);
    return hit;
}

KEEL_LOCAL int32_t keel_exit_smart(const keel_params *p, const keel_symbol *s, const keel_exit_view *v,
                                   keel_diag *diag) {
    int32_t tsme = keel_exit_tsme(p, s, v, diag);
    int32_t adx = keel_exit_adx_exhausted(p, s, v, diag);
    int32_t rsi = keel_exit_rsi_extended(p, s, v, diag);
    if (tsme) return KEEL_X_TSME;
    if (adx) return KEEL_X_ADX_EXHAUST;
    return rsi ? KEEL_X_RSI_EXT : KEEL_NONE;
}

/* ---- time, filter, funding --------------------------------------------------------------------------------- */

KEEL_LOCAL int32_t keel_exit_max_hold(const keel_params *p, const keel_position *pos, int64_t ts_ms, keel_diag *diag) {
    int32_t armed = p->max_hold_bars > 0 || p->max_hold_h > 0.0;
    if (!diag && !armed) return 0;
    double age_h = (double)(ts_ms - pos->opened_ms) / 3600000.0;
    int32_t hit =
        (p->max_hold_bars > 0 && pos->bars_held >= p->max_hold_bars) || (p->max_hold_h > 0.0 && age_h >= p->max_hold_h);
    keel_exit_note(diag, KEEL_EXIT_ID_TIME_MAX, armed, hit, age_h, p->max_hold_h);
    return hit;
}

/* Each checkpoint is judged once, at the first event at or after it at which the position may leave. */
KEEL_LOCAL int32_t keel_exit_progress(const keel_params *p, keel_position *pos, const keel_exit_view *v, int64_t ts_ms,
                                      int32_t may_exit, keel_diag *diag) {
    if (!p->enable_progress_checks || !may_exit) return 0;
    double age_h = (double)(ts_ms - pos->opened_ms) / 3600000.0;
    double profit = (double)pos->side * (v->price - pos->entry_px);
    double stop = keel_exit_stop_distance(p, pos);
    double target = keel_exit_target_distance(p, pos);
    int32_t hit = 0;
    double least = 0.0;
    if (pos->checks_done < 1 && age_h >= p->check1_h) {
        pos->checks_done = 1;
        least = p->check1_stop_share * stop;
        hit = stop > 0.0 && profit < least;
    }
    if (!hit && pos->checks_done < 2 && age_h >= p->check2_h) {
        pos->checks_done = 2;
        least = 0.0;
        hit = profit < 0.0;
    }
    if (!hit && pos->checks_done < 3 && age_h >= p->check3_h) {
        pos->checks_done = 3;
        least = p->check3_target_share * target;
        hit = target > 0.0 && profit < least;
    }
    keel_exit_note(diag, KEEL_EXIT_ID_TIME_CHECK, 1, hit, profit, least);
    return hit;
}

KEEL_LOCAL int32_t keel_exit_filter(const keel_params *p, const keel_position *pos, const keel_snapshot *snap,
                                    keel_diag *diag) {
    int32_t armed = p->enable_filter_exit && KEEL_SNAPSHOT_HAS(snap, KEEL_SLOT_EMA_FAST) &&
                    KEEL_SNAPSHOT_HAS(snap, KEEL_SLOT_EMA_SLOW);
    double gap = armed ? snap->v[KEEL_SLOT_EMA_FAST] - snap->v[KEEL_SLOT_EMA_SLOW] : 0.0;
    int32_t hit = armed && (double)pos->side * gap < 0.0;
    keel_exit_note(diag, KEEL_EXIT_ID_FILTER, armed, hit, gap, 0.0);
    return hit;
}

KEEL_LOCAL int32_t keel_exit_funding(const keel_params *p, const keel_symbol *s, const keel_exit_view *v,
                                     keel_diag *diag) {
    int32_t armed = p->enable_funding_exit && s->funding_gap_ms > 0 && v->atr > 0.0;
    if (!diag && !armed) return 0;
    double settlements = armed ? p->funding_exit_horizon_h * 3600000.0 / (double)s->funding_gap_ms : 0.0;
    double cost_bps = (double)s->pos.side * ((double)s->last_rate_e16 / 1e16) * 10000.0 * settlements;
    int32_t hit = armed && cost_bps > p->funding_exit_max_bps && v->profit_atr < p->funding_exit_profit_atr;
    keel_exit_note(diag, KEEL_EXIT_ID_FUNDING, armed, hit, cost_bps, p->funding_exit_max_bps);
    return hit;
}

/* ---- all of them, in order --------------------------------------------------------------------------------- */

KEEL_LOCAL int32_t keel_exit_market_rules(const keel_params *p, keel_symbol *s, const keel_event *ev,
                                          const keel_snapshot *snap, const keel_exit_view *v, int32_t may_exit,
                                          keel_diag *diag) {
    int32_t reason = snap ? keel_exit_smart(p, s, v, diag) : KEEL_NONE;
    int32_t hold = keel_exit_max_hold(p, &s->pos, ev->ts_ms, diag);
    int32_t check = keel_exit_progress(p, &s->pos, v, ev->ts_ms, may_exit, diag);
    int32_t filter = snap ? keel_exit_filter(p, &s->pos, snap, diag) : 0;
    int32_t funding = keel_exit_funding(p, s, v, diag);
    if (reason != KEEL_NONE) return reason;
    if (hold) return KEEL_X_TIME_MAX;
    if (check) return KEEL_X_TIME_CHECK;
    if (filter) return KEEL_X_FILTER;
    return funding ? KEEL_X_FUNDING : KEEL_NONE;
}

KEEL_WARM int32_t keel_exit_passes(const keel_params *p, keel_position *pos, const keel_event *ev) {
    int64_t adverse_e8 = pos->side > 0 ? ev->low_e8 : ev->high_e8;
    int64_t best_e8 = pos->side > 0 ? ev->high_e8 : ev->low_e8;
    if (!keel_exit_levels_only(p) || !keel_exit_untouched(pos, adverse_e8, best_e8)) return 0;
    if (!keel_exit_excursion_known(pos, adverse_e8)) keel_exit_excursion(pos, adverse_e8);
    if (!keel_exit_excursion_known(pos, best_e8)) keel_exit_excursion(pos, best_e8);
    return 1;
}

KEEL_FN void keel_exit_evaluate(const keel_params *p, keel_symbol *s, const keel_event *ev, const keel_snapshot *snap,
                                int32_t may_exit, keel_exit *ret, keel_diag *diag) {
    keel_exit_view v;
    ret->reason = KEEL_NONE;
    ret->trigger_kind = KEEL_TRIGGER_NONE;
    ret->ambiguous = 0;
    ret->partial = 0;
    ret->trigger_e8 = 0;
    ret->fraction = 1.0;
    keel_exit_look(s, ev, &v);
    if (diag) {
        diag->profit_atr = v.profit_atr;
        if (!(v.atr > 0.0)) diag->warnings |= KEEL_WARN_NO_ATR;
        if (!snap && ev->kind == KEEL_EV_BAR_CLOSE) diag->warnings |= KEEL_WARN_NO_SNAPSHOT;
    }
    if (keel_exit_is_glitch(p, s, ev, &v, diag)) {
        if (diag) diag->warnings |= KEEL_WARN_GLITCH;
        keel_exit_excursions(&s->pos, ev, &v, ret); /* only the exit is held back */
        return;
    }
    int32_t left = keel_exit_level_rules(p, s, &v, may_exit, ret, diag);
    keel_exit_excursions(&s->pos, ev, &v, ret);
    if (left && !ret->partial) return;
    keel_exit_move_levels(p, s, &v);
    if (left) return;
    int32_t reason = keel_exit_market_rules(p, s, ev, snap, &v, may_exit, diag);
    if (reason != KEEL_NONE && may_exit) ret->reason = reason;
}

/* core/quiet.c: see quiet.h. */
#include "core/quiet.h"

#include "core/bookkeeping.h"
#include "core/exit/exits.h"
#include "core/exit/levels.h"
#include "core/step.h"
#include "num/int.h"
#include "num/warm.h"

KEEL_WARM int32_t keel_quiet_band(const keel_params *p, const keel_symbol *s, int64_t *low_e8, int64_t *high_e8) {
    const keel_position *pos = &s->pos;
    if (s->pending.kind != 0) return 0;
    *low_e8 = 0;
    *high_e8 = KEEL_I64_MAX;
    if (pos->side == 0) return 1;
    if (!keel_exit_levels_only(p)) return 0;
    /* Nearest level on each side, whether or not its rule would fire there. */
    int64_t guard =
        keel_exit_tighter(pos->side, keel_exit_tighter(pos->side, pos->stop_e8, pos->trail_e8), pos->liq_e8);
    int64_t full = keel_exit_full_target_applies(p, pos) ? pos->target_e8 : 0;
    int64_t part = p->enable_partial_tp && !pos->tp1_taken ? pos->partial_e8 : 0;
    int64_t target = keel_exit_tighter(-pos->side, full, part);
    int64_t below = pos->side > 0 ? guard : target, above = pos->side > 0 ? target : guard;
    if (below > 0) *low_e8 = below;
    if (above > 0) *high_e8 = above;
    /* Where what is held might not fit an amount any more, keel_step is to say so. */
    double most = 9.0e26 / (double)pos->qty_e8;
    if (most < (double)*high_e8) *high_e8 = (int64_t)most;
    return 1;
}

KEEL_WARM void keel_quiet_symbol(keel_symbol *s, const keel_quiet *q) {
    s->before_ready = s->seen.ready;
    s->before_adx = s->seen.adx;
    s->before_slope = s->seen.ema_slope;
    s->before_stoch_k = s->seen.stoch_k;
    s->last_px_e8 = q->last_px_e8;
    s->last_ts_ms = q->last_ts_ms;
    if (s->pos.side == 0) return;
    s->pos.bars_held += (int32_t)q->closes;
    keel_exit_excursion_range(&s->pos, q->low_e8, q->high_e8);
}

KEEL_FN void keel_quiet_account(keel_state *st, int64_t events, uint64_t last_seq, int64_t last_ts_ms) {
    st->last_seq = last_seq;
    st->step_count += (uint64_t)events;
    if (last_ts_ms > st->last_ts_ms) st->last_ts_ms = last_ts_ms;
}

KEEL_FN void keel_quiet_worth_of(const keel_state *st, const keel_params *p, const keel_symbol *s, int64_t high_e8,
                                 keel_quiet_worth *ret) {
    const double most = 1e18; /* eight of them still fit */
    double rate = (double)p->taker_fee_bps * 1e-8;
    double base = (double)st->acct.cash_e8 + (double)st->acct.margin_e8 + (double)(st->open_pnl_e8 - s->open_pnl_e8) -
                  (double)(st->close_cost_e8 - s->close_cost_e8);
    double worth = (double)s->pos.qty_e8 * (double)high_e8 * 1e-8;
    /* Never overflows where it is small, nor after one more settlement; elsewhere it is at least defined. */
    ret->base_e8 = (int64_t)((uint64_t)keel_state_equity(st) - (uint64_t)s->open_pnl_e8 + (uint64_t)s->close_cost_e8);
    ret->qty_e8 = s->pos.qty_e8;
    ret->paid_e8 = s->pos.basis_e8;
    ret->taker_rate_e8 = p->taker_fee_bps;
    ret->side = s->pos.side;
    ret->slope = (double)s->pos.side * (double)s->pos.qty_e8 * 1e-8 * (1.0 - (double)s->pos.side * rate);
    ret->small = worth < most && (double)s->pos.basis_e8 < most && base < most && base > -most && rate < 1.0 &&
                 (double)st->acct.cash_e8 < most && (double)st->acct.margin_e8 < most && rate > -1.0;
}

KEEL_HOT int64_t keel_quiet_equity(const keel_quiet_worth *w, int64_t px_e8) {
    int64_t notional = 0, cost = 0;
    (void)keel_mul_e8(w->qty_e8, px_e8, &notional);
    (void)keel_mul_e8(notional, w->taker_rate_e8, &cost);
    return w->base_e8 + (w->side > 0 ? notional - w->paid_e8 : w->paid_e8 - notional) - cost;
}

KEEL_FN int32_t keel_quiet_mark(keel_state *st, const keel_params *p, keel_symbol *s, int64_t px_e8) {
    s->last_px_e8 = px_e8;
    if (keel_book_revalue(st, p, s)) return 1;
    st->fault = KEEL_REFUSED_OVERFLOW;
    return 0;
}

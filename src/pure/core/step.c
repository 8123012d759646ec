/* core/step.c: the coordinator: a switch over event kinds, each stage a function of its own file or below. */
#include "core/step.h"

#include "core/bookkeeping.h"
#include "core/decide.h"
#include "core/exit/exits.h"
#include "core/risk/cooldown.h"
#include "core/risk/sizing.h"
#include "num/int.h"

KEEL_LOCAL void keel_step_clear_diag(keel_diag *d, const keel_event *ev) {
    if (!d) return;
    d->schema_seen = ev->schema;
    d->refusal = KEEL_REFUSED_OK;
    d->warnings = 0;
    d->hold_reason = KEEL_NONE;
    d->signal = KEEL_NEUTRAL;
    d->signal_reason = KEEL_NONE;
    d->confidence = 0;
    d->points = 0;
    d->aux_status = KEEL_AUX_NOT_NEEDED;
    d->reserved = 0;
    d->feature_digest = 0;
    d->probability = 0.5;
    d->cooldown_until_ms = 0;
    d->profit_atr = 0.0;
    d->size_equity_usd = 0.0;
    d->size_factor = 0.0;
    d->size_notional_usd = 0.0;
    for (int32_t i = 0; i < KEEL_GATE_COUNT; i++) {
        d->gate[i].status = KEEL_GATE_OFF;
        d->gate[i].votes = 0;
        d->gate[i].value = 0.0;
        d->gate[i].threshold = 0.0;
    }
    for (int32_t i = 0; i < KEEL_EXIT_COUNT; i++) {
        d->exit[i].armed = 0;
        d->exit[i].triggered = 0;
        d->exit[i].value = 0.0;
        d->exit[i].threshold = 0.0;
    }
    for (int32_t i = 0; i < KEEL_RISK_COUNT; i++) {
        d->risk[i].status = KEEL_GATE_OFF;
        d->risk[i].votes = 0;
        d->risk[i].value = 0.0;
        d->risk[i].threshold = 0.0;
    }
}

/* Does what is held fit an amount at this price? */
KEEL_LOCAL int32_t keel_step_fits(const keel_position *pos, int64_t px_e8) {
    int64_t worth;
    /* The product of doubles is within a few parts in 2^53: far from the limit it already tells. */
    return pos->side == 0 || (double)pos->qty_e8 * (double)px_e8 <= 9.0e26 || keel_mul_e8(pos->qty_e8, px_e8, &worth);
}

KEEL_LOCAL int32_t keel_step_validate(const keel_state *st, const keel_event *ev) {
    if (st->fault) return st->fault;
    if (ev->schema < 1 || ev->schema > KEEL_EVENT_SCHEMA) return KEEL_REFUSED_SCHEMA;
    if (ev->seq <= st->last_seq) return KEEL_REFUSED_SEQ;
    if (ev->kind < KEEL_EV_PRICE || ev->kind > KEEL_EV_BORROW) return KEEL_REFUSED_KIND;
    if (ev->schema < 2 && (ev->kind == KEEL_EV_FUNDING || ev->kind == KEEL_EV_BORROW)) return KEEL_REFUSED_KIND;
    int32_t of_account = ev->kind == KEEL_EV_DEPOSIT;
    if (!of_account && (ev->symbol < 0 || ev->symbol >= st->symbol_count)) return KEEL_REFUSED_SYMBOL;
    if (ev->ts_ms <= -KEEL_TIME_END_MS || ev->ts_ms >= KEEL_TIME_END_MS) return KEEL_REFUSED_CLOCK_ROLLBACK;
    if (of_account) return KEEL_REFUSED_OK;
    if (ev->kind != KEEL_EV_PRICE && ev->kind != KEEL_EV_BAR_CLOSE && ev->kind != KEEL_EV_SIGNAL)
        return KEEL_REFUSED_OK;
    if (ev->ts_ms < st->sym[ev->symbol].last_ts_ms) return KEEL_REFUSED_CLOCK_ROLLBACK;
    if (ev->price_e8 <= 0) return KEEL_REFUSED_PRICE;
    const keel_position *pos = &st->sym[ev->symbol].pos;
    if (ev->kind == KEEL_EV_SIGNAL) {
        /* Written so that NaN is refused; absent (0) on CLOSE means all of it. */
        int32_t absent = ev->close_fraction == 0.0 && ev->signal != KEEL_PARTIAL_CLOSE;
        if (!absent && !(ev->close_fraction > 0.0 && ev->close_fraction <= 1.0)) return KEEL_REFUSED_INVALID_FRACTION;
        if (!keel_step_fits(pos, ev->price_e8)) return KEEL_REFUSED_OVERFLOW;
        if (ev->signal < KEEL_NEUTRAL || ev->signal > KEEL_PARTIAL_CLOSE) return KEEL_REFUSED_SIGNAL;
        if (ev->reason != KEEL_NONE && (ev->reason < KEEL_X_STOP || ev->reason > KEEL_X_STRATEGY))
            return KEEL_REFUSED_SIGNAL;
        return KEEL_REFUSED_OK;
    }
    if (ev->low_e8 <= 0 || ev->low_e8 > ev->open_e8 || ev->low_e8 > ev->price_e8 || ev->high_e8 < ev->open_e8 ||
        ev->high_e8 < ev->price_e8)
        return KEEL_REFUSED_PRICE;
    return keel_step_fits(pos, ev->high_e8) ? KEEL_REFUSED_OK : KEEL_REFUSED_OVERFLOW;
}

KEEL_FN void keel_step_remember(keel_symbol *s, const keel_snapshot *snap) {
    s->before_ready = s->seen.ready;
    s->before_adx = s->seen.adx;
    s->before_slope = s->seen.ema_slope;
    s->before_stoch_k = s->seen.stoch_k;
    s->seen.ready = snap->ready;
    s->seen.atr = snap->v[KEEL_SLOT_ATR];
    s->seen.adx = snap->v[KEEL_SLOT_ADX];
    s->seen.adx_prev = snap->v[KEEL_SLOT_ADX_PREV];
    s->seen.rsi = snap->v[KEEL_SLOT_RSI];
    s->seen.bb_width_ratio = snap->v[KEEL_SLOT_BB_WIDTH_RATIO];
    s->seen.ema_slope = snap->v[KEEL_SLOT_EMA_SLOPE];
    s->seen.stoch_k = snap->v[KEEL_SLOT_STOCH_K];
}

/* Margin against maintenance, for the warning at 1.5 times; the forced close is a level (exit/levels.h). */
KEEL_LOCAL void keel_step_margin_warning(const keel_params *p, const keel_symbol *s, int64_t price_e8, keel_diag *d) {
    if (!d || s->pos.side == 0 || !(p->maintenance_margin_pct > 0.0)) return;
    double buffer = (double)s->pos.margin_e8 + (double)s->open_pnl_e8;
    double need = (double)s->pos.qty_e8 * ((double)price_e8 / 1e8) * p->maintenance_margin_pct;
    if (buffer < 1.5 * need) d->warnings |= KEEL_WARN_MARGIN_LOW;
}

/* silent: the strategy is known to say nothing. */
KEEL_INLINE int32_t keel_step_market(keel_state *st, const keel_params *p, const keel_event *ev, int32_t closed,
                                     const keel_snapshot *snap, int32_t silent, keel_decision *ret, keel_diag *diag) {
    keel_symbol *s = &st->sym[ev->symbol];
    keel_exit out;
    out.reason = KEEL_NONE;
    if (closed && snap) keel_step_remember(s, snap);
    if (s->pos.side != 0) {
        int32_t leaving = s->pending.kind == KEEL_CMD_CLOSE || s->pending.kind == KEEL_CMD_PARTIAL_CLOSE ||
                          s->pending.kind == KEEL_CMD_REVERSE;
        if (closed) s->pos.bars_held++;
        if (!leaving && (diag || !keel_exit_passes(p, &s->pos, ev)))
            keel_exit_evaluate(p, s, ev, closed ? snap : (const keel_snapshot *)0,
                               keel_cooldown_may_exit(p, s, ev->ts_ms), &out, diag);
    }
    s->last_px_e8 = ev->price_e8;
    s->last_ts_ms = ev->ts_ms;
    if (s->pos.side != 0 && !keel_book_revalue(st, p, s)) {
        st->fault = KEEL_REFUSED_OVERFLOW;
        return KEEL_REFUSED_OVERFLOW;
    }
    keel_step_margin_warning(p, s, ev->price_e8, diag);
    if (out.reason != KEEL_NONE)
        keel_decide_exit(st, p, ev, &out, ret);
    else if (closed && snap && !silent && s->pending.kind == 0)
        keel_decide_entry(st, p, ev, snap, ret, diag);
    return KEEL_REFUSED_OK;
}

KEEL_LOCAL void keel_step_clear(keel_decision *ret) {
    ret->refusal = KEEL_REFUSED_OK;
    ret->command_count = 0;
    ret->posting_count = 0;
    ret->trade_count = 0;
    ret->signal = KEEL_NEUTRAL;
    ret->hold_reason = KEEL_NONE;
    ret->gates_shut = 0;
    ret->reserved = 0;
}

/* What every accepted event leaves in the account. */
KEEL_LOCAL void keel_step_accept(keel_state *st, const keel_event *ev) {
    st->last_seq = ev->seq;
    if (ev->ts_ms > st->last_ts_ms) st->last_ts_ms = ev->ts_ms;
    st->step_count++;
}

#if KEEL_ON_HOST
KEEL_HOT int32_t keel_step_closed(keel_state *st, const keel_params *p, const keel_event *ev, const keel_snapshot *snap,
                                  int32_t silent, keel_decision *ret) {
    keel_step_clear(ret);
    int32_t refused = st->fault;
    if (refused == KEEL_REFUSED_OK && !keel_step_fits(&st->sym[ev->symbol].pos, ev->high_e8))
        refused = KEEL_REFUSED_OVERFLOW;
    if (refused == KEEL_REFUSED_OK) refused = keel_step_market(st, p, ev, 1, snap, silent, ret, (keel_diag *)0);
    ret->refusal = refused;
    if (refused == KEEL_REFUSED_OK) keel_step_accept(st, ev);
    return refused;
}

KEEL_HOT int32_t keel_step_filled(keel_state *st, const keel_params *p, const keel_event *ev, keel_decision *ret) {
    keel_step_clear(ret);
    int32_t refused = st->fault;
    if (refused == KEEL_REFUSED_OK) refused = keel_book_fill(st, p, ev, ret, (keel_diag *)0);
    ret->refusal = refused;
    if (refused == KEEL_REFUSED_OK) keel_step_accept(st, ev);
    return refused;
}
#endif

KEEL_FN int32_t keel_step(keel_state *st, const keel_params *p, const keel_event *ev, const keel_snapshot *snap,
                          keel_decision *ret, keel_diag *diag) {
    keel_step_clear(ret);
    keel_step_clear_diag(diag, ev);
    int32_t refused = keel_step_validate(st, ev);
    if (refused == KEEL_REFUSED_OK) {
        switch (ev->kind) {
            case KEEL_EV_PRICE:
            case KEEL_EV_BAR_CLOSE:
                refused = keel_step_market(st, p, ev, ev->kind == KEEL_EV_BAR_CLOSE, snap, 0, ret, diag);
                break;
            case KEEL_EV_SIGNAL: refused = keel_decide_signal(st, p, ev, ret, diag); break;
            case KEEL_EV_FUNDING: refused = keel_book_funding(st, p, ev, ret, diag); break;
            case KEEL_EV_BORROW: refused = keel_book_borrow(st, ev, ret, diag); break;
            case KEEL_EV_FILL: refused = keel_book_fill(st, p, ev, ret, diag); break;
            case KEEL_EV_REJECT: refused = keel_book_reject(st, ev); break;
            case KEEL_EV_DEPOSIT: refused = keel_book_deposit(st, ev, ret); break;
            default: refused = KEEL_REFUSED_KIND; break;
        }
    }
    ret->refusal = refused;
    if (diag) diag->refusal = refused;
    if (refused == KEEL_REFUSED_OK) keel_step_accept(st, ev);
    return refused;
}

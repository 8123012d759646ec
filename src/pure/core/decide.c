/* core/decide.c: see decide.h. What a signal means for a position (KRN-01.7):
 *
 *   position | BUY                          | SELL                         | CLOSE, PARTIAL_CLOSE
 *   none     | OPEN long                    | OPEN short if allowed        | -
 *   long     | ADD if allowed               | REVERSE if enabled and       | close the fraction
 *            |                              | allowed, else CLOSE          |
 *   short    | REVERSE if enabled, else     | ADD if allowed               | close the fraction
 *            | CLOSE                        |                              |
 *
 * When the opening half of a REVERSE is held back (gate, cooldown, cap), the closing half still happens. */
#include "core/decide.h"

#include "core/bookkeeping.h"
#include "core/exit/levels.h"
#include "core/risk/cooldown.h"
#include "core/risk/sizing.h"
#include "core/signal/regime.h"
#include "core/strategy/calibration.h"
#include "core/strategy/gates.h"
#include "num/int.h"
#include "num/warm.h"

KEEL_LOCAL void keel_decide_hold(keel_decision *ret, keel_diag *diag, int32_t reason) {
    ret->hold_reason = reason;
    if (diag) diag->hold_reason = reason;
}

/* Send the decision's next command, which was filled in: it becomes the symbol's order in flight (one at a time; an
 * exit replaces what was there) and part of the chain. */
KEEL_LOCAL void keel_decide_send(keel_state *st, keel_decision *ret) {
    const keel_command *c = &ret->command[ret->command_count];
    keel_symbol *s = &st->sym[c->symbol];
    if (s->pending.kind == KEEL_CMD_OPEN) st->pending_opens--;
    s->pending.id = c->id;
    s->pending.kind = c->kind;
    s->pending.side = c->side;
    s->pending.reason = c->reason;
    s->pending.confidence = c->confidence;
    s->pending.points = c->points;
    s->pending.part_filled = 0;
    s->pending.qty_e8 = c->qty_e8;
    s->pending.entry_atr = c->entry_atr;
    s->pending.stop_scale = c->stop_scale;
    if (c->kind == KEEL_CMD_OPEN) st->pending_opens++;
    keel_hash chain = st->chain; /* stays in registers */
    keel_hash_u64(&chain, c->id);
    keel_hash_u64(&chain, (uint64_t)(uint32_t)c->kind | ((uint64_t)(uint32_t)c->symbol << 8) |
                              ((uint64_t)(uint32_t)(c->side + 1) << 40) | ((uint64_t)(uint32_t)c->reason << 48));
    keel_hash_i64(&chain, c->qty_e8);
    keel_hash_i64(&chain, c->trigger_e8);
    st->chain = chain;
    ret->command_count++;
}

KEEL_LOCAL void keel_decide_blank(const keel_event *ev, keel_command *c) {
    c->id = ev->seq;
    c->kind = KEEL_CMD_HOLD;
    c->symbol = ev->symbol;
    c->side = 0;
    c->reason = KEEL_NONE;
    c->confidence = KEEL_CONF_LOW;
    c->fee_role = KEEL_TAKER;
    c->trigger_kind = KEEL_TRIGGER_NONE;
    c->ambiguous = 0;
    c->points = 0;
    c->reserved = 0;
    c->qty_e8 = 0;
    c->notional_e8 = 0;
    c->ref_px_e8 = ev->price_e8;
    c->trigger_e8 = 0;
    c->stop_e8 = 0;
    c->target_e8 = 0;
    c->entry_atr = 0.0;
    c->stop_scale = 1.0;
}

KEEL_LOCAL void keel_decide_close(keel_state *st, const keel_event *ev, int32_t reason, double fraction,
                                  const keel_exit *out, keel_decision *ret) {
    keel_symbol *s = &st->sym[ev->symbol];
    keel_command *c = &ret->command[ret->command_count];
    keel_decide_blank(ev, c);
    c->qty_e8 = keel_size_close(s, fraction);
    if (c->qty_e8 <= 0) return;
    c->kind = c->qty_e8 == s->pos.qty_e8 ? KEEL_CMD_CLOSE : KEEL_CMD_PARTIAL_CLOSE;
    c->side = -s->pos.side;
    c->reason = reason;
    c->confidence = s->pos.confidence;
    if (out) {
        c->trigger_kind = out->trigger_kind;
        c->trigger_e8 = out->trigger_e8;
        c->ambiguous = out->ambiguous;
    }
    (void)keel_mul_e8(c->qty_e8, ev->price_e8, &c->notional_e8);
    s->last_exit_ms = ev->ts_ms;
    keel_decide_send(st, ret);
}

KEEL_FN void keel_decide_exit(keel_state *st, const keel_params *p, const keel_event *ev, const keel_exit *out,
                              keel_decision *ret) {
    (void)p;
    keel_decide_close(st, ev, out->reason, out->fraction, out, ret);
}

/* What a limit said: for whoever asks why. */
KEEL_LOCAL void keel_decide_note(keel_diag *diag, int32_t rule, int32_t passes, double value, double limit) {
    diag->risk[rule].status = passes ? KEEL_GATE_PASS : KEEL_GATE_FAIL;
    diag->risk[rule].value = value;
    diag->risk[rule].threshold = limit;
}

KEEL_LOCAL void keel_decide_note_wait(keel_diag *diag, int32_t rule, int64_t until_ms, int64_t ts_ms) {
    keel_decide_note(diag, rule, ts_ms >= until_ms, ts_ms >= until_ms ? 0.0 : (double)(until_ms - ts_ms), 0.0);
}

/* Of a size that was made; equity or price that are none have no limits. */
KEEL_LOCAL void keel_decide_note_size(const keel_params *p, const keel_symbol *s, const keel_size *size,
                                      keel_diag *diag) {
    int64_t least = p->min_notional_usd > s->rules.min_notional_e8 ? p->min_notional_usd : s->rules.min_notional_e8;
    double wanted = size->wanted_usd;
    if (size->hold == KEEL_H_RISK) return;
    keel_decide_note(diag, KEEL_RISK_ID_CASH, wanted <= size->cash_usd, wanted, size->cash_usd);
    keel_decide_note(diag, KEEL_RISK_ID_EXPOSURE, wanted <= size->room_usd, wanted, size->room_usd);
    if (p->max_position_exposure > 0.0)
        keel_decide_note(diag, KEEL_RISK_ID_POSITION_EXPOSURE, wanted <= size->position_usd, wanted,
                         size->position_usd);
    keel_decide_note(diag, KEEL_RISK_ID_MIN_NOTIONAL, size->qty_e8 > 0, size->sized_usd, keel_e8_to_f64(least));
}

/* Everything an entry has to pass besides gates, in order; KEEL_NONE = it may go. */
KEEL_LOCAL int32_t keel_decide_may_enter(const keel_params *p, keel_state *st, const keel_event *ev, int32_t side,
                                         int32_t confidence, int32_t is_add, int32_t is_flip, keel_diag *diag) {
    const keel_symbol *s = &st->sym[ev->symbol];
    int64_t day = ev->ts_ms / 86400000;
    if (day != st->day) {
        st->day = day;
        st->entries_today = 0;
    }
    if (side < 0 && !p->allow_short) return KEEL_H_NOT_ALLOWED;
    if (diag)
        keel_decide_note(diag, KEEL_RISK_ID_MIN_CONFIDENCE, confidence >= p->entry_min_confidence, (double)confidence,
                         (double)p->entry_min_confidence);
    if (confidence < p->entry_min_confidence) return KEEL_H_CONFIDENCE;
    int32_t adx_known = (int32_t)((s->seen.ready >> KEEL_SLOT_ADX) & 1u);
    int64_t until = keel_cooldown_entry_until(p, st, s, side, adx_known, s->seen.adx);
    if (diag) diag->cooldown_until_ms = until == KEEL_NEVER ? 0 : until;
    if (diag) keel_decide_note_wait(diag, KEEL_RISK_ID_ENTRY_WAIT, until, ev->ts_ms);
    if (ev->ts_ms < until) return KEEL_H_COOLDOWN;
    if (diag && p->max_trades_per_day > 0)
        keel_decide_note(diag, KEEL_RISK_ID_DAY, st->entries_today < p->max_trades_per_day,
                         (double)st->entries_today + 1.0, (double)p->max_trades_per_day);
    if (p->max_trades_per_day > 0 && st->entries_today >= p->max_trades_per_day) return KEEL_H_CAP;
    if (diag && !is_add && !is_flip)
        keel_decide_note(diag, KEEL_RISK_ID_POSITIONS, st->open_positions + st->pending_opens < p->max_positions,
                         (double)(st->open_positions + st->pending_opens) + 1.0, (double)p->max_positions);
    if (!is_add && !is_flip && st->open_positions + st->pending_opens >= p->max_positions) return KEEL_H_CAP;
    return KEEL_NONE;
}

KEEL_LOCAL double keel_decide_profit_atr(const keel_symbol *s, int64_t price_e8) {
    double atr = (s->seen.ready >> KEEL_SLOT_ATR) & 1u ? s->seen.atr : s->pos.entry_atr;
    if (s->pos.side == 0 || !(atr > 0.0)) return 0.0;
    return (double)s->pos.side * (keel_e8_to_f64(price_e8) - s->pos.entry_px) / atr;
}

KEEL_LOCAL int32_t keel_decide_may_add(const keel_params *p, const keel_symbol *s, const keel_event *ev,
                                       keel_diag *diag) {
    if (diag)
        keel_decide_note(diag, KEEL_RISK_ID_ADDS, s->pos.adds_count < p->max_adds_per_position,
                         (double)s->pos.adds_count + 1.0, (double)p->max_adds_per_position);
    if (s->pos.adds_count >= p->max_adds_per_position) return KEEL_H_NOT_ALLOWED;
    double profit_atr = keel_decide_profit_atr(s, ev->price_e8);
    if (diag)
        keel_decide_note(diag, KEEL_RISK_ID_ADD_MIN_PROFIT, !(profit_atr < p->add_min_profit_atr), profit_atr,
                         p->add_min_profit_atr);
    if (profit_atr < p->add_min_profit_atr) return KEEL_H_NOT_ALLOWED;
    if (diag && s->last_entry_ms != KEEL_NEVER)
        keel_decide_note_wait(diag, KEEL_RISK_ID_ADD_WAIT, s->last_entry_ms + (int64_t)p->add_cooldown_s * 1000,
                              ev->ts_ms);
    if (s->last_entry_ms != KEEL_NEVER && ev->ts_ms - s->last_entry_ms < (int64_t)p->add_cooldown_s * 1000)
        return KEEL_H_COOLDOWN;
    return KEEL_NONE;
}

/* Stop and target that the position would have if it filled at the reference price, for bracket orders. */
KEEL_LOCAL void keel_decide_levels(const keel_params *p, keel_command *c) {
    keel_position as_if;
    if (keel_exit_no_levels(p)) return; /* as a blank command has it */
    keel_position_clear(&as_if);
    as_if.side = c->side;
    as_if.qty_e8 = c->qty_e8;
    as_if.basis_e8 = c->notional_e8;
    as_if.margin_e8 = c->notional_e8;
    as_if.entry_px = keel_e8_to_f64(c->ref_px_e8);
    as_if.entry_atr = c->entry_atr;
    as_if.stop_scale = c->stop_scale;
    keel_exit_set_levels(p, &as_if);
    c->stop_e8 = as_if.stop_e8;
    c->target_e8 = as_if.target_e8;
}

/* Open, add or reverse on `side`. Returns KEEL_NONE when a command was sent, else why not. */
KEEL_WARM_OWN int32_t keel_decide_enter(keel_state *st, const keel_params *p, const keel_event *ev,
                                        const keel_opinion *op, int32_t side, keel_decision *ret, keel_diag *diag) {
    keel_symbol *s = &st->sym[ev->symbol];
    int32_t is_add = s->pos.side == side;
    int32_t is_flip = s->pos.side == -side;
    int32_t held = keel_decide_may_enter(p, st, ev, side, op->confidence, is_add, is_flip, diag);
    if (held != KEEL_NONE) return held;
    double atr = (s->seen.ready >> KEEL_SLOT_ATR) & 1u ? s->seen.atr : 0.0;
    int64_t freed = is_flip ? s->pos.margin_e8 + s->open_pnl_e8 - s->close_cost_e8 : 0;
    keel_size size;
    keel_size_entry(p, st, s, ev->price_e8, ev->notional_e8, op->confidence, atr, is_add, freed, &size);
    if (diag) {
        diag->size_equity_usd = size.equity_usd;
        diag->size_factor = size.factor;
        diag->size_notional_usd = size.wanted_usd;
        keel_decide_note_size(p, s, &size, diag);
    }
    if (size.qty_e8 == 0) return size.hold;
    keel_command *c = &ret->command[ret->command_count];
    keel_decide_blank(ev, c);
    c->kind = is_add ? KEEL_CMD_ADD : (is_flip ? KEEL_CMD_REVERSE : KEEL_CMD_OPEN);
    c->side = side;
    c->reason = is_add ? KEEL_E_ADD : op->reason;
    c->confidence = op->confidence;
    c->points = op->points;
    c->qty_e8 = size.qty_e8;
    c->notional_e8 = size.notional_e8;
    c->entry_atr = atr;
    c->stop_scale = op->stop_scale;
    keel_decide_levels(p, c);
    if (is_flip && !keel_add_i64(size.qty_e8, s->pos.qty_e8, &c->qty_e8)) return KEEL_H_CAP;
    s->last_entry_ms = ev->ts_ms;
    if (is_flip) s->last_exit_ms = ev->ts_ms;
    st->entries_today++;
    keel_decide_send(st, ret);
    return KEEL_NONE;
}

/* What is left of the cooldown of exits. */
KEEL_LOCAL void keel_decide_note_exit(const keel_params *p, const keel_symbol *s, int64_t ts_ms, keel_diag *diag) {
    int64_t until_ms =
        s->last_exit_ms == KEEL_NEVER ? KEEL_NEVER : s->last_exit_ms + (int64_t)p->exit_cooldown_s * 1000;
    keel_decide_note_wait(diag, KEEL_RISK_ID_EXIT_WAIT, until_ms, ts_ms);
}

/* Turn an opinion into a command by the table at the top. `barrier` holds entries back: KEEL_H_GATE when a gate is
 * shut, KEEL_H_DATA when a needed feed is not fresh or the regime not known, KEEL_H_NOT_ALLOWED in a regime that the
 * strategy is not for, KEEL_NONE otherwise. */
KEEL_WARM_OWN void keel_decide_resolve(keel_state *st, const keel_params *p, const keel_event *ev,
                                       const keel_opinion *op, int32_t barrier, keel_decision *ret, keel_diag *diag) {
    keel_symbol *s = &st->sym[ev->symbol];
    int32_t side = op->signal == KEEL_BUY ? 1 : (op->signal == KEEL_SELL ? -1 : 0);
    int32_t may_exit = keel_cooldown_may_exit(p, s, ev->ts_ms);
    if (side == 0) {
        int32_t reason = ev->reason != KEEL_NONE ? ev->reason : KEEL_X_STRATEGY;
        if (op->signal == KEEL_NEUTRAL) return;
        /* What is on its way in cannot be closed yet; its order has to be cancelled where it was sent. */
        if (s->pos.side == 0 && s->pending.kind != 0) keel_decide_hold(ret, diag, KEEL_H_PENDING);
        if (s->pos.side == 0) return;
        if (diag && !keel_exit_is_protective(reason)) keel_decide_note_exit(p, s, ev->ts_ms, diag);
        if (!may_exit && !keel_exit_is_protective(reason))
            keel_decide_hold(ret, diag, KEEL_H_COOLDOWN);
        else
            keel_decide_close(st, ev, reason, op->fraction, (const keel_exit *)0, ret);
        return;
    }
    int32_t held = barrier;
    if (held == KEEL_NONE && s->pos.side == side) held = keel_decide_may_add(p, s, ev, diag);
    if (held == KEEL_NONE && s->pos.side == -side && !(p->enable_reverse && (side > 0 || p->allow_short)))
        held = KEEL_H_NOT_ALLOWED;
    if (diag && held == KEEL_NONE && s->pos.side == -side) keel_decide_note_exit(p, s, ev->ts_ms, diag);
    if (held == KEEL_NONE && s->pos.side == -side && !may_exit) held = KEEL_H_COOLDOWN; /* it closes as well */
    if (held == KEEL_NONE) held = keel_decide_enter(st, p, ev, op, side, ret, diag);
    keel_decide_hold(ret, diag, held);
    if (held == KEEL_NONE || s->pos.side != -side) return;
    if (may_exit) keel_decide_close(st, ev, KEEL_X_SIGNAL_FLIP, 1.0, (const keel_exit *)0, ret);
}

/* Are the feeds that the strategy needs there and fresh? Missing or stale never counts as favourable. */
KEEL_LOCAL int32_t keel_decide_feeds(const keel_params *p, const keel_symbol *s, int64_t ts_ms) {
    if (!(keel_strategy_feeds(p) & KEEL_FEED_FUNDING)) return KEEL_AUX_NOT_NEEDED;
    if (s->last_funding_ms == KEEL_NEVER) return KEEL_AUX_MISSING;
    double age_h = (double)(ts_ms - s->last_funding_ms) / 3600000.0;
    return age_h <= p->funding_max_age_h ? KEEL_AUX_FRESH : KEEL_AUX_STALE;
}

/* Why the regime of the market holds an entry back, or KEEL_NONE: an unknown one is none that is allowed. */
KEEL_LOCAL int32_t keel_decide_regime(const keel_params *p, const keel_event *ev) {
    uint32_t allowed = keel_strategy_regimes(p);
    if (allowed == 0) return KEEL_NONE;
    if (ev->regime == KEEL_REGIME_UNKNOWN) return KEEL_H_DATA;
    return ((allowed >> (uint32_t)ev->regime) & 1u) != 0 ? KEEL_NONE : KEEL_H_NOT_ALLOWED;
}

/* What the decision saw, as one number: equal digests mean equal inputs. */
KEEL_LOCAL uint64_t keel_decide_digest(const keel_snapshot *snap) {
    keel_hash h;
    keel_hash_init(&h);
    keel_hash_u64(&h, snap->ready);
    for (int32_t i = 0; i < KEEL_SLOT_MAX; i++)
        if (KEEL_SNAPSHOT_HAS(snap, i)) keel_hash_f64(&h, snap->v[i]);
    return keel_hash_digest(&h);
}

/* What the strategy may look at. */
KEEL_LOCAL void keel_decide_look(const keel_symbol *s, const keel_event *ev, const keel_snapshot *snap,
                                 keel_view *ret) {
    ret->snap = snap;
    ret->ts_ms = ev->ts_ms;
    ret->side = s->pos.side;
    ret->bars_held = s->pos.bars_held;
    ret->entry_px = s->pos.entry_px;
    ret->profit_atr = keel_decide_profit_atr(s, ev->price_e8);
    ret->has_funding = s->last_funding_ms != KEEL_NEVER;
    ret->funding_rate = (double)s->last_rate_e16 / 1e16;
    ret->btc_bullish = ev->btc_bullish;
    ret->is_btc = s->rules.is_btc;
    ret->regime_gate = ev->regime_gate;
    ret->breadth = ev->breadth;
}

/* Why no entry is made whatever else holds, or KEEL_NONE; `open`: no gate is shut. */
KEEL_LOCAL int32_t keel_decide_barrier(const keel_params *p, const keel_event *ev, int32_t aux, int32_t open) {
    if (aux != KEEL_AUX_NOT_NEEDED && aux != KEEL_AUX_FRESH) return KEEL_H_DATA;
    int32_t barrier = keel_decide_regime(p, ev);
    return barrier == KEEL_NONE && !open ? KEEL_H_GATE : barrier;
}

KEEL_FN int32_t keel_decide_barred(const keel_state *st, const keel_params *p, const keel_event *ev,
                                   const keel_snapshot *snap, keel_decision *ret) {
    const keel_symbol *s = &st->sym[ev->symbol];
    keel_view view;
    keel_opinion op;
    keel_decide_look(s, ev, snap, &view);
    keel_strategy_decide(p, &view, &op);
    if (op.signal != KEEL_BUY && op.signal != KEEL_SELL) return 0;
    const int32_t shut = keel_gates_held(p, &view, op.signal == KEEL_BUY ? 1 : -1, op.reason);
    int32_t barrier = keel_decide_barrier(p, ev, keel_decide_feeds(p, s, ev->ts_ms), shut == 0);
    if (barrier == KEEL_NONE) return 0;
    ret->refusal = KEEL_REFUSED_OK;
    ret->command_count = 0;
    ret->posting_count = 0;
    ret->trade_count = 0;
    ret->signal = op.signal;
    ret->hold_reason = barrier;
    ret->gates_shut = shut;
    ret->reserved = 0;
    return 1;
}

KEEL_WARM void keel_decide_entry(keel_state *st, const keel_params *p, const keel_event *ev, const keel_snapshot *snap,
                                 keel_decision *ret, keel_diag *diag) {
    keel_symbol *s = &st->sym[ev->symbol];
    keel_view view;
    keel_opinion op;
    keel_decide_look(s, ev, snap, &view);
    int32_t aux = keel_decide_feeds(p, s, ev->ts_ms);
    keel_strategy_decide(p, &view, &op);
    if (diag) {
        diag->aux_status = aux;
        diag->signal = op.signal;
        diag->signal_reason = op.reason;
        diag->confidence = op.confidence;
        diag->points = op.points;
    }
    int32_t side = op.signal == KEEL_BUY ? 1 : (op.signal == KEEL_SELL ? -1 : 0);
    if (op.signal == KEEL_NEUTRAL && !diag) return;
    /* Without a side the gates are shown for a long: their values do not depend on it, only alignment does. */
    if (side == 0) side = 1;
    if (diag) (void)keel_gates_evaluate(p, &view, side, op.reason, diag->gate);
    if (op.signal == KEEL_NEUTRAL) return;
    ret->signal = op.signal;
    ret->gates_shut = diag ? keel_gates_shut(diag->gate) : keel_gates_held(p, &view, side, op.reason);
    const int32_t open = ret->gates_shut == 0;
    if (diag) {
        diag->feature_digest = keel_decide_digest(snap);
        diag->probability = keel_calibrate(st->outcomes, st->profits, op.points);
    }
    keel_decide_resolve(st, p, ev, &op, keel_decide_barrier(p, ev, aux, open), ret, diag);
}

KEEL_FN int32_t keel_decide_signal(keel_state *st, const keel_params *p, const keel_event *ev, keel_decision *ret,
                                   keel_diag *diag) {
    keel_symbol *s = &st->sym[ev->symbol];
    keel_opinion op;
    op.signal = ev->signal;
    op.reason = KEEL_E_STRATEGY;
    if (ev->signal == KEEL_CLOSE || ev->signal == KEEL_PARTIAL_CLOSE)
        op.reason = ev->reason != KEEL_NONE ? ev->reason : KEEL_X_STRATEGY;
    op.confidence = KEEL_CONF_HIGH;
    op.points = 0;
    op.fraction = ev->close_fraction > 0.0 ? ev->close_fraction : 1.0;
    op.stop_scale = 1.0;
    if (diag) {
        diag->signal = op.signal;
        diag->signal_reason = op.reason;
        diag->confidence = op.confidence;
    }
    ret->signal = op.signal;
    s->last_px_e8 = ev->price_e8;
    s->last_ts_ms = ev->ts_ms;
    if (!keel_book_revalue(st, p, s)) {
        st->fault = KEEL_REFUSED_OVERFLOW;
        return KEEL_REFUSED_OVERFLOW;
    }
    if (s->pending.kind != 0 && !keel_exit_is_protective(ev->reason))
        keel_decide_hold(ret, diag, KEEL_H_PENDING);
    else
        keel_decide_resolve(st, p, ev, &op, KEEL_NONE, ret, diag);
    return KEEL_REFUSED_OK;
}

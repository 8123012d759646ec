/* ops/forensic/steps.c: what the core, the venue and people did, as records. */
#include <stdio.h>
#include <string.h>

#include "model/reason.h"
#include "num/int.h"
#include "ops/forensic/forensic_internal.h"
#include "ops/forensic/words.h"

/* ---- deciding --------------------------------------------------------------------------------------------------- */

static void tell_regime(keel_forensic *f, const keel_forensic_step *s) {
    if (s->regime == f->st.regime) return;
    int32_t from = f->st.regime, known = f->o.regime_count;
    f->st.regime = s->regime;
    keel_forensic_new(f, KEEL_LOG_REGIME_CHANGE, s->event->ts_ms, s->input, -1, 0);
    keel_line_string(&f->line, "from", from >= 0 && from < known ? f->o.regimes[from] : "unknown");
    keel_line_string(&f->line, "to", s->regime >= 0 && s->regime < known ? f->o.regimes[s->regime] : "unknown");
    (void)keel_forensic_put(f);
}

/* A story begins with what was seen. */
static void tell_bar(keel_forensic *f, const keel_forensic_step *s) {
    const keel_forensic_bar *b = s->bar;
    if (!b) return;
    keel_forensic_new(f, KEEL_LOG_DATA_BAR, s->event->ts_ms, s->input, s->event->symbol, 0);
    keel_line_time(&f->line, "from", b->open_ms);
    keel_line_time(&f->line, "to", b->close_ms);
    keel_line_e8(&f->line, "open", b->open_e8);
    keel_line_e8(&f->line, "high", b->high_e8);
    keel_line_e8(&f->line, "low", b->low_e8);
    keel_line_e8(&f->line, "close", b->close_e8);
    keel_line_int(&f->line, "event_seq", (int64_t)s->event->seq);
    (void)keel_forensic_put(f);
}

static void tell_signal(keel_forensic *f, const keel_forensic_step *s) {
    const keel_diag *d = s->diag;
    keel_line *l = &f->line;
    keel_forensic_new(f, KEEL_LOG_SIGNAL, s->event->ts_ms, s->input, s->event->symbol, 0);
    keel_line_id(l, "signal", keel_word_signal(d->signal));
    keel_line_id(l, "reason", keel_word_reason(d->signal_reason));
    keel_line_id(l, "confidence", keel_word_confidence(d->confidence));
    keel_line_int(l, "points", d->points);
    keel_line_real(l, "probability", d->probability);
    keel_line_hash(l, "feature_digest", d->feature_digest);
    keel_line_id(l, "side", keel_word_side(s->side_before));
    keel_line_e8(l, "px", s->event->price_e8);
    (void)keel_forensic_put(f);
}

static void tell_gates(keel_forensic *f, const keel_forensic_step *s) {
    for (int32_t g = 0; g < KEEL_GATE_COUNT; g++) {
        const keel_gate_result *r = &s->diag->gate[g];
        if (r->status == KEEL_GATE_OFF) continue;
        keel_forensic_new(f, KEEL_LOG_GATE_RESULT, s->event->ts_ms, s->input, s->event->symbol, 0);
        keel_line_id(&f->line, "rule", keel_word_gate(g));
        keel_line_real(&f->line, "value", r->value);
        keel_line_real(&f->line, "limit", r->threshold);
        keel_line_id(&f->line, "verdict", keel_word_verdict(r->status));
        if (r->votes) keel_line_int(&f->line, "votes", r->votes);
        (void)keel_forensic_put(f);
    }
}

static int opens(const keel_command *c) {
    return c && (c->kind == KEEL_CMD_OPEN || c->kind == KEEL_CMD_ADD || c->kind == KEEL_CMD_REVERSE);
}

static int is_clamp(int32_t rule) { return rule >= KEEL_RISK_ID_CASH && rule <= KEEL_RISK_ID_POSITION_EXPOSURE; }

/* Each limit that was asked. What is only made smaller by one is no failure of the trade. */
static void tell_limits(keel_forensic *f, const keel_forensic_step *s) {
    for (int32_t r = 0; r < KEEL_RISK_COUNT; r++) {
        const keel_gate_result *x = &s->diag->risk[r];
        if (x->status == KEEL_GATE_OFF) continue;
        int clamps = x->status == KEEL_GATE_FAIL && is_clamp(r) && opens(s->command);
        keel_forensic_new(f, KEEL_LOG_RISK_GATE, s->event->ts_ms, s->input, s->event->symbol, 0);
        keel_line_id(&f->line, "rule", keel_word_risk(r));
        keel_line_real(&f->line, "value", x->value);
        keel_line_real(&f->line, "limit", x->threshold);
        keel_line_id(&f->line, "verdict", clamps ? "clamp" : keel_word_verdict(x->status));
        (void)keel_forensic_put(f);
    }
}

/* The limit that made the order smallest, -1: none did. */
static int32_t least_clamp(const keel_diag *d) {
    int32_t best = -1;
    for (int32_t r = 0; r < KEEL_RISK_COUNT; r++)
        if (is_clamp(r) && d->risk[r].status == KEEL_GATE_FAIL &&
            (best < 0 || d->risk[r].threshold < d->risk[best].threshold))
            best = r;
    return best;
}

/* The limit that denied, -1: none did. What a clamp left was denied for being too little: by the least notional. */
static int32_t denying_limit(const keel_diag *d) {
    int32_t r = 0, clamp = least_clamp(d);
    while (r < KEEL_RISK_COUNT && d->risk[r].status != KEEL_GATE_FAIL)
        r++;
    if (r == KEEL_RISK_COUNT) return -1;
    if (!is_clamp(r)) return r;
    return d->risk[clamp].threshold > 0.0 && d->risk[KEEL_RISK_ID_MIN_NOTIONAL].status == KEEL_GATE_FAIL
               ? KEEL_RISK_ID_MIN_NOTIONAL
               : clamp;
}

/* What sizing wanted, and what the limits left of it. */
static void tell_risk(keel_forensic *f, const keel_forensic_step *s) {
    const keel_diag *d = s->diag;
    keel_line *l = &f->line;
    tell_limits(f, s);
    if (d->size_notional_usd <= 0.0) return;
    keel_forensic_new(f, KEEL_LOG_RISK_GATE, s->event->ts_ms, s->input, s->event->symbol, 0);
    keel_line_id(l, "rule", "size");
    keel_line_real(l, "value", d->size_notional_usd);
    keel_line_real(l, "limit", opens(s->command) ? keel_e8_to_f64(s->command->notional_e8) : 0.0);
    keel_line_id(l, "verdict", opens(s->command) ? "pass" : "fail");
    (void)keel_forensic_put(f);
    if (!opens(s->command) || s->command->kind == KEEL_CMD_REVERSE) return;
    double after = keel_e8_to_f64(s->command->notional_e8);
    if (after >= d->size_notional_usd * 0.999) return; /* what is missing is the lot's rounding */
    int32_t limit = least_clamp(d);
    keel_forensic_new(f, KEEL_LOG_SIZE_CLAMPED, s->event->ts_ms, s->input, s->event->symbol, 0);
    keel_line_id(l, "rule", limit >= 0 ? keel_word_risk(limit) : "size");
    keel_line_real(l, "before_usd", d->size_notional_usd);
    keel_line_real(l, "after_usd", after);
    (void)keel_forensic_put(f);
}

static void tell_cooldown(keel_forensic *f, keel_event_code code, const keel_forensic_step *s, int64_t until_ms) {
    keel_forensic_new(f, code, s->event->ts_ms, s->input, s->event->symbol, 0);
    keel_line_time(&f->line, "until", until_ms);
    keel_line_id(&f->line, "rule", "cooldown");
    (void)keel_forensic_put(f);
}

static void follow_cooldown(keel_forensic *f, const keel_forensic_step *s) {
    keel_forensic_symbol *sym = keel_forensic_symbol_of(f, s->event->symbol);
    int64_t until = s->diag->cooldown_until_ms;
    if (sym->cooldown_until_ms && s->event->ts_ms >= sym->cooldown_until_ms) {
        tell_cooldown(f, KEEL_LOG_COOLDOWN_END, s, sym->cooldown_until_ms);
        sym->cooldown_until_ms = 0;
    }
    if (s->hold_reason == KEEL_H_COOLDOWN && until > s->event->ts_ms && until != sym->cooldown_until_ms) {
        tell_cooldown(f, KEEL_LOG_COOLDOWN_START, s, until);
        sym->cooldown_until_ms = until;
    }
}

static void of_field(keel_forensic *f, const char *of, double value, double limit) {
    keel_line_id(&f->line, "of", of);
    keel_line_real(&f->line, "value", value);
    keel_line_real(&f->line, "limit", limit);
}

/* The limit that denied, and the clamp that left so little. */
static void of_limit(keel_forensic *f, const keel_diag *d) {
    int32_t r = denying_limit(d), clamp = least_clamp(d);
    if (r < 0) return;
    of_field(f, keel_word_risk(r), d->risk[r].value, d->risk[r].threshold);
    if (r != KEEL_RISK_ID_MIN_NOTIONAL || clamp < 0) return;
    keel_line_id(&f->line, "clamp", keel_word_risk(clamp));
    keel_line_real(&f->line, "clamp_value", d->risk[clamp].value);
    keel_line_real(&f->line, "clamp_limit", d->risk[clamp].threshold);
}

/* What was compared with what, where there are numbers: the first gate that is shut, or the limit that denied. */
static void denied_fields(keel_forensic *f, const keel_forensic_step *s) {
    const keel_diag *d = s->diag;
    if (s->hold_reason == KEEL_H_GATE) {
        int32_t g = 0;
        while (g < KEEL_GATE_COUNT && d->gate[g].status != KEEL_GATE_FAIL && d->gate[g].status != KEEL_GATE_UNKNOWN)
            g++;
        if (g < KEEL_GATE_COUNT) of_field(f, keel_word_gate(g), d->gate[g].value, d->gate[g].threshold);
    } else if (s->hold_reason == KEEL_H_RISK) {
        of_field(f, "equity", d->size_equity_usd, 0.0);
    } else {
        of_limit(f, d);
    }
}

static void tell_denied(keel_forensic *f, const keel_forensic_step *s) {
    if (s->hold_reason == KEEL_NONE) return;
    keel_forensic_new(f, KEEL_LOG_TRADE_DENIED, s->event->ts_ms, s->input, s->event->symbol, 0);
    keel_line_id(&f->line, "rule", keel_word_reason(s->hold_reason));
    keel_line_string(&f->line, "reason", keel_word_reason_sentence(s->hold_reason));
    if (s->diag) denied_fields(f, s);
    keel_line_id(&f->line, "verdict", "fail");
    (void)keel_forensic_put(f);
}

static void tell_exits(keel_forensic *f, const keel_forensic_step *s) {
    if (!s->diag || !s->command || s->command->kind == KEEL_CMD_OPEN || s->command->kind == KEEL_CMD_ADD) return;
    for (int32_t r = 0; r < KEEL_EXIT_COUNT; r++) {
        const keel_exit_result *x = &s->diag->exit[r];
        if (!x->triggered) continue;
        keel_forensic_new(f, KEEL_LOG_TRIGGER, s->event->ts_ms, s->input, s->event->symbol, 0);
        keel_line_id(&f->line, "rule", keel_word_exit_rule(r));
        keel_line_real(&f->line, "value", x->value);
        keel_line_real(&f->line, "threshold", x->threshold);
        keel_line_id(&f->line, "reason", keel_word_reason(s->command->reason));
        (void)keel_forensic_put(f);
    }
}

static void tell_proposal(keel_forensic *f, const keel_forensic_step *s) {
    const keel_command *c = s->command;
    if (!c) return;
    keel_forensic_new(f, KEEL_LOG_PROPOSAL, s->event->ts_ms, s->input, c->symbol, 0);
    keel_line_id(&f->line, "kind", keel_word_command(c->kind));
    keel_line_id(&f->line, "side", keel_word_order_side(c->side));
    keel_line_e8(&f->line, "qty", c->qty_e8);
    keel_line_e8(&f->line, "notional_usd", c->notional_e8);
    keel_line_id(&f->line, "reason", keel_word_reason(c->reason));
    keel_line_id(&f->line, "confidence", keel_word_confidence(c->confidence));
    (void)keel_forensic_put(f);
}

static void decided(keel_forensic *f, const keel_forensic_step *s) {
    if (s->event->kind == KEEL_EV_BAR_CLOSE) tell_regime(f, s);
    tell_bar(f, s);
    if (s->diag && s->event->kind == KEEL_EV_BAR_CLOSE) {
        if (s->diag->signal != KEEL_NEUTRAL) {
            tell_signal(f, s);
            tell_gates(f, s);
        }
        follow_cooldown(f, s);
        tell_risk(f, s);
    }
    tell_denied(f, s);
    tell_exits(f, s);
    tell_proposal(f, s);
}

/* ---- what the venue did ----------------------------------------------------------------------------------------- */

static void fill_fields(keel_forensic *f, const keel_event *ev) {
    keel_line_id(&f->line, "side", keel_word_order_side(ev->side));
    keel_line_e8(&f->line, "qty", ev->qty_e8);
    keel_line_e8(&f->line, "px", ev->price_e8);
    keel_line_int(&f->line, "fill_id", (int64_t)ev->fill_id);
}

static void new_of_order(keel_forensic *f, keel_event_code code, const keel_event *ev) {
    keel_forensic_new(f, code, ev->ts_ms, keel_forensic_input_of(f, ev->symbol, ev->order_id), ev->symbol,
                      ev->order_id);
}

static void add_fees(keel_forensic_sums *s, int64_t value) { s->fees_usd_e8 += value; }
static void add_slippage(keel_forensic_sums *s, int64_t value) { s->slippage_e8 += value; }
static void add_funding(keel_forensic_sums *s, int64_t value) { s->funding_usd_e8 += value; }
static void add_trade(keel_forensic_sums *s, int64_t value) {
    s->trades++;
    s->wins += value > 0;
    s->pnl_e8 += value;
}

static void tell_fill(keel_forensic *f, const keel_forensic_step *s) {
    const keel_event *ev = s->event;
    int64_t fees = 0, slippage = 0, notional = 0;
    keel_line *l = &f->line;
    for (int32_t i = 0; i < s->posting_count; i++) {
        fees += s->posting[i].d_fees;
        slippage += s->posting[i].slippage;
    }
    (void)keel_mul_e8(ev->qty_e8, ev->price_e8, &notional);
    f->st.slippage_fills++;
    f->st.slippage_e8 += slippage;
    f->st.filled_usd_e8 += notional;
    keel_forensic_sums_both(f, add_fees, fees);
    keel_forensic_sums_both(f, add_slippage, slippage);
    new_of_order(f, KEEL_LOG_FILL, ev);
    fill_fields(f, ev);
    keel_line_e8(l, "ref_px", ev->ref_px_e8 ? ev->ref_px_e8 : ev->price_e8);
    keel_line_e8(l, "notional_usd", notional);
    keel_line_e8(l, "fee_usd", fees);
    keel_line_id(l, "fee_role", keel_word_role(ev->fee_role));
    keel_line_e8(l, "slippage_usd", slippage);
    keel_line_real(l, "slippage_bps", notional > 0 ? 1e4 * (double)slippage / (double)notional : 0.0);
    keel_line_bool(l, "last_of_order", ev->last_of_order);
    keel_line_int(l, "event_seq", (int64_t)ev->seq);
    (void)keel_forensic_put(f);
}

static void tell_order_filled(keel_forensic *f, const keel_event *ev) {
    keel_forensic_order *o = keel_forensic_order_of(f, ev->symbol, ev->order_id);
    if (!o) return;
    o->filled_e8 += ev->qty_e8;
    o->is_over = ev->last_of_order != 0;
    f->st.latency_ms[f->st.latencies++ % KEEL_FORENSIC_LATENCIES] = ev->ts_ms - o->given_ms;
    new_of_order(f, o->is_over ? KEEL_LOG_ORDER_FILLED : KEEL_LOG_ORDER_PARTIAL, ev);
    keel_forensic_order_left(f, o);
    keel_line_int(&f->line, "latency_ms", ev->ts_ms - o->given_ms);
    (void)keel_forensic_put(f);
}

static void tell_opened(keel_forensic *f, const keel_forensic_step *s, const keel_posting *p) {
    keel_forensic_symbol *sym = keel_forensic_symbol_of(f, s->event->symbol);
    keel_line *l = &f->line;
    if (p->kind == KEEL_POST_OPEN) {
        sym->position_id = s->event->seq;
        sym->position_input = keel_forensic_input_of(f, s->event->symbol, s->event->order_id);
    }
    new_of_order(f, p->kind == KEEL_POST_OPEN ? KEEL_LOG_POSITION_OPEN : KEEL_LOG_POSITION_ADD, s->event);
    keel_forensic_position_field(f, sym);
    keel_line_id(l, "side", keel_word_side(p->side));
    keel_line_e8(l, "qty", p->qty_e8);
    keel_line_e8(l, "px", p->px_e8);
    keel_line_e8(l, "notional_usd", s->position->basis_e8);
    keel_line_e8(l, "margin_usd", s->position->margin_e8);
    keel_line_e8(l, "total_qty", s->position->qty_e8);
    keel_line_real(l, "avg_px", s->position->entry_px);
    keel_line_e8(l, "fee_usd", p->d_fees);
    if (s->position->stop_e8) keel_line_e8(l, "stop_px", s->position->stop_e8);
    if (s->position->target_e8) keel_line_e8(l, "target_px", s->position->target_e8);
    keel_line_id(l, "confidence", keel_word_confidence(s->position->confidence));
    keel_line_id(l, "reason", keel_word_reason(s->position->entry_reason));
    (void)keel_forensic_put(f);
}

static void tell_closed(keel_forensic *f, const keel_forensic_step *s) {
    const keel_trade *t = s->trade;
    keel_forensic_symbol *sym = keel_forensic_symbol_of(f, s->event->symbol);
    keel_line *l = &f->line;
    keel_forensic_sums_both(f, add_trade, t->pnl_e8);
    new_of_order(f, KEEL_LOG_POSITION_CLOSE, s->event);
    if (t->exit_reason == KEEL_X_LIQUIDATION) keel_forensic_grade(f, KEEL_SEVERITY_SEV2);
    keel_forensic_position_field(f, sym);
    keel_line_int(l, "trade_id", (int64_t)f->st.of_run.trades);
    keel_line_id(l, "side", keel_word_side(t->side));
    keel_line_e8(l, "qty", t->qty_e8);
    keel_line_time(l, "entry", t->entry_ts_ms);
    keel_line_e8(l, "entry_px", t->entry_px_e8);
    keel_line_e8(l, "exit_px", t->exit_px_e8);
    keel_line_e8(l, "pnl_usd", t->pnl_e8);
    keel_line_e8(l, "price_pnl_usd", t->price_pnl_e8);
    keel_line_e8(l, "fees_usd", t->fees_e8);
    keel_line_e8(l, "funding_usd", t->funding_e8);
    keel_line_e8(l, "slippage_usd", t->slippage_e8);
    keel_line_e8(l, "mae_usd", t->mae_e8);
    keel_line_e8(l, "mfe_usd", t->mfe_e8);
    keel_line_int(l, "bars_held", t->bars_held);
    keel_line_id(l, "entry_reason", keel_word_reason(t->entry_reason));
    keel_line_id(l, "reason", keel_word_reason(t->exit_reason));
    (void)keel_forensic_put(f);
    sym->position_id = 0;
}

static void tell_reduced(keel_forensic *f, const keel_forensic_step *s, const keel_posting *p) {
    keel_line *l = &f->line;
    new_of_order(f, KEEL_LOG_POSITION_REDUCE, s->event);
    keel_forensic_position_field(f, keel_forensic_symbol_of(f, s->event->symbol));
    keel_line_id(l, "side", keel_word_side(p->side));
    keel_line_e8(l, "qty", p->qty_e8);
    keel_line_e8(l, "px", p->px_e8);
    keel_line_e8(l, "total_qty", s->position->qty_e8);
    keel_line_e8(l, "pnl_usd", -p->d_realised);
    keel_line_e8(l, "fee_usd", p->d_fees);
    (void)keel_forensic_put(f);
}

static void tell_postings(keel_forensic *f, const keel_forensic_step *s) {
    for (int32_t i = 0; i < s->posting_count; i++) {
        const keel_posting *p = &s->posting[i];
        if (p->kind == KEEL_POST_CLOSE && s->trade)
            tell_closed(f, s);
        else if (p->kind == KEEL_POST_CLOSE)
            tell_reduced(f, s, p);
        else if (p->kind == KEEL_POST_OPEN || p->kind == KEEL_POST_ADD)
            tell_opened(f, s, p);
    }
}

/* A venue that is a model executes what the account covers, and refuses the rest. Of any other it has happened. */
static void not_covered(keel_forensic *f, const keel_forensic_step *s) {
    keel_forensic_order *o = keel_forensic_order_of(f, s->event->symbol, s->event->order_id);
    if (o) o->uncovered = 1;
    new_of_order(f, KEEL_LOG_TRADE_DENIED, s->event);
    keel_line_id(&f->line, "rule", keel_word_refusal(s->refusal));
    keel_line_string(&f->line, "reason", "free cash does not cover what the fill opens");
    keel_line_id(&f->line, "verdict", "fail");
    (void)keel_forensic_put(f);
}

static void filled(keel_forensic *f, const keel_forensic_step *s) {
    int uncovered = s->refusal == KEEL_REFUSED_INSUFFICIENT_CASH;
    if (s->refusal == KEEL_REFUSED_OK) {
        tell_fill(f, s);
        if (s->diag && (s->diag->warnings & KEEL_WARN_FILL_UNKNOWN)) {
            new_of_order(f, KEEL_LOG_FILL_UNMATCHED, s->event);
            fill_fields(f, s->event);
            (void)keel_forensic_put(f);
        }
        tell_order_filled(f, s->event);
        tell_postings(f, s);
        return;
    }
    if (uncovered && s->venue_is_model) {
        not_covered(f, s);
        return;
    }
    new_of_order(f, s->refusal == KEEL_REFUSED_DUPLICATE ? KEEL_LOG_FILL_DUPLICATE : KEEL_LOG_FILL_SUSPECT, s->event);
    fill_fields(f, s->event);
    keel_line_id(&f->line, "refusal", keel_word_refusal(s->refusal));
    (void)keel_forensic_put(f);
    if (uncovered) tell_order_filled(f, s->event); /* the order is over, whatever the books say */
}

static void rejected(keel_forensic *f, const keel_forensic_step *s) {
    keel_forensic_order *o = keel_forensic_order_of(f, s->event->symbol, s->event->order_id), none = {.id = 0};
    const keel_forensic_order *was = o ? o : &none;
    int cancelled = was->called_back && !was->guarded;
    new_of_order(f,
                 cancelled   ? KEEL_LOG_ORDER_CANCEL
                 : s->at_end ? KEEL_LOG_ORDER_EXPIRE
                             : KEEL_LOG_ORDER_REJECT,
                 s->event);
    keel_line_string(&f->line, "reason",
                     cancelled        ? "it was called back"
                     : was->guarded   ? "the engine's last look refused it"
                     : was->uncovered ? "free cash does not cover it"
                     : s->at_end      ? "the market ended"
                                      : "the venue did not execute it");
    if (!cancelled) keel_line_id(&f->line, "by", was->guarded ? "guard" : "venue");
    keel_forensic_order_left(f, o);
    (void)keel_forensic_put(f);
    if (o) o->is_over = 1;
}

static void settled(keel_forensic *f, const keel_forensic_step *s) {
    keel_forensic_symbol *sym = keel_forensic_symbol_of(f, s->event->symbol);
    for (int32_t i = 0; i < s->posting_count; i++) {
        const keel_posting *p = &s->posting[i];
        keel_forensic_sums_both(f, add_funding, p->d_funding);
        keel_forensic_new(f, s->event->kind == KEEL_EV_FUNDING ? KEEL_LOG_FUNDING : KEEL_LOG_BORROW, s->event->ts_ms,
                          sym->position_input ? sym->position_input : s->input, s->event->symbol, 0);
        keel_forensic_position_field(f, sym);
        keel_line_id(&f->line, "side", keel_word_side(p->side));
        keel_line_e8(&f->line, "qty", p->qty_e8);
        keel_line_e8(&f->line, "px", p->px_e8);
        keel_line_e8(&f->line, "paid_usd", p->d_funding);
        keel_line_real(&f->line, "rate", (double)s->event->rate_e16 / 1e16);
        (void)keel_forensic_put(f);
    }
}

static void trace_step(keel_forensic *f, const keel_forensic_step *s) {
    keel_line *l = &f->line;
    if (f->o.trace_every == 0 || s->event->seq % f->o.trace_every != 0) return;
    if (f->st.trace_hour_bytes >= f->o.trace_bytes) {
        f->st.trace_dropped++;
        return;
    }
    keel_forensic_new(f, KEEL_LOG_TRACE_STEP, s->event->ts_ms, s->input, s->event->symbol, 0);
    keel_line_int(l, "event_seq", (int64_t)s->event->seq);
    keel_line_id(l, "kind", keel_word_event(s->event->kind));
    keel_line_id(l, "refusal", keel_word_refusal(s->refusal));
    keel_line_id(l, "signal", keel_word_signal(s->signal));
    keel_line_id(l, "hold", keel_word_reason(s->hold_reason));
    keel_line_int(l, "commands", s->command != NULL);
    keel_line_int(l, "postings", s->posting_count);
    keel_line_e8(l, "px", s->event->price_e8);
    keel_line_e8(l, "equity_usd", s->equity_e8);
    (void)keel_forensic_put(f);
}

void keel_forensic_stepped(keel_forensic *f, const keel_forensic_step *step) {
    keel_forensic_step of_input = *step;
    const keel_forensic_step *s = &of_input;
    if (s->input == 0) of_input.input = f->st.input; /* an order among the inputs: it belongs to the last of them */
    f->st.input = s->input;
    keel_forensic_pass_time(f, s->event->ts_ms);
    trace_step(f, s);
    switch (s->event->kind) {
        case KEEL_EV_FILL: filled(f, s); break;
        case KEEL_EV_REJECT: rejected(f, s); break;
        case KEEL_EV_FUNDING:
        case KEEL_EV_BORROW: settled(f, s); break;
        default: decided(f, s); break;
    }
}

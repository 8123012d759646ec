/* lane/crowd.c: see run.h. Bars of several symbols or of several pieces, most of which most symbols have no part in.
 *
 * The stages are those of lane.h in their order, and every event has its number; but an event at which nothing can
 * happen is only counted:
 *   - a flat symbol without an order takes ranges and silent closes over when it is next asked (core/quiet.h), and so
 *     do entries of it that gates hold back: they leave nothing behind but a tally;
 *   - a position takes pieces over together as far as none of them can end it (core/exit/foresee.h). What the account
 *     was worth between them is looked at where it could be a peak or the bottom of a fall. */
#include "lane/run.h"

#include "core/decide.h"
#include "core/exit/exits.h"
#include "core/exit/foresee.h"
#include "lane/extremes.h"

KEEL_FN int32_t keel_lane_may_crowd(const keel_run *r) {
    const keel_tape *tape = r->tape;
    const int64_t end_ms = tape->start_ms + tape->bars * tape->interval_ms;
    if (!KEEL_ON_HOST || !r->window || r->lane->by_regime || r->out->decision_cap > 0 ||
        tape->start_ms <= -KEEL_TIME_END_MS || end_ms >= KEEL_TIME_END_MS)
        return 0;
    for (int32_t s = 0; s < tape->sleeve_count; s++)
        if (r->p[s].gate_breadth || r->p[s].gate_regime) return 0; /* they ask every symbol at every bar */
    for (int32_t i = 0; i < tape->symbol_count; i++)
        if (!tape->sym[i].watch_only && (!r->window->sym[i].whole || r->st->sym[i].rules.market == KEEL_SPOT)) return 0;
    return 1;
}

#if KEEL_ON_HOST

/* A position under way through some pieces of a bar. */
typedef struct keel_crowd_holder {
    int32_t symbol;
    int32_t decided; /* 1: at the close of this bar, before those who hold nothing */
    keel_exit_ranges x;
    keel_exit_levels levels;
} keel_crowd_holder;

typedef struct keel_crowd {
    keel_run *r;
    int64_t piece_ms;
    int64_t due_ms;   /* the next settlement of any symbol */
    int32_t last;     /* piece of each bar */
    int32_t contexts; /* 1: of every bar; 0: nothing is known, once and for all */
    int32_t sizes;    /* 1: an order may be sized while positions are at different pieces */
    int32_t orders;   /* that work */
    int32_t changed;  /* 1: somebody may have got or lost a position or an order since they were gathered */
    int32_t traded, held;
    int32_t list[KEEL_SYMBOLS_MAX];             /* [traded] symbols */
    keel_crowd_holder holder[KEEL_SYMBOLS_MAX]; /* [held] with a position or an order, ascending */
    int64_t since[KEEL_SYMBOLS_MAX];            /* first bar that the symbol has not taken over */
    int64_t speaks[KEEL_SYMBOLS_MAX];           /* next bar at which it would speak when flat, once it was looked for */
} keel_crowd;

/* The columns that are traded. */
KEEL_INLINE KEEL_GLOBAL const int64_t *keel_crowd_lows(const keel_crowd *c, int32_t i) {
    const keel_tape_symbol *t = &c->r->tape->sym[i];
    return c->last > 0 ? t->detail_low_e8 : t->low_e8;
}

KEEL_INLINE KEEL_GLOBAL const int64_t *keel_crowd_highs(const keel_crowd *c, int32_t i) {
    const keel_tape_symbol *t = &c->r->tape->sym[i];
    return c->last > 0 ? t->detail_high_e8 : t->high_e8;
}

KEEL_INLINE KEEL_GLOBAL const int64_t *keel_crowd_closes(const keel_crowd *c, int32_t i) {
    const keel_tape_symbol *t = &c->r->tape->sym[i];
    return c->last > 0 ? t->detail_close_e8 : t->close_e8;
}

/* ---- what is only counted ------------------------------------------------------------------------------------ */

/* Events at which nothing happens, the last of them at ts_ms. */
KEEL_LOCAL void keel_crowd_skip(keel_run *r, int64_t events, int64_t ts_ms) {
    if (events == 0) return;
    r->lane->seq += (uint64_t)events;
    keel_quiet_account(r->st, events, r->lane->seq, ts_ms);
}

/* A flat symbol takes over the bars before `to` that it slept through. */
KEEL_LOCAL void keel_crowd_wake(keel_crowd *c, int32_t i, int64_t to) {
    keel_run *r = c->r;
    const keel_window *w = r->window;
    keel_symbol *s = &r->st->sym[i];
    keel_quiet q;
    q.closes = to - c->since[i];
    if (q.closes <= 0) return;
    q.last_px_e8 = keel_crowd_closes(c, i)[to * (c->last + 1) - 1];
    q.last_ts_ms = r->tape->start_ms + to * r->tape->interval_ms;
    q.low_e8 = q.high_e8 = 0;
    if (q.closes > 1) keel_lane_seen(&w->sym[i], to - 2 - w->from, &s->seen);
    keel_quiet_symbol(s, &q);
    keel_lane_seen(&w->sym[i], to - 1 - w->from, &s->seen);
    r->lane->tally.bars += q.closes;
    c->since[i] = to;
}

KEEL_LOCAL void keel_crowd_wake_all(keel_crowd *c, int64_t to) {
    for (int32_t n = 0; n < c->traded; n++)
        keel_crowd_wake(c, c->list[n], to);
}

/* The run ended in bar k, when `pieces` of its ranges were gone through, and by symbols before `symbol` one more. */
KEEL_LOCAL void keel_crowd_broke(keel_crowd *c, int64_t k, int32_t pieces, int32_t symbol) {
    const keel_tape *tape = c->r->tape;
    for (int32_t n = 0; n < c->traded; n++) {
        int32_t i = c->list[n], done = i < symbol ? pieces + 1 : pieces;
        keel_symbol *s = &c->r->st->sym[i];
        if (c->since[i] > k || s->pos.side != 0) continue;
        keel_crowd_wake(c, i, done > c->last ? k + 1 : k);
        if (done == 0 || done > c->last) continue;
        s->last_px_e8 = keel_crowd_closes(c, i)[k * (c->last + 1) + done - 1];
        s->last_ts_ms = tape->start_ms + k * tape->interval_ms + done * c->piece_ms;
    }
}

/* ---- positions, several pieces at a time --------------------------------------------------------------------- */

/* Who holds something or waits for an order. */
KEEL_LOCAL void keel_crowd_gather(keel_crowd *c) {
    const keel_run *r = c->r;
    if (!c->changed) return;
    c->changed = 0;
    c->held = 0;
    c->orders = 0;
    for (int32_t n = 0; n < c->traded; n++) {
        int32_t i = c->list[n], works = r->lane->sym[i].order.id != 0;
        c->orders += works;
        if (!works && r->st->sym[i].pos.side == 0) continue;
        c->holder[c->held].symbol = i;
        c->held++;
    }
}

KEEL_LOCAL void keel_crowd_next_due(keel_crowd *c) {
    const keel_run *r = c->r;
    c->due_ms = KEEL_I64_MAX;
    for (int32_t n = 0; n < c->traded; n++) {
        const keel_tape_symbol *t = &r->tape->sym[c->list[n]];
        int64_t at = r->lane->sym[c->list[n]].funding_at;
        if (at < t->funding_count && t->funding_ts_ms[at] < c->due_ms) c->due_ms = t->funding_ts_ms[at];
    }
}

/* Settlements before this moment belong to the piece that opens at open_ms, or to one before. */
KEEL_INLINE int64_t keel_crowd_until(const keel_crowd *c, int64_t open_ms) {
    return open_ms + (c->piece_ms > KEEL_LANE_JITTER_MS ? c->piece_ms : KEEL_LANE_JITTER_MS);
}

/* Extremes of pieces from .. to - 1 of the tape, all of one bar. */
KEEL_LOCAL void keel_crowd_range(const keel_crowd *c, int32_t i, int64_t from, int64_t to, keel_exit_ranges *ret) {
    KEEL_GLOBAL const int64_t *early = c->r->tape->sym[i].early;
    if (early && to - from == c->last && from % (c->last + 1) == 0) {
        early += from / (c->last + 1) * KEEL_EXTREMES_VALUES;
        ret->low_e8 = early[KEEL_EXTREMES_LOW];
        ret->high_e8 = early[KEEL_EXTREMES_HIGH];
        ret->least_e8 = early[KEEL_EXTREMES_LEAST];
        ret->most_e8 = early[KEEL_EXTREMES_MOST];
        return;
    }
    keel_extremes_scan(keel_crowd_lows(c, i), keel_crowd_highs(c, i), keel_crowd_closes(c, i), from, to, ret);
}

/* Pieces from .. to - 1 of the tape, one by one: the first that may end the position, else `to`. */
KEEL_LOCAL int64_t keel_crowd_single(const keel_crowd *c, keel_crowd_holder *h, int64_t from, int64_t to) {
    const keel_symbol *s = &c->r->st->sym[h->symbol];
    keel_exit_levels_of(&s->pos, &h->levels);
    for (; from < to; from++) {
        keel_exit_ranges one;
        one.low_e8 = keel_crowd_lows(c, h->symbol)[from];
        one.high_e8 = keel_crowd_highs(c, h->symbol)[from];
        one.least_e8 = one.most_e8 = keel_crowd_closes(c, h->symbol)[from];
        if (!keel_exit_foresee(keel_run_params(c->r, h->symbol), s, &one, 1, &h->levels)) break;
    }
    return from;
}

/* How far from piece `from` on all positions stay, at most `to`; their levels and extremes over these pieces. */
KEEL_LOCAL int64_t keel_crowd_stay(keel_crowd *c, int64_t from, int64_t to) {
    const int64_t wanted = to;
    for (int32_t n = 0; n < c->held && to > from; n++) {
        keel_crowd_holder *h = &c->holder[n];
        const keel_symbol *s = &c->r->st->sym[h->symbol];
        const keel_params *p = keel_run_params(c->r, h->symbol);
        if (!keel_exit_levels_between(p) || s->pending.kind != 0) return from;
        keel_crowd_range(c, h->symbol, from, to, &h->x);
        keel_exit_levels_of(&s->pos, &h->levels);
        if (!keel_exit_foresee(p, s, &h->x, 0, &h->levels)) to = keel_crowd_single(c, h, from, to);
    }
    for (int32_t n = 0; n < c->held && to < wanted && to > from; n++) {
        (void)keel_crowd_single(c, &c->holder[n], from, to);
        keel_crowd_range(c, c->holder[n].symbol, from, to, &c->holder[n].x);
    }
    return to;
}

/* Can no sum over what is held leave its 64 bits over these ranges? */
KEEL_LOCAL int32_t keel_crowd_small(const keel_crowd *c) {
    const double most = 1e18; /* eight of them still fit */
    const keel_account *a = &c->r->st->acct;
    double sum = keel_fabs((double)a->cash_e8) + keel_fabs((double)a->margin_e8);
    for (int32_t n = 0; n < c->held; n++) {
        const keel_position *pos = &c->r->st->sym[c->holder[n].symbol].pos;
        sum += (double)pos->qty_e8 * (double)c->holder[n].x.high_e8 * 1e-8 + (double)pos->basis_e8;
    }
    return sum < most;
}

/* Could equity at the end of one of these pieces be a new peak or the bottom of a deeper fall? Each position is worth
 * most where its price is best, but for two roundings (core/quiet.h); four units for each and a relative part of 1e-12
 * are kept back. */
KEEL_LOCAL int32_t keel_crowd_tells(const keel_crowd *c) {
    const keel_state *st = c->r->st;
    const keel_lane_tally *t = &c->r->lane->tally;
    double base = (double)st->acct.cash_e8 + (double)st->acct.margin_e8, peak = (double)t->peak_e8;
    double up = base, down = base, slack = (keel_fabs(base) + peak) * 1e-12;
    for (int32_t n = 0; n < c->held; n++) {
        const keel_crowd_holder *h = &c->holder[n];
        const keel_position *pos = &st->sym[h->symbol].pos;
        double rate = (double)keel_run_params(c->r, h->symbol)->taker_fee_bps * 1e-8, side = (double)pos->side;
        double qty = (double)pos->qty_e8 * 1e-8, basis = (double)pos->basis_e8;
        double most = qty * (double)h->x.most_e8, least = qty * (double)h->x.least_e8;
        double best = pos->side > 0 ? most : least, worst = pos->side > 0 ? least : most;
        if (!(rate < 1.0) || !(rate > -1.0)) return 1;
        up += side * (best - basis) - rate * best;
        down += side * (worst - basis) - rate * worst;
        slack += 4.0 + (most + basis) * 1e-12;
    }
    double below = peak - (down - slack);
    return !(peak > 0.0) || !(up + slack < peak) || !(below < (double)t->drawdown_e8) ||
           !(below < t->drawdown * peak * (1.0 - 1e-9));
}

/* Equity at the end of each of these pieces. */
KEEL_LOCAL void keel_crowd_marks(keel_crowd *c, int64_t from, int64_t to) {
    const keel_state *st = c->r->st;
    if (!keel_crowd_tells(c)) return;
    for (int64_t at = from; at < to; at++) {
        int64_t equity_e8 = st->acct.cash_e8 + st->acct.margin_e8;
        for (int32_t n = 0; n < c->held; n++) {
            int32_t i = c->holder[n].symbol;
            int64_t pnl = 0, cost = 0;
            (void)keel_ledger_worth(&st->sym[i].pos, keel_crowd_closes(c, i)[at],
                                    keel_run_params(c->r, i)->taker_fee_bps, &pnl, &cost);
            equity_e8 += pnl - cost;
        }
        keel_lane_mark_at(c->r->lane, equity_e8);
    }
}

/* Pass pieces of bar k from piece j on, at most up to `end`. Returns the first that was not passed. */
KEEL_LOCAL int32_t keel_crowd_pass(keel_crowd *c, int64_t k, int32_t j, int32_t end) {
    keel_run *r = c->r;
    const int64_t first = k * (c->last + 1), from = first + j;
    const int64_t to = keel_crowd_stay(c, from, first + end);
    if (to == from || !keel_crowd_small(c)) return j;
    const int64_t ts_ms = r->tape->start_ms + to * c->piece_ms;
    for (int32_t n = 0; n < c->held; n++) {
        const keel_crowd_holder *h = &c->holder[n];
        keel_symbol *s = &r->st->sym[h->symbol];
        keel_exit_levels_set(&s->pos, &h->levels);
        keel_exit_excursion(&s->pos, h->x.low_e8);
        keel_exit_excursion(&s->pos, h->x.high_e8);
        s->last_px_e8 = keel_crowd_closes(c, h->symbol)[to - 1];
        s->last_ts_ms = ts_ms;
        if (c->sizes && !keel_quiet_mark(r->st, keel_run_params(r, h->symbol), s, s->last_px_e8))
            keel_lane_stop(r, KEEL_REFUSED_OVERFLOW);
    }
    if (c->held > 0)
        keel_crowd_marks(c, from, to);
    else
        keel_lane_mark(r);
    keel_crowd_skip(r, (to - from) * c->traded, ts_ms);
    return (int32_t)(to - first);
}

/* Piece j of bar k, stepped by those who hold something or wait for an order. */
KEEL_LOCAL void keel_crowd_step(keel_crowd *c, int64_t k, int32_t j, int64_t bar_open_ms) {
    keel_run *r = c->r;
    const int64_t close_ms = bar_open_ms + (j + 1) * c->piece_ms;
    int64_t events = 0;
    for (int32_t n = 0, h = 0; n < c->traded; n++) {
        int32_t i = c->list[n];
        keel_piece piece;
        keel_event ev;
        if (h == c->held || c->holder[h].symbol != i) {
            events++;
            continue;
        }
        h++;
        keel_crowd_skip(r, events, close_ms);
        events = 0;
        (void)keel_lane_piece(r->tape, i, k, j, &piece);
        keel_lane_range_event(KEEL_EV_PRICE, i, &piece, &ev);
        int32_t refused = keel_lane_feed(r, &ev, (const keel_snapshot *)0);
        if (refused != KEEL_REFUSED_OK)
            keel_lane_stop(r, refused);
        else
            keel_lane_dispatch(r, &piece, bar_open_ms);
        c->changed = 1;
        if (r->lane->fault != 0) {
            keel_crowd_broke(c, k, j, i);
            return;
        }
    }
    keel_crowd_skip(r, events, close_ms);
    keel_lane_mark(r);
}

/* ---- one bar ------------------------------------------------------------------------------------------------- */

/* Stages 1 to 3 of piece j, for whom something settles or fills. */
KEEL_LOCAL void keel_crowd_open(keel_crowd *c, int64_t k, int32_t j, int64_t bar_open_ms) {
    keel_run *r = c->r;
    const int64_t until_ms = keel_crowd_until(c, bar_open_ms + j * c->piece_ms);
    if (c->orders == 0 && c->due_ms >= until_ms) return;
    for (int32_t n = 0; n < c->traded && r->lane->fault == 0; n++) {
        int32_t i = c->list[n];
        const keel_lane_symbol *ls = &r->lane->sym[i];
        const keel_tape_symbol *t = &r->tape->sym[i];
        keel_piece piece;
        if (ls->order.id == 0 && (ls->funding_at >= t->funding_count || t->funding_ts_ms[ls->funding_at] >= until_ms))
            continue;
        (void)keel_lane_piece(r->tape, i, k, j, &piece);
        keel_lane_open_piece(r, i, &piece, bar_open_ms);
    }
    if (r->lane->fault != 0) keel_crowd_broke(c, k, j, -1);
    if (c->due_ms < until_ms) keel_crowd_next_due(c);
    c->changed = c->orders > 0;
    keel_crowd_gather(c);
}

/* Stages 1 to 4 of all pieces but the last. */
KEEL_LOCAL void keel_crowd_early(keel_crowd *c, int64_t k, int64_t bar_open_ms) {
    const keel_lane *lane = c->r->lane;
    for (int32_t j = 0; j < c->last && lane->fault == 0;) {
        int32_t end = c->last, from = j;
        keel_crowd_open(c, k, j, bar_open_ms);
        if (lane->fault != 0) return;
        while (end > j + 1 && c->due_ms < keel_crowd_until(c, bar_open_ms + (end - 1) * c->piece_ms))
            end--;
        if (c->orders == 0) j = keel_crowd_pass(c, k, j, end);
        if (j > from) continue;
        keel_crowd_step(c, k, j, bar_open_ms);
        keel_crowd_gather(c);
        j++;
    }
}

/* The close of bar k for symbol i, stepped. */
KEEL_LOCAL void keel_crowd_close(keel_crowd *c, int32_t i, int64_t k, int64_t bar_open_ms, int32_t holders) {
    keel_run *r = c->r;
    const keel_window *w = r->window;
    const keel_params *p = keel_run_params(r, i);
    const keel_lane_context *context = &r->lane->context[r->tape->sym[i].sleeve];
    const keel_symbol *s = &r->st->sym[i];
    const int32_t had_position = s->pos.side != 0;
    const int32_t side = !had_position ? KEEL_ACTS_FLAT : (s->pos.side > 0 ? KEEL_ACTS_LONG : KEEL_ACTS_SHORT);
    const int32_t silent = w->sym[i].acts && !(w->sym[i].acts[k - w->from] & side);
    keel_piece piece;
    keel_event ev;
    keel_window_snapshot(&w->sym[i], k - w->from, &r->snaps[i]);
    (void)keel_lane_piece(r->tape, i, k, c->last, &piece);
    keel_lane_range_event(KEEL_EV_BAR_CLOSE, i, &piece, &ev);
    ev.btc_bullish = context->btc_bullish;
    ev.breadth = context->breadth;
    ev.regime_gate = context->regime_gate;
    ev.regime = r->lane->regime;
    ev.seq = ++r->lane->seq;
    if (!had_position && s->pending.kind == 0 && keel_decide_barred(r->st, p, &ev, &r->snaps[i], &r->decision)) {
        keel_quiet_account(r->st, 1, ev.seq, ev.ts_ms);
        keel_lane_count(r, 0);
        r->lane->tally.bars--; /* it sleeps on: the bar is counted when it wakes */
        return;
    }
    keel_crowd_wake(c, i, k);
    int32_t refused = keel_step_closed(r->st, p, &ev, &r->snaps[i], silent, &r->decision);
    if (refused == KEEL_REFUSED_OK) {
        c->since[i] = k + 1;
        keel_lane_count(r, had_position);
        c->changed |= r->decision.command_count > 0;
        keel_lane_dispatch(r, &piece, bar_open_ms);
    } else {
        keel_lane_stop(r, refused);
    }
    if (r->lane->fault != 0) keel_crowd_broke(c, k, c->last, holders ? -1 : i);
}

/* Does symbol i sleep at the close of bar k? */
KEEL_LOCAL int32_t keel_crowd_sleeps(keel_crowd *c, int32_t i, int64_t k) {
    const keel_window *w = c->r->window;
    if (!w->sym[i].acts) return 0;
    if (c->speaks[i] < k)
        c->speaks[i] = w->from + keel_window_silence(&w->sym[i], k - w->from, w->count, KEEL_ACTS_FLAT);
    return c->speaks[i] > k;
}

/* Stage 5: first those who hold something, then the others. */
KEEL_LOCAL void keel_crowd_closes_of(keel_crowd *c, int64_t k, int64_t bar_open_ms) {
    keel_run *r = c->r;
    const int64_t close_ms = bar_open_ms + r->tape->interval_ms;
    int64_t events = 0;
    if (c->contexts) {
        for (int32_t s = 0; s < r->tape->sleeve_count; s++)
            if (r->tape->btc[s] >= 0) keel_lane_update_signals(r, r->tape->btc[s], k);
        keel_lane_contexts(r, k);
    }
    for (int32_t n = 0; n < c->held && r->lane->fault == 0; n++) {
        keel_crowd_holder *h = &c->holder[n];
        h->decided = r->st->sym[h->symbol].pos.side != 0;
        if (h->decided) keel_crowd_close(c, h->symbol, k, bar_open_ms, 1);
    }
    for (int32_t n = 0, h = 0; n < c->traded && r->lane->fault == 0; n++) {
        int32_t i = c->list[n], waits = 0;
        if (h < c->held && c->holder[h].symbol == i) {
            if (c->holder[h++].decided) continue; /* had its turn */
            waits = 1;
        }
        if (!waits && keel_crowd_sleeps(c, i, k)) {
            events++;
            continue;
        }
        keel_crowd_skip(r, events, close_ms);
        events = 0;
        keel_crowd_close(c, i, k, bar_open_ms, 0);
    }
    if (r->lane->fault != 0) return;
    keel_crowd_skip(r, events, close_ms);
    keel_crowd_gather(c);
}

/* May bars from k on be passed in a stretch: does no order work, nobody flat speak, and no position move its levels? */
KEEL_LOCAL int32_t keel_crowd_idle(keel_crowd *c, int64_t k) {
    if (!c->r->may_pass || c->orders > 0) return 0;
    for (int32_t n = 0; n < c->held; n++)
        if (!keel_exit_levels_only(keel_run_params(c->r, c->holder[n].symbol))) return 0;
    for (int32_t n = 0, h = 0; n < c->traded; n++) {
        if (h < c->held && c->holder[h].symbol == c->list[n])
            h++;
        else if (!keel_crowd_sleeps(c, c->list[n], k))
            return 0;
    }
    return 1;
}

KEEL_LOCAL void keel_crowd_begin(keel_crowd *c, keel_run *r) {
    const keel_tape *tape = r->tape;
    c->r = r;
    c->piece_ms = keel_run_piece_ms(tape);
    c->last = tape->ratio - 1;
    c->contexts = 0;
    c->sizes = 0;
    c->traded = 0;
    for (int32_t s = 0; s < tape->sleeve_count; s++) {
        c->contexts |= tape->btc[s] >= 0;
        c->sizes |= r->p[s].enable_reverse || r->p[s].max_adds_per_position > 0;
    }
    for (int32_t i = 0; i < tape->symbol_count; i++) {
        if (tape->sym[i].watch_only) continue;
        c->list[c->traded] = i;
        c->traded++;
        c->since[i] = r->lane->bar;
        c->speaks[i] = -1;
    }
    c->changed = 1;
    keel_crowd_next_due(c);
    keel_crowd_gather(c);
    if (!c->contexts) keel_lane_contexts(r, r->lane->bar);
}

KEEL_FN void keel_lane_crowd(keel_run *r) {
    const keel_tape *tape = r->tape;
    keel_lane *lane = r->lane;
    const int64_t end = r->window->from + r->window->count;
    keel_crowd c;
    keel_crowd_begin(&c, r);
    while (lane->bar < end && !keel_lane_full(tape, r->out)) {
        const int64_t k = lane->bar, open_ms = tape->start_ms + k * tape->interval_ms;
        if (keel_crowd_idle(&c, k)) {
            keel_crowd_wake_all(&c, k);
            keel_lane_pass_quiet(r);
            c.changed = 1;
            keel_crowd_gather(&c);
            for (int32_t n = 0; n < c.traded; n++)
                c.since[c.list[n]] = lane->bar;
            keel_crowd_next_due(&c);
            if (lane->fault != 0) return;
            if (lane->bar != k) continue;
        }
        keel_crowd_early(&c, k, open_ms);
        if (lane->fault == 0) keel_crowd_open(&c, k, c.last, open_ms);
        if (lane->fault == 0) keel_crowd_closes_of(&c, k, open_ms);
        keel_lane_mark(r);
        if (k < tape->bars - 1) keel_lane_sample(r, open_ms + tape->interval_ms);
        if (lane->fault != 0) return;
        lane->bar = k + 1;
    }
    keel_crowd_wake_all(&c, lane->bar);
}

#else

KEEL_FN void keel_lane_crowd(keel_run *r) { (void)r; }

#endif

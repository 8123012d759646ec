/* lane/quiet.c: pass the bars at which nothing can happen, in stretches.
 *
 * A bar is quiet when no order works, no strategy would speak at its close, and no range of it touches a level of an
 * open position. Then all that the stages of lane.h do is settle funding, move prices along and mark equity; and what
 * flat symbols do matters to nobody, so it is done once at the end of the stretch. */
#include "lane/run.h"

#include "lane/extremes.h"
#include "num/int.h"
#include "num/warm.h"

/* Rules of a configuration, or of the tape, under which a quiet bar still does more than that. */
KEEL_LOCAL int32_t keel_pass_forbidden(const keel_run *r) {
    const keel_tape *tape = r->tape;
    if (!r->window || r->lane->by_regime) return 1;
    for (int32_t s = 0; s < tape->sleeve_count; s++)
        if (r->p[s].gate_breadth || r->p[s].gate_regime) return 1; /* the trend gate remembers every bar */
    for (int32_t i = 0; i < tape->symbol_count; i++) {
        if (tape->sym[i].watch_only) continue;
        if (!r->window->sym[i].whole || !r->window->sym[i].acts) return 1;
    }
    return 0;
}

/* What is decided at the close of bar `end` fills at the open of the next, if anybody traded there: nothing else reads
 * those. */
KEEL_LOCAL void keel_pass_fetch(const keel_tape *tape, const keel_tape_symbol *t, int64_t end) {
    if (end + 1 >= tape->bars) return;
    KEEL_PREFETCH(t->volume + end + 1);
    KEEL_PREFETCH(t->open_e8 + end + 1);
}

/* What follows with `alone` is made twice: that of a lone symbol with whole bars (lane/alone.c) has neither a loop over
 * symbols nor one over pieces. */
KEEL_INLINE int32_t keel_pass_symbols(const keel_run *r, int32_t alone) { return alone ? 1 : r->tape->symbol_count; }

KEEL_INLINE int64_t keel_pass_ratio(const keel_run *r, int32_t alone) { return alone ? 1 : r->tape->ratio; }

/* First bar from `at` to `end` at which the strategy speaks for one of `sides`; most often it is the very first. */
KEEL_INLINE int64_t keel_pass_silence(const keel_window *w, int32_t i, int64_t at, int64_t end, int32_t sides) {
    if (at < end && (w->sym[i].acts[at - w->from] & sides)) return at;
    return w->from + keel_window_silence(&w->sym[i], at - w->from, end - w->from, sides);
}

/* Bands of all symbols, and the first bar at which a flat one would speak. Returns 0 when this bar must be stepped. */
KEEL_INLINE int32_t keel_pass_prepare(keel_run *r, int32_t alone, int64_t *end, int32_t *ret_holders,
                                      int32_t *ret_holder) {
    const keel_window *w = r->window;
    int64_t at = r->silent_to > r->lane->bar ? r->silent_to : r->lane->bar;
    *ret_holders = 0;
    *ret_holder = -1;
    for (int32_t i = 0; i < keel_pass_symbols(r, alone); i++) {
        keel_lane_symbol *ls = &r->lane->sym[i];
        const keel_symbol *s = &r->st->sym[i];
        if (!alone && r->tape->sym[i].watch_only) continue;
        if (ls->order.id != 0) return 0;
        if (!keel_quiet_band(keel_run_params(r, i), s, &ls->quiet_low_e8, &ls->quiet_high_e8)) return 0;
        ls->seen_low_e8 = KEEL_I64_MAX;
        ls->seen_high_e8 = 0;
        if (!alone && s->pos.side != 0 && s->rules.market == KEEL_SPOT) return 0; /* interest by the hour */
        if (s->pos.side != 0) {
            *ret_holders += 1;
            *ret_holder = i;
        } else {
            *end = keel_pass_silence(w, i, at, *end, KEEL_ACTS_FLAT);
            keel_pass_fetch(r->tape, &r->tape->sym[i], *end);
        }
        if (*end <= r->lane->bar) return 0;
    }
    return 1;
}

/* Would the holder of symbol i do anything at bar k? */
KEEL_LOCAL int32_t keel_pass_acts(const keel_run *r, int32_t i, int64_t k) {
    const keel_tape *tape = r->tape;
    const keel_tape_symbol *t = &tape->sym[i];
    const keel_lane_symbol *ls = &r->lane->sym[i];
    int32_t speaks = r->st->sym[i].pos.side > 0 ? KEEL_ACTS_LONG : KEEL_ACTS_SHORT;
    if (r->window->sym[i].acts[k - r->window->from] & speaks) return 1;
    if (tape->ratio == 1) return t->low_e8[k] <= ls->quiet_low_e8 || t->high_e8[k] >= ls->quiet_high_e8;
    for (int64_t at = k * tape->ratio; at < (k + 1) * tape->ratio; at++)
        if (t->detail_low_e8[at] <= ls->quiet_low_e8 || t->detail_high_e8[at] >= ls->quiet_high_e8) return 1;
    return 0;
}

/* The range of one piece of a holder. */
KEEL_LOCAL void keel_pass_piece(keel_run *r, int32_t i, int64_t at) {
    const keel_tape_symbol *t = &r->tape->sym[i];
    keel_lane_symbol *ls = &r->lane->sym[i];
    int32_t fine = r->tape->ratio > 1;
    int64_t high = fine ? t->detail_high_e8[at] : t->high_e8[at], low = fine ? t->detail_low_e8[at] : t->low_e8[at];
    if (high > ls->seen_high_e8) ls->seen_high_e8 = high;
    if (low < ls->seen_low_e8) ls->seen_low_e8 = low;
    if (!keel_quiet_mark(r->st, keel_run_params(r, i), &r->st->sym[i], fine ? t->detail_close_e8[at] : t->close_e8[at]))
        keel_lane_stop(r, KEEL_REFUSED_OVERFLOW);
}

KEEL_FN void keel_lane_settle_piece(keel_run *r, int32_t i, int64_t at, int64_t open_ms, int64_t piece_ms) {
    const keel_tape_symbol *t = &r->tape->sym[i];
    const keel_lane_symbol *ls = &r->lane->sym[i];
    int64_t until = open_ms + (piece_ms > KEEL_LANE_JITTER_MS ? piece_ms : KEEL_LANE_JITTER_MS);
    if (ls->funding_at >= t->funding_count || t->funding_ts_ms[ls->funding_at] >= until) return;
    keel_lane_settle(r, i, until, r->tape->ratio > 1 ? t->detail_open_e8[at] : t->open_e8[at]);
}

/* One quiet bar of everyone who holds something. */
KEEL_LOCAL void keel_pass_bar(keel_run *r, int64_t k) {
    const keel_tape *tape = r->tape;
    int64_t piece_ms = keel_run_piece_ms(tape);
    for (int32_t j = 0; j < tape->ratio; j++) {
        int64_t at = k * tape->ratio + j, open_ms = tape->start_ms + at * piece_ms;
        for (int32_t i = 0; i < tape->symbol_count; i++)
            if (r->st->sym[i].pos.side != 0) keel_lane_settle_piece(r, i, at, open_ms, piece_ms);
        for (int32_t i = 0; i < tape->symbol_count; i++)
            if (r->st->sym[i].pos.side != 0) keel_pass_piece(r, i, at);
        keel_lane_mark(r);
    }
    keel_lane_sample(r, tape->start_ms + (k + 1) * tape->interval_ms);
}

KEEL_LOCAL double keel_pass_value(const keel_window_symbol *w, int32_t slot, int64_t at) {
    return (w->slots >> slot) & 1u ? w->v[slot][at] : 0.0;
}

#define KEEL_PASS_REMEMBERED                                                                                       \
    (KEEL_SLOT_BIT(KEEL_SLOT_ATR) | KEEL_SLOT_BIT(KEEL_SLOT_ADX) | KEEL_SLOT_BIT(KEEL_SLOT_ADX_PREV) |             \
     KEEL_SLOT_BIT(KEEL_SLOT_RSI) | KEEL_SLOT_BIT(KEEL_SLOT_BB_WIDTH_RATIO) | KEEL_SLOT_BIT(KEEL_SLOT_EMA_SLOPE) | \
     KEEL_SLOT_BIT(KEEL_SLOT_STOCH_K))

KEEL_WARM void keel_lane_seen(const keel_window_symbol *w, int64_t at, keel_seen *ret) {
    ret->ready = keel_window_ready_at(w, at);
    if (!(w->slots & KEEL_PASS_REMEMBERED)) {
        ret->atr = ret->adx = ret->adx_prev = ret->rsi = 0.0;
        ret->bb_width_ratio = ret->ema_slope = ret->stoch_k = 0.0;
        return;
    }
    ret->atr = keel_pass_value(w, KEEL_SLOT_ATR, at);
    ret->adx = keel_pass_value(w, KEEL_SLOT_ADX, at);
    ret->adx_prev = keel_pass_value(w, KEEL_SLOT_ADX_PREV, at);
    ret->rsi = keel_pass_value(w, KEEL_SLOT_RSI, at);
    ret->bb_width_ratio = keel_pass_value(w, KEEL_SLOT_BB_WIDTH_RATIO, at);
    ret->ema_slope = keel_pass_value(w, KEEL_SLOT_EMA_SLOPE, at);
    ret->stoch_k = keel_pass_value(w, KEEL_SLOT_STOCH_K, at);
}

/* Bars from .. to - 1 were quiet: what they leave behind. */
KEEL_INLINE void keel_pass_finish(keel_run *r, int32_t alone, int64_t from, int64_t to) {
    const keel_tape *tape = r->tape;
    const keel_window *w = r->window;
    keel_lane_tally *tally = &r->lane->tally;
    keel_quiet q;
    int64_t n = to - from, end_ms = tape->start_ms + to * tape->interval_ms, events = 0;
    const int64_t ratio = keel_pass_ratio(r, alone);
    int64_t due_ms = end_ms - (alone ? tape->interval_ms : keel_run_piece_ms(tape)) + KEEL_LANE_JITTER_MS;
    q.closes = n;
    q.last_ts_ms = end_ms;
    for (int32_t i = 0; i < keel_pass_symbols(r, alone); i++) {
        const keel_tape_symbol *t = &tape->sym[i];
        const keel_lane_symbol *ls = &r->lane->sym[i];
        keel_symbol *s = &r->st->sym[i];
        if (!alone && t->watch_only) continue;
        if (s->pos.side == 0 && ls->funding_at < t->funding_count) /* at any price: nothing is held */
            keel_lane_settle(r, i, due_ms > end_ms ? due_ms : end_ms, t->open_e8[to - 1]);
        /* The last range's close: a main bar from another source may end elsewhere. */
        q.last_px_e8 = ratio > 1 ? t->detail_close_e8[to * ratio - 1] : t->close_e8[to - 1];
        q.low_e8 = ls->seen_low_e8;
        q.high_e8 = ls->seen_high_e8;
        if (n > 1) keel_lane_seen(&w->sym[i], to - 2 - w->from, &s->seen);
        keel_quiet_symbol(s, &q);
        keel_lane_seen(&w->sym[i], to - 1 - w->from, &s->seen);
        events += n * ratio;
        tally->bars += n;
        if (s->pos.side != 0) tally->bars_in_market += n;
    }
    r->lane->seq += (uint64_t)events;
    if (events > 0) keel_quiet_account(r->st, events, r->lane->seq, end_ms);
    int32_t follows = tape->btc[0] >= 0;
    for (int32_t s = 1; s < tape->sleeve_count; s++)
        follows |= tape->btc[s] >= 0;
    if (follows && (!r->out->lean || keel_run_minds_regime(r))) keel_lane_regimes(r, from, to);
}

/* ---- marks of equity ----------------------------------------------------------------------------------------- */

/* Marks of equity while one symbol alone moves it.
 *
 * Equity never falls while the price moves in the position's favour: what is held rises by as many units as its cost to
 * close by at most, since a fee is below 1 (keel_quiet_worth_of). So when the best of some closes makes no new peak,
 * none of them does, and the worst of them alone can deepen the drawdown. Otherwise the same holds between two new
 * peaks; and between two prices around a marked one, low_e8 and high_e8, no close can do either. */
typedef struct keel_pass_marks {
    keel_quiet_worth w;
    int64_t low_e8, high_e8;
    int64_t worst_e8; /* close outside of them that is still to be marked, 0 = none */
} keel_pass_marks;

/* Prices around px_e8, at which equity was just marked. Equity is a straight line in price but for two roundings, of
 * what is held and of the cost to close it: less than 1.5 units at a fee below 1, and less than 3 between two prices.
 * So four units are kept back, and a relative part of 1e-9 for the doubles here; amounts of nearly the same size are
 * subtracted as whole numbers, which nothing is lost in. */
KEEL_LOCAL void keel_pass_around(const keel_lane *lane, keel_pass_marks *m, int64_t px_e8) {
    const keel_lane_tally *t = &lane->tally;
    int64_t below_e8 = t->peak_e8 - lane->equity_e8;
    double deeper = (double)(t->drawdown_e8 - below_e8);
    double shared = t->drawdown * (double)t->peak_e8 * (1.0 - 1e-9) - (double)below_e8;
    double up = (double)below_e8 - 4.0, down = (shared < deeper ? shared : deeper) - 4.0;
    double slope = m->w.slope > 0.0 ? m->w.slope : -m->w.slope;
    double rises = m->w.slope > 0.0 ? up : down, falls = m->w.slope > 0.0 ? down : up;
    m->low_e8 = px_e8;
    m->high_e8 = px_e8;
    if (!(slope > 0.0)) return;
    rises = rises / slope * (1.0 - 1e-9);
    falls = falls / slope * (1.0 - 1e-9);
    if (rises > 0.0 && rises < 4e18) m->high_e8 += (int64_t)rises;
    if (falls > 0.0 && falls < (double)px_e8) m->low_e8 -= (int64_t)falls;
}

/* The worst close that still waits. */
KEEL_LOCAL void keel_pass_flush(keel_lane *lane, keel_pass_marks *m) {
    if (m->worst_e8 != 0) keel_lane_mark_at(lane, keel_quiet_equity(&m->w, m->worst_e8));
    m->worst_e8 = 0;
}

/* Closes of pieces from .. to - 1, in order; some of them may lie outside of the two prices. */
KEEL_LOCAL void keel_pass_closes(keel_lane *lane, keel_pass_marks *m, KEEL_GLOBAL const int64_t *close_e8, int64_t from,
                                 int64_t to) {
    const int32_t rises = m->w.side > 0;
    while (from < to) {
        int64_t peak = from, worst_e8 = m->worst_e8 != 0 ? m->worst_e8 : (rises ? m->low_e8 : m->high_e8);
        while (peak < to && (rises ? close_e8[peak] <= m->high_e8 : close_e8[peak] >= m->low_e8))
            peak++;
        for (int64_t at = from; at < peak; at++)
            worst_e8 = (rises ? close_e8[at] < worst_e8 : close_e8[at] > worst_e8) ? close_e8[at] : worst_e8;
        if (rises ? worst_e8 < m->low_e8 : worst_e8 > m->high_e8) m->worst_e8 = worst_e8;
        if (peak == to) return;
        keel_pass_flush(lane, m);
        keel_lane_mark_at(lane, keel_quiet_equity(&m->w, close_e8[peak]));
        keel_pass_around(lane, m, close_e8[peak]);
        from = peak + 1;
    }
}

/* ---- one position -------------------------------------------------------------------------------------------- */

KEEL_FN int64_t keel_lane_funding_bar(const keel_run *r, int32_t i, int64_t from) {
    const keel_tape *tape = r->tape;
    const keel_tape_symbol *t = &tape->sym[i];
    int64_t at = r->lane->sym[i].funding_at, piece_ms = keel_run_piece_ms(tape);
    int64_t after = piece_ms > KEEL_LANE_JITTER_MS ? 0 : KEEL_LANE_JITTER_MS - piece_ms;
    if (at >= t->funding_count) return KEEL_I64_MAX;
    int64_t since = t->funding_ts_ms[at] - after - tape->start_ms;
    return since < from * tape->interval_ms ? from : since / tape->interval_ms;
}

/* The columns that a lone position looks at. */
typedef struct keel_pass_tape {
    KEEL_GLOBAL const int64_t *low_e8; /* of pieces */
    KEEL_GLOBAL const int64_t *high_e8;
    KEEL_GLOBAL const int64_t *close_e8;
    int64_t ratio;
} keel_pass_tape;

/* Extremes of bars from .. to - 1. */
KEEL_LOCAL void keel_pass_extremes(const keel_pass_tape *t, int64_t from, int64_t to, keel_exit_ranges *ret) {
    keel_extremes_scan(t->low_e8, t->high_e8, t->close_e8, from * t->ratio, to * t->ratio, ret);
}

#define KEEL_PASS_BLOCK 64 /* pieces that are looked at together */

/* First bar in [k, end) whose range is not between the two prices, else end; with the extremes of the bars before. */
KEEL_INLINE int64_t keel_pass_until(const keel_pass_tape *t, int64_t k, int64_t end, int64_t lowest_e8,
                                    int64_t highest_e8, keel_exit_ranges *ret) {
    const int64_t block =
        t->ratio < KEEL_PASS_BLOCK ? (t->ratio > 1 ? KEEL_PASS_BLOCK / t->ratio : KEEL_PASS_BLOCK) : 1;
    keel_exit_ranges x;
    ret->low_e8 = ret->least_e8 = KEEL_I64_MAX;
    ret->high_e8 = ret->most_e8 = 0;
    while (k < end) {
        int64_t to = k + block < end ? k + block : end;
        keel_pass_extremes(t, k, to, &x);
        if (x.low_e8 <= lowest_e8 || x.high_e8 >= highest_e8) {
            for (end = k; end < to; end++) {
                keel_pass_extremes(t, end, end + 1, &x);
                if (x.low_e8 <= lowest_e8 || x.high_e8 >= highest_e8) break;
            }
            continue; /* once more, without it */
        }
        ret->low_e8 = x.low_e8 < ret->low_e8 ? x.low_e8 : ret->low_e8;
        ret->high_e8 = x.high_e8 > ret->high_e8 ? x.high_e8 : ret->high_e8;
        ret->least_e8 = x.least_e8 < ret->least_e8 ? x.least_e8 : ret->least_e8;
        ret->most_e8 = x.most_e8 > ret->most_e8 ? x.most_e8 : ret->most_e8;
        k = to;
    }
    return end;
}

/* One bar in whose pieces funding falls due: every piece is marked. */
KEEL_LOCAL void keel_pass_funded_bar(keel_run *r, int32_t i, int64_t k, int64_t limit_e8, const keel_pass_tape *t,
                                     keel_quiet_worth *w) {
    int64_t piece_ms = keel_run_piece_ms(r->tape);
    for (int64_t at = k * t->ratio; at < (k + 1) * t->ratio; at++) {
        keel_lane_settle_piece(r, i, at, r->tape->start_ms + at * piece_ms, piece_ms);
        /* What was paid is less than 1e18, so sums of this bar still fit when it made the account too large. */
        keel_quiet_worth_of(r->st, keel_run_params(r, i), &r->st->sym[i], limit_e8, w);
        keel_lane_mark_at(r->lane, keel_quiet_equity(w, t->close_e8[at]));
    }
    keel_lane_sample(r, r->tape->start_ms + (k + 1) * r->tape->interval_ms);
}

/* 1: the best close makes no new peak, told from the equity at the worst one by the line between them, as in
 * keel_pass_around; 0: it may. */
KEEL_LOCAL int32_t keel_pass_below(const keel_lane *lane, const keel_quiet_worth *w, int64_t worst_e8,
                                   const keel_exit_ranges *seen) {
    int64_t below_e8;
    double rise = keel_fabs(w->slope) * (double)(seen->most_e8 - seen->least_e8) * (1.0 + 1e-9) + 4.0;
    return keel_sub_i64(lane->tally.peak_e8, worst_e8, &below_e8) && rise < (double)below_e8;
}

/* Quiet bars from .. to - 1 of a lone position, without funding: equity is marked where it matters, or sampled. */
KEEL_LOCAL void keel_pass_mark(keel_run *r, int64_t from, int64_t to, const keel_exit_ranges *seen,
                               const keel_pass_tape *t, keel_pass_marks *m) {
    const int32_t rises = m->w.side > 0;
    if (r->out->equity_cap > 0) {
        for (int64_t k = from; k < to; k++) {
            for (int64_t at = k * t->ratio; at < (k + 1) * t->ratio; at++)
                keel_lane_mark_at(r->lane, keel_quiet_equity(&m->w, t->close_e8[at]));
            keel_lane_sample(r, r->tape->start_ms + (k + 1) * r->tape->interval_ms);
        }
        return;
    }
    const int64_t worst_e8 = keel_quiet_equity(&m->w, rises ? seen->least_e8 : seen->most_e8);
    if (keel_pass_below(r->lane, &m->w, worst_e8, seen) ||
        keel_quiet_equity(&m->w, rises ? seen->most_e8 : seen->least_e8) <= r->lane->tally.peak_e8) {
        keel_lane_mark_at(r->lane, worst_e8);
        return;
    }
    m->low_e8 = KEEL_I64_MAX; /* the first close is marked, whatever it is */
    m->high_e8 = 0;
    m->worst_e8 = 0;
    keel_pass_closes(r->lane, m, t->close_e8, from * t->ratio, to * t->ratio);
    keel_pass_flush(r->lane, m);
}

/* 1: the close of bar k follows (lane/alone.c) and values what is held anew, refusing nothing: at prices below limit_e8
 * every sum fits (w->small), and nothing falls due before. */
KEEL_LOCAL int32_t keel_pass_valued_next(const keel_run *r, const keel_tape_symbol *t, int64_t k, int64_t funding,
                                         int64_t limit_e8, const keel_quiet_worth *w) {
    return w->small && r->lane->fault == 0 && r->out->equity_cap == 0 && k < r->window->from + r->window->count &&
           funding > k && t->high_e8[k] < limit_e8;
}

/* Quiet bars of the only position, symbol i, from bar k to `end` at most. Returns the first bar that is not quiet. */
KEEL_INLINE int64_t keel_pass_one(keel_run *r, int32_t alone, int32_t i, int64_t k, int64_t end) {
    const keel_tape *tape = r->tape;
    const keel_tape_symbol *ts = &tape->sym[i];
    const keel_params *p = alone ? r->p : keel_run_params(r, i);
    keel_symbol *s = &r->st->sym[i];
    keel_lane_symbol *ls = &r->lane->sym[i];
    /* Prices above are stepped, so that no sum here can overflow; the next stretch begins with a limit of its own. */
    const int64_t limit = ts->close_e8[k] < KEEL_I64_MAX / 8 ? ts->close_e8[k] * 4 : ts->close_e8[k];
    const int64_t highest = ls->quiet_high_e8 < limit ? ls->quiet_high_e8 : limit;
    const int64_t from = k;
    const int32_t speaks = s->pos.side > 0 ? KEEL_ACTS_LONG : KEEL_ACTS_SHORT;
    keel_pass_tape t;
    keel_pass_marks m;
    const int64_t silent_to = r->silent_to > k ? r->silent_to : k;
    end = keel_pass_silence(r->window, i, silent_to, end, speaks);
    keel_pass_fetch(tape, ts, end);
    if (k == end) return k;
    t.ratio = keel_pass_ratio(r, alone);
    t.low_e8 = t.ratio > 1 ? ts->detail_low_e8 : ts->low_e8;
    t.high_e8 = t.ratio > 1 ? ts->detail_high_e8 : ts->high_e8;
    t.close_e8 = t.ratio > 1 ? ts->detail_close_e8 : ts->close_e8;
    int64_t funding = keel_lane_funding_bar(r, i, k);
    keel_quiet_worth_of(r->st, p, s, limit, &m.w);
    while (k < end && m.w.small && r->lane->fault == 0) {
        keel_exit_ranges seen;
        int64_t wanted = funding > end ? end : (k < funding ? funding : k + 1);
        int64_t to = keel_pass_until(&t, k, wanted, ls->quiet_low_e8, highest, &seen);
        if (to < wanted) end = to;
        if (to == k) break;
        ls->seen_low_e8 = seen.low_e8 < ls->seen_low_e8 ? seen.low_e8 : ls->seen_low_e8;
        ls->seen_high_e8 = seen.high_e8 > ls->seen_high_e8 ? seen.high_e8 : ls->seen_high_e8;
        if (k < funding) {
            keel_pass_mark(r, k, to, &seen, &t, &m);
        } else {
            keel_pass_funded_bar(r, i, k, limit, &t, &m.w);
            funding = keel_lane_funding_bar(r, i, to);
        }
        k = to;
    }
    if (k == from || (alone && keel_pass_valued_next(r, ts, k, funding, limit, &m.w))) return k;
    if (!keel_quiet_mark(r->st, p, s, t.close_e8[k * t.ratio - 1])) keel_lane_stop(r, KEEL_REFUSED_OVERFLOW);
    r->lane->equity_e8 = keel_state_equity(r->st);
    return k;
}

KEEL_INLINE void keel_pass_all(keel_run *r, int32_t alone) {
    const keel_tape *tape = r->tape;
    const keel_lane_out *out = r->out;
    int64_t from = r->lane->bar, k = from, end = r->window ? r->window->from + r->window->count : 0;
    int32_t holders, holder;
    if (!r->may_pass || r->lane->fault != 0) return;
    if (end > tape->bars - 1) end = tape->bars - 1; /* the last bar is not like the others */
    if (out->equity_cap > 0 && end > from + out->equity_cap - out->equity_count)
        end = from + out->equity_cap - out->equity_count;
    if (end <= from || !keel_pass_prepare(r, alone, &end, &holders, &holder)) return;
    if (holders == 0) {
        keel_lane_mark(r); /* what closed at the open of the first bar */
        for (k = end; out->equity_cap > 0 && !out->lean && from < k; from++)
            keel_lane_sample(r, tape->start_ms + (from + 1) * tape->interval_ms);
        from = r->lane->bar;
        if (out->equity_cap > 0 && out->lean) keel_lane_stretch_flat(r, from, k);
    }
    if (holders == 1)
        k = out->lean ? keel_lane_stretch_one(r, holder, k, end) : keel_pass_one(r, alone, holder, k, end);
    for (; !alone && holders > 1 && k < end && r->lane->fault == 0; k++) {
        int32_t acts = 0;
        for (int32_t i = 0; i < tape->symbol_count && !acts; i++)
            acts = r->st->sym[i].pos.side != 0 && keel_pass_acts(r, i, k);
        if (acts) break;
        keel_pass_bar(r, k);
    }
    if (k == from) return;
    keel_pass_finish(r, alone, from, k);
    r->lane->passed += k - from;
    r->lane->bar = k;
}

KEEL_FN void keel_lane_pass_quiet(keel_run *r) { keel_pass_all(r, 0); }

#if KEEL_ON_HOST
KEEL_FN void keel_lane_pass_alone(keel_run *r) { keel_pass_all(r, 1); }
#endif

KEEL_FN int32_t keel_lane_may_pass(const keel_run *r) { return !keel_pass_forbidden(r); }

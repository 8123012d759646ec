/* lane/quiet.c: pass the bars at which nothing can happen, in stretches.
 *
 * A bar is quiet when no order works, no strategy would speak at its close, and no range of it touches a level of an
 * open position. Then all that the stages of lane.h do is settle funding, move prices along and mark equity; and what
 * flat symbols do matters to nobody, so it is done once at the end of the stretch. */
#include "lane/run.h"

/* Rules of a configuration, or of the tape, under which a quiet bar still does more than that. */
KEEL_LOCAL int32_t keel_pass_forbidden(const keel_run *r) {
    const keel_tape *tape = r->tape;
    if (!r->window) return 1;
    for (int32_t s = 0; s < tape->sleeve_count; s++)
        if (r->p[s].gate_breadth || r->p[s].gate_regime) return 1; /* the trend gate remembers every bar */
    for (int32_t i = 0; i < tape->symbol_count; i++) {
        if (tape->sym[i].watch_only) continue;
        if (!r->window->sym[i].whole || !r->window->sym[i].acts) return 1;
    }
    return 0;
}

/* Bands of all symbols, and the first bar at which a flat one would speak. Returns 0 when this bar must be stepped. */
KEEL_LOCAL int32_t keel_pass_prepare(keel_run *r, int64_t *end, int32_t *ret_holders, int32_t *ret_holder) {
    const keel_window *w = r->window;
    int64_t at = r->lane->bar - w->from;
    *ret_holders = 0;
    *ret_holder = -1;
    for (int32_t i = 0; i < r->tape->symbol_count; i++) {
        keel_lane_symbol *ls = &r->lane->sym[i];
        const keel_symbol *s = &r->st->sym[i];
        if (r->tape->sym[i].watch_only) continue;
        if (ls->order.id != 0) return 0;
        if (!keel_quiet_band(keel_run_params(r, i), s, &ls->quiet_low_e8, &ls->quiet_high_e8)) return 0;
        ls->seen_low_e8 = KEEL_I64_MAX;
        ls->seen_high_e8 = 0;
        if (s->pos.side != 0 && s->rules.market == KEEL_SPOT) return 0; /* interest by the hour */
        if (s->pos.side != 0) {
            *ret_holders += 1;
            *ret_holder = i;
        } else
            *end = w->from + keel_window_silence(&w->sym[i], at, *end - w->from, KEEL_ACTS_FLAT);
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
    int64_t piece_ms = tape->interval_ms / tape->ratio;
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

/* Bars from .. to - 1 were quiet: what they leave behind. */
KEEL_LOCAL void keel_pass_finish(keel_run *r, int64_t from, int64_t to) {
    const keel_tape *tape = r->tape;
    const keel_window *w = r->window;
    keel_lane_tally *tally = &r->lane->tally;
    keel_quiet q;
    int64_t n = to - from, end_ms = tape->start_ms + to * tape->interval_ms, events = 0;
    int64_t due_ms = end_ms - tape->interval_ms / tape->ratio + KEEL_LANE_JITTER_MS;
    q.closes = n;
    q.last_ts_ms = end_ms;
    for (int32_t i = 0; i < tape->symbol_count; i++) {
        const keel_tape_symbol *t = &tape->sym[i];
        const keel_lane_symbol *ls = &r->lane->sym[i];
        keel_symbol *s = &r->st->sym[i];
        keel_snapshot before;
        if (t->watch_only) continue;
        if (s->pos.side == 0) /* at any price: nothing is held */
            keel_lane_settle(r, i, due_ms > end_ms ? due_ms : end_ms, t->open_e8[to - 1]);
        if (n > 1) keel_window_snapshot(&w->sym[i], to - 2 - w->from, &before);
        keel_window_snapshot(&w->sym[i], to - 1 - w->from, &r->snaps[i]);
        /* The last range's close: a main bar from another source may end elsewhere. */
        q.last_px_e8 = tape->ratio > 1 ? t->detail_close_e8[to * tape->ratio - 1] : t->close_e8[to - 1];
        q.low_e8 = ls->seen_low_e8;
        q.high_e8 = ls->seen_high_e8;
        keel_quiet_symbol(s, &q, &before, &r->snaps[i]);
        events += n * tape->ratio;
        tally->bars += n;
        if (s->pos.side != 0) tally->bars_in_market += n;
    }
    r->lane->seq += (uint64_t)events;
    if (events > 0) keel_quiet_account(r->st, events, r->lane->seq, end_ms);
    int32_t follows = 0;
    for (int32_t s = 0; s < tape->sleeve_count; s++)
        follows |= tape->btc[s] >= 0;
    for (int64_t k = from; follows && !r->out->lean && k < to; k++)
        keel_lane_regime(r, k);
}

/* ---- one position -------------------------------------------------------------------------------------------- */

/* Prices between which equity can neither reach a new peak nor a deeper drawdown, so that it need not be known. */
typedef struct keel_pass_silent {
    int64_t low_e8, high_e8;
} keel_pass_silent;

/* Around price px_e8, at which equity was just marked. Equity is a straight line in price but for two roundings, of
 * what is held and of the cost to close it: less than 1.5 units at a fee below 1, and less than 3 between two prices.
 * So four units are kept back, and a relative part of 1e-9 for the doubles here; amounts of nearly the same size are
 * subtracted as whole numbers, which nothing is lost in. */
KEEL_LOCAL keel_pass_silent keel_pass_around(const keel_lane *lane, const keel_quiet_worth *w, int64_t px_e8) {
    const keel_lane_tally *t = &lane->tally;
    int64_t below_e8 = t->peak_e8 - lane->equity_e8;
    double deeper = (double)(t->drawdown_e8 - below_e8);
    double shared = t->drawdown * (double)t->peak_e8 * (1.0 - 1e-9) - (double)below_e8;
    double up = (double)below_e8 - 4.0, down = (shared < deeper ? shared : deeper) - 4.0;
    double slope = w->slope > 0.0 ? w->slope : -w->slope;
    double rises = w->slope > 0.0 ? up : down, falls = w->slope > 0.0 ? down : up;
    keel_pass_silent ret;
    ret.low_e8 = px_e8;
    ret.high_e8 = px_e8;
    if (!(slope > 0.0)) return ret;
    if (rises > 0.0 && rises / slope < 4e18) ret.high_e8 += (int64_t)(rises / slope * (1.0 - 1e-9));
    if (falls > 0.0 && falls / slope < (double)px_e8) ret.low_e8 -= (int64_t)(falls / slope * (1.0 - 1e-9));
    return ret;
}

KEEL_FN int64_t keel_lane_funding_bar(const keel_run *r, int32_t i, int64_t from) {
    const keel_tape *tape = r->tape;
    const keel_tape_symbol *t = &tape->sym[i];
    int64_t at = r->lane->sym[i].funding_at, piece_ms = tape->interval_ms / tape->ratio;
    int64_t after = piece_ms > KEEL_LANE_JITTER_MS ? 0 : KEEL_LANE_JITTER_MS - piece_ms;
    if (at >= t->funding_count) return KEEL_I64_MAX;
    int64_t since = t->funding_ts_ms[at] - after - tape->start_ms;
    return since < from * tape->interval_ms ? from : since / tape->interval_ms;
}

/* Quiet bars of the only position, symbol i, from bar k to `end` at most. Returns the first bar that is not quiet. */
KEEL_LOCAL int64_t keel_pass_one(keel_run *r, int32_t i, int64_t k, int64_t end) {
    const keel_tape *tape = r->tape;
    const keel_tape_symbol *t = &tape->sym[i];
    keel_symbol *s = &r->st->sym[i];
    keel_lane_symbol *ls = &r->lane->sym[i];
    const int32_t ratio = tape->ratio, samples = r->out->equity_cap > 0;
    KEEL_GLOBAL const int64_t *low = ratio > 1 ? t->detail_low_e8 : t->low_e8;
    KEEL_GLOBAL const int64_t *high = ratio > 1 ? t->detail_high_e8 : t->high_e8;
    KEEL_GLOBAL const int64_t *close = ratio > 1 ? t->detail_close_e8 : t->close_e8;
    KEEL_GLOBAL const uint8_t *acts = r->window->sym[i].acts - r->window->from;
    const int32_t speaks = s->pos.side > 0 ? KEEL_ACTS_LONG : KEEL_ACTS_SHORT;
    /* Prices above are stepped, so that no sum here can overflow; the next stretch begins with a limit of its own. */
    const int64_t limit = t->close_e8[k] < KEEL_I64_MAX / 8 ? t->close_e8[k] * 4 : t->close_e8[k];
    const int64_t lowest = ls->quiet_low_e8, highest = ls->quiet_high_e8 < limit ? ls->quiet_high_e8 : limit;
    const int64_t from = k;
    int64_t seen_low = KEEL_I64_MAX, seen_high = 0, funding = keel_lane_funding_bar(r, i, k);
    keel_quiet_worth w;
    keel_pass_silent silent;
    silent.low_e8 = 1; /* nothing is silent before the first mark */
    silent.high_e8 = 0;
    keel_quiet_worth_of(r->st, keel_run_params(r, i), s, limit, &w);
    if (!w.small) return k;
    for (; k < end && w.small && r->lane->fault == 0; k++) {
        /* Silent bars of one piece first: nothing but their extremes is of interest. */
        for (; ratio == 1 && !samples && k < end && k < funding; k++) {
            if ((acts[k] & speaks) || low[k] <= lowest || high[k] >= highest || close[k] < silent.low_e8 ||
                close[k] > silent.high_e8)
                break;
            if (high[k] > seen_high) seen_high = high[k];
            if (low[k] < seen_low) seen_low = low[k];
        }
        if (k == end) break;
        int64_t bar_low = low[k * ratio], bar_high = high[k * ratio];
        for (int64_t at = k * ratio + 1; at < (k + 1) * ratio; at++) {
            if (low[at] < bar_low) bar_low = low[at];
            if (high[at] > bar_high) bar_high = high[at];
        }
        if ((acts[k] & speaks) || bar_low <= lowest || bar_high >= highest) break;
        if (bar_high > seen_high) seen_high = bar_high;
        if (bar_low < seen_low) seen_low = bar_low;
        for (int64_t at = k * ratio; at < (k + 1) * ratio; at++) {
            if (k >= funding) {
                int64_t piece_ms = tape->interval_ms / ratio;
                keel_lane_settle_piece(r, i, at, tape->start_ms + at * piece_ms, piece_ms);
                funding = at + 1 < (k + 1) * ratio ? k : keel_lane_funding_bar(r, i, k + 1);
                /* What was paid is less than 1e18, so sums of this bar still fit when it made the account too large. */
                keel_quiet_worth_of(r->st, keel_run_params(r, i), s, limit, &w);
                silent.low_e8 = 1;
                silent.high_e8 = 0;
            }
            if (close[at] >= silent.low_e8 && close[at] <= silent.high_e8 && !samples) continue;
            keel_lane_mark_at(r->lane, keel_quiet_equity(&w, close[at]));
            if (!samples) silent = keel_pass_around(r->lane, &w, close[at]);
        }
        if (samples) keel_lane_sample(r, tape->start_ms + (k + 1) * tape->interval_ms);
    }
    ls->seen_low_e8 = seen_low;
    ls->seen_high_e8 = seen_high;
    if (k == from) return k;
    if (!keel_quiet_mark(r->st, keel_run_params(r, i), s, close[k * ratio - 1]))
        keel_lane_stop(r, KEEL_REFUSED_OVERFLOW);
    r->lane->equity_e8 = keel_state_equity(r->st);
    return k;
}

KEEL_FN void keel_lane_pass_quiet(keel_run *r) {
    const keel_tape *tape = r->tape;
    const keel_lane_out *out = r->out;
    int64_t from = r->lane->bar, k = from, end = r->window ? r->window->from + r->window->count : 0;
    int32_t holders, holder;
    if (!r->may_pass || r->lane->fault != 0) return;
    if (end > tape->bars - 1) end = tape->bars - 1; /* the last bar is not like the others */
    if (out->equity_cap > 0 && end > from + out->equity_cap - out->equity_count)
        end = from + out->equity_cap - out->equity_count;
    if (end <= from || !keel_pass_prepare(r, &end, &holders, &holder)) return;
    if (holders == 0) {
        keel_lane_mark(r); /* what closed at the open of the first bar */
        for (k = end; out->equity_cap > 0 && !out->lean && from < k; from++)
            keel_lane_sample(r, tape->start_ms + (from + 1) * tape->interval_ms);
        from = r->lane->bar;
        if (out->equity_cap > 0 && out->lean) keel_lane_stretch_flat(r, from, k);
    }
    if (holders == 1 && out->lean)
        k = keel_lane_stretch_one(r, holder, k, end);
    else if (holders == 1 && !keel_pass_acts(r, holder, k))
        k = keel_pass_one(r, holder, k, end);
    for (; holders > 1 && k < end && r->lane->fault == 0; k++) {
        int32_t acts = 0;
        for (int32_t i = 0; i < tape->symbol_count && !acts; i++)
            acts = r->st->sym[i].pos.side != 0 && keel_pass_acts(r, i, k);
        if (acts) break;
        keel_pass_bar(r, k);
    }
    if (k == from) return;
    keel_pass_finish(r, from, k);
    r->lane->passed += k - from;
    r->lane->bar = k;
}

KEEL_FN int32_t keel_lane_may_pass(const keel_run *r) { return !keel_pass_forbidden(r); }

/* lane/stretch.c: see run.h. Stretches of a lean run: of the equity curve only the points that change a figure are
 * looked at, and what lies between is passed block by block. */
#include "lane/run.h"

#include "core/quiet.h"
#include "lane/extremes.h"

#define KEEL_STRETCH_DAY_MS ((int64_t)86400000)

/* The end of the UTC day that a sample at ts belongs to. */
KEEL_LOCAL int64_t keel_stretch_day_end(int64_t ts_ms) {
    int64_t into = ts_ms % KEEL_STRETCH_DAY_MS;
    if (into > 0) return ts_ms - into + KEEL_STRETCH_DAY_MS;
    return ts_ms - into;
}

KEEL_FN int32_t keel_lane_curve_tells(keel_lane_curve *c, int64_t ts_ms, int64_t interval_ms, int64_t equity_e8) {
    int32_t tells = ts_ms + interval_ms > keel_stretch_day_end(ts_ms);
    if (equity_e8 >= c->peak_e8) {
        c->peak_e8 = equity_e8;
        c->below = 0;
        return 1;
    }
    int64_t fall = c->peak_e8 - equity_e8;
    double share = (double)fall / (double)c->peak_e8;
    tells |= !c->below || fall > c->fall_e8 || share > c->share || equity_e8 < c->least_e8;
    c->below = 1;
    if (fall > c->fall_e8) c->fall_e8 = fall;
    if (share > c->share) c->share = share;
    if (equity_e8 < c->least_e8) c->least_e8 = equity_e8;
    return tells;
}

/* Of history only the last snapshots stay, where nothing counts its bars: neither the regime detector nor the gates of
 * the market as a whole. */
KEEL_FN int32_t keel_lane_stretch_history(keel_run *r) {
    const keel_tape *tape = r->tape;
    const keel_window *w = r->window;
    if (!r->out->lean || !w || keel_run_minds_regime(r)) return 0;
    for (int32_t s = 0; s < tape->sleeve_count; s++)
        if (r->p[s].gate_breadth || r->p[s].gate_regime) return 0;
    int64_t from = r->lane->bar, to = w->from + w->count < tape->trade_from ? w->from + w->count : tape->trade_from;
    for (int32_t i = 0; i < tape->symbol_count; i++) {
        int64_t k = to - 1;
        while (k >= from && tape->sym[i].close_e8[k] == 0)
            k--;
        if (k >= from) keel_window_snapshot(&w->sym[i], k - w->from, &r->snaps[i]);
    }
    r->lane->bar = to;
    return 1;
}

/* Last bar from k on whose sample belongs to k's day. */
KEEL_LOCAL int64_t keel_stretch_day_bar(const keel_tape *tape, int64_t k) {
    int64_t end_ms = keel_stretch_day_end(tape->start_ms + (k + 1) * tape->interval_ms);
    return (end_ms - tape->start_ms) / tape->interval_ms - 1;
}

KEEL_FN void keel_lane_stretch_flat(keel_run *r, int64_t from, int64_t to) {
    const keel_tape *tape = r->tape;
    for (int64_t k = from; k < to;) { /* equity stands still: the first sample, each day's last, and the last of all */
        int64_t day = keel_stretch_day_bar(tape, k), next = k == from ? from + 1 : day + 1;
        if (next > to) next = to;
        keel_lane_sample(r, tape->start_ms + next * tape->interval_ms);
        k = next;
    }
}

/* Prices between which equity changes no figure, around px_e8, at which it was just marked; as in quiet.c, four units
 * and a relative part of 1e-9 are kept back for rounding. */
KEEL_LOCAL void keel_stretch_around(const keel_lane *lane, const keel_quiet_worth *w, int64_t px_e8, int64_t *low_e8,
                                    int64_t *high_e8) {
    const keel_lane_tally *t = &lane->tally;
    const keel_lane_curve *c = &lane->curve;
    const double rounding = 1e-9;
    int64_t below = t->peak_e8 - lane->equity_e8, under = c->peak_e8 - lane->equity_e8;
    double slope = w->slope > 0.0 ? w->slope : -w->slope, up = (double)below, down = (double)(t->drawdown_e8 - below);
    double share = t->drawdown * (double)t->peak_e8 * (1.0 - rounding) - (double)below;
    *low_e8 = KEEL_I64_MAX;
    *high_e8 = 0;
    if (!c->below || !(slope > 0.0)) return;
    if (share < down) down = share;
    /* What the curve knows of are closes of bars: a piece may lie outside. */
    double rise = (double)under, fall = (double)(c->fall_e8 - under);
    share = c->share * (double)c->peak_e8 * (1.0 - rounding) - (double)under;
    if (share < fall) fall = share;
    if ((double)(lane->equity_e8 - c->least_e8) < fall) fall = (double)(lane->equity_e8 - c->least_e8);
    if (!(rise > 4.0) || !(fall > 4.0)) return;
    if (rise < up) up = rise;
    if (fall < down) down = fall;
    up = (up - 4.0) / slope * (1.0 - rounding);
    down = (down - 4.0) / slope * (1.0 - rounding);
    double rises = w->slope > 0.0 ? up : down, falls = w->slope > 0.0 ? down : up;
    *low_e8 = *high_e8 = px_e8;
    if (rises > 0.0 && rises < 4e18) *high_e8 += (int64_t)rises;
    if (falls > 0.0 && falls < (double)px_e8) *low_e8 -= (int64_t)falls;
}

/* Bars from `at` on, with one piece each, that lie below the peak: of them the first with the least equity is the only
 * one that can change a figure. Returns the first that may lie higher, at most `stop`. */
KEEL_LOCAL int64_t keel_stretch_below(keel_run *r, const keel_tape_symbol *t, const keel_quiet_worth *w, int64_t at,
                                      int64_t stop, int64_t low_e8, int64_t high_e8) {
    const int32_t side = w->slope > 0.0 ? 1 : -1;
    const double apart = 4.0 / (w->slope > 0.0 ? w->slope : -w->slope) + 1.0;
    int64_t worst = 0, end = keel_extremes_worst(t, at, stop, side, side > 0 ? high_e8 : low_e8, &worst);
    if (at == end || (side > 0 ? worst >= low_e8 : worst <= high_e8)) return end;
    /* Prices so near each other may come to the same equity. */
    int64_t equity = keel_quiet_equity(w, worst), slack = apart < 1e15 ? (int64_t)apart : (int64_t)1000000000000000;
    int64_t k = at;
    for (;; k++) {
        k = side > 0 ? keel_extremes_close(t, k, end, worst + slack + 1, KEEL_I64_MAX)
                     : keel_extremes_close(t, k, end, 0, worst - slack - 1);
        if (k >= end || keel_quiet_equity(w, t->close_e8[k]) == equity) break;
    }
    if (k >= end) return at; /* not reached: the worst is among them */
    keel_lane_mark_at(r->lane, equity);
    keel_lane_sample(r, r->tape->start_ms + (k + 1) * r->tape->interval_ms);
    return end;
}

/* Mark equity of the only position over bars k .. to - 1 where that can change a figure, and settle its funding.
 * Returns to, or the bar after which the account is too large to go on so. */
KEEL_LOCAL int64_t keel_stretch_marks(keel_run *r, int32_t i, int64_t k, int64_t to, int64_t limit_e8,
                                      keel_quiet_worth *w) {
    const keel_tape *tape = r->tape;
    const keel_tape_symbol *t = &tape->sym[i];
    const keel_symbol *s = &r->st->sym[i];
    KEEL_GLOBAL const int64_t *close = tape->ratio > 1 ? t->detail_close_e8 : t->close_e8;
    const int64_t ratio = tape->ratio, piece_ms = tape->interval_ms / ratio;
    int64_t funding = keel_lane_funding_bar(r, i, k), day = keel_stretch_day_bar(tape, k);
    int64_t low = KEEL_I64_MAX, high = 0; /* nothing is silent before the first mark */
    for (int64_t at = k * ratio; at < to * ratio; at++) {
        int64_t stop = to * ratio;
        if (funding < to) stop = funding * ratio > at ? funding * ratio : at;
        if (day < to && (day + 1) * ratio - 1 < stop) stop = (day + 1) * ratio - 1;
        if (low <= high && ratio == 1)
            at = keel_stretch_below(r, t, w, at, stop, low, high);
        else if (low <= high)
            at = keel_extremes_close(t, at, stop, low, high);
        if (at >= to * ratio) break;
        int64_t bar = ratio == 1 ? at : at / ratio, last = ratio == 1 || at % ratio == ratio - 1;
        if (bar >= funding) {
            keel_lane_settle_piece(r, i, at, tape->start_ms + at * piece_ms, piece_ms);
            funding = last ? keel_lane_funding_bar(r, i, bar + 1) : bar;
            keel_quiet_worth_of(r->st, keel_run_params(r, i), s, limit_e8, w);
        }
        keel_lane_mark_at(r->lane, keel_quiet_equity(w, close[at]));
        if (last) {
            keel_lane_sample(r, tape->start_ms + (bar + 1) * tape->interval_ms);
            if (bar >= day) day = keel_stretch_day_bar(tape, bar + 1);
            if (!w->small || r->lane->fault != 0) return bar + 1;
        }
        keel_stretch_around(r->lane, w, close[at], &low, &high);
    }
    return to;
}

KEEL_FN int64_t keel_lane_stretch_one(keel_run *r, int32_t i, int64_t k, int64_t end) {
    const keel_tape *tape = r->tape;
    const keel_tape_symbol *t = &tape->sym[i];
    keel_symbol *s = &r->st->sym[i];
    keel_lane_symbol *ls = &r->lane->sym[i];
    const int64_t ratio = tape->ratio, from = k;
    KEEL_GLOBAL const int64_t *close = ratio > 1 ? t->detail_close_e8 : t->close_e8;
    /* Prices above are stepped, so that no sum here can overflow; the next stretch begins with a limit of its own. */
    const int64_t limit = t->close_e8[k] < KEEL_I64_MAX / 8 ? t->close_e8[k] * 4 : t->close_e8[k];
    const int64_t highest = ls->quiet_high_e8 < limit ? ls->quiet_high_e8 : limit;
    keel_quiet_worth w;
    keel_quiet_worth_of(r->st, keel_run_params(r, i), s, limit, &w);
    if (!w.small) return k;
    const int64_t silent_to = r->silent_to > k ? r->silent_to : k;
    int64_t to =
        r->window->from + keel_window_silence(&r->window->sym[i], silent_to - r->window->from, end - r->window->from,
                                              s->pos.side > 0 ? KEEL_ACTS_LONG : KEEL_ACTS_SHORT);
    int64_t piece =
        keel_extremes_range(t, k * ratio, to * ratio, ls->quiet_low_e8, highest, &ls->seen_low_e8, &ls->seen_high_e8);
    to = piece / ratio;
    if (to == k) return k;
    int64_t reached = keel_stretch_marks(r, i, k, to, limit, &w);
    if (reached < to || piece % ratio != 0) /* the extremes are those of fewer pieces */
        (void)keel_extremes_range(t, from * ratio, reached * ratio, 0, KEEL_I64_MAX, &ls->seen_low_e8,
                                  &ls->seen_high_e8);
    if (!keel_quiet_mark(r->st, keel_run_params(r, i), s, close[reached * ratio - 1]))
        keel_lane_stop(r, KEEL_REFUSED_OVERFLOW);
    r->lane->equity_e8 = keel_state_equity(r->st);
    return reached;
}

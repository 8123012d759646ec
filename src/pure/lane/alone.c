/* lane/alone.c: see run.h. Bars of a run that holds one symbol and tells nobody what it thinks: most of all there are.
 *
 * The stages are those of lane.h in their order. What they ask bar by bar is known of the whole window here: every bar
 * is there and sound, it is one piece, and where the strategy speaks may be known as well. So a bar's event needs no
 * second look, and one at which nothing fills, settles or is said costs neither an event nor a decision. */
#include "lane/run.h"

#include "num/warm.h"

KEEL_FN int32_t keel_lane_may_alone(const keel_run *r) {
    const keel_tape *tape = r->tape;
    const int64_t end_ms = tape->start_ms + tape->bars * tape->interval_ms;
    return KEEL_ON_HOST && r->window && !r->lane->by_regime && tape->symbol_count == 1 && tape->ratio == 1 &&
           !tape->sym[0].watch_only && r->window->sym[0].whole && r->out->decision_cap == 0 &&
           r->st->sym[0].rules.market != KEEL_SPOT && tape->start_ms > -KEEL_TIME_END_MS && end_ms < KEEL_TIME_END_MS;
}

#if KEEL_ON_HOST

#define KEEL_ALONE_SPAN 1024 /* bars that are looked through together */
#define KEEL_ALONE_LINE 8    /* values in a line of the cache */

/* Bars of a part of the window at which the strategy speaks for some side. */
typedef struct keel_alone_spoken {
    int64_t from, to; /* the part, bars of the tape */
    int32_t count, at;
    int32_t pace; /* lines of a column that are fetched ahead at each of them, so that all are by the end of the part */
    int32_t reserved;
    uint16_t bar[KEEL_ALONE_SPAN]; /* [count] after `from`, ascending; the next is bar[at] */
} keel_alone_spoken;

/* Add the places i .. end - 1 at which acts is not 0 to the `n` that are listed; returns how many there are then. In
 * which words there are any cannot be foreseen, so those are listed first, without a branch. */
KEEL_LOCAL int32_t keel_alone_list(KEEL_GLOBAL const uint8_t *acts, int32_t i, int32_t end, int32_t n, uint16_t *bar) {
    uint16_t word[KEEL_ALONE_SPAN / 8];
    int32_t words = 0;
    for (; i + 8 <= end; i += 8) {
        word[words] = (uint16_t)i;
        words += keel_word_of(acts + i) != 0;
    }
    for (int32_t w = 0; w < words; w++) {
        uint64_t said = keel_word_of(acts + word[w]);
        /* The uppermost bit of each byte that is not 0. */
        said = (((said & 0x7f7f7f7f7f7f7f7fULL) + 0x7f7f7f7f7f7f7f7fULL) | said) & 0x8080808080808080ULL;
        for (; said != 0; said &= said - 1)
            bar[n++] = (uint16_t)(word[w] + (keel_lowest_bit(said) >> 3));
    }
    for (; i < end; i++) {
        bar[n] = (uint16_t)i;
        n += acts[i] != 0;
    }
    return n;
}

/* Fetch what a decision at the close of place `at` reads of the window. Columns that somebody made for all bars at
 * once, or that many configurations share, lie far away. */
KEEL_LOCAL void keel_alone_fetch(const keel_window_symbol *w, int64_t at) {
    for (int32_t i = 0; i < w->slot_count; i++)
        KEEL_PREFETCH(w->v[w->slot[i]] + at);
}

/* Look through the part that begins at bar `from`. What is decided at a close fills at the next open, if anybody traded
 * there: nothing else reads the volume, and waiting for memory there takes longer than the trade. So it is fetched. */
KEEL_LOCAL void keel_alone_look(const keel_run *r, int64_t from, keel_alone_spoken *ret) {
    const keel_window *w = r->window;
    const int64_t place = from - w->from, left = w->count - place;
    KEEL_GLOBAL const uint8_t *acts = w->sym[0].acts + place, *any = w->sym[0].acts_any;
    KEEL_GLOBAL const double *volume = r->tape->sym[0].volume + from;
    const int32_t count = left < KEEL_ALONE_SPAN ? (int32_t)left : KEEL_ALONE_SPAN;
    const int32_t last = from + count < r->tape->bars ? count - 1 : count - 2; /* whose next bar there is */
    int32_t n = 0, i = 0;
    while (i < count) {
        int64_t block = (place + i) / KEEL_ACTS_BLOCK, end = any ? (block + 1) * KEEL_ACTS_BLOCK - place : count;
        int32_t stop = end < count ? (int32_t)end : count;
        if (!any || stop - i < KEEL_ACTS_BLOCK || any[block]) n = keel_alone_list(acts, i, stop, n, ret->bar);
        i = stop;
    }
    for (i = 0; i < n; i++)
        if (ret->bar[i] <= last) KEEL_PREFETCH(volume + ret->bar[i] + 1);
    for (i = 0; i < n && n * KEEL_ALONE_LINE < count; i++) /* else every line is read, and comes by itself */
        keel_alone_fetch(&w->sym[0], place + ret->bar[i]);
    ret->from = from;
    ret->to = from + count;
    ret->count = n;
    ret->at = 0;
    ret->pace = count / KEEL_ALONE_LINE / (n + 1) + 1;
}

/* From bar k on: the first at which the strategy may speak, as far as that was looked for. */
KEEL_LOCAL int64_t keel_alone_silent_to(const keel_run *r, int64_t k, keel_alone_spoken *s) {
    if (!r->window->sym[0].acts) return k;
    if (k >= s->to) keel_alone_look(r, k, s);
    while (s->at < s->count && s->from + s->bar[s->at] < k)
        s->at++;
    return s->at < s->count ? s->from + s->bar[s->at] : s->to;
}

/* keel_lane_full for one symbol of whole bars whose decisions nobody keeps. */
KEEL_LOCAL int32_t keel_alone_full(const keel_lane_out *out) {
    const int64_t room = 4; /* keel_lane_trade_room */
    return (out->trade_cap > 0 && out->trade_cap - out->trade_count < room) ||
           (out->equity_cap > 0 && out->equity_count >= out->equity_cap);
}

/* Fetch the prices of the next window while this one trades: what is read in the first pass over a window comes from
 * memory, which idles here. As many lines at every stop, since how far apart two of them lie cannot be foreseen. Not
 * for one of many runs over the same window (lean): once is enough, and the first pass goes from end to end.
 *   end  in  where the next window ends
 *   at   io  bar up to which that was done, before `end` */
KEEL_LOCAL void keel_alone_ahead(const keel_run *r, int64_t k, int32_t pace, int64_t end, int64_t *at) {
    const keel_tape_symbol *t = &r->tape->sym[0];
    KEEL_GLOBAL const int64_t *open_e8 = t->open_e8, *high_e8 = t->high_e8, *low_e8 = t->low_e8,
                              *close_e8 = t->close_e8;
    const int64_t share = (int64_t)pace * KEEL_ALONE_LINE, due = k + r->window->count - KEEL_ALONE_SPAN;
    int64_t i = *at;
    do {
        int64_t to = i + share < end ? i + share : end;
        for (; i < to; i += KEEL_ALONE_LINE) {
            KEEL_PREFETCH(open_e8 + i);
            KEEL_PREFETCH(high_e8 + i);
            KEEL_PREFETCH(low_e8 + i);
            KEEL_PREFETCH(close_e8 + i);
        }
    } while (i < end && i < due); /* where the strategy keeps silent for long */
    *at = i;
}

/* Does funding fall due in the bar that opens at open_ms? Then its stages 1 to 3 are those of any bar. */
KEEL_LOCAL int32_t keel_alone_funded(const keel_run *r, int64_t open_ms) {
    const keel_tape *tape = r->tape;
    const keel_tape_symbol *t = &tape->sym[0];
    const int64_t at = r->lane->sym[0].funding_at;
    int64_t until = open_ms + (tape->interval_ms > KEEL_LANE_JITTER_MS ? tape->interval_ms : KEEL_LANE_JITTER_MS);
    return at < t->funding_count && t->funding_ts_ms[at] < until;
}

/* keel_lane_fill_order for the only symbol. */
KEEL_WARM_OWN void keel_alone_fill(keel_run *r, int64_t open_e8, int64_t open_ms) {
    keel_lane *lane = r->lane;
    const keel_market_order o = lane->sym[0].order;
    keel_event fill;
    keel_market_clear(&lane->sym[0].order);
    if (!keel_market_fill(o.id, ++lane->fill_id, 0, o.side, o.qty_e8, open_e8, open_ms, r->p->slippage_bps,
                          &r->st->sym[0].rules, &fill)) {
        keel_lane_stop(r, KEEL_REFUSED_OVERFLOW);
        return;
    }
    fill.seq = ++lane->seq;
    keel_lane_filled(r, &fill, keel_step_filled(r->st, r->p, &fill, &r->decision), open_ms);
}

/* Stages 1 to 3 of bar k. */
KEEL_LOCAL void keel_alone_open(keel_run *r, int64_t k, int64_t open_ms) {
    const keel_tape_symbol *t = &r->tape->sym[0];
    if (keel_alone_funded(r, open_ms))
        keel_lane_open_pieces(r, k, 0, open_ms);
    else if (r->lane->sym[0].order.id != 0 && t->volume[k] > 0.0)
        keel_alone_fill(r, t->open_e8[k], open_ms);
}

/* Stage 5 of bar k. `ev` is a BAR_CLOSE of which only what differs from bar to bar is written. */
KEEL_LOCAL void keel_alone_close(keel_run *r, int64_t k, int64_t open_ms, int32_t contexts, keel_event *ev) {
    const keel_tape_symbol *t = &r->tape->sym[0];
    const keel_window_symbol *w = &r->window->sym[0];
    keel_state *st = r->st;
    int32_t had_position = st->sym[0].pos.side != 0;
    int32_t speaks = !had_position ? KEEL_ACTS_FLAT : (st->sym[0].pos.side > 0 ? KEEL_ACTS_LONG : KEEL_ACTS_SHORT);
    int32_t silent = w->acts && !(w->acts[k - r->window->from] & speaks);
    keel_window_snapshot(w, k - r->window->from, &r->snaps[0]);
    if (contexts) {
        const keel_lane_context *c = &r->lane->context[0];
        keel_lane_contexts(r, k);
        ev->btc_bullish = c->btc_bullish;
        ev->breadth = c->breadth;
        ev->regime_gate = c->regime_gate;
        ev->regime = r->lane->regime;
    }
    ev->symbol = 0; /* again, for the compiler to know */
    ev->seq = ++r->lane->seq;
    ev->ts_ms = open_ms + r->tape->interval_ms;
    ev->price_e8 = t->close_e8[k];
    ev->open_e8 = t->open_e8[k];
    ev->high_e8 = t->high_e8[k];
    ev->low_e8 = t->low_e8[k];
    int32_t refused = keel_step_closed(st, r->p, ev, &r->snaps[0], silent, &r->decision);
    if (refused != KEEL_REFUSED_OK) {
        keel_lane_stop(r, refused);
        return;
    }
    keel_lane_count(r, had_position);
    if (r->decision.command_count == 0) return;
    keel_piece piece;
    if (r->decision.command[0].trigger_kind == KEEL_TRIGGER_NONE)
        keel_lane_accept(r);
    else if (keel_lane_piece(r->tape, 0, k, 0, &piece))
        keel_lane_dispatch(r, &piece, open_ms);
}

KEEL_FN void keel_lane_alone(keel_run *r) {
    const keel_tape *tape = r->tape;
    keel_lane *lane = r->lane;
    const int64_t end = r->window->from + r->window->count;
    const int32_t contexts = tape->btc[0] >= 0 || r->p->gate_breadth || r->p->gate_regime;
    const int64_t after = end + r->window->count,
                  next_end = r->out->lean ? end : (after < tape->bars ? after : tape->bars);
    const int32_t samples = r->out->equity_cap > 0;
    int64_t ahead = end;
    keel_event ev;
    keel_alone_spoken spoken;
    spoken.from = spoken.to = lane->bar;
    spoken.count = spoken.at = spoken.reserved = 0;
    spoken.pace = 1;
    keel_event_blank(KEEL_EV_BAR_CLOSE, 0, 0, &ev);
    ev.regime = lane->regime;
    if (!contexts) keel_lane_contexts(r, lane->bar); /* nothing is known, once and for all */
    while (lane->bar < end && !keel_alone_full(r->out)) {
        int64_t k = lane->bar, open_ms = tape->start_ms + k * tape->interval_ms;
        if (ahead < next_end) keel_alone_ahead(r, k, spoken.pace, next_end, &ahead);
        keel_alone_open(r, k, open_ms);
        r->silent_to = keel_alone_silent_to(r, k, &spoken);
        keel_lane_pass_alone(r);
        if (lane->bar != k) {
            /* What ended the stretch speaks at the close of a bar at whose open no order works. */
            k = lane->bar;
            if (k >= end || (samples && keel_alone_full(r->out)) || lane->fault != 0) return;
            open_ms = tape->start_ms + k * tape->interval_ms;
            if (keel_alone_funded(r, open_ms)) keel_lane_open_pieces(r, k, 0, open_ms);
        }
        if (lane->fault == 0) keel_alone_close(r, k, open_ms, contexts, &ev);
        keel_lane_mark(r);
        if (samples && k < tape->bars - 1) keel_lane_sample(r, open_ms + tape->interval_ms);
        if (lane->fault != 0) return;
        lane->bar = k + 1;
    }
}

#else

KEEL_FN void keel_lane_alone(keel_run *r) { (void)r; }

#endif

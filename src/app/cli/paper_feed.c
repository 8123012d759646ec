/* app/cli/paper_feed.c: see paper_feed.h. Which ranges there are, and when a settlement falls due, is what lane/run.h
 * says: a run on this feed is the backtest of the tape. */
#include "app/cli/paper_feed.h"

#include <string.h>

#include "lane/run.h"

enum { OPENS, RANGES }; /* stage */

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: feed: run fewer symbols");
}

/* ---- parts of an input ---------------------------------------------------------------------------------------- */

static int add_range(keel_input *in, int32_t symbol, const keel_piece *p, int32_t what, keel_err *err) {
    keel_input_piece *to = keel_input_add_piece(in);
    if (!to) return no_memory(err);
    *to = (keel_input_piece){.symbol = symbol,
                             .what = what,
                             .open_ms = p->open_ms,
                             .close_ms = p->close_ms,
                             .open_e8 = p->open_e8,
                             .high_e8 = p->high_e8,
                             .low_e8 = p->low_e8,
                             .close_e8 = p->close_e8,
                             .volume = p->volume};
    return 0;
}

/* Settlements of a symbol that fall due before until_ms. */
static int add_fundings(keel_paper_feed *f, int32_t symbol, int32_t after, int64_t until_ms, keel_input *in,
                        keel_err *err) {
    const keel_tape_symbol *s = &f->tape->sym[symbol];
    int64_t *at = &f->funding_at[symbol];
    for (; *at < s->funding_count && s->funding_ts_ms[*at] < until_ms; (*at)++) {
        keel_input_funding *to = keel_input_add_funding(in);
        if (!to) return no_memory(err);
        *to = (keel_input_funding){symbol, after, s->funding_ts_ms[*at], s->funding_rate_e16[*at]};
    }
    return 0;
}

/* The closed main bar of a symbol. */
static int add_bar(const keel_tape *tape, int32_t symbol, int64_t k, keel_input *in, keel_err *err) {
    const keel_tape_symbol *s = &tape->sym[symbol];
    keel_piece bar = {.open_ms = tape->start_ms + k * tape->interval_ms,
                      .close_ms = tape->start_ms + (k + 1) * tape->interval_ms,
                      .open_e8 = s->open_e8[k],
                      .high_e8 = s->high_e8[k],
                      .low_e8 = s->low_e8[k],
                      .close_e8 = s->close_e8[k],
                      .volume = s->volume[k]};
    return s->close_e8[k] == 0 ? 0 : add_range(in, symbol, &bar, KEEL_PIECE_BAR, err);
}

/* Bar and range are one piece where they are the same numbers. */
static int add_close(const keel_tape *tape, int32_t symbol, int64_t k, keel_input *in, keel_err *err) {
    keel_piece range;
    int32_t before = in->piece_count;
    KEEL_TRY(add_bar(tape, symbol, k, in, err));
    if (tape->sym[symbol].watch_only || !keel_lane_piece(tape, symbol, k, tape->ratio - 1, &range)) return 0;
    if (in->piece_count > before) {
        keel_input_piece *bar = &in->piece[before];
        if (bar->open_ms == range.open_ms && bar->open_e8 == range.open_e8 && bar->high_e8 == range.high_e8 &&
            bar->low_e8 == range.low_e8 && bar->close_e8 == range.close_e8 && !(bar->volume < range.volume) &&
            !(bar->volume > range.volume)) {
            bar->what |= KEEL_PIECE_RANGE;
            return 0;
        }
    }
    return add_range(in, symbol, &range, KEEL_PIECE_RANGE, err);
}

/* ---- bars that come late ---------------------------------------------------------------------------------------- */

static int compare_late(const keel_late_bar *x, int32_t symbol, int64_t open_ms) {
    if (x->open_ms != open_ms) return x->open_ms < open_ms ? -1 : 1;
    return (x->symbol > symbol) - (x->symbol < symbol);
}

int keel_late_bar_among(const keel_late_bar *list, int64_t count, int32_t symbol, int64_t open_ms) {
    int64_t from = 0, to = count;
    while (from < to) {
        int64_t middle = from + (to - from) / 2;
        int order = compare_late(&list[middle], symbol, open_ms);
        if (order == 0) return 1;
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return 0;
}

/* The last bar has none behind it that it could come with. */
static int is_late(const keel_paper_feed *f, int32_t symbol, int64_t k) {
    const keel_tape *tape = f->tape;
    if (k < tape->trade_from || k >= tape->bars - 1) return 0;
    if (f->late_every > 0 && (k - tape->trade_from) % f->late_every == f->late_every - 1) return 1;
    return f->late_count > 0 &&
           keel_late_bar_among(f->late, f->late_count, symbol, tape->start_ms + k * tape->interval_ms);
}

/* What should have come with the close before. */
static int add_late(const keel_paper_feed *f, int32_t symbol, int64_t k, keel_input *in, keel_err *err) {
    int32_t from = in->piece_count;
    if (!is_late(f, symbol, k)) return 0;
    KEEL_TRY(add_close(f->tape, symbol, k, in, err));
    for (int32_t i = from; i < in->piece_count; i++)
        in->piece[i].what = (in->piece[i].what & KEEL_PIECE_RANGE ? KEEL_PIECE_LATE_RANGE : 0) |
                            (in->piece[i].what & KEEL_PIECE_BAR ? KEEL_PIECE_LATE_BAR : 0);
    return 0;
}

/* ---- kinds of inputs ------------------------------------------------------------------------------------------- */

static int make_bars(keel_paper_feed *f, keel_input *in, keel_err *err) {
    const keel_tape *tape = f->tape;
    in->kind = KEEL_INPUT_BARS;
    for (int32_t i = 0; i < tape->symbol_count; i++)
        KEEL_TRY(add_bar(tape, i, f->bar, in, err));
    f->bar++;
    return 0;
}

/* A range that begins: only what is known at its open, and whether anybody will trade in it. */
static int make_opens(keel_paper_feed *f, keel_input *in, keel_err *err) {
    const keel_tape *tape = f->tape;
    int32_t last = tape->ratio - 1, j = f->piece;
    in->kind = KEEL_INPUT_OPENS;
    for (int32_t i = 0; i < tape->symbol_count; i++) {
        keel_piece p;
        if (tape->sym[i].watch_only) continue;
        int32_t opens = keel_lane_piece(tape, i, f->bar, j, &p);
        if (last > 0 && j == 0 && !opens) /* a bar without detail opens as a whole */
            opens = keel_lane_piece(tape, i, f->bar, last, &p) && p.open_ms == in->bar_open_ms;
        else if (last > 0 && j == last && opens)
            opens = p.open_ms != in->bar_open_ms;
        if (!opens) continue;
        KEEL_TRY(add_fundings(f, i, 0, p.open_ms + KEEL_LANE_JITTER_MS, in, err));
        KEEL_TRY(add_fundings(f, i, 1, p.close_ms, in, err));
        p.high_e8 = p.low_e8 = p.close_e8 = 0;
        p.volume = p.volume > 0.0 ? 1.0 : 0.0;
        KEEL_TRY(add_range(in, i, &p, KEEL_PIECE_RANGE, err));
    }
    f->stage = RANGES;
    return 0;
}

static int make_ranges(keel_paper_feed *f, keel_input *in, keel_err *err) {
    const keel_tape *tape = f->tape;
    int32_t closes = f->piece == tape->ratio - 1;
    in->kind = closes ? KEEL_INPUT_CLOSE : KEEL_INPUT_RANGES;
    for (int32_t i = 0; i < tape->symbol_count; i++) {
        keel_piece p;
        if (closes) {
            if (f->bar > 0) KEEL_TRY(add_late(f, i, f->bar - 1, in, err));
            if (!is_late(f, i, f->bar)) KEEL_TRY(add_close(tape, i, f->bar, in, err));
        } else if (!tape->sym[i].watch_only && keel_lane_piece(tape, i, f->bar, f->piece, &p))
            KEEL_TRY(add_range(in, i, &p, KEEL_PIECE_RANGE, err));
    }
    if (closes && f->bar == tape->bars - 1) in->flags |= KEEL_INPUT_LAST;
    f->stage = OPENS;
    f->piece = closes ? 0 : f->piece + 1;
    f->bar += closes;
    return 0;
}

static int make_end(keel_paper_feed *f, keel_input *in, keel_err *err) {
    const keel_tape *tape = f->tape;
    in->kind = KEEL_INPUT_END;
    in->bar_open_ms = in->ts_ms - tape->interval_ms;
    if (f->flatten) in->flags |= KEEL_INPUT_FLATTEN;
    for (int32_t i = 0; i < tape->symbol_count; i++)
        if (!tape->sym[i].watch_only) KEEL_TRY(add_fundings(f, i, 0, in->ts_ms, in, err));
    f->ended = 1;
    return 0;
}

/* When the next one is known. */
static int64_t due_ms(const keel_paper_feed *f) {
    const keel_tape *tape = f->tape;
    int64_t open_ms = tape->start_ms + f->bar * tape->interval_ms;
    if (f->bar == tape->bars) return open_ms;
    if (f->bar < tape->trade_from) return open_ms + tape->interval_ms;
    return open_ms + (int64_t)(f->piece + (f->stage == RANGES)) * (tape->interval_ms / tape->ratio);
}

static int make(keel_paper_feed *f, keel_input *in, keel_err *err) {
    keel_input_clear(in);
    in->number = ++f->number;
    in->ts_ms = due_ms(f);
    in->bar_open_ms = f->tape->start_ms + f->bar * f->tape->interval_ms;
    if (f->bar == f->tape->bars) return make_end(f, in, err);
    if (f->bar < f->tape->trade_from) return make_bars(f, in, err);
    return f->stage == OPENS ? make_opens(f, in, err) : make_ranges(f, in, err);
}

/* ---- pace ------------------------------------------------------------------------------------------------------ */

/* Wait until this moment of the market, in short steps, so that somebody who asks for the end is heard. 0: asked. */
static int wait_for(keel_paper_feed *f, int64_t ts_ms) {
    const int64_t step_ns = 200000000;
    int64_t due_ns = f->begun_ns + (ts_ms - f->begun_ms) * 1000000;
    for (;;) {
        int64_t now_ns = f->clock->mono_ns(f->clock->ctx);
        if (f->asked_to_end && f->asked_to_end()) return 0;
        if (f->left && atomic_load(f->left)) return 0;
        if (now_ns >= due_ns) return 1;
        f->clock->wait_until(f->clock->ctx, due_ns - now_ns > step_ns ? now_ns + step_ns : due_ns);
    }
}

static int64_t grid(int64_t ts_ms, int64_t every_ms) {
    int64_t into = ts_ms % every_ms;
    return ts_ms - (into < 0 ? into + every_ms : into);
}

/* When the next timer comes, if before the input that is due. Those of a time when nobody could tell them (the machine
 * slept, the run was slow) are not made up for, but for the newest. */
static int64_t next_timer(keel_paper_feed *f, int64_t due) {
    int64_t now_ms = keel_paper_feed_now_ms(f), newest = grid(now_ms < due ? now_ms : due - 1, f->timer_every_ms);
    if (newest > f->timer_ms) f->timer_ms = newest;
    return f->timer_ms;
}

static void make_timer(keel_paper_feed *f, keel_input *in) {
    keel_input_clear(in);
    in->kind = KEEL_INPUT_TIMER;
    in->number = 0;
    in->bar_open_ms = 0;
    in->ts_ms = f->timer_ms;
    f->timer_ms += f->timer_every_ms;
}

/* At the pace of the clock: a timer behind whatever comes at its moment, or the input that is due. 1; 0: asked to end:
 * what was waited for in vain the next start gives out. */
static int next_paced(keel_paper_feed *f, keel_input *ret, keel_err *reterr) {
    int64_t due = due_ms(f);
    if (f->begun_ms == INT64_MIN) {
        f->begun_ms = due;
        if (f->timer_every_ms > 0) f->timer_ms = grid(due - 1, f->timer_every_ms) + f->timer_every_ms;
    }
    int timer = f->timer_every_ms > 0 && next_timer(f, due) < due;
    if (!wait_for(f, timer ? f->timer_ms : due)) return 0;
    if (!timer) KEEL_TRY(make(f, ret, reterr));
    if (timer) make_timer(f, ret);
    ret->recv_ns = f->clock->wall_ns(f->clock->ctx);
    return 1;
}

static int next_input(void *ctx, keel_input *ret, keel_err *reterr) {
    keel_paper_feed *f = ctx;
    if (f->ended) return 0;
    if (f->clock) return next_paced(f, ret, reterr);
    KEEL_TRY(make(f, ret, reterr));
    return 1;
}

/* At real pace each input is its own commit: the next one lies ahead. */
static int is_ready(void *ctx) {
    const keel_paper_feed *f = ctx;
    return f->clock == NULL;
}

void keel_paper_feed_init(keel_paper_feed *f, const keel_tape *tape, int flatten) {
    memset(f, 0, sizeof *f);
    f->port = (keel_engine_source){.ctx = f, .next = next_input, .ready = is_ready};
    f->tape = tape;
    f->flatten = flatten;
}

int keel_paper_feed_skip(keel_paper_feed *f, uint64_t number, keel_err *reterr) {
    keel_input scratch;
    int rc = 0;
    memset(&scratch, 0, sizeof scratch);
    while (rc == 0 && f->number < number && !f->ended)
        rc = make(f, &scratch, reterr);
    keel_input_done(&scratch);
    if (rc == 0 && f->number < number)
        rc = keel_err_set(reterr, KEEL_E_PARITY,
                          "the record has more inputs than the feed: give the range it was run on");
    return rc;
}

void keel_paper_feed_pace(keel_paper_feed *f, const keel_clock *clock, int (*asked_to_end)(void)) {
    f->clock = clock;
    f->asked_to_end = asked_to_end;
    f->begun_ns = clock->mono_ns(clock->ctx);
    f->begun_ms = INT64_MIN;
}

int64_t keel_paper_feed_now_ms(const keel_paper_feed *f) {
    return f->begun_ms + (f->clock->mono_ns(f->clock->ctx) - f->begun_ns) / 1000000;
}

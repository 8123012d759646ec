/* engine/intake.c: see engine_internal.h. Between a source and the record: an input whose time lies further ahead than
 * the market can have come is not believed, for whatever is true would be late behind it.
 *
 * A time leaps when it lies more than one main interval ahead of the last one that was believed. Where the source knows
 * what time it is, a leap is believed up to a minute beyond that, and never more than a day beyond. For the rest, and
 * where nobody knows, inputs that leap are held here, not yet on record, until one lies beyond the bar with which they
 * began, or the market ends there: then they are let through as they came. One that lies before the leap shows that it
 * was none. What is not believed is marked, and the mark is what the engine, a start and a replay go by. What is held
 * when a call ends is of the next call with the same source; after a start the source tells it again. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine_internal.h"

enum { WAITS, GOES }; /* one that is marked goes, too */
enum { HELD_MAX = 4096, CLOCK_NEAR_MS = 60000, CLOCK_FAR_MS = 86400000 };

static int is_beyond(int64_t ts_ms, int64_t from_ms, int64_t by_ms) {
    return from_ms < INT64_MAX - by_ms && ts_ms > from_ms + by_ms;
}

static int leaps(const keel_engine *e, int64_t from_ms, int64_t ts_ms) {
    return is_beyond(ts_ms, from_ms, e->plan.interval_ms);
}

/* ---- what is held ------------------------------------------------------------------------------------------------ */

static void mark(keel_engine_held *h, int32_t why) {
    h->in.flags |= why;
    h->state = GOES;
}

static void let_through(keel_engine_intake *k, keel_engine_held *h) {
    h->state = GOES;
    if (h->in.ts_ms > k->last_ms) k->last_ms = h->in.ts_ms;
}

static void decide_all(keel_engine_intake *k, int32_t why) {
    for (int32_t i = k->at; i < k->count; i++) {
        if (k->held[i].state != WAITS) continue;
        if (why)
            mark(&k->held[i], why);
        else
            let_through(k, &k->held[i]);
    }
}

/* Of those that wait: where the last leap began, and how far they came. Its place; -1: there is none. */
static int32_t last_leap(keel_engine *e) {
    keel_engine_intake *k = &e->intake;
    int32_t at = -1;
    k->newest_ms = k->last_ms;
    for (int32_t i = k->at; i < k->count; i++) {
        const keel_engine_held *h = &k->held[i];
        if (h->state != WAITS) continue;
        if (leaps(e, k->newest_ms, h->in.ts_ms)) {
            k->leap_ms = h->in.ts_ms;
            at = i;
        }
        if (h->in.ts_ms > k->newest_ms) k->newest_ms = h->in.ts_ms;
    }
    return at;
}

/* To the front again; the lists of those that were given out are kept for others. */
static void move_up(keel_engine_intake *k) {
    for (int32_t i = k->at; i < k->count; i++) {
        keel_engine_held used = k->held[i - k->at];
        k->held[i - k->at] = k->held[i];
        k->held[i] = used;
    }
    k->count -= k->at;
    k->at = 0;
}

/* e->in is the newest of those that wait; its lists are another's now. */
static int hold(keel_engine *e) {
    keel_engine_intake *k = &e->intake;
    move_up(k);
    if (k->count == k->cap) {
        int32_t wider = k->cap ? 2 * k->cap : 16;
        keel_engine_held *grown = realloc(k->held, (size_t)wider * sizeof *grown);
        if (!grown) return keel_err_set(e->err, KEEL_E_NOMEM, "out of memory: input: run fewer symbols");
        memset(grown + k->cap, 0, (size_t)(wider - k->cap) * sizeof *grown);
        k->held = grown;
        k->cap = wider;
    }
    keel_engine_held *h = &k->held[k->count++];
    keel_input empty = h->in;
    h->in = e->in;
    h->state = WAITS;
    e->in = empty;
    return 0;
}

static int give_out(keel_engine *e) {
    keel_engine_intake *k = &e->intake;
    if (k->at == k->count || k->held[k->at].state == WAITS) return 0;
    keel_input used = e->in;
    e->in = k->held[k->at].in;
    k->held[k->at++].in = used;
    if (k->at == k->count) k->at = k->count = 0;
    return 1;
}

/* ---- judging ----------------------------------------------------------------------------------------------------- */

/* What the newest one says of those before it. */
static void judge_held(keel_engine *e) {
    keel_engine_intake *k = &e->intake;
    const keel_input *newest = &k->held[k->count - 1].in;
    int64_t ts_ms = newest->ts_ms;
    int ends = newest->kind == KEEL_INPUT_END;
    for (int32_t i = k->at; ts_ms < k->leap_ms && i < k->count - 1; i++)
        if (k->held[i].state == WAITS && k->held[i].in.ts_ms > ts_ms) mark(&k->held[i], KEEL_INPUT_UNCONFIRMED);
    int32_t at = last_leap(e), confirmed = ends && at < k->count - 1;
    if (at < 0 || confirmed || is_beyond(ts_ms, k->leap_ms, e->plan.interval_ms))
        decide_all(k, 0);
    else if (ends || k->count - k->at >= HELD_MAX)
        decide_all(k, KEEL_INPUT_UNCONFIRMED);
}

/* What the source's clock says of a time that leaps. */
enum { BELIEVED, UNKNOWN, AHEAD };

static int by_clock(const keel_engine_source *source, int64_t ts_ms) {
    if (!source->now_ms) return UNKNOWN;
    int64_t now_ms = source->now_ms(source->ctx);
    if (is_beyond(ts_ms, now_ms, CLOCK_FAR_MS)) return AHEAD;
    return is_beyond(ts_ms, now_ms, CLOCK_NEAR_MS) ? UNKNOWN : BELIEVED;
}

/* Is e->in let through as it is? 1; 0: it is held; or KEEL_E_*. */
static int judge(keel_engine *e, const keel_engine_source *source) {
    keel_engine_intake *k = &e->intake;
    keel_input *in = &e->in;
    if (in->kind == KEEL_INPUT_TIMER) return 1; /* it waits for nobody, and moves no time */
    if (in->kind ==
        KEEL_INPUT_CONTROL) { /* nor does an order, which may be stamped with a time that was not believed */
        if (leaps(e, k->last_ms, in->ts_ms)) in->ts_ms = k->last_ms;
        return 1;
    }
    in->flags &= ~KEEL_INPUT_DISBELIEVED;
    int clock = leaps(e, k->last_ms, in->ts_ms) ? by_clock(source, in->ts_ms) : BELIEVED;
    if (k->count == 0 && clock == BELIEVED) {
        if (in->ts_ms > k->last_ms) k->last_ms = in->ts_ms;
        return 1;
    }
    if (k->count == 0) k->leap_ms = in->ts_ms;
    KEEL_TRY(hold(e));
    if (clock == AHEAD)
        mark(&k->held[k->count - 1], KEEL_INPUT_AHEAD);
    else
        judge_held(e);
    return 0;
}

/* ---- contract ---------------------------------------------------------------------------------------------------- */

int keel_engine_intake_next(keel_engine *e, const keel_engine_source *source, int only_ready) {
    for (;;) {
        if (give_out(e)) return 1;
        if (only_ready && source->ready && !source->ready(source->ctx)) return 0;
        int rc = source->next(source->ctx, &e->in, e->err);
        if (rc != 1) return rc;
        keel_engine_received(e);
        rc = judge(e, source);
        if (rc != 0) return rc;
    }
}

void keel_engine_intake_begin(keel_engine *e, const keel_engine_source *source) {
    keel_engine_intake *k = &e->intake;
    if (k->next && k->next == source->next && k->ctx == source->ctx) return; /* it goes on */
    k->next = source->next;
    k->ctx = source->ctx;
    k->at = k->count = 0;
    k->last_ms = e->last_ms;
}

void keel_engine_intake_done(keel_engine *e) {
    for (int32_t i = 0; i < e->intake.cap; i++)
        keel_input_done(&e->intake.held[i].in);
    free(e->intake.held);
    memset(&e->intake, 0, sizeof e->intake);
}

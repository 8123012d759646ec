/* edge/venue/desk_hear.c: see desk_internal.h. What the venue says, and what is told of it. */
#include <inttypes.h>
#include <string.h>

#include "edge/venue/desk_internal.h"

enum { NS_PER_MS = 1000000 };

static int64_t in_ms(const keel_desk *d, int64_t ms) { return keel_desk_now_ns(d) + ms * NS_PER_MS; }

static void sooner(keel_desk_order *o, int64_t due_ns) {
    if (due_ns < o->due_ns) o->due_ns = due_ns;
}

/* One that is called back is asked for its end. */
int64_t keel_desk_next_ns(const keel_desk *d, const keel_desk_order *o) {
    if (!o->cancelled || o->ended) return in_ms(d, d->o.cadence_ms);
    return in_ms(d, d->o.answer_ms) + keel_desk_backoff_ns(d, o->attempts);
}

/* The venue has it. */
static void has(keel_desk *d, keel_desk_order *o) {
    o->answer = 1;
    if (o->state == KEEL_DESK_WORKING) return;
    o->state = KEEL_DESK_WORKING;
    o->attempts = 0;
    o->due_ns = o->cancelled ? keel_desk_now_ns(d) : in_ms(d, d->o.cadence_ms);
}

static void is_over(keel_desk *d, keel_desk_order *o, const keel_desk_msg *m) {
    has(d, o);
    o->ended = 1;
    o->end_cum_e8 = m->cum_e8;
    o->end_ms = m->ts_ms;
}

/* What is missing between what was told and what is known is asked for. */
static void look_for_gap(keel_desk *d, keel_desk_order *o, int64_t cum_e8) {
    int64_t have = o->told_cum_e8;
    for (int32_t i = 0; i < o->held_count; i++) {
        if (o->held[i].cum_e8 - o->held[i].qty_e8 > have) break;
        have = o->held[i].cum_e8;
    }
    if (have >= cum_e8) return;
    d->counts.gaps++;
    sooner(o, in_ms(d, d->o.answer_ms));
}

static void executed(keel_desk *d, keel_desk_order *o, const keel_desk_msg *m) {
    int32_t at = o->held_count;
    o->taken = 1;
    has(d, o);
    if (m->cum_e8 <= o->told_cum_e8) {
        d->counts.doubled++;
        return;
    }
    while (at > 0 && o->held[at - 1].cum_e8 >= m->cum_e8)
        at--;
    if (at < o->held_count && o->held[at].cum_e8 == m->cum_e8) {
        d->counts.doubled++;
        return;
    }
    if (o->held_count == KEEL_DESK_HELD && at == KEEL_DESK_HELD) return;
    if (o->held_count == KEEL_DESK_HELD) o->held_count--;
    memmove(&o->held[at + 1], &o->held[at], (size_t)(o->held_count - at) * sizeof *o->held);
    o->held[at] = *m;
    o->held_count++;
    look_for_gap(d, o, m->cum_e8);
}

/* It is not there. That is the last word only when nothing of it can arrive any more, and was not there before. */
static void is_unknown(keel_desk *d, keel_desk_order *o, const keel_desk_msg *m) {
    if (o->taken || o->state != KEEL_DESK_IN_DOUBT) return;
    int64_t sure_ms = o->safe_ms + d->o.lag_ms;
    if (m->venue_ms <= sure_ms) {
        o->due_ns = in_ms(d, sure_ms - m->venue_ms + 1);
        return;
    }
    o->answer = -1;
    o->state = KEEL_DESK_TO_PLACE;
    o->attempts = 0;
    o->due_ns = o->asked ? INT64_MAX : keel_desk_now_ns(d); /* one that was only asked about is not placed */
}

static void status(keel_desk *d, keel_desk_order *o, const keel_desk_msg *m) {
    if (m->state == KEEL_DESK_UNKNOWN) {
        is_unknown(d, o, m);
        return;
    }
    has(d, o);
    if (m->state != KEEL_DESK_OPEN) is_over(d, o, m);
    o->due_ns = keel_desk_next_ns(d, o);
    if (m->state != KEEL_DESK_REFUSED) o->taken = 1;
    look_for_gap(d, o, m->cum_e8);
}

void keel_desk_give_up(const keel_desk *d, keel_desk_order *o) {
    o->state = KEEL_DESK_WORKING;
    o->answer = 1;
    o->due_ns = INT64_MAX;
    o->ended = 1;
    o->end_cum_e8 = 0;
    o->end_ms = keel_desk_venue_ms(d);
}

/* Is what the venue says about the order that was sent? Else two runs named theirs alike. */
static int is_it(keel_desk *d, const keel_desk_order *o, const keel_desk_msg *m) {
    int whole = m->kind == KEEL_DESK_TAKEN || m->kind == KEEL_DESK_ENDED ||
                (m->kind == KEEL_DESK_STATUS && m->state != KEEL_DESK_UNKNOWN);
    if (!whole && m->kind != KEEL_DESK_EXECUTED) return 1;
    if (m->symbol == o->c.symbol && m->side == o->c.side && (!whole || m->qty_e8 == o->c.qty_e8)) return 1;
    return keel_err_set(
               &d->wrong, KEEL_E_PARITY,
               "the venue has another order of this name: %016" PRIx64 "-%016" PRIx64
               ": symbol, side or quantity differ: look at the account there; a run that shares it needs a run "
               "id of its own",
               m->run, m->order_id) == 0;
}

/* This attempt was not taken, but a copy of it may be on its way: it is asked about like one without an answer. */
static void busy(keel_desk *d, keel_desk_order *o, const keel_desk_msg *m) {
    d->counts.busy++;
    if (o->state == KEEL_DESK_IN_DOUBT || o->state == KEEL_DESK_WORKING) o->due_ns = in_ms(d, m->wait_ms);
}

void keel_desk_hear(keel_desk *d, const keel_desk_msg *m) {
    int64_t offset_ms = m->venue_ms - keel_desk_now_ns(d) / NS_PER_MS;
    if (m->kind == KEEL_DESK_HELLO) {
        d->offset_ms = offset_ms;
        d->greeted = 1;
        d->failures = 0;
        d->waiting_ns = INT64_MAX;
        keel_desk_called(d, 1);
        if (d->begun_ms == 0) d->begun_ms = m->venue_ms;
        for (int32_t i = 0; i < d->used; i++) {
            keel_desk_order *o = &d->order[i];
            if (o->state == KEEL_DESK_FREE) continue;
            if (o->safe_ms == 0 && o->placed == 0) o->safe_ms = m->venue_ms + d->o.window_ms;
            if (o->state != KEEL_DESK_TO_PLACE) o->due_ns = keel_desk_now_ns(d);
        }
        return;
    }
    if (offset_ms > d->offset_ms) d->offset_ms = offset_ms;
    keel_desk_order *o = m->run == d->o.run ? keel_desk_find(d, m->order_id) : NULL;
    if (!o) {
        d->counts.unmatched++;
        return;
    }
    if (d->wrong.code != 0 || !is_it(d, o, m)) return;
    if (m->kind == KEEL_DESK_TAKEN || m->kind == KEEL_DESK_STATUS) keel_desk_called(d, 1);
    if (m->kind == KEEL_DESK_BUSY) keel_desk_called(d, 0);
    if (m->kind == KEEL_DESK_TAKEN) {
        o->taken = 1;
        has(d, o);
    } else if (m->kind == KEEL_DESK_BUSY) {
        busy(d, o, m);
    } else if (m->kind == KEEL_DESK_STATUS || m->kind == KEEL_DESK_ENDED) {
        status(d, o, m);
    } else if (m->kind == KEEL_DESK_EXECUTED) {
        executed(d, o, m);
    }
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

static void begin_report(keel_desk_order *o, int32_t kind, keel_venue_report *ret) {
    memset(ret, 0, sizeof *ret);
    ret->kind = kind;
    ret->ordinal = ++o->told;
    ret->symbol = o->c.symbol;
    ret->order_id = o->c.id;
    ret->event.schema = KEEL_EVENT_SCHEMA;
    ret->event.kind = kind == KEEL_VENUE_FILL ? KEEL_EV_FILL : KEEL_EV_REJECT;
    ret->event.symbol = o->c.symbol;
    ret->event.order_id = o->c.id;
    ret->event.breadth = -1.0;
}

/* The first held execution follows what was told: take it out. */
static int next_execution(keel_desk_order *o, keel_desk_msg *ret) {
    if (o->held_count == 0 || o->held[0].cum_e8 - o->held[0].qty_e8 != o->told_cum_e8) return 0;
    *ret = o->held[0];
    o->held_count--;
    memmove(&o->held[0], &o->held[1], (size_t)o->held_count * sizeof *o->held);
    o->told_cum_e8 = ret->cum_e8;
    return 1;
}

static void tell_execution(keel_desk_order *o, const keel_desk_msg *m, keel_venue_report *ret) {
    begin_report(o, KEEL_VENUE_FILL, ret);
    ret->event.ts_ms = m->ts_ms;
    ret->event.side = m->side;
    ret->event.qty_e8 = m->qty_e8;
    ret->event.price_e8 = m->px_e8;
    ret->event.fee_role = m->maker ? KEEL_MAKER : KEEL_TAKER;
    ret->event.fill_id = m->fill_id;
    ret->event.last_of_order = m->cum_e8 >= o->c.qty_e8; /* of what was sent, which the guard may have made smaller */
}

int keel_desk_tell(keel_desk_order *o, keel_venue_report *ret) {
    keel_desk_msg m;
    if (o->taken && o->told == 0) {
        begin_report(o, KEEL_VENUE_ACK, ret);
        memset(&ret->event, 0, sizeof ret->event);
        return 1;
    }
    for (; o->skip > 0; o->skip--)
        if (!next_execution(o, &m)) return 0;
    if (next_execution(o, &m)) {
        tell_execution(o, &m, ret);
        return 1;
    }
    if (o->told_cum_e8 >= o->c.qty_e8) {
        o->state = KEEL_DESK_FREE; /* executed whole: the last execution said so */
        return 0;
    }
    if (!o->ended || o->told_cum_e8 != o->end_cum_e8) return 0;
    begin_report(o, KEEL_VENUE_REJECT, ret);
    ret->event.ts_ms = o->end_ms;
    o->state = KEEL_DESK_FREE;
    return 1;
}

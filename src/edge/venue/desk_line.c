/* edge/venue/desk_line.c: see desk_internal.h. The connection: made, read, written, given up. */
#include <errno.h>
#include <string.h>

#include "edge/venue/desk_internal.h"

enum { NS_PER_MS = 1000000, READ_SIZE = 16384 };

void keel_desk_line_drop(keel_desk *d) {
    if (d->conn < 0) return;
    d->o.net->close(d->o.net->ctx, d->conn);
    d->conn = -1;
    d->greeted = 0;
    d->counts.breaks++;
    keel_desk_called(d, 0);
    d->retry_ns = keel_desk_now_ns(d) + keel_desk_backoff_ns(d, d->failures++);
    keel_strbuf_clear(&d->in);
    keel_strbuf_clear(&d->out);
    d->out_at = 0;
}

static void connect_now(keel_desk *d) {
    d->counts.connects++;
    int conn = d->o.net->connect(d->o.net->ctx, d->o.host, d->o.port);
    d->waiting_ns = keel_desk_now_ns(d);
    if (conn >= 0) {
        d->conn = conn;
        return;
    }
    d->retry_ns = d->waiting_ns + keel_desk_backoff_ns(d, d->failures++);
    keel_desk_called(d, 0);
}

/* Whole messages of what arrived. */
static void take_messages(keel_desk *d) {
    size_t at = 0;
    while (at < d->in.size) {
        keel_desk_msg m;
        size_t used = 0;
        int rc = d->o.codec->read(d->o.codec->ctx, d->in.text + at, d->in.size - at, &m, &used);
        if (rc == 0) break;
        if (rc < 0) { /* nobody knows where the next one begins */
            d->counts.garbage++;
            keel_desk_line_drop(d);
            return;
        }
        at += used;
        keel_desk_hear(d, &m);
    }
    if (at == 0) return;
    memmove(d->in.text, d->in.text + at, d->in.size - at);
    d->in.size -= at;
}

static void read_all(keel_desk *d) {
    char bytes[READ_SIZE];
    while (d->conn >= 0) {
        int64_t n = d->o.net->read(d->o.net->ctx, d->conn, bytes, sizeof bytes);
        if (n == -EAGAIN) return;
        if (n > 0) keel_strbuf_add_bytes(&d->in, bytes, (size_t)n);
        if (n <= 0 || d->in.failed) {
            keel_desk_line_drop(d);
            return;
        }
        d->waiting_ns = d->greeted ? INT64_MAX : d->waiting_ns;
        take_messages(d);
    }
}

static void write_all(keel_desk *d) {
    while (d->conn >= 0 && d->out_at < d->out.size) {
        int64_t n = d->o.net->write(d->o.net->ctx, d->conn, d->out.text + d->out_at, d->out.size - d->out_at);
        if (n == -EAGAIN) return;
        if (n <= 0 || d->out.failed) {
            keel_desk_line_drop(d);
            return;
        }
        d->out_at += (size_t)n;
    }
    keel_strbuf_clear(&d->out);
    d->out_at = 0;
}

/* ---- what is due ------------------------------------------------------------------------------------------------ */

static keel_desk_msg place_of(const keel_desk *d, const keel_desk_order *o) {
    const keel_command *c = &o->c;
    keel_desk_msg m;
    memset(&m, 0, sizeof m);
    m.kind = KEEL_DESK_PLACE;
    m.run = d->o.run;
    m.order_id = c->id;
    m.symbol = c->symbol;
    m.side = c->side;
    m.qty_e8 = c->qty_e8;
    m.closes = c->kind == KEEL_CMD_CLOSE || c->kind == KEEL_CMD_PARTIAL_CLOSE;
    m.stamp_ms = keel_desk_venue_ms(d);
    m.window_ms = d->o.window_ms;
    return m;
}

static keel_desk_msg ask_of(const keel_desk *d, const keel_desk_order *o) {
    keel_desk_msg m;
    memset(&m, 0, sizeof m);
    m.kind = o->cancelled && !o->ended ? KEEL_DESK_CANCEL : KEEL_DESK_ASK;
    m.run = d->o.run;
    m.order_id = o->c.id;
    m.symbol = o->c.symbol;
    return m;
}

static void placed(keel_desk *d, keel_desk_order *o, int64_t stamp_ms) {
    d->counts.placed++;
    d->counts.placed_again += o->placed > 0;
    o->placed++;
    o->state = KEEL_DESK_IN_DOUBT;
    o->answer = 0;
    o->safe_ms = stamp_ms + d->o.window_ms;
    o->attempts = 0;
    o->due_ns = keel_desk_now_ns(d) + d->o.answer_ms * NS_PER_MS;
}

static void asked(keel_desk *d, keel_desk_order *o) {
    int64_t wait_ns = o->state == KEEL_DESK_WORKING && !o->held_count && !o->ended && !o->cancelled
                          ? d->o.cadence_ms * NS_PER_MS
                          : d->o.answer_ms * NS_PER_MS + keel_desk_backoff_ns(d, o->attempts);
    d->counts.asked++;
    d->counts.cancels += o->cancelled && !o->ended;
    if (o->state == KEEL_DESK_IN_DOUBT && o->attempts + o->placed > 0) keel_desk_called(d, 0); /* no answer in time */
    o->attempts++;
    o->due_ns = keel_desk_now_ns(d) + wait_ns;
}

/* It was called back; or what it was given for is over: the price is another one, and so may be what the core would say
 * now. What closes is never too old. */
static int is_given_up(keel_desk *d, const keel_desk_order *o) {
    if (o->cancelled) return 1;
    if (o->c.kind == KEEL_CMD_CLOSE || o->c.kind == KEEL_CMD_PARTIAL_CLOSE) return 0;
    int stale = keel_desk_venue_ms(d) - o->given_ms > d->o.entry_age_ms, exhausted = o->placed >= d->o.places_max;
    d->counts.stale += (uint64_t)stale;
    d->counts.exhausted += (uint64_t)(!stale && exhausted);
    return stale || exhausted;
}

static void say_what_is_due(keel_desk *d, int placing) {
    keel_desk_msg batch[KEEL_DESK_BATCH];
    int32_t count = 0;
    int64_t now_ns = keel_desk_now_ns(d);
    for (int32_t i = 0; i < d->used; i++) {
        keel_desk_order *o = &d->order[i];
        if (o->state == KEEL_DESK_FREE || o->due_ns > now_ns || (o->state == KEEL_DESK_TO_PLACE) != placing) continue;
        if (placing && is_given_up(d, o)) {
            keel_desk_give_up(d, o);
            continue;
        }
        batch[count] = placing ? place_of(d, o) : ask_of(d, o);
        if (placing)
            placed(d, o, batch[count].stamp_ms);
        else
            asked(d, o);
        if (++count < KEEL_DESK_BATCH) continue;
        d->o.codec->write(d->o.codec->ctx, batch, count, &d->out);
        count = 0;
    }
    if (count > 0) d->o.codec->write(d->o.codec->ctx, batch, count, &d->out);
}

void keel_desk_line_work(keel_desk *d) {
    int64_t now_ns = keel_desk_now_ns(d);
    if (d->conn < 0 && now_ns >= d->retry_ns) connect_now(d);
    read_all(d);
    if (d->conn >= 0 && now_ns >= keel_desk_silent_ns(d)) keel_desk_line_drop(d);
    if (d->conn < 0 || !d->greeted) return;
    say_what_is_due(d, 1);
    say_what_is_due(d, 0);
    if (d->out.size > 0 && d->waiting_ns == INT64_MAX) d->waiting_ns = now_ns;
    write_all(d);
}

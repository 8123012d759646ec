/* edge/venue/desk.c: see desk.h. The port's calls. */
#include "edge/venue/desk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "edge/venue/desk_internal.h"

enum { NS_PER_MS = 1000000 };

int64_t keel_desk_now_ns(const keel_desk *d) { return d->o.clock->mono_ns(d->o.clock->ctx); }

int64_t keel_desk_venue_ms(const keel_desk *d) { return d->offset_ms + keel_desk_now_ns(d) / NS_PER_MS; }

int64_t keel_desk_backoff_ns(const keel_desk *d, int32_t attempts) {
    int64_t ms = d->o.retry_ms << (attempts < 16 ? attempts : 16);
    return (ms < d->o.retry_max_ms ? ms : d->o.retry_max_ms) * NS_PER_MS;
}

keel_desk_order *keel_desk_find(keel_desk *d, uint64_t id) {
    for (int32_t i = 0; i < d->used; i++)
        if (d->order[i].state != KEEL_DESK_FREE && d->order[i].c.id == id) return &d->order[i];
    return NULL;
}

static keel_desk_order *place_for_one(keel_desk *d) {
    for (int32_t i = 0; i < KEEL_DESK_ORDERS; i++) {
        if (d->order[i].state != KEEL_DESK_FREE) continue;
        memset(&d->order[i], 0, sizeof d->order[i]);
        d->order[i].age = ++d->age;
        if (i >= d->used) d->used = i + 1;
        return &d->order[i];
    }
    return NULL;
}

static int too_many(keel_err *reterr) {
    return keel_err_set(reterr, KEEL_E_RANGE,
                        "too many orders without an end: venue: %d at most: wait until some are executed",
                        (int)KEEL_DESK_ORDERS);
}

/* The venue's words do not fit: 0, or KEEL_E_PARITY. */
static int is_wrong(const keel_desk *d, keel_err *reterr) {
    return d->wrong.code == 0 ? 0 : keel_err_set(reterr, d->wrong.code, "%s", d->wrong.text);
}

static int send_order(void *ctx, const keel_command *c, int64_t given_ms, keel_err *reterr) {
    keel_desk *d = ctx;
    KEEL_TRY(is_wrong(d, reterr));
    keel_desk_order *o = keel_desk_find(d, c->id);
    if (o && o->answer >= 0) return 0; /* the same id again is no second order */
    if (!o) o = place_for_one(d);
    if (!o) return too_many(reterr);
    o->c = *c;
    o->given_ms = given_ms;
    o->state = KEEL_DESK_TO_PLACE;
    o->answer = 0;
    o->due_ns = keel_desk_now_ns(d);
    keel_desk_work(d);
    return is_wrong(d, reterr);
}

/* Reports in the order of the orders' age. */
static int poll_report(void *ctx, int32_t symbol, keel_venue_report *ret, keel_err *reterr) {
    keel_desk *d = ctx;
    uint64_t after = 0;
    keel_desk_work(d);
    KEEL_TRY(is_wrong(d, reterr));
    for (;;) {
        keel_desk_order *next = NULL;
        for (int32_t i = 0; i < d->used; i++) {
            keel_desk_order *o = &d->order[i];
            if (o->state != KEEL_DESK_FREE && o->c.symbol == symbol && o->age > after && (!next || o->age < next->age))
                next = o;
        }
        if (!next) return 0;
        if (keel_desk_tell(next, ret)) return 1;
        after = next->age;
    }
}

void keel_desk_called(const keel_desk *d, int ok) {
    if (d->o.called) d->o.called(d->o.called_data, ok);
}

void keel_desk_work(keel_desk *d) { keel_desk_line_work(d); }

int64_t keel_desk_silent_ns(const keel_desk *d) {
    return d->conn < 0 || d->waiting_ns == INT64_MAX ? INT64_MAX : d->waiting_ns + d->o.silence_ms * NS_PER_MS;
}

int64_t keel_desk_due_ns(const keel_desk *d) {
    if (d->conn < 0) return d->retry_ns;
    int64_t due = keel_desk_silent_ns(d);
    for (int32_t i = 0; i < d->used && d->greeted; i++) {
        const keel_desk_order *o = &d->order[i];
        if (o->state != KEEL_DESK_FREE && o->due_ns < due) due = o->due_ns;
    }
    return due;
}

/* Until something arrives or is due, but no longer than this instant. */
static void wait_a_little(keel_desk *d, int64_t until_ns) {
    const keel_net *net = d->o.net;
    int64_t now_ns = keel_desk_now_ns(d), due_ns = keel_desk_due_ns(d);
    if (due_ns <= now_ns) due_ns = now_ns + NS_PER_MS; /* a stream that takes nothing now */
    (void)net->wait(net->ctx, d->conn, KEEL_NET_READ | (d->out.size ? KEEL_NET_WRITE : 0),
                    due_ns < until_ns ? due_ns : until_ns);
}

void keel_desk_wait(keel_desk *d, int64_t until_ns) {
    while (keel_desk_now_ns(d) < until_ns) {
        keel_desk_work(d);
        wait_a_little(d, until_ns);
    }
    keel_desk_work(d);
}

/* Wait until the venue says something about this order that is the last word on whether it is there. */
static int wait_for_answer(keel_desk *d, uint64_t id, int64_t until_ns) {
    for (;;) {
        keel_desk_work(d);
        const keel_desk_order *o = keel_desk_find(d, id);
        if (!o || o->answer != 0 || d->wrong.code != 0) return o ? o->answer : 0;
        if (keel_desk_now_ns(d) >= until_ns) return 0;
        wait_a_little(d, until_ns);
    }
}

static int query_order(void *ctx, const keel_command *c, int32_t heard, keel_err *reterr) {
    keel_desk *d = ctx;
    keel_desk_order *o = keel_desk_find(d, c->id);
    int64_t safe_ms = o ? o->safe_ms : 0;
    if (o) o->state = KEEL_DESK_FREE; /* told anew, from what the venue recorded */
    o = place_for_one(d);
    if (!o) return too_many(reterr);
    o->c = *c;
    o->state = KEEL_DESK_IN_DOUBT;
    o->told = heard;
    o->taken = heard > 0;
    o->asked = 1;
    o->skip = heard > 0 ? heard - 1 : 0;
    o->due_ns = keel_desk_now_ns(d);
    o->safe_ms = d->begun_ms ? d->begun_ms + d->o.window_ms : 0;
    if (o->safe_ms < safe_ms) o->safe_ms = safe_ms;
    int answer = wait_for_answer(d, c->id, keel_desk_now_ns(d) + d->o.query_ms * NS_PER_MS);
    KEEL_TRY(is_wrong(d, reterr));
    if (answer < 0) o->state = KEEL_DESK_FREE; /* whoever asked may hand it in, or not */
    if (answer != 0) return answer > 0;
    return keel_err_set(reterr, KEEL_E_TIMEOUT,
                        "the venue cannot be asked what became of order %016" PRIx64
                        ": %s:%s: look whether it is up, then start again",
                        c->id, d->o.host, d->o.port);
}

static int cancel_order(void *ctx, const keel_command *c, keel_err *reterr) {
    keel_desk *d = ctx;
    KEEL_TRY(is_wrong(d, reterr));
    keel_desk_order *o = keel_desk_find(d, c->id);
    if (!o || o->cancelled) return 0;
    o->cancelled = 1;
    if (!o->ended) o->due_ns = keel_desk_now_ns(d);
    keel_desk_work(d);
    return is_wrong(d, reterr);
}

static void not_covered(void *ctx, const keel_event *fill, int64_t closes_qty_e8) {
    (void)fill, (void)closes_qty_e8;
    ((keel_desk *)ctx)->counts.uncovered++; /* it was executed, and nobody can take it back */
}

/* ---- around it ------------------------------------------------------------------------------------------------- */

int32_t keel_desk_unresolved(const keel_desk *d) {
    int32_t n = 0;
    for (int32_t i = 0; i < d->used; i++)
        n += d->order[i].state != KEEL_DESK_FREE;
    return n;
}

keel_desk_counts keel_desk_counts_of(const keel_desk *d) { return d->counts; }

int keel_desk_venue_clock(const keel_desk *d, int64_t *ret_ms) {
    if (d->begun_ms == 0) return 0;
    *ret_ms = keel_desk_venue_ms(d);
    return 1;
}
const keel_venue *keel_desk_port(keel_desk *d) { return &d->port; }

static void set_default(int64_t *ms, int64_t value) {
    if (*ms == 0) *ms = value;
}

uint64_t keel_desk_run(const char *run_id) {
    uint64_t sum = 14695981039346656037u;
    for (const char *c = run_id; *c; c++)
        sum = (sum ^ (uint64_t)(unsigned char)*c) * 1099511628211u;
    return sum ? sum : 1;
}

int keel_desk_new(const keel_desk_options *options, keel_desk **ret, keel_err *reterr) {
    if (options->run == 0)
        return keel_err_set(reterr, KEEL_E_USAGE,
                            "orders need the run in their name: venue: ids alone repeat from run to run: give "
                            "keel_desk_run of the run id");
    keel_desk *d = calloc(1, sizeof *d);
    if (d) d->order = calloc(KEEL_DESK_ORDERS, sizeof *d->order);
    if (!d || !d->order) {
        free(d);
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: venue: close other programs");
    }
    d->o = *options;
    set_default(&d->o.window_ms, 5000);
    set_default(&d->o.lag_ms, 5000);
    set_default(&d->o.entry_age_ms, 60000);
    set_default(&d->o.answer_ms, 3000);
    set_default(&d->o.silence_ms, 10000);
    set_default(&d->o.cadence_ms, 60000);
    set_default(&d->o.retry_ms, 200);
    set_default(&d->o.retry_max_ms, 10000);
    set_default(&d->o.query_ms, 120000);
    if (d->o.places_max == 0) d->o.places_max = 10;
    d->conn = -1;
    d->waiting_ns = INT64_MAX;
    keel_strbuf_init(&d->in, 1 << 20);
    keel_strbuf_init(&d->out, 1 << 20);
    d->port = (keel_venue){.ctx = d,
                           .send = send_order,
                           .poll = poll_report,
                           .query = query_order,
                           .cancel = cancel_order,
                           .uncovered = not_covered};
    *ret = d;
    return 0;
}

void keel_desk_free(keel_desk *d) {
    if (!d) return;
    if (d->conn >= 0) d->o.net->close(d->o.net->ctx, d->conn);
    keel_strbuf_done(&d->in);
    keel_strbuf_done(&d->out);
    free(d->order);
    free(d);
}

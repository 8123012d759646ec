/* exchange.c: see exchange.h. */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define HOST "venue"
enum { MS = 1000000, HOUR = 3600000, REQUESTS_PER_MINUTE = 40 };

enum { SAY, EXECUTE, TAKE_IN }; /* kind of a job */

struct sim_job {
    int kind;
    int32_t order; /* EXECUTE */
    int64_t qty_e8;
    keel_desk_msg msg; /* SAY, TAKE_IN */
};

static void *grown(void *old, size_t count, size_t *cap, size_t each) {
    if (count < *cap) return old;
    *cap = *cap ? *cap * 2 : 64;
    void *p = realloc(old, *cap * each);
    KEEL_ASSERT(p != NULL);
    return p;
}

int64_t sim_exchange_now_ms(const sim_exchange *x) { return x->start_ms + x->clock->now_ns / MS; }

static int64_t below(sim_exchange *x, int64_t bound) {
    return (int64_t)keel_simrandom_below(&x->random, (uint64_t)bound);
}

/* Does a fault happen here? */
static int strikes(sim_exchange *x, sim_kind kind, int64_t one_in) {
    if (!SIM_HAS(x->kinds, kind) || below(x, one_in) != 0) return 0;
    x->counts[kind]++;
    return 1;
}

static void plan(sim_exchange *x, int64_t in_ms, const sim_job *job) {
    x->job = grown(x->job, x->job_count, &x->job_cap, sizeof *x->job);
    x->job[x->job_count] = *job;
    keel_simnet_wake(x->net, x->clock->now_ns + in_ms * MS, x->job_count++);
}

/* ---- saying ----------------------------------------------------------------------------------------------------- */

static void say_now(sim_exchange *x, const keel_desk_msg *m) {
    keel_strbuf out;
    if (x->stream < 0) return;
    keel_strbuf_init(&out, 0);
    SIM_WIRE.write(NULL, m, 1, &out);
    keel_simnet_send(x->net, x->stream, out.text, out.size);
    keel_strbuf_done(&out);
}

static void say(sim_exchange *x, keel_desk_msg m) {
    sim_job job = {.kind = SAY};
    m.venue_ms = sim_exchange_now_ms(x);
    job.msg = m;
    if (strikes(x, SIM_DROP, 8)) return;
    if (strikes(x, SIM_DOUBLE, 8)) plan(x, below(x, 9000), &job);
    if (strikes(x, SIM_ORDER, 4))
        plan(x, 1 + below(x, 4000), &job);
    else
        say_now(x, &m);
}

static keel_desk_msg about(const sim_order *o, int32_t kind) {
    return (keel_desk_msg){.kind = kind,
                           .run = o->run,
                           .order_id = o->id,
                           .symbol = o->symbol,
                           .side = o->side,
                           .closes = o->closes,
                           .state = o->state,
                           .qty_e8 = o->qty_e8,
                           .cum_e8 = o->cum_e8,
                           .ts_ms = o->end_ms};
}

static void say_fill(sim_exchange *x, int32_t i) {
    const sim_fill *f = &x->fill[i];
    keel_desk_msg m = about(&x->order[f->order], KEEL_DESK_EXECUTED);
    m.fill_id = (uint64_t)i + 1;
    m.qty_e8 = f->qty_e8;
    m.px_e8 = f->px_e8;
    m.cum_e8 = f->cum_e8;
    m.ts_ms = f->ts_ms;
    m.maker = f->maker;
    say(x, m);
}

static void say_busy(sim_exchange *x, const keel_desk_msg *to, int64_t wait_ms) {
    say(x, (keel_desk_msg){.kind = KEEL_DESK_BUSY, .run = to->run, .order_id = to->order_id, .wait_ms = wait_ms});
}

/* ---- executing -------------------------------------------------------------------------------------------------- */

sim_order *sim_exchange_find(const sim_exchange *x, uint64_t run, uint64_t id) {
    for (int32_t i = x->order_count; i-- > 0;)
        if (x->order[i].id == id && x->order[i].run == run) return &x->order[i];
    return NULL;
}

static void end_order(sim_exchange *x, sim_order *o) {
    o->state = KEEL_DESK_OVER;
    o->end_ms = sim_exchange_now_ms(x);
    if (o->cum_e8 < o->qty_e8) say(x, about(o, KEEL_DESK_ENDED));
}

static void execute(sim_exchange *x, int32_t number, int64_t qty_e8) {
    sim_order *o = &x->order[number];
    int64_t now_ms = sim_exchange_now_ms(x), held = x->held_e8[o->symbol] * -o->side;
    int64_t px_e8 = x->price(x->price_data, o->symbol, now_ms);
    o->busy_parts--;
    if (o->state != KEEL_DESK_OPEN) return;
    if (o->closes && qty_e8 > held) qty_e8 = held > 0 ? held : 0;
    if (strikes(x, SIM_CANCEL, 12)) qty_e8 = 0;
    if (qty_e8 == 0 || px_e8 <= 0) {
        end_order(x, o);
        return;
    }
    px_e8 += px_e8 / 10000 * (below(x, 11) - 5); /* spread and impact, up to 5 bps either way */
    o->cum_e8 += qty_e8;
    x->held_e8[o->symbol] += qty_e8 * o->side;
    x->fill = grown(x->fill, (size_t)x->fill_count, &x->fill_cap, sizeof *x->fill);
    x->fill[x->fill_count] = (sim_fill){number, (int32_t)below(x, 2), qty_e8, px_e8, o->cum_e8, now_ms};
    say_fill(x, x->fill_count++);
    if (o->cum_e8 >= o->qty_e8 || o->busy_parts == 0) end_order(x, o);
}

static void plan_executions(sim_exchange *x, int32_t number) {
    sim_order *o = &x->order[number];
    int64_t left = o->qty_e8, lot = x->lot_e8[o->symbol], at_ms = 0;
    int32_t parts = strikes(x, SIM_PARTIAL, 2) ? 2 + (int32_t)below(x, 4) : 1;
    while (left > 0) {
        sim_job job = {.kind = EXECUTE, .order = number, .qty_e8 = left};
        if (--parts > 0) job.qty_e8 = (1 + below(x, left / lot)) * lot;
        at_ms += 20 + below(x, 2000);
        if (strikes(x, SIM_LATE, 6)) at_ms += below(x, 5 * HOUR);
        o->busy_parts++;
        plan(x, at_ms, &job);
        left -= job.qty_e8;
    }
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

/* Too many in this minute? */
static int over_limit(sim_exchange *x) {
    int64_t minute = sim_exchange_now_ms(x) / 60000;
    if (minute != x->minute) x->in_minute = 0;
    x->minute = minute;
    if (!SIM_HAS(x->kinds, SIM_BUSY) || ++x->in_minute <= REQUESTS_PER_MINUTE) return 0;
    x->counts[SIM_BUSY]++;
    return 1;
}

static void take_order(sim_exchange *x, const keel_desk_msg *m) {
    int64_t now_ms = sim_exchange_now_ms(x);
    sim_order *before = sim_exchange_find(x, m->run, m->order_id);
    if (now_ms > m->stamp_ms + m->window_ms || m->stamp_ms > now_ms + 1000) {
        say_busy(x, m, 100);
        return;
    }
    int known = before && (before->state == KEEL_DESK_OPEN || now_ms <= before->end_ms + x->remembered_ms);
    if (known || (before && !x->forgets)) {
        say(x, about(before, KEEL_DESK_STATUS));
        return;
    }
    if (over_limit(x) || strikes(x, SIM_BUSY, 6)) {
        say_busy(x, m, 100 + below(x, 5000));
        return;
    }
    if (x->watch.taken) x->watch.taken(x->watch.data, m, before);
    x->order = grown(x->order, (size_t)x->order_count, &x->order_cap, sizeof *x->order);
    int32_t number = x->order_count++;
    sim_order *o = &x->order[number];
    *o = (sim_order){.run = m->run,
                     .id = m->order_id,
                     .symbol = m->symbol,
                     .side = m->side,
                     .closes = m->closes,
                     .state = KEEL_DESK_OPEN,
                     .qty_e8 = m->qty_e8,
                     .taken_ms = now_ms};
    if (strikes(x, SIM_REJECT, 10)) {
        o->state = KEEL_DESK_REFUSED;
        o->end_ms = now_ms;
        say(x, about(o, KEEL_DESK_ENDED));
        return;
    }
    say(x, about(o, KEEL_DESK_TAKEN));
    plan_executions(x, number);
}

static void answer(sim_exchange *x, const keel_desk_msg *m) {
    const sim_order *o = sim_exchange_find(x, m->run, m->order_id);
    if (over_limit(x) || strikes(x, SIM_BUSY, 10)) {
        say_busy(x, m, 100 + below(x, 3000));
        return;
    }
    if (!o || (sim_exchange_now_ms(x) < o->taken_ms + 2000 && strikes(x, SIM_LAG, 2))) {
        say(x, (keel_desk_msg){
                   .kind = KEEL_DESK_STATUS, .run = m->run, .order_id = m->order_id, .state = KEEL_DESK_UNKNOWN});
        return;
    }
    say(x, about(o, KEEL_DESK_STATUS));
    for (int32_t i = 0; i < x->fill_count; i++)
        if (&x->order[x->fill[i].order] == o) say_fill(x, i);
}

static void cancel(sim_exchange *x, const keel_desk_msg *m) {
    sim_order *o = sim_exchange_find(x, m->run, m->order_id);
    if (o && o->state == KEEL_DESK_OPEN && !over_limit(x)) {
        x->cancelled++;
        end_order(x, o);
    }
    answer(x, m);
}

static void take_in(sim_exchange *x, const keel_desk_msg *m) {
    if (m->kind == KEEL_DESK_CANCEL) cancel(x, m);
    if (m->kind == KEEL_DESK_PLACE) take_order(x, m);
    if (m->kind == KEEL_DESK_ASK) answer(x, m);
}

static void request(sim_exchange *x, const keel_desk_msg *m) {
    sim_job job = {.kind = TAKE_IN, .msg = *m};
    if (strikes(x, SIM_DROP, 10)) return;
    /* Where an id is free at once, a second copy would be a second order, whoever sends: no client can help that. */
    int doubles = m->kind != KEEL_DESK_PLACE || !x->forgets || x->remembered_ms > m->window_ms;
    if (doubles && strikes(x, SIM_DOUBLE, 10)) plan(x, below(x, 8000), &job);
    take_in(x, m);
}

/* ---- the far side of the streams --------------------------------------------------------------------------------- */

static void opened(void *ctx, int stream) {
    sim_exchange *x = ctx;
    x->stream = stream;
    keel_strbuf_clear(&x->in);
    say_now(x, &(keel_desk_msg){.kind = KEEL_DESK_HELLO, .venue_ms = sim_exchange_now_ms(x)});
}

static void received(void *ctx, int stream, const uint8_t *bytes, size_t size) {
    sim_exchange *x = ctx;
    size_t at = 0, used;
    keel_desk_msg m;
    if (stream != x->stream) { /* a late piece of an older stream: taken in as far as it is whole */
        while (SIM_WIRE.read(NULL, (const char *)bytes + at, size - at, &m, &used) == 1) {
            at += used;
            request(x, &m);
        }
        return;
    }
    keel_strbuf_add_bytes(&x->in, bytes, size);
    while (SIM_WIRE.read(NULL, x->in.text + at, x->in.size - at, &m, &used) == 1) {
        at += used;
        request(x, &m);
    }
    memmove(x->in.text, x->in.text + at, x->in.size - at);
    x->in.size -= at;
}

static void closed(void *ctx, int stream) {
    sim_exchange *x = ctx;
    if (x->stream == stream) x->stream = -1;
}

static void woken(void *ctx, uint64_t what) {
    sim_exchange *x = ctx;
    sim_job job = x->job[what]; /* jobs move when another is planned */
    if (job.kind == SAY) say_now(x, &job.msg);
    if (job.kind == EXECUTE) execute(x, job.order, job.qty_e8);
    if (job.kind == TAKE_IN) take_in(x, &job.msg);
}

void sim_exchange_init(sim_exchange *x, keel_simnet *net, keel_simclock *clock, int64_t start_ms, uint64_t seed) {
    memset(x, 0, sizeof *x);
    x->net = net;
    x->clock = clock;
    x->start_ms = start_ms;
    x->stream = -1;
    x->remembered_ms = 10000;
    keel_simrandom_init(&x->random, seed);
    keel_strbuf_init(&x->in, 0);
    keel_simnet_serve(net, HOST, &(keel_simnet_server){x, opened, received, closed, woken});
}

void sim_exchange_done(sim_exchange *x) {
    keel_strbuf_done(&x->in);
    free(x->order);
    free(x->fill);
    free(x->job);
}

/* engine/owner.c: see engine_internal.h. One place changes the state, one thread runs it, and whoever watches does not.
 */
#include <inttypes.h>

#include "engine/engine_internal.h"

int keel_engine_check_owner(const keel_engine *e, keel_err *reterr) {
    if (!pthread_equal(e->owner, pthread_self()))
        return keel_err_set(
            reterr, KEEL_E_GATE,
            "not this thread's engine: nothing was changed: hand the call to the thread that opened it");
    if (!e->working) return 0;
    return keel_err_set(reterr, KEEL_E_GATE,
                        "the engine is at work on an input: nothing was changed: a watcher may only look, and a source "
                        "only give inputs");
}

/* The state as it stands before a watcher is called; 0 when nobody asked for it. */
static uint64_t before(const keel_engine *e) { return e->watch.is_watched ? keel_state_hash(e->st) : 0; }

static void after(keel_engine *e, uint64_t hash) {
    if (e->watch.is_watched && keel_state_hash(e->st) != hash) e->touched = 1;
}

void keel_engine_show_step(keel_engine *e, const keel_engine_seen *seen) {
    uint64_t hash = before(e);
    if (!e->watch.stepped) return;
    e->watch.stepped(e->watch.data, seen);
    after(e, hash);
}

void keel_engine_show_input(keel_engine *e) {
    uint64_t hash = before(e);
    if (!e->watch.came) return;
    e->watch.came(e->watch.data, &e->in);
    after(e, hash);
}

void keel_engine_show_mark(keel_engine *e) {
    uint64_t hash = before(e);
    if (!e->watch.marked || e->in.kind < KEEL_INPUT_RANGES || e->in.kind > KEEL_INPUT_END) return;
    e->watch.marked(e->watch.data, &e->in, e->st);
    after(e, hash);
}

void keel_engine_tell(keel_engine *e, int32_t kind, const keel_command *command, const keel_venue_report *report) {
    keel_engine_told told = {.kind = kind, .ts_ms = e->last_ms, .input = &e->in, .command = command, .report = report};
    uint64_t hash = before(e);
    if (!e->watch.told) return;
    e->watch.told(e->watch.data, &told);
    after(e, hash);
}

void keel_engine_tell_aside(keel_engine *e, int32_t symbol, const char *why) {
    keel_engine_told told = {
        .kind = KEEL_TOLD_ASIDE, .ts_ms = e->last_ms, .input = &e->in, .symbol = symbol, .why = why};
    uint64_t hash = before(e);
    if (!e->watch.told) return;
    e->watch.told(e->watch.data, &told);
    after(e, hash);
}

void keel_engine_tell_blind(keel_engine *e, int32_t symbol, int32_t closes) {
    keel_engine_told told = {.kind = KEEL_TOLD_BLIND,
                             .ts_ms = e->last_ms,
                             .input = &e->in,
                             .symbol = symbol,
                             .closes = closes,
                             .position = &e->st->sym[symbol].pos};
    uint64_t hash = before(e);
    if (!e->watch.told) return;
    e->watch.told(e->watch.data, &told);
    after(e, hash);
}

void keel_engine_tell_timer(keel_engine *e) {
    keel_engine_told told = {.kind = KEEL_TOLD_TIMER, .ts_ms = e->in.ts_ms, .input = &e->in, .state = e->st};
    uint64_t hash = before(e);
    if (!e->watch.told) return;
    e->watch.told(e->watch.data, &told);
    after(e, hash);
}

int keel_engine_touched(keel_engine *e) {
    return keel_err_set(e->err, KEEL_E_PARITY,
                        "a watcher changed the books: input %" PRIu64
                        ": the core alone may; the journal is as it was "
                        "and leads to the right state",
                        e->in.number);
}

int keel_engine_count_drain(keel_engine *e) {
    if (++e->led_to <= KEEL_ENGINE_DRAIN_MAX) return 0;
    return keel_err_set(e->err, KEEL_E_RANGE,
                        "one input leads to more than %d orders and reports: input %" PRIu64
                        ": the venue does not come to an end: look at its orders before this run goes on",
                        KEEL_ENGINE_DRAIN_MAX, e->in.number);
}

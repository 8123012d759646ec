/* app/cli/parity_decided.c: see parity_decided.h. */
#include "app/cli/parity_decided.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/guard.h"

static int near(const keel_parity_decided *d, int64_t ts_ms, int64_t at_ms) {
    return ts_ms >= at_ms - KEEL_PARITY_DECIDED_BEFORE * d->bar_ms &&
           ts_ms <= at_ms + KEEL_PARITY_DECIDED_AFTER * d->bar_ms;
}

static void keep(void *data, const keel_lane_decision *seen) {
    keel_parity_decided *d = data;
    if (d->count == KEEL_PARITY_DECIDED_MAX) return;
    if (!near(d, seen->ts_ms, d->from_ms) && !near(d, seen->ts_ms, d->to_ms)) return;
    d->items[d->count++] = *seen;
}

static int run_here(keel_parity_decided *d, const keel_lane_task *task, keel_err *err) {
    const keel_tape *tape = task->tape;
    keel_lane_task watched = *task;
    keel_lane_result result;
    keel_lane_run *lane = keel_lane_run_new(tape->bars - tape->trade_from, tape->symbol_count);
    watched.decided = keep;
    watched.decided_data = d;
    int rc = lane ? keel_lane_run_go(lane, &watched, &result, err)
                  : keel_err_set(err, KEEL_E_NOMEM, "out of memory: decisions: close other programs");
    if (rc == 0) d->state_hash = result.state_hash;
    keel_lane_run_free(lane);
    return rc;
}

/* ---- a strategy of a file, in a child -------------------------------------------------------------------------- */

typedef struct guarded {
    keel_parity_decided *d;
    const keel_lane_task *task;
} guarded;

static int run_in_child(void *data, keel_strbuf *out, keel_err *err) {
    const guarded *g = data;
    KEEL_TRY(run_here(g->d, g->task, err));
    keel_strbuf_add_bytes(out, &g->d->state_hash, sizeof g->d->state_hash);
    keel_strbuf_add_bytes(out, g->d->items, (size_t)g->d->count * sizeof *g->d->items);
    return 0;
}

static int run_guarded(keel_parity_decided *d, const keel_lane_task *task, const char *strategy, keel_err *err) {
    guarded g = {d, task};
    keel_guard_options o = {.kernel = task->kernel, .name = strategy, .interrupted = task->interrupted};
    keel_strbuf bytes;
    keel_strbuf_init(&bytes, 0);
    int rc = keel_guard_run(&o, run_in_child, &g, &bytes, err);
    if (rc == 0) {
        size_t size = bytes.size - sizeof d->state_hash;
        KEEL_ASSERT(bytes.size >= sizeof d->state_hash && size <= KEEL_PARITY_DECIDED_MAX * sizeof *d->items);
        memcpy(&d->state_hash, bytes.text, sizeof d->state_hash);
        memcpy(d->items, bytes.text + sizeof d->state_hash, size);
        d->count = (int64_t)(size / sizeof *d->items);
    }
    keel_strbuf_done(&bytes);
    return rc;
}

int keel_parity_decided_run(keel_parity_decided *d, const keel_lane_task *task, const char *strategy, int64_t from_ms,
                            int64_t to_ms, keel_err *reterr) {
    memset(d, 0, sizeof *d);
    d->from_ms = from_ms;
    d->to_ms = to_ms;
    d->bar_ms = task->tape->interval_ms;
    d->items = malloc(KEEL_PARITY_DECIDED_MAX * sizeof *d->items);
    if (!d->items) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: decisions: close other programs");
    return task->kernel->user ? run_guarded(d, task, strategy, reterr) : run_here(d, task, reterr);
}

void keel_parity_decided_done(keel_parity_decided *d) {
    free(d->items);
    memset(d, 0, sizeof *d);
}

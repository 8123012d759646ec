/* app/cli/parity_decided.c: see parity_decided.h. */
#include "app/cli/parity_decided.h"

#include <stdlib.h>
#include <string.h>

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

int keel_parity_decided_run(keel_parity_decided *d, const keel_lane_task *task, int64_t from_ms, int64_t to_ms,
                            keel_err *reterr) {
    const keel_tape *tape = task->tape;
    keel_lane_task watched = *task;
    keel_lane_result result;
    memset(d, 0, sizeof *d);
    d->from_ms = from_ms;
    d->to_ms = to_ms;
    d->bar_ms = tape->interval_ms;
    d->items = malloc(KEEL_PARITY_DECIDED_MAX * sizeof *d->items);
    keel_lane_run *lane = keel_lane_run_new(tape->bars - tape->trade_from, tape->symbol_count);
    watched.decided = keep;
    watched.decided_data = d;
    int rc = d->items && lane ? keel_lane_run_go(lane, &watched, &result, reterr)
                              : keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: decisions: close other programs");
    if (rc == 0) d->state_hash = result.state_hash;
    keel_lane_run_free(lane);
    return rc;
}

void keel_parity_decided_done(keel_parity_decided *d) {
    free(d->items);
    memset(d, 0, sizeof *d);
}

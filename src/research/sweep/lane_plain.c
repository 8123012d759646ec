/* research/sweep/lane_plain.c: see lane_batch.h: the processor's plain loop. */
#include <stdlib.h>
#include <string.h>

#include "kernel/refusal.h"
#include "kernel/windows.h"
#include "research/sweep/lane_deck.h"

enum { TRADES_STEP = 1024, SAMPLES_STEP = 1024 };

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: trial: close other programs");
}

typedef struct books {
    keel_lane lane;
    keel_state state;
    keel_snapshot snaps[KEEL_SYMBOLS_MAX];
    keel_signal_set sets[]; /* [tape->symbol_count] */
} books;

static int set_up(const keel_group_task *t, const keel_params *p, int64_t capital_e8, books *k, keel_err *err) {
    for (int32_t i = 0; i < t->tape->symbol_count; i++)
        KEEL_TRY(keel_windows_signals(t->kernel, p, &k->sets[i], err));
    int32_t refused = t->kernel->lane_init(&k->lane, &k->state, p, t->tape, capital_e8, t->close_at_end);
    if (refused != KEEL_REFUSED_OK) return keel_refusal_of_capital(refused, err);
    for (int32_t i = 0; i < t->tape->symbol_count; i++)
        k->state.sym[i].rules = t->rules[i];
    return 0;
}

static int advance(const keel_group_task *t, const keel_params *p, books *k, keel_lane_batch_room *room,
                   keel_lane_out *out, keel_err *err) {
    int64_t trade_room = keel_lane_trade_room(t->tape);
    for (;;) {
        if (!keel_lane_reserve((void **)&room->trades, &room->trade_cap, out->trade_count + trade_room + TRADES_STEP,
                               sizeof *room->trades) ||
            !keel_lane_reserve((void **)&room->equity_ts_ms, &room->ts_cap, out->equity_count + SAMPLES_STEP, 8) ||
            !keel_lane_reserve((void **)&room->equity_e8, &room->equity_cap, out->equity_count + SAMPLES_STEP, 8))
            return no_memory(err);
        out->trades = room->trades;
        out->trade_cap = room->trade_cap;
        out->equity_ts_ms = room->equity_ts_ms;
        out->equity_e8 = room->equity_e8;
        out->equity_cap = room->ts_cap < room->equity_cap ? room->ts_cap : room->equity_cap;
        int32_t status = t->kernel->lane_advance(&k->lane, &k->state, p, t->tape, k->sets, k->snaps, NULL, out);
        if (status == KEEL_LANE_FAULT) return keel_refusal_of_event(&k->lane, err);
        if (status == KEEL_LANE_DONE) return 0;
        if (t->interrupted && t->interrupted())
            return keel_err_set(err, KEEL_E_INTERRUPTED, "interrupted: trial: run the command again");
    }
}

int keel_lane_plain(const keel_group_task *task, const keel_params *p, int64_t capital_e8, keel_lane_batch_room *room,
                    keel_lane_result *ret, keel_err *reterr) {
    books *k = calloc(1, sizeof *k + (size_t)task->tape->symbol_count * sizeof k->sets[0]);
    keel_lane_out out = {.lean = 1};
    keel_lane_ending end;
    memset(ret, 0, sizeof *ret);
    int fits = k && keel_lane_reserve((void **)&room->tallies, &room->tally_cap, 1, sizeof *room->tallies);
    int rc = fits ? set_up(task, p, capital_e8, k, reterr) : no_memory(reterr);
    if (rc == 0) rc = advance(task, p, k, room, &out, reterr);
    if (rc == 0) {
        room->tallies[0] = k->lane.tally;
        keel_lane_end_of(&k->state, p, &end);
        *ret = (keel_lane_result){.trades = room->trades,
                                  .trade_count = out.trade_count,
                                  .equity_ts_ms = room->equity_ts_ms,
                                  .equity_e8 = room->equity_e8,
                                  .equity_count = out.equity_count,
                                  .tally = room->tallies,
                                  .bars = k->lane.bar};
        keel_lane_result_end(ret, &end);
    }
    free(k);
    return rc;
}

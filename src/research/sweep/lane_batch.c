/* research/sweep/lane_batch.c: see lane_batch.h. */
#include "research/sweep/lane_batch.h"

#include <stdlib.h>
#include <string.h>

#include "research/sweep/lane_deck.h"

/* Room for results of a run, to begin with: what a year of bars gives most strategies. */
enum { TRADES_FIRST = 256, SAMPLES_FIRST = 1024 };

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: trials: use fewer --threads");
}

int keel_lane_reserve(void **array, int64_t *cap, int64_t count, size_t size) {
    if (*cap >= count) return 1;
    int64_t wanted = count + count / 2;
    void *grown = realloc(*array, (size_t)wanted * size);
    if (!grown) return 0;
    *array = grown;
    *cap = wanted;
    return 1;
}

void keel_lane_batch_room_done(keel_lane_batch_room *room) {
    free(room->trades);
    free(room->equity_ts_ms);
    free(room->equity_e8);
    free(room->tallies);
    memset(room, 0, sizeof *room);
}

/* ---- results ----------------------------------------------------------------------------------------------- */

/* The arrays of place i of the launch, into room. */
static int read_arrays(keel_lane_batch *b, int64_t i, const keel_device_answer *a, keel_lane_batch_room *room,
                       keel_err *err) {
    const keel_lane_launch *m = &b->launch;
    if (!keel_lane_reserve((void **)&room->trades, &room->trade_cap, a->trade_count + 1, sizeof *room->trades) ||
        !keel_lane_reserve((void **)&room->equity_ts_ms, &room->ts_cap, a->equity_count + 1, 8) ||
        !keel_lane_reserve((void **)&room->equity_e8, &room->equity_cap, a->equity_count + 1, 8))
        return no_memory(err);
    int64_t trade = (int64_t)sizeof(keel_trade);
    KEEL_TRY(
        keel_device_read(b->device, m->trades, i * m->trade_cap * trade, room->trades, a->trade_count * trade, err));
    KEEL_TRY(
        keel_device_read(b->device, m->equity, 16 * i * m->equity_cap, room->equity_ts_ms, 8 * a->equity_count, err));
    return keel_device_read(b->device, m->equity, (16 * i + 8) * m->equity_cap, room->equity_e8, 8 * a->equity_count,
                            err);
}

/* Take the answer of place i of the launch for a run. */
static int take(keel_lane_batch *b, int64_t i, const keel_device_answer *a, keel_group_run *run, keel_lane_tally *tally,
                keel_lane_batch_room *room, keel_err *err) {
    if (a->trade_count < 0 || a->trade_count > b->launch.trade_cap || a->equity_count < 0 ||
        a->equity_count > b->launch.equity_cap || !a->ending.sound)
        return keel_err_set(err, KEEL_E_PARITY,
                            "the device's books do not balance: %.160s: do not use it; another driver may mend it",
                            b->device->info.name);
    KEEL_TRY(read_arrays(b, i, a, room, err));
    *tally = a->tally;
    run->result = (keel_lane_result){.trades = room->trades,
                                     .trade_count = a->trade_count,
                                     .equity_ts_ms = room->equity_ts_ms,
                                     .equity_e8 = room->equity_e8,
                                     .equity_count = a->equity_count,
                                     .tally = tally,
                                     .bars = a->bar};
    keel_lane_result_end(&run->result, &a->ending);
    return 0;
}

/* The device does not make a run that should be made: the processor says why, or something is wrong with one of them.
 */
static int ask_processor(const keel_lane_batch *b, const keel_group_task *task, keel_group_run *run, keel_err *err) {
    keel_lane_batch_room room = {0};
    keel_lane_result ignored;
    int rc = keel_lane_plain(task, run->params, run->capital_e8, &room, &ignored, &run->err);
    keel_lane_batch_room_done(&room);
    if (rc == KEEL_E_NOMEM || rc == KEEL_E_INTERRUPTED) return keel_err_set(err, rc, "%s", run->err.text);
    run->code = rc;
    if (rc != 0) return 0;
    return keel_err_set(err, KEEL_E_PARITY, "the device refuses a run that the processor makes: %.160s: do not use it",
                        b->device->info.name);
}

/* ---- launches ---------------------------------------------------------------------------------------------- */

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* Jobs that one launch takes at most. */
static int64_t at_most(const keel_lane_batch *b) {
    const keel_device_info *info = &b->device->info;
    int64_t budget = b->memory_bytes > 0 ? b->memory_bytes : info->memory_bytes / 2;
    int64_t trades = b->trade_cap * (int64_t)sizeof(keel_trade), equity = 16 * b->equity_cap;
    int64_t one = (int64_t)(sizeof(keel_device_job) + sizeof(keel_device_answer)) + trades + equity + b->books_bytes;
    int64_t most = budget / one, largest = larger(larger(trades, equity), b->books_bytes);
    if (info->largest_bytes > 0 && most > info->largest_bytes / largest) most = info->largest_bytes / largest;
    if (b->fits > 0 && most > b->fits) most = b->fits;
    return most < 1 ? 1 : most;
}

/* Launch the first of the waiting jobs, fewer when memory is short; how many in *ret_n. */
static int launch_some(keel_lane_batch *b, const keel_lane_deck *k, int64_t waiting, int64_t *ret_n, keel_err *err) {
    int64_t n = at_most(b);
    if (n > waiting) n = waiting;
    for (;;) {
        int rc = keel_lane_launch_go(b->device, &b->launch, k, b->records, n, b->trade_cap, b->equity_cap,
                                     b->books_bytes, b->answers, err);
        *ret_n = n;
        if (rc != KEEL_E_NOMEM || n == 1) return rc;
        keel_lane_launch_release(b->device, &b->launch);
        n /= 2;
        b->fits = n;
    }
}

static void record(const keel_lane_deck *k, const keel_group_task *task, const keel_group_run *run,
                   keel_device_job *ret) {
    const keel_tape *all = k->tape, *mine = task->tape;
    int64_t offset = (mine->start_ms - all->start_ms) / all->interval_ms;
    KEEL_ASSERT(offset >= 0 && mine->trade_from == all->trade_from - offset && mine->bars == all->bars - offset &&
                mine->symbol_count >= 1 && mine->symbol_count <= all->symbol_count && mine->sleeve_count == 1);
    memset(ret, 0, sizeof *ret);
    ret->offset = offset;
    ret->capital_e8 = run->capital_e8;
    ret->symbol_count = mine->symbol_count;
    ret->btc = mine->btc[0];
    ret->close_at_end = task->close_at_end;
    ret->params = *run->params;
}

/* Place i of a launch. Returns 1 when the run must be made again with more room, else 0 or an error. */
static int settle(keel_lane_batch *b, int64_t i, const keel_group_task *task, keel_group_run *run,
                  keel_lane_tally *tally, keel_lane_batch_room *room, keel_err *err) {
    const keel_device_answer *a = &b->answers[i];
    if (a->status == KEEL_JOB_FULL) {
        if (a->trade_count + keel_lane_trade_room(task->tape) > b->launch.trade_cap)
            b->trade_cap = 2 * b->launch.trade_cap;
        if (a->equity_count >= b->launch.equity_cap) b->equity_cap = 2 * b->launch.equity_cap;
        return 1;
    }
    return a->status == KEEL_JOB_DONE ? take(b, i, a, run, tally, room, err) : ask_processor(b, task, run, err);
}

int keel_lane_batch_run(keel_lane_batch *b, const keel_lane_deck *k, const keel_group_task *task, keel_group_run runs[],
                        int32_t count, keel_lane_batch_room *room, keel_lane_taker took, void *data, keel_err *err) {
    int32_t *waits = calloc((size_t)count + 1, sizeof *waits), waiting = 0, done = 0;
    int fits = waits && keel_lane_reserve((void **)&room->tallies, &room->tally_cap, count, sizeof *room->tallies) &&
               keel_lane_reserve((void **)&b->records, &b->record_cap, count, sizeof *b->records) &&
               keel_lane_reserve((void **)&b->answers, &b->answer_cap, count, sizeof *b->answers);
    int rc = fits ? 0 : no_memory(err);
    for (int32_t i = 0; rc == 0 && i < count; i++)
        if (runs[i].code == 0) waits[waiting++] = i;
    while (rc == 0 && done < waiting) {
        int64_t n = 0, again = 0;
        for (int32_t i = done; i < waiting; i++)
            record(k, task, &runs[waits[i]], &b->records[i - done]);
        rc = launch_some(b, k, waiting - done, &n, err);
        for (int64_t i = n - 1; rc >= 0 && i >= 0; i--) {
            int32_t at = waits[done + i];
            rc = settle(b, i, task, &runs[at], &room->tallies[at], room, err);
            if (rc > 0) waits[done + n - ++again] = at; /* those to make again come next */
            if (rc == 0 && runs[at].code == 0 && took) rc = took(data, at, &runs[at].result, err);
        }
        if (rc > 0) rc = 0;
        done += (int32_t)(n - again);
    }
    free(waits);
    return rc;
}

/* ---- contract ---------------------------------------------------------------------------------------------- */

keel_lane_batch *keel_lane_batch_new(keel_device *device, const keel_tape *tape, const keel_instrument *rules,
                                     int64_t memory_bytes) {
    keel_lane_batch *b = calloc(1, sizeof *b);
    if (!b) return NULL;
    b->device = device;
    b->deck = (keel_lane_deck){.tape = tape, .rules = rules};
    b->memory_bytes = memory_bytes;
    b->trade_cap = TRADES_FIRST + keel_lane_trade_room(tape);
    b->equity_cap = SAMPLES_FIRST;
    return b;
}

void keel_lane_batch_free(keel_lane_batch *b) {
    if (!b) return;
    keel_lane_launch_release(b->device, &b->launch);
    keel_lane_deck_release(b->device, &b->deck);
    free(b->answers);
    free(b->records);
    free(b);
}

/* Of a call under way. */
typedef struct call {
    const keel_lane_batch *b;
    const keel_group_task *task;
    keel_group_run *runs;
    int32_t first; /* the run that the processor makes as well; -1: none is left */
    keel_lane_batch_room plain;
} call;

/* A run goes to its book; the first is compared before. */
static int keep(void *data, int32_t run, const keel_lane_result *result, keel_err *err) {
    call *c = data;
    keel_group_run *r = &c->runs[run];
    if (run == c->first) {
        keel_lane_result processor;
        KEEL_TRY(keel_lane_plain(c->task, r->params, r->capital_e8, &c->plain, &processor, err));
        KEEL_TRY(keel_lane_trust(&processor, result, c->b->device->info.name, "a trial", err));
    }
    KEEL_TRY(keel_group_keep(r, result, err));
    r->result.trades = NULL;
    r->result.equity_ts_ms = r->result.equity_e8 = NULL;
    return 0;
}

void keel_lane_batch_turn(keel_lane_batch *b, const keel_tape *tape, const keel_instrument *rules) {
    keel_lane_deck_release(b->device, &b->deck);
    b->deck = (keel_lane_deck){.tape = tape, .rules = rules};
    if (b->trade_cap < TRADES_FIRST + keel_lane_trade_room(tape))
        b->trade_cap = TRADES_FIRST + keel_lane_trade_room(tape);
}

/* What is built, or built now, holds signals of this size, and the tape is on the device. */
static int make_ready(keel_lane_batch *b, int32_t window, int32_t specs, keel_err *err) {
    int fits = b->window_max > 0 && window <= b->window_max && specs <= b->spec_max &&
               b->deck.tape->symbol_count <= b->symbol_max;
    if (!fits) KEEL_TRY(keel_lane_batch_ask(b, window, specs, err));
    return keel_lane_deck_send(b->device, &b->deck, err);
}

int keel_lane_batch_one(keel_lane_batch *b, const keel_group_task *task, const keel_params *p, int64_t capital_e8,
                        keel_lane_batch_room *room, keel_lane_result *ret, keel_err *reterr) {
    keel_group_run run = {.params = p, .capital_e8 = capital_e8};
    keel_signal_set *set = calloc(1, sizeof *set);
    int32_t window = 0, specs = 0;
    int rc = set ? keel_lane_measure(task->kernel, p, set, &window, &specs, reterr) : no_memory(reterr);
    free(set);
    if (rc == 0) rc = make_ready(b, window, specs, reterr);
    if (rc == 0) rc = keel_lane_batch_run(b, &b->deck, task, &run, 1, room, NULL, NULL, reterr);
    if (rc == 0 && run.code != 0) rc = keel_err_set(reterr, run.code, "%s", run.err.text);
    *ret = run.result;
    return rc;
}

int keel_lane_batch_go(keel_lane_batch *b, const keel_group_task *task, keel_group_run runs[], int32_t count,
                       keel_lane_batch_room *room, keel_err *reterr) {
    keel_signal_set *set = calloc(1, sizeof *set);
    int32_t window = 0, specs = 0;
    call c = {.b = b, .task = task, .runs = runs, .first = -1};
    for (int32_t i = 0; i < count; i++)
        KEEL_ASSERT(!runs[i].by_regime); /* whoever chooses a device refuses it: a job has one configuration */
    for (int32_t i = 0; set && i < count; i++) {
        runs[i].code = keel_lane_measure(task->kernel, runs[i].params, set, &window, &specs, &runs[i].err);
        if (c.first < 0 && runs[i].code == 0) c.first = i;
    }
    int rc = set ? 0 : no_memory(reterr);
    free(set);
    if (rc == 0 && c.first >= 0) rc = make_ready(b, window, specs, reterr);
    if (rc == 0 && c.first >= 0) rc = keel_lane_batch_run(b, &b->deck, task, runs, count, room, keep, &c, reterr);
    keel_lane_batch_room_done(&c.plain);
    return rc;
}

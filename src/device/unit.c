/* device/unit.c: the kernels: what a device runs for one configuration. Not part of the program: script/embed-device
 * makes one text of this file and the pure rooms, which travels in the program and is compiled by the device's driver.
 *
 * Hand-written here: where things lie in the device's memory, and which thread does what. What a configuration does is
 * the lane, the same text as on the host. */
#include "all.c"

#include "device/records.h"

/* The part of the shared tape that a job reads. */
KEEL_LOCAL void keel_device_cut_symbol(KEEL_GLOBAL const keel_device_call *call,
                                       KEEL_GLOBAL const keel_device_symbol *s, KEEL_GLOBAL const int64_t *ints,
                                       KEEL_GLOBAL const double *doubles, const keel_tape *tape, int64_t offset,
                                       keel_tape_symbol *ret) {
    const int64_t n = call->bars, ratio = call->ratio;
    KEEL_GLOBAL const int64_t *at = ints + s->main_at + offset;
    ret->open_e8 = at;
    ret->high_e8 = at + n;
    ret->low_e8 = at + 2 * n;
    ret->close_e8 = at + 3 * n;
    ret->volume = doubles + s->volume_at + offset;
    ret->detail_open_e8 = (KEEL_GLOBAL const int64_t *)0;
    ret->detail_high_e8 = (KEEL_GLOBAL const int64_t *)0;
    ret->detail_low_e8 = (KEEL_GLOBAL const int64_t *)0;
    ret->detail_close_e8 = (KEEL_GLOBAL const int64_t *)0;
    ret->detail_volume = (KEEL_GLOBAL const double *)0;
    if (s->detail_at >= 0) {
        at = ints + s->detail_at + offset * ratio;
        ret->detail_open_e8 = at;
        ret->detail_high_e8 = at + n * ratio;
        ret->detail_low_e8 = at + 2 * n * ratio;
        ret->detail_close_e8 = at + 3 * n * ratio;
        ret->detail_volume = doubles + s->detail_volume_at + offset * ratio;
    }
    int64_t past = 0;
    at = ints + s->funding_at;
    while (past < s->funding_count && at[past] < tape->start_ms)
        past++;
    ret->funding_ts_ms = at + past;
    ret->funding_rate_e16 = at + s->funding_count + past;
    ret->funding_count = s->funding_count - past;
    for (int32_t level = 0; level < KEEL_TAPE_EXTREMES; level++)
        ret->extremes[level] = (KEEL_GLOBAL const int64_t *)0;
    ret->early = (KEEL_GLOBAL const int64_t *)0;
    ret->watch_only = s->watch_only;
    ret->sleeve = 0;
}

KEEL_LOCAL void keel_device_cut(KEEL_GLOBAL const keel_device_call *call, KEEL_GLOBAL const keel_device_symbol *symbols,
                                KEEL_GLOBAL const int64_t *ints, KEEL_GLOBAL const double *doubles,
                                KEEL_GLOBAL const keel_device_job *job, keel_tape *ret) {
    ret->start_ms = call->start_ms + job->offset * call->interval_ms;
    ret->interval_ms = call->interval_ms;
    ret->bars = call->bars - job->offset;
    ret->trade_from = call->trade_from - job->offset;
    ret->ratio = call->ratio;
    ret->symbol_count = job->symbol_count;
    ret->sleeve_count = 1;
    ret->reserved = 0;
    for (int32_t i = 0; i < KEEL_SLEEVES_MAX; i++)
        ret->btc[i] = i == 0 ? job->btc : -1;
    for (int32_t i = 0; i < job->symbol_count; i++)
        keel_device_cut_symbol(call, &symbols[i], ints, doubles, ret, job->offset, &ret->sym[i]);
}

/* What a configuration remembers. */
typedef struct keel_device_books {
    keel_lane lane;
    keel_state state;
    keel_snapshot snaps[KEEL_SYMBOLS_MAX];
    keel_signal_set sets[KEEL_SYMBOLS_MAX];
} keel_device_books;

KEEL_LOCAL int32_t keel_device_signals(const keel_params *p, int32_t symbols, keel_device_books *books) {
    keel_signal_list list;
    keel_strategy_signals(p, &list);
    if (list.overflow) return 0;
    for (int32_t i = 0; i < symbols; i++) {
        if (keel_signal_set_init(&books->sets[i], list.spec, list.n) != KEEL_SIGNAL_OK) return 0;
        books->snaps[i].ready = 0;
        for (int32_t slot = 0; slot < KEEL_SLOT_MAX; slot++)
            books->snaps[i].v[slot] = 0.0;
    }
    return 1;
}

/* The whole run. Returns KEEL_JOB_*, *ret_refused as in the answer. */
KEEL_LOCAL int32_t keel_device_lane(KEEL_GLOBAL const keel_device_symbol *symbols,
                                    KEEL_GLOBAL const keel_device_job *job, const keel_params *p, const keel_tape *tape,
                                    keel_device_books *books, keel_lane_out *out, int32_t *ret_refused) {
    *ret_refused = keel_lane_init(&books->lane, &books->state, p, tape, job->capital_e8, job->close_at_end);
    if (*ret_refused != KEEL_REFUSED_OK) return KEEL_JOB_REFUSED;
    if (!keel_device_signals(p, tape->symbol_count, books)) return KEEL_JOB_REFUSED;
    for (int32_t i = 0; i < tape->symbol_count; i++)
        books->state.sym[i].rules = symbols[i].rules;
    int32_t status =
        keel_lane_advance(&books->lane, &books->state, p, tape, books->sets, books->snaps, (const keel_window *)0, out);
    if (status == KEEL_LANE_DONE) return KEEL_JOB_DONE;
    *ret_refused = books->lane.fault;
    return status == KEEL_LANE_DRAIN ? KEEL_JOB_FULL : KEEL_JOB_REFUSED;
}

/* One thread, one configuration. */
KEEL_KERNEL keel_device_run(KEEL_GLOBAL const keel_device_call *call, KEEL_GLOBAL const keel_device_symbol *symbols,
                            KEEL_GLOBAL const keel_device_job *jobs, KEEL_GLOBAL const int64_t *ints,
                            KEEL_GLOBAL const double *doubles, KEEL_GLOBAL keel_device_answer *answers,
                            KEEL_GLOBAL keel_trade *trades, KEEL_GLOBAL int64_t *equity, KEEL_GLOBAL uint8_t *memory) {
    int64_t at = keel_thread();
    if (at >= call->jobs) return;
    KEEL_GLOBAL const keel_device_job *job = &jobs[at];
#if KEEL_ONE_SPACE
    keel_device_books *books = (keel_device_books *)(memory + at * call->books_bytes);
#else
    keel_device_books private_books;
    keel_device_books *books = &private_books;
    (void)memory;
#endif
    keel_params p = job->params;
    keel_tape tape;
    keel_lane_out out;
    keel_device_answer a;
    keel_device_cut(call, symbols, ints, doubles, job, &tape);
    out.trades = trades + at * call->trade_cap;
    out.trade_cap = call->trade_cap;
    out.trade_count = 0;
    out.equity_ts_ms = equity + 2 * at * call->equity_cap;
    out.equity_e8 = out.equity_ts_ms + call->equity_cap;
    out.equity_cap = call->equity_cap;
    out.equity_count = 0;
    out.decisions = (KEEL_GLOBAL keel_lane_decision *)0;
    out.decision_cap = 0;
    out.decision_count = 0;
    out.lean = 1;
    out.reserved = 0;
    a.status = keel_device_lane(symbols, job, &p, &tape, books, &out, &a.refused);
    a.trade_count = out.trade_count;
    a.equity_count = out.equity_count;
    a.bar = books->lane.bar;
    a.tally = books->lane.tally;
    keel_lane_end_of(&books->state, &p, &a.ending);
    answers[at] = a;
}

/* ret[KEEL_DEVICE_LAYOUT_COUNT]: the layout; then the bytes of the books, 0 where they are private. */
KEEL_KERNEL keel_device_layout(KEEL_GLOBAL uint64_t *ret) {
    if (keel_thread() != 0) return;
#define KEEL_DEVICE_SAY(number, what) ret[number] = (uint64_t)(what);
    KEEL_DEVICE_LAYOUT(KEEL_DEVICE_SAY)
    ret[KEEL_DEVICE_LAYOUT_COUNT] = KEEL_ONE_SPACE ? sizeof(keel_device_books) : 0;
}

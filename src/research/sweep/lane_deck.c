/* research/sweep/lane_deck.c: see lane_deck.h. */
#include "research/sweep/lane_deck.h"

#include <string.h>

void keel_lane_deck_release(keel_device *d, keel_lane_deck *k) {
    keel_device_release(d, k->symbols);
    keel_device_release(d, k->ints);
    keel_device_release(d, k->doubles);
    k->symbols = k->ints = k->doubles = NULL;
    k->sent = 0;
}

/* Where everything will lie; sums up both arrays. */
static void lay_out(const keel_tape *tape, const keel_instrument *rules, keel_device_symbol ret[], int64_t *ret_ints,
                    int64_t *ret_doubles) {
    int64_t ints = 0, doubles = 0, n = tape->bars, m = tape->bars * tape->ratio;
    for (int32_t i = 0; i < tape->symbol_count; i++) {
        const keel_tape_symbol *s = &tape->sym[i];
        int detail = s->detail_close_e8 != NULL;
        ret[i] = (keel_device_symbol){.main_at = ints,
                                      .volume_at = doubles,
                                      .detail_at = detail ? ints + 4 * n : -1,
                                      .detail_volume_at = doubles + n,
                                      .funding_at = ints + 4 * n + (detail ? 4 * m : 0),
                                      .funding_count = s->funding_count,
                                      .watch_only = s->watch_only,
                                      .rules = rules[i]};
        ints = ret[i].funding_at + 2 * s->funding_count;
        doubles += n + (detail ? m : 0);
    }
    *ret_ints = ints;
    *ret_doubles = doubles;
}

static int send(keel_device *d, keel_device_memory *to, int64_t at, const void *from, int64_t n, keel_err *err) {
    return keel_device_write(d, to, at * 8, from, n * 8, err);
}

static int send_symbol(keel_device *d, const keel_lane_deck *k, int32_t symbol, const keel_device_symbol *r,
                       keel_err *err) {
    const keel_tape_symbol *s = &k->tape->sym[symbol];
    int64_t n = k->tape->bars, m = n * k->tape->ratio, f = s->funding_count;
    KEEL_TRY(send(d, k->ints, r->main_at, s->open_e8, n, err));
    KEEL_TRY(send(d, k->ints, r->main_at + n, s->high_e8, n, err));
    KEEL_TRY(send(d, k->ints, r->main_at + 2 * n, s->low_e8, n, err));
    KEEL_TRY(send(d, k->ints, r->main_at + 3 * n, s->close_e8, n, err));
    KEEL_TRY(send(d, k->doubles, r->volume_at, s->volume, n, err));
    KEEL_TRY(send(d, k->ints, r->funding_at, s->funding_ts_ms, f, err));
    KEEL_TRY(send(d, k->ints, r->funding_at + f, s->funding_rate_e16, f, err));
    if (r->detail_at < 0) return 0;
    KEEL_TRY(send(d, k->ints, r->detail_at, s->detail_open_e8, m, err));
    KEEL_TRY(send(d, k->ints, r->detail_at + m, s->detail_high_e8, m, err));
    KEEL_TRY(send(d, k->ints, r->detail_at + 2 * m, s->detail_low_e8, m, err));
    KEEL_TRY(send(d, k->ints, r->detail_at + 3 * m, s->detail_close_e8, m, err));
    return send(d, k->doubles, r->detail_volume_at, s->detail_volume, m, err);
}

int keel_lane_deck_send(keel_device *d, keel_lane_deck *ret, keel_err *err) {
    keel_device_symbol records[KEEL_SYMBOLS_MAX];
    const keel_tape *tape = ret->tape;
    int64_t ints = 0, doubles = 0;
    if (ret->sent) return 0;
    lay_out(tape, ret->rules, records, &ints, &doubles);
    int64_t bytes = (int64_t)sizeof records[0] * tape->symbol_count;
    KEEL_TRY(keel_device_alloc(d, bytes, &ret->symbols, err));
    KEEL_TRY(keel_device_alloc(d, 8 * ints, &ret->ints, err));
    KEEL_TRY(keel_device_alloc(d, 8 * doubles, &ret->doubles, err));
    KEEL_TRY(keel_device_write(d, ret->symbols, 0, records, bytes, err));
    for (int32_t i = 0; i < tape->symbol_count; i++)
        KEEL_TRY(send_symbol(d, ret, i, &records[i], err));
    ret->sent = 1;
    return 0;
}

/* ---- a launch ---------------------------------------------------------------------------------------------- */

void keel_lane_launch_release(keel_device *d, keel_lane_launch *m) {
    keel_device_release(d, m->call);
    keel_device_release(d, m->jobs);
    keel_device_release(d, m->answers);
    keel_device_release(d, m->trades);
    keel_device_release(d, m->equity);
    keel_device_release(d, m->books);
    memset(m, 0, sizeof *m);
}

static int reserve(keel_device *d, keel_lane_launch *m, int64_t jobs, int64_t trade_cap, int64_t equity_cap,
                   int64_t books_bytes, keel_err *err) {
    if (m->call && m->job_cap >= jobs && m->trade_cap >= trade_cap && m->equity_cap >= equity_cap) return 0;
    keel_lane_launch_release(d, m);
    KEEL_TRY(keel_device_alloc(d, sizeof(keel_device_call), &m->call, err));
    KEEL_TRY(keel_device_alloc(d, jobs * (int64_t)sizeof(keel_device_job), &m->jobs, err));
    KEEL_TRY(keel_device_alloc(d, jobs * (int64_t)sizeof(keel_device_answer), &m->answers, err));
    KEEL_TRY(keel_device_alloc(d, jobs * trade_cap * (int64_t)sizeof(keel_trade), &m->trades, err));
    KEEL_TRY(keel_device_alloc(d, jobs * equity_cap * 16, &m->equity, err));
    KEEL_TRY(keel_device_alloc(d, books_bytes > 0 ? jobs * books_bytes : 8, &m->books, err));
    m->job_cap = jobs;
    m->trade_cap = trade_cap;
    m->equity_cap = equity_cap;
    return 0;
}

int keel_lane_launch_go(keel_device *d, keel_lane_launch *m, const keel_lane_deck *k, const keel_device_job records[],
                        int64_t n, int64_t trade_cap, int64_t equity_cap, int64_t books_bytes,
                        keel_device_answer answers[], keel_err *err) {
    const keel_tape *tape = k->tape;
    KEEL_TRY(reserve(d, m, n, trade_cap, equity_cap, books_bytes, err));
    keel_device_call call = {.start_ms = tape->start_ms,
                             .interval_ms = tape->interval_ms,
                             .bars = tape->bars,
                             .trade_from = tape->trade_from,
                             .jobs = n,
                             .trade_cap = m->trade_cap,
                             .equity_cap = m->equity_cap,
                             .books_bytes = books_bytes,
                             .ratio = tape->ratio,
                             .symbol_count = tape->symbol_count};
    keel_device_memory *const arguments[] = {m->call,    k->symbols, m->jobs,   k->ints, k->doubles,
                                             m->answers, m->trades,  m->equity, m->books};
    KEEL_TRY(keel_device_write(d, m->call, 0, &call, sizeof call, err));
    KEEL_TRY(keel_device_write(d, m->jobs, 0, records, n * (int64_t)sizeof *records, err));
    KEEL_TRY(keel_device_run(d, "keel_device_run", arguments, 9, n, err));
    return keel_device_read(d, m->answers, 0, answers, n * (int64_t)sizeof *answers, err);
}

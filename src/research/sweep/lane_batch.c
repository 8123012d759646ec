/* research/sweep/lane_batch.c: see lane_batch.h. */
#include "research/sweep/lane_batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "device/records.h"
#include "device/unit_text.h"
#include "lane/kat.h"

/* Room for an equity point beyond the last bar: a lane with a full buffer does not go on, not even to its end. */
enum { TRADES_FIRST = 256, EQUITY_SPARE = 2, DEFINES = 6, WINDOW_MIN = 512, SPECS_STEP = 8, KAT_SEED = 20250711 };

/* A tape in the device's memory, and what all runs over it share. */
typedef struct deck {
    const keel_tape *tape;
    const keel_instrument *rules;
    const keel_kernel *kernel;
    int64_t capital_e8;
    int32_t close_at_end, sent;
    keel_device_memory *symbols, *ints, *doubles;
} deck;

/* Memory of one launch. */
typedef struct launch_memory {
    keel_device_memory *call, *jobs, *answers, *trades, *equity, *books;
    int64_t job_cap, trade_cap, equity_cap;
} launch_memory;

struct keel_lane_batch {
    keel_lane_batch_plan plan;
    deck deck;
    launch_memory memory;
    int32_t window_max, spec_max; /* of the text that is built; 0: none is */
    int64_t books_bytes;
    int64_t trade_cap;           /* per job, for the next launch */
    int64_t fits;                /* jobs of a launch, known not to be too many; 0: not known */
    keel_device_answer *answers; /* [answer_cap] */
    keel_device_job *records;    /* [answer_cap] */
    int64_t answer_cap;
};

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: batch of trials: use fewer --threads");
}

/* ---- a tape on the device ---------------------------------------------------------------------------------- */

static void deck_release(keel_device *d, deck *k) {
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

static int send_symbol(keel_device *d, const deck *k, int32_t symbol, const keel_device_symbol *r, keel_err *err) {
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

static int deck_send(keel_device *d, deck *ret, keel_err *err) {
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

static void launch_release(keel_device *d, launch_memory *m) {
    keel_device_release(d, m->call);
    keel_device_release(d, m->jobs);
    keel_device_release(d, m->answers);
    keel_device_release(d, m->trades);
    keel_device_release(d, m->equity);
    keel_device_release(d, m->books);
    memset(m, 0, sizeof *m);
}

static int64_t bytes_per_job(const keel_lane_batch *b, int64_t trade_cap, int64_t equity_cap) {
    return (int64_t)sizeof(keel_device_job) + (int64_t)sizeof(keel_device_answer) +
           trade_cap * (int64_t)sizeof(keel_trade) + 16 * equity_cap + b->books_bytes;
}

static int launch_alloc(keel_lane_batch *b, int64_t jobs, int64_t trade_cap, int64_t equity_cap, keel_err *err) {
    launch_memory *m = &b->memory;
    keel_device *d = b->plan.device;
    if (m->call && m->job_cap >= jobs && m->trade_cap >= trade_cap && m->equity_cap >= equity_cap) return 0;
    launch_release(d, m);
    KEEL_TRY(keel_device_alloc(d, sizeof(keel_device_call), &m->call, err));
    KEEL_TRY(keel_device_alloc(d, jobs * (int64_t)sizeof(keel_device_job), &m->jobs, err));
    KEEL_TRY(keel_device_alloc(d, jobs * (int64_t)sizeof(keel_device_answer), &m->answers, err));
    KEEL_TRY(keel_device_alloc(d, jobs * trade_cap * (int64_t)sizeof(keel_trade), &m->trades, err));
    KEEL_TRY(keel_device_alloc(d, jobs * equity_cap * 16, &m->equity, err));
    KEEL_TRY(keel_device_alloc(d, b->books_bytes > 0 ? jobs * b->books_bytes : 8, &m->books, err));
    m->job_cap = jobs;
    m->trade_cap = trade_cap;
    m->equity_cap = equity_cap;
    return 0;
}

static void record(const deck *k, const keel_lane_job *job, keel_device_job *ret) {
    const keel_tape *all = k->tape, *mine = job->tape;
    memset(ret, 0, sizeof *ret);
    ret->offset = (mine->start_ms - all->start_ms) / all->interval_ms;
    ret->capital_e8 = k->capital_e8;
    ret->symbol_count = mine->symbol_count;
    ret->btc = mine->btc[0];
    ret->close_at_end = k->close_at_end;
    ret->params = *job->params;
    KEEL_ASSERT(mine->sleeve_count == 1 && mine->bars == all->bars - ret->offset && ret->offset >= 0 &&
                mine->trade_from == all->trade_from - ret->offset && mine->symbol_count <= all->symbol_count &&
                mine->sym[0].close_e8 == all->sym[0].close_e8 + ret->offset);
}

/* One launch of records[0 .. n): answers[0 .. n). */
static int launch(keel_lane_batch *b, const deck *k, const keel_device_job records[], int64_t n,
                  keel_device_answer answers[], keel_err *err) {
    const keel_tape *tape = k->tape;
    keel_device *d = b->plan.device;
    launch_memory *m = &b->memory;
    int64_t equity_cap = tape->bars - tape->trade_from + EQUITY_SPARE;
    KEEL_TRY(launch_alloc(b, n, b->trade_cap, equity_cap, err));
    keel_device_call call = {.start_ms = tape->start_ms,
                             .interval_ms = tape->interval_ms,
                             .bars = tape->bars,
                             .trade_from = tape->trade_from,
                             .jobs = n,
                             .trade_cap = m->trade_cap,
                             .equity_cap = m->equity_cap,
                             .books_bytes = b->books_bytes,
                             .ratio = tape->ratio,
                             .symbol_count = tape->symbol_count};
    keel_device_memory *const arguments[] = {m->call,    k->symbols, m->jobs,   k->ints, k->doubles,
                                             m->answers, m->trades,  m->equity, m->books};
    KEEL_TRY(keel_device_write(d, m->call, 0, &call, sizeof call, err));
    KEEL_TRY(keel_device_write(d, m->jobs, 0, records, n * (int64_t)sizeof *records, err));
    KEEL_TRY(keel_device_run(d, "keel_device_run", arguments, 9, n, err));
    return keel_device_read(d, m->answers, 0, answers, n * (int64_t)sizeof *answers, err);
}

/* Where the arrays of a result begin. */
typedef struct place {
    int64_t trade, sample;
} place;

/* ---- results ----------------------------------------------------------------------------------------------- */

void keel_lane_batch_room_done(keel_lane_batch_room *room) {
    free(room->trades);
    free(room->equity_e8);
    free(room->equity_ts_ms);
    free(room->tallies);
    memset(room, 0, sizeof *room);
}

/* Whether *array holds `count` elements; it is moved to make it so, and then stale pointers are the caller's matter. */
static int reserve(void **array, int64_t *cap, int64_t count, size_t size) {
    if (*cap >= count) return 1;
    int64_t wanted = count + count / 2 + 64;
    void *grown = realloc(*array, (size_t)wanted * size);
    if (!grown) return 0;
    *array = grown;
    *cap = wanted;
    return 1;
}

/* Take the trades and the equity curve of record i of the launch; where they begin in room. */
static int take_arrays(keel_lane_batch *b, int64_t i, const keel_device_answer *a, keel_lane_batch_room *room,
                       place *ret, keel_err *err) {
    const launch_memory *m = &b->memory;
    keel_device *d = b->plan.device;
    int64_t trades = room->trade_count + a->trade_count, samples = room->sample_count + a->equity_count;
    if (!reserve((void **)&room->trades, &room->trade_cap, trades, sizeof *room->trades) ||
        !reserve((void **)&room->equity_e8, &room->equity_cap, samples, 8) ||
        !reserve((void **)&room->equity_ts_ms, &room->ts_cap, samples, 8))
        return no_memory(err);
    KEEL_TRY(keel_device_read(d, m->trades, i * m->trade_cap * (int64_t)sizeof(keel_trade),
                              room->trades + room->trade_count, a->trade_count * (int64_t)sizeof(keel_trade), err));
    KEEL_TRY(keel_device_read(d, m->equity, 16 * i * m->equity_cap, room->equity_ts_ms + room->sample_count,
                              8 * a->equity_count, err));
    KEEL_TRY(keel_device_read(d, m->equity, (16 * i + 8) * m->equity_cap, room->equity_e8 + room->sample_count,
                              8 * a->equity_count, err));
    *ret = (place){.trade = room->trade_count, .sample = room->sample_count};
    room->trade_count = trades;
    room->sample_count = samples;
    return 0;
}

/* Take the answers of one launch. index[i]: which job of the call record i was. */
static int take(keel_lane_batch *b, const int64_t index[], int64_t n, const keel_device_answer answers[],
                keel_lane_batch_room *room, place places[], keel_lane_result ret[], int32_t ret_ok[], keel_err *err) {
    const launch_memory *m = &b->memory;
    for (int64_t i = 0; i < n; i++) {
        const keel_device_answer *a = &answers[i];
        int64_t at = index[i];
        ret_ok[at] = a->status == KEEL_JOB_DONE;
        if (a->status != KEEL_JOB_DONE) continue;
        if (a->trade_count < 0 || a->trade_count > m->trade_cap || a->equity_count < 0 ||
            a->equity_count > m->equity_cap || !a->ending.sound)
            return keel_err_set(err, KEEL_E_PARITY,
                                "the device's books do not balance: %.160s: do not use it; another driver may mend it",
                                b->plan.device->info.name);
        KEEL_TRY(take_arrays(b, i, a, room, &places[at], err));
        room->tallies[at] = a->tally;
        ret[at] = (keel_lane_result){.trade_count = a->trade_count,
                                     .equity_count = a->equity_count,
                                     .tally = &room->tallies[at],
                                     .bars = a->bar};
        keel_lane_result_end(&ret[at], &a->ending);
    }
    return 0;
}

/* ---- a call ------------------------------------------------------------------------------------------------ */

/* Room for records and answers of a call. */
static int reserve_answers(keel_lane_batch *b, int64_t count) {
    int64_t cap = b->answer_cap;
    return reserve((void **)&b->records, &cap, count, sizeof *b->records) &&
           reserve((void **)&b->answers, &b->answer_cap, count, sizeof *b->answers);
}

static int64_t at_most(const keel_lane_batch *b, const deck *k) {
    const keel_device_info *info = &b->plan.device->info;
    int64_t equity_cap = k->tape->bars - k->tape->trade_from + EQUITY_SPARE;
    int64_t budget = b->plan.memory_bytes > 0 ? b->plan.memory_bytes : info->memory_bytes / 2;
    int64_t one = bytes_per_job(b, b->trade_cap, equity_cap), most = budget / one, part = b->books_bytes;
    if (part < 16 * equity_cap) part = 16 * equity_cap;
    if (part < b->trade_cap * (int64_t)sizeof(keel_trade)) part = b->trade_cap * (int64_t)sizeof(keel_trade);
    if (info->largest_bytes > 0 && most > info->largest_bytes / part) most = info->largest_bytes / part;
    if (b->fits > 0 && most > b->fits) most = b->fits;
    return most < 1 ? 1 : most;
}

/* Launch the first of the waiting jobs, fewer when memory is short. Returns how many in *ret_n. */
static int launch_some(keel_lane_batch *b, const deck *k, const keel_device_job records[], int64_t waiting,
                       keel_device_answer answers[], int64_t *ret_n, keel_err *err) {
    int64_t n = at_most(b, k);
    if (n > waiting) n = waiting;
    for (;;) {
        int rc = launch(b, k, records, n, answers, err);
        *ret_n = n;
        if (rc != KEEL_E_NOMEM || n == 1) return rc;
        launch_release(b->plan.device, &b->memory);
        n /= 2;
        b->fits = n;
    }
}

/* All jobs of a call over a deck. Those with more trades than fit are run again with more room. */
static int run_all(keel_lane_batch *b, const deck *k, const keel_lane_job jobs[], int64_t count,
                   keel_lane_batch_room *room, keel_lane_result ret[], int32_t ret_ok[], keel_err *err) {
    int64_t *index = calloc((size_t)count, sizeof *index);
    place *places = calloc((size_t)count, sizeof *places);
    int64_t waiting = 0, done = 0;
    room->trade_count = room->sample_count = 0;
    int fits = reserve((void **)&room->tallies, &room->tally_cap, count, sizeof *room->tallies);
    int rc = index && places && fits ? 0 : no_memory(err);
    for (int64_t i = 0; rc == 0 && i < count; i++)
        if (ret_ok[i]) index[waiting++] = i;
    while (rc == 0 && done < waiting) {
        int64_t n = 0;
        for (int64_t i = done; i < waiting; i++)
            record(k, &jobs[index[i]], &b->records[i - done]);
        rc = launch_some(b, k, b->records, waiting - done, b->answers, &n, err);
        if (rc == 0) rc = take(b, index + done, n, b->answers, room, places, ret, ret_ok, err);
        int64_t at = done + n; /* those to run again come next */
        for (int64_t i = n - 1; rc == 0 && i >= 0; i--)
            if (b->answers[i].status == KEEL_JOB_FULL) index[--at] = index[done + i];
        if (at < done + n) b->trade_cap *= 2;
        done = at;
    }
    for (int64_t i = 0; rc == 0 && i < count; i++) {
        if (!ret_ok[i]) continue;
        ret[i].trades = room->trades + places[i].trade;
        ret[i].equity_ts_ms = room->equity_ts_ms + places[i].sample;
        ret[i].equity_e8 = room->equity_e8 + places[i].sample;
    }
    free(index);
    free(places);
    return rc;
}

/* The same job on the processor must be the same. */
static int check_one(keel_lane_batch *b, const deck *k, const keel_lane_job *job, const char *what,
                     const keel_lane_result *device, keel_err *err) {
    keel_lane_result processor;
    keel_lane_task task = {.kernel = k->kernel,
                           .params = job->params,
                           .tape = job->tape,
                           .rules = k->rules,
                           .capital_e8 = k->capital_e8,
                           .close_at_end = k->close_at_end,
                           .steps = 1};
    keel_lane_run *host = keel_lane_run_new(k->tape->bars - k->tape->trade_from, k->tape->symbol_count);
    if (!host) return no_memory(err);
    int rc = keel_lane_run_go(host, &task, &processor, err);
    if (rc == 0) rc = keel_lane_trust(&processor, device, b->plan.device->info.name, what, err);
    keel_lane_run_free(host);
    return rc;
}

/* ---- trust ------------------------------------------------------------------------------------------------- */

static int check_layout(keel_lane_batch *b, keel_err *err) {
    static const uint64_t wanted[] = {
#define PLACE(number, what) (uint64_t)(what),
        KEEL_DEVICE_LAYOUT(PLACE)
#undef PLACE
    };
    uint64_t said[KEEL_DEVICE_LAYOUT_COUNT + 1] = {0};
    keel_device *d = b->plan.device;
    keel_device_memory *m = NULL;
    KEEL_TRY(keel_device_alloc(d, sizeof said, &m, err));
    int rc = keel_device_run(d, "keel_device_layout", &m, 1, 1, err);
    if (rc == 0) rc = keel_device_read(d, m, 0, said, sizeof said, err);
    keel_device_release(d, m);
    for (int i = 0; rc == 0 && i < KEEL_DEVICE_LAYOUT_COUNT; i++)
        if (said[i] != wanted[i])
            rc = keel_err_set(err, KEEL_E_PARITY,
                              "the device lays out records in another way: %.160s: place %d is %" PRIu64
                              ", not %" PRIu64 ": do not use it",
                              d->info.name, i, said[i], wanted[i]);
    b->books_bytes = ((int64_t)said[KEEL_DEVICE_LAYOUT_COUNT] + 255) / 256 * 256;
    return rc;
}

/* Memory of the known-answer market. */
typedef struct kat {
    int64_t *ints;
    double *doubles;
    keel_tape tape;
    keel_instrument rules[KEEL_KAT_SYMBOLS];
    keel_params params[KEEL_STRATEGY_COUNT];
    keel_lane_job jobs[KEEL_STRATEGY_COUNT];
    keel_lane_result results[KEEL_STRATEGY_COUNT];
    int32_t ok[KEEL_STRATEGY_COUNT];
    keel_lane_batch_room room;
    deck deck;
} kat;

static void kat_free(keel_lane_batch *b, kat *k) {
    if (!k) return;
    deck_release(b->plan.device, &k->deck);
    keel_lane_batch_room_done(&k->room);
    free(k->ints);
    free(k->doubles);
    free(k);
}

static kat *kat_new(void) {
    kat *k = calloc(1, sizeof *k);
    if (!k) return NULL;
    k->ints = calloc(KEEL_KAT_INTS, sizeof *k->ints);
    k->doubles = calloc(KEEL_KAT_DOUBLES, sizeof *k->doubles);
    if (!k->ints || !k->doubles) {
        free(k->ints);
        free(k->doubles);
        free(k);
        return NULL;
    }
    keel_kat_tape(KAT_SEED, k->ints, k->doubles, &k->tape);
    for (int32_t i = 0; i < KEEL_KAT_SYMBOLS; i++)
        keel_kat_rules(i, &k->rules[i]);
    for (int32_t s = 0; s < KEEL_STRATEGY_COUNT; s++) {
        KEEL_ASSERT(keel_kat_params(s, &k->params[s]));
        k->jobs[s] = (keel_lane_job){.params = &k->params[s], .tape = &k->tape};
        k->ok[s] = 1;
    }
    k->deck = (deck){.tape = &k->tape,
                     .rules = k->rules,
                     .kernel = &keel_kernel_builtin,
                     .capital_e8 = KEEL_KAT_CAPITAL_E8,
                     .close_at_end = 1};
    return k;
}

/* Every built-in strategy over the known-answer market. */
static int ask_known(keel_lane_batch *b, kat *k, keel_err *err) {
    char what[96];
    int rc = deck_send(b->plan.device, &k->deck, err);
    if (rc == 0) rc = run_all(b, &k->deck, k->jobs, KEEL_STRATEGY_COUNT, &k->room, k->results, k->ok, err);
    for (int32_t s = 0; rc == 0 && s < KEEL_STRATEGY_COUNT; s++) {
        (void)snprintf(what, sizeof what, "known answer of strategy %.40s", keel_strategy_describe(s).name);
        rc = k->ok[s] ? check_one(b, &k->deck, &k->jobs[s], what, &k->results[s], err)
                      : keel_err_set(err, KEEL_E_PARITY,
                                     "the device refuses a run that the processor makes: %.160s: %s: do not use it",
                                     b->plan.device->info.name, what);
    }
    return rc;
}

/* ---- the text ---------------------------------------------------------------------------------------------- */

/* Doubles that the signals' windows of a configuration take, and how many signals; 0 when the host refuses them. */
static int measure(const keel_kernel *kernel, const keel_params *p, keel_signal_set *set, int32_t *io_window,
                   int32_t *io_specs) {
    keel_signal_list list;
    kernel->strategy_signals(p, &list);
    if (list.overflow || keel_signal_set_init(set, list.spec, list.n) != KEEL_SIGNAL_OK) return 0;
    if (set->window_used > *io_window) *io_window = set->window_used;
    if (list.n > *io_specs) *io_specs = list.n;
    return 1;
}

static int build(keel_lane_batch *b, int32_t window, int32_t specs, keel_err *err) {
    char text[DEFINES][48];
    const char *defines[DEFINES];
    int32_t symbols = b->plan.tape->symbol_count > KEEL_KAT_SYMBOLS ? b->plan.tape->symbol_count : KEEL_KAT_SYMBOLS;
    keel_strbuf all;
    b->window_max = b->spec_max = 0;
    (void)snprintf(text[0], sizeof text[0], "KEEL_SYMBOLS_MAX=%d", symbols);
    (void)snprintf(text[1], sizeof text[1], "KEEL_UNIVERSE_MAX=%d", symbols);
    (void)snprintf(text[2], sizeof text[2], "KEEL_SLEEVES_MAX=1");
    (void)snprintf(text[3], sizeof text[3], "KEEL_SIGNAL_WINDOW_MAX=%d", window);
    (void)snprintf(text[4], sizeof text[4], "KEEL_SIGNAL_SPEC_MAX=%d", specs);
    for (int i = 0; i < DEFINES - 1; i++)
        defines[i] = text[i];
    keel_strbuf_init(&all, 0);
    keel_strbuf_add_bytes(&all, keel_device_unit_head, keel_device_unit_head_size);
    keel_strbuf_add_bytes(&all, keel_device_unit_tail, keel_device_unit_tail_size);
    int rc = all.failed
                 ? no_memory(err)
                 : keel_device_build(b->plan.device, keel_strbuf_text(&all), all.size, defines, DEFINES - 1, err);
    keel_strbuf_done(&all);
    if (rc == 0) rc = check_layout(b, err);
    if (rc != 0) return rc;
    b->window_max = window;
    b->spec_max = specs;
    launch_release(b->plan.device, &b->memory); /* the books have another size */
    return 0;
}

/* Build for signals of at least this size, and ask the device. */
static int build_and_ask(keel_lane_batch *b, keel_signal_set *set, int32_t window, int32_t specs, keel_err *err) {
    int32_t rounded = WINDOW_MIN;
    kat *k = kat_new();
    if (!k || !reserve_answers(b, KEEL_STRATEGY_COUNT)) {
        kat_free(b, k);
        return no_memory(err);
    }
    for (int32_t s = 0; s < KEEL_STRATEGY_COUNT; s++)
        KEEL_ASSERT(measure(&keel_kernel_builtin, &k->params[s], set, &window, &specs));
    while (rounded < window)
        rounded *= 2;
    int rc = build(b, rounded, (specs + SPECS_STEP - 1) / SPECS_STEP * SPECS_STEP, err);
    if (rc == 0) rc = ask_known(b, k, err);
    if (rc != 0) b->window_max = b->spec_max = 0;
    kat_free(b, k);
    launch_release(b->plan.device, &b->memory); /* the tape to come has another length */
    return rc;
}

/* ---- contract ---------------------------------------------------------------------------------------------- */

keel_lane_batch *keel_lane_batch_new(const keel_lane_batch_plan *plan) {
    keel_lane_batch *b = calloc(1, sizeof *b);
    if (!b) return NULL;
    b->plan = *plan;
    b->trade_cap = TRADES_FIRST + keel_lane_trade_room(plan->tape);
    b->deck = (deck){.tape = plan->tape,
                     .rules = plan->rules,
                     .kernel = plan->kernel,
                     .capital_e8 = plan->capital_e8,
                     .close_at_end = plan->close_at_end};
    return b;
}

void keel_lane_batch_free(keel_lane_batch *b) {
    if (!b) return;
    launch_release(b->plan.device, &b->memory);
    deck_release(b->plan.device, &b->deck);
    free(b->answers);
    free(b->records);
    free(b);
}

int64_t keel_lane_batch_fits(const keel_lane_batch *b) { return at_most(b, &b->deck); }

int keel_lane_batch_go(keel_lane_batch *b, const keel_lane_job jobs[], int64_t count, keel_lane_batch_room *room,
                       keel_lane_result ret[], int32_t ret_ok[], keel_err *reterr) {
    keel_signal_set *set = calloc(1, sizeof *set);
    int32_t window = 0, specs = 0;
    int rc = set && reserve_answers(b, count) ? 0 : no_memory(reterr);
    for (int64_t i = 0; rc == 0 && i < count; i++)
        ret_ok[i] = measure(b->plan.kernel, jobs[i].params, set, &window, &specs);
    if (rc == 0 && (b->window_max == 0 || window > b->window_max || specs > b->spec_max))
        rc = build_and_ask(b, set, window, specs, reterr);
    free(set);
    if (rc == 0) rc = deck_send(b->plan.device, &b->deck, reterr);
    if (rc == 0) rc = run_all(b, &b->deck, jobs, count, room, ret, ret_ok, reterr);
    if (rc == 0 && count > 0 && ret_ok[0]) rc = check_one(b, &b->deck, &jobs[0], "a trial", &ret[0], reterr);
    return rc;
}

/* bench/journal/engine_replay.c: an engine's journal read and worked through again, and a turn of the engine by itself.
 *
 *   engine_replay record DIR INPUTS    a journal of an engine on a made market of bars of a minute; its syncs left out
 *   engine_replay step DIR INPUTS      the same inputs through the same engine without a journal; and making them alone
 *   engine_replay read DIR INPUTS      all bytes of the journal, one after the other
 *   engine_replay replay DIR INPUTS    read, checksums, step; every command, report and mark compared
 *   engine_replay recover DIR INPUTS   a start: chain and signatures as well, the last segment made durable again
 *   engine_replay turn DIR INPUTS      one input after the other: put into the journal, summed, hashed, committed to a
 *                                       disk that takes no time, and stepped; each timed
 *
 * All but read end at the same state hash, which is printed. Snapshots are left out, so that everything is worked
 * through. */
#include "base/build.h"
#include "keel_common.h"
#include "core/signal/regime.h"
#include "edge/sim/venue.h"
#include "engine/engine.h"
#include "port/fs_real.h"

static const uint8_t SEED[KEEL_KEY_SIZE] = {1, 2, 3};
static const char START[] = "{\"bench\":1}";
static const int64_t MINUTE_MS = 60000, FIRST_MS = 1600000000000;

const char *keel_build_id(void) { return "bench"; } /* in place of the program's, which the build makes */

/* ---- a market: each bar opens, then closes ---- */

typedef struct feed {
    keel_engine_source port;
    uint64_t number, last, drawn;
    int64_t px_e8;
    keel_input_piece bar;
    int64_t *ns, came_ns; /* [last] of each turn, NULL: not timed */
} feed;

static int64_t draw(feed *f) {
    f->drawn = f->drawn * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)(f->drawn >> 44) - (1 << 19); /* -524288 to 524287 */
}

static void make_bar(feed *f, int64_t open_ms) {
    keel_input_piece *b = &f->bar;
    int64_t up = draw(f) * 100, down = draw(f) * 100;
    b->symbol = 0;
    b->what = KEEL_PIECE_RANGE | KEEL_PIECE_BAR;
    b->open_ms = open_ms;
    b->close_ms = open_ms + MINUTE_MS;
    b->open_e8 = f->px_e8;
    f->px_e8 += draw(f) * 200 + (100000000000 - f->px_e8) / 5000;
    b->close_e8 = f->px_e8;
    b->high_e8 = (b->open_e8 > b->close_e8 ? b->open_e8 : b->close_e8) + (up < 0 ? -up : up);
    b->low_e8 = (b->open_e8 < b->close_e8 ? b->open_e8 : b->close_e8) - (down < 0 ? -down : down);
    b->volume = 1000.0;
}

static int next(void *ctx, keel_input *ret, keel_err *reterr) {
    feed *f = ctx;
    if (f->ns && f->number) f->ns[f->number - 1] = now_ns() - f->came_ns;
    if (f->number == f->last) return 0;
    int64_t open_ms = FIRST_MS + (int64_t)(f->number / 2) * MINUTE_MS;
    int closes = f->number % 2 == 1;
    if (!closes) make_bar(f, open_ms);
    keel_input_clear(ret);
    ret->number = ++f->number;
    ret->kind = closes ? KEEL_INPUT_CLOSE : KEEL_INPUT_OPENS;
    ret->flags = 0;
    ret->ts_ms = closes ? f->bar.close_ms : open_ms;
    ret->bar_open_ms = open_ms;
    keel_input_piece *p = keel_input_add_piece(ret);
    if (!p) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory");
    *p = f->bar;
    if (!closes) p->high_e8 = p->low_e8 = p->close_e8 = 0;
    if (f->ns) f->came_ns = now_ns();
    return 1;
}

static void feed_init(feed *f, uint64_t last) {
    *f = (feed){.port = {.ctx = f, .next = next}, .last = last, .drawn = 1, .px_e8 = 100000000000};
}

/* ---- the engine ---- */

typedef struct stage {
    keel_params params;
    keel_signal_list signals;
    keel_instrument rules;
    int32_t btc, zero;
    int64_t slippage_bps;
    keel_engine_plan plan;
    keel_sim_venue venue;
    keel_engine *engine;
} stage;

static void stage_init(stage *s) {
    memset(s, 0, sizeof *s);
    keel_params_default(&s->params);
    MUST(keel_strategy_select(&s->params, KEEL_STRATEGY_EMA_CROSS) == 1);
    keel_strategy_signals(&s->params, &s->signals);
    s->rules.lot_e8 = s->rules.tick_e8 = 1;
    s->btc = -1;
    s->plan = (keel_engine_plan){.params = &s->params,
                                 .signals = &s->signals,
                                 .btc = &s->btc,
                                 .rules = &s->rules,
                                 .sleeve = &s->zero,
                                 .watch_only = &s->zero,
                                 .symbol_count = 1,
                                 .sleeve_count = 1,
                                 .start_ms = FIRST_MS,
                                 .start_usd_e8 = (int64_t)1000000 * 100000000,
                                 .interval_ms = MINUTE_MS};
    keel_sim_venue_init(&s->venue, 1, &s->rules, &s->slippage_bps);
}

/* ---- disks that take less time ---- */

static keel_fs quick;

static int no_sync(void *ctx, int file) {
    (void)ctx, (void)file;
    return 0;
}

static int open_plain(void *ctx, const char *path, int flags) {
    return keel_fs_real()->open(ctx, path, flags & ~KEEL_FS_DIRECT);
}

static int start_plain(void *ctx, keel_fs_job *job) {
    int durable = job->durable;
    job->durable = 0;
    int rc = keel_fs_real()->start(ctx, job);
    job->durable = durable;
    return rc;
}

static int start_nothing(void *ctx, keel_fs_job *job) {
    (void)ctx;
    job->written = (int64_t)job->size;
    job->synced = 1;
    return 0;
}

static int64_t finish_nothing(void *ctx, keel_fs_job *job) {
    (void)ctx;
    return job->written;
}

static int ready_nothing(void *ctx, keel_fs_job *job) {
    (void)ctx, (void)job;
    return 1;
}

static const keel_fs *without_syncs(int without_writes) {
    quick = *keel_fs_real();
    quick.sync = no_sync;
    quick.open = open_plain;
    quick.start = without_writes ? start_nothing : start_plain;
    if (without_writes) quick.finish = finish_nothing;
    if (without_writes) quick.ready = ready_nothing;
    return &quick;
}

static int start_engine(stage *s, const keel_fs *fs, const char *dir, uint32_t batch) {
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s/journal", dir);
    keel_journal_options journal = {.fs = fs,
                                    .clock = keel_clock_real(),
                                    .entropy = keel_entropy_real(),
                                    .dir = path,
                                    .name = "engine",
                                    .sign_seed = SEED,
                                    .rotate_ms = -1};
    keel_engine_options o = {.plan = &s->plan,
                             .venue = &s->venue.port,
                             .venue_rebuilt = 1,
                             .journal = &journal,
                             .start = START,
                             .start_size = sizeof START - 1,
                             .batch = batch,
                             .snapshot_records = UINT64_MAX};
    return keel_engine_open(&o, &s->engine, NULL, &err);
}

static void run_all(stage *s, feed *f) {
    int ended = 0;
    GOOD(keel_engine_run(s->engine, &f->port, NULL, &ended, &err));
    MUST(f->number == f->last);
}

/* Wall and processor time from here on; and until now, as members of the line of JSON. */
static int64_t begun_ns;
static double begun_cpu_s;

static void begin(void) {
    begun_ns = now_ns();
    begun_cpu_s = cpu_s();
}

static const char *spent(void) {
    static char text[100];
    (void)snprintf(text, sizeof text, "\"wall_s\": %.6f, \"cpu_s\": %.6f", 1e-9 * (double)(now_ns() - begun_ns),
                   cpu_s() - begun_cpu_s);
    return text;
}

static void say(const stage *s, const char *times, const char *more) {
    keel_engine_counts c = keel_engine_counts_of(s->engine);
    (void)printf(
        "{\"inputs\": %llu, \"events\": %llu, \"commands\": %llu, \"records\": %llu, %s%s, "
        "\"state_hash\": \"%016llx\"}\n",
        (unsigned long long)keel_engine_last_input(s->engine), (unsigned long long)c.events,
        (unsigned long long)c.commands, (unsigned long long)c.records, times, more,
        (unsigned long long)keel_state_hash(keel_engine_state(s->engine)));
}

/* ---- the modes ---- */

static void record(stage *s, feed *f, const char *dir) {
    begin();
    GOOD(start_engine(s, without_syncs(0), dir, KEEL_ENGINE_BATCH_MAX));
    run_all(s, f);
    say(s, spent(), "");
    keel_engine_abandon(s->engine);
}

static void step_only(stage *s, feed *f) {
    keel_engine_watch nobody = {0};
    keel_input in = {0};
    char more[100];
    GOOD(keel_engine_open_dry(&s->plan, &nobody, &s->venue.port, &s->engine, &err));
    begin();
    run_all(s, f);
    char times[100];
    (void)snprintf(times, sizeof times, "%s", spent());
    feed_init(f, f->last);
    begin();
    while (next(f, &in, &err) == 1)
        continue;
    double cpu = cpu_s() - begun_cpu_s;
    (void)snprintf(more, sizeof more, ", \"making_s\": %.6f, \"making_cpu_s\": %.6f",
                   1e-9 * (double)(now_ns() - begun_ns), cpu);
    say(s, times, more);
    keel_input_done(&in);
    keel_engine_abandon(s->engine);
}

static void replay(stage *s, const char *dir) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/journal", dir);
    keel_journal_where where = {keel_fs_real(), path, "engine", NULL, NULL};
    keel_engine_replay r = {.plan = &s->plan, .where = &where, .until_ms = INT64_MAX, .last_seq = UINT64_MAX};
    begin();
    GOOD(keel_engine_replay_run(&r, &s->engine, &err));
    say(s, spent(), "");
    keel_engine_abandon(s->engine);
}

static void recover(stage *s, const char *dir) {
    begin();
    GOOD(start_engine(s, keel_fs_real(), dir, 1));
    say(s, spent(), "");
    keel_engine_abandon(s->engine);
}

typedef struct reading {
    const char *dir;
    uint64_t bytes;
} reading;

static int read_file(void *data, const char *name) {
    static uint8_t window[1 << 20];
    reading *r = data;
    char path[2048];
    (void)snprintf(path, sizeof path, "%s/%s", r->dir, name);
    const keel_fs *fs = keel_fs_real();
    int file = fs->open(NULL, path, 0);
    int64_t n, at = 0;
    while (file >= 0 && (n = fs->pread(NULL, file, window, sizeof window, at)) > 0)
        at += n;
    if (file >= 0) fs->close(NULL, file);
    r->bytes += (uint64_t)at;
    return 0;
}

static void read_all(const char *dir) {
    char path[1024];
    reading r = {path, 0};
    (void)snprintf(path, sizeof path, "%s/journal", dir);
    begin();
    MUST(keel_fs_real()->list(NULL, path, read_file, &r) == 0);
    (void)printf("{\"bytes\": %llu, %s}\n", (unsigned long long)r.bytes, spent());
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void turn(stage *s, feed *f, const char *dir) {
    char more[200];
    GOOD(start_engine(s, without_syncs(1), dir, 1));
    MUST((f->ns = calloc(f->last, sizeof *f->ns)) != NULL);
    begin();
    run_all(s, f);
    uint64_t n = f->last, skip = n / 10; /* the first tenth warms up */
    qsort(f->ns + skip, n - skip, sizeof *f->ns, compare);
    const int64_t *ns = f->ns + skip;
    n -= skip;
    (void)snprintf(more, sizeof more, ", \"p50_us\": %.3f, \"p99_us\": %.3f, \"p999_us\": %.3f, \"max_us\": %.3f",
                   1e-3 * (double)ns[n / 2], 1e-3 * (double)ns[n * 99 / 100], 1e-3 * (double)ns[n * 999 / 1000],
                   1e-3 * (double)ns[n - 1]);
    say(s, spent(), more);
    free(f->ns);
    keel_engine_abandon(s->engine);
}

int main(int argc, char **argv) {
    MUST(argc == 4);
    static stage s;
    feed f;
    stage_init(&s);
    feed_init(&f, strtoull(argv[3], NULL, 10));
    MUST(f.last >= 10);
    if (strcmp(argv[1], "record") == 0) return record(&s, &f, argv[2]), 0;
    if (strcmp(argv[1], "step") == 0) return step_only(&s, &f), 0;
    if (strcmp(argv[1], "read") == 0) return read_all(argv[2]), 0;
    if (strcmp(argv[1], "replay") == 0) return replay(&s, argv[2]), 0;
    if (strcmp(argv[1], "recover") == 0) return recover(&s, argv[2]), 0;
    if (strcmp(argv[1], "turn") == 0) return turn(&s, &f, argv[2]), 0;
    return 2;
}

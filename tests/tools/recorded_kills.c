/* recorded_kills.c: an engine's session over recorded candles, killed everywhere. [T-011] [WAL-03.1] [WAL-05.3]
 *
 *   recorded_kills DIR STEP RECORDS FILE...
 *
 * Each FILE is a symbol: its lines are open,high,low,close,volume of one hour each, without gaps, all of one length.
 * What an undisturbed run ends at is the lane's; the following must end at the same state hash:
 *
 * kills: a process of its own works on the files of DIR, and kills itself with SIGKILL behind one commit; another one
 * goes on from what lies there. Of every STEP-th commit. A killed process loses no page, so its syncs are not waited
 * for.
 * cuts: on a simulated disk the journal ends at each record, and at each byte of its last RECORDS ones; signed and not.
 *
 * Exit status 0: all of them did; how many there were is in the last line. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/decimal.h"
#include "engine_cuts.h"
#include "port/fs_real.h"

enum { BARS_MIN = 50, LINE_MAX = 200, COLUMNS = 5, ENDED = 0, FAILED = 1 };

static struct {
    const char *dir;
    uint64_t step;
    int last_records, files;
    char **file;
} given_by;

/* ---- recorded candles -------------------------------------------------------------------------------------------- */

static int64_t lines_in(const char *path) {
    char line[LINE_MAX];
    int64_t count = 0;
    FILE *f = fopen(path, "r");
    if (!f) fail_msg("cannot open %s", path);
    while (fgets(line, sizeof line, f))
        count++;
    (void)fclose(f);
    return count;
}

static void read_bars(market *m, int symbol, const char *path) {
    keel_tape_symbol *s = &m->tape.sym[symbol];
    int64_t *const columns[] = {column(s->open_e8), column(s->high_e8), column(s->low_e8), column(s->close_e8)};
    char line[LINE_MAX];
    FILE *f = fopen(path, "r");
    if (!f) fail_msg("cannot open %s", path);
    for (int64_t k = 0; k < m->tape.bars; k++) {
        if (!fgets(line, sizeof line, f)) fail_msg("%s is shorter than the others", path);
        const char *at = line;
        for (int c = 0; c < COLUMNS; c++) {
            size_t size = strcspn(at, ",\n");
            int64_t value = 0;
            if (keel_decimal_parse(at, size, 8, &value) != KEEL_DECIMAL_OK) fail_msg("%s: %s", path, line);
            if (c < COLUMNS - 1)
                columns[c][k] = value;
            else
                column_f64(s->volume)[k] = (double)value / 1e8;
            at += size + 1;
        }
    }
    (void)fclose(f);
}

/* Of two strategies the one that trades in any market: what leaves orders in each part of the record. */
static market *recorded_market(void) {
    int64_t bars = lines_in(given_by.file[0]);
    assert_true(bars >= BARS_MIN);
    market *m = market_new(given_by.files, bars, 1);
    for (int i = 0; i < given_by.files; i++) {
        read_bars(m, i, given_by.file[i]);
        m->rules[i].lot_e8 = 100000;
        m->rules[i].tick_e8 = 10000000;
    }
    use_manner(m, KEEL_STRATEGY_MOMENTUM, 0);
    assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 2), 1);
    run_well(m);
    assert_true(m->trade_count > 5);
    return m;
}

/* ---- a process that is killed ------------------------------------------------------------------------------------ */

static uint64_t commits, kill_behind; /* 0: never */

static int without_direct(void *ctx, const char *path, int flags) {
    return flags & KEEL_FS_DIRECT ? -EINVAL : keel_fs_real()->open(ctx, path, flags);
}

static int write_now(void *ctx, keel_fs_job *job) {
    job->written = keel_fs_real()->pwrite(ctx, job->file, job->bytes, job->size, job->offset);
    return 0;
}

static int64_t written(void *ctx, keel_fs_job *job) {
    (void)ctx;
    job->synced = 1;
    if (job->durable && ++commits == kill_behind) (void)raise(SIGKILL);
    return job->written;
}

static int at_once(void *ctx, keel_fs_job *job) {
    (void)ctx;
    (void)job;
    return 1;
}

static void nothing_held(void *ctx, keel_fs_job *job) {
    (void)ctx;
    (void)job;
}

static int no_sync(void *ctx, int file) {
    (void)ctx;
    (void)file;
    return 0;
}

static int no_sync_dir(void *ctx, const char *path) {
    (void)ctx;
    (void)path;
    return 0;
}

/* In a process of its own, killed behind this commit. ENDED, FAILED, or SIGKILL. */
static int life(const market *m, const char *dir, uint64_t killed_behind) {
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        keel_fs fs = *keel_fs_real();
        fs.open = without_direct;
        fs.start = write_now;
        fs.finish = written;
        fs.ready = at_once;
        fs.release = nothing_held;
        fs.sync = no_sync;
        fs.sync_dir = no_sync_dir;
        kill_behind = killed_behind;
        world *w = world_new(m, 1, 1, 1);
        w->fs = &fs;
        w->dir = dir;
        w->snapshot_records = 400;
        keel_err err = {0};
        uint64_t hash = 0;
        int rc = live(w, &hash, &err);
        if (rc != 0) (void)fprintf(stderr, "%s\n", err.text);
        if (rc == 0 && hash != keel_state_hash(m->st))
            (void)fprintf(stderr, "state hash %016" PRIx64 ", want %016" PRIx64 "\n", hash, keel_state_hash(m->st));
        _exit(rc == 0 && hash == keel_state_hash(m->st) ? ENDED : FAILED);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static int remove_one(void *data, const char *name) {
    char path[KEEL_FS_PATH_MAX];
    keel_err err;
    const keel_fs *fs = keel_fs_real();
    assert_int_equal(keel_fs_path(data, name, path, &err), 0);
    assert_int_equal(fs->unlink(fs->ctx, path), 0);
    return 0;
}

static void killed_behind_any_commit_it_ends_alike(void **state) {
    (void)state;
    market *m = recorded_market();
    const keel_fs *fs = keel_fs_real();
    char dir[KEEL_FS_PATH_MAX];
    keel_err err;
    uint64_t kills = 0;
    int came_to = SIGKILL;
    assert_int_equal(keel_fs_path(given_by.dir, "j", dir, &err), 0);
    for (uint64_t at = 1; came_to == SIGKILL; at += given_by.step) {
        came_to = life(m, dir, at);
        if (came_to == SIGKILL) {
            kills++;
            if (life(m, dir, 0) != ENDED) fail_msg("killed behind commit %" PRIu64 ", it does not end alike", at);
        }
        assert_int_equal(fs->list(fs->ctx, dir, remove_one, dir), 0);
    }
    assert_int_equal(came_to, ENDED); /* there was no such commit any more */
    print_message("%" PRIu64 " kills\n", kills);
    market_free(m);
}

static void cut_at_any_record_or_byte_it_ends_alike(void **state) {
    (void)state;
    market *m = recorded_market();
    uint64_t cuts = cut_everywhere(m, given_by.last_records, 0) + cut_everywhere(m, given_by.last_records, 1);
    print_message("%" PRIu64 " cuts\n", cuts);
    market_free(m);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_behind_any_commit_it_ends_alike),
        cmocka_unit_test(cut_at_any_record_or_byte_it_ends_alike),
    };
    if (argc < 5) {
        (void)fprintf(stderr, "usage: recorded_kills DIR STEP RECORDS FILE...\n");
        return 2;
    }
    given_by.dir = argv[1];
    given_by.step = strtoull(argv[2], NULL, 10);
    given_by.last_records = (int)strtol(argv[3], NULL, 10);
    given_by.files = argc - 4;
    given_by.file = argv + 4;
    if (given_by.step == 0 || given_by.files > 4) {
        (void)fprintf(stderr, "recorded_kills: at least every commit, and at most four files\n");
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Removing old parts of a log on simulated files: whatever stops it, what is left has no gap, and nothing went that was
 * not ordered in the trail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the four above, which it needs */
#include <cmocka.h>

#include "journal/inspect.h"
#include "ops/forensic/parts.h"
#include "ops/forensic/reader.h"
#include "ops/forensic/retain.h"
#include "ops/forensic/stream.h"
#include "port/simfs.h"

enum { LIMIT = 4000, LINES = 120, KILLS = 200 };

typedef struct world {
    keel_simfs *disk;
    keel_simclock clock;
    keel_audit trail;
} world;

static const keel_retain_order ME = {.actor = "me", .reason = "the disk is small"};

static void put_records(const world *w, const char *name) {
    static const keel_line_run RUN = {"r1", "paper", "s", "c"};
    static keel_line line;
    keel_stream s;
    keel_err err = {0};
    assert_int_equal(keel_stream_init(&s, w->trail.fs, "/run", name, LIMIT, &err), 0);
    for (uint64_t i = 1; i <= LINES; i++) {
        keel_line_head head = {.code = KEEL_LOG_ENGINE_STATE, .ts_ms = (int64_t)i * 1000, .seq = i, .corr_id = "run"};
        size_t size = 0;
        keel_line_begin(&line, &RUN, &head);
        keel_line_string(&line, "from", "a");
        const char *text = keel_line_end(&line, &RUN, &head, &size);
        keel_stream_put(&s, head.ts_ms, text, size);
    }
    keel_stream_done(&s);
}

/* A run that has ended, all of it durable. */
static void begin(world *w, uint64_t seed) {
    keel_err err = {0};
    w->disk = keel_simfs_new(seed);
    keel_simclock_init(&w->clock, 1700000000000);
    const keel_fs *fs = keel_simfs_port(w->disk);
    w->trail = (keel_audit){.fs = fs, .clock = &w->clock.port, .dir = "/run", .run_id = "r1"};
    assert_int_equal(fs->mkdir(fs->ctx, "/run"), 0);
    put_records(w, "events");
    put_records(w, "trace");
    keel_audit_entry e = {"me", "run_started", NULL, NULL, NULL};
    assert_int_equal(keel_audit_append(&w->trail, &e, &err), 0);
    assert_int_equal(keel_fs_replace(fs, "/run", "manifest.json", "{}", 2, &err), 0);
    keel_simfs_restart(w->disk);
    /* what streams wrote is seen, and made durable here */
    for (uint32_t part = 0; part < 40; part++)
        for (int i = 0; i < 2; i++) {
            char path[KEEL_FS_PATH_MAX];
            assert_int_equal(keel_parts_path("/run", i ? "trace" : "events", part, path, &err), 0);
            int file = fs->open(fs->ctx, path, KEEL_FS_WRITE);
            if (file < 0) continue;
            assert_int_equal(fs->sync(fs->ctx, file), 0);
            fs->close(fs->ctx, file);
        }
    assert_int_equal(fs->sync_dir(fs->ctx, "/run"), 0);
    assert_int_equal(fs->sync_dir(fs->ctx, "/"), 0);
}

static int prune(const world *w, int64_t size_max, keel_retain_plan *plan) {
    keel_retain_rules rules = {{0}, size_max};
    keel_err err = {0};
    int rc = keel_retain_look(&w->trail, &rules, plan, &err);
    return rc == 0 ? keel_retain_remove(&w->trail, &ME, plan, &err) : rc;
}

/* First record that is left; behind it none is missing. */
static uint64_t first_left(const world *w, const char *name) {
    keel_log_lines *l = NULL;
    keel_log_record r;
    keel_err err = {0};
    const char *text;
    size_t size;
    uint64_t first = 0, last = 0;
    int rc;
    assert_int_equal(keel_log_lines_open_kept(w->trail.fs, "/run", name, &l, &err), 0);
    while ((rc = keel_log_lines_next(l, &text, &size, &err)) == 1) {
        assert_int_equal(keel_log_record_read(text, size, "line", &r, &err), 0);
        if (!first) first = r.seq;
        if (last) assert_int_equal(r.seq, last + 1);
        last = r.seq;
        keel_log_record_done(&r);
    }
    assert_int_equal(rc, 0);
    assert_int_equal(last, LINES);
    keel_log_lines_close(l);
    return first;
}

static uint64_t ordered(const world *w, const char *name) {
    uint64_t seq = 0;
    keel_err err = {0};
    assert_int_equal(keel_retain_removed(w->trail.fs, "/run", name, &seq, &err), 0);
    return seq;
}

/* [LOG-02.4] */
static void size_takes_the_trace_first_and_leaves_the_newest(void **state) {
    (void)state;
    world w;
    keel_retain_plan plan;
    begin(&w, 2);
    assert_int_equal(prune(&w, 0, &plan), 0);
    assert_int_equal(plan.bytes, 0);
    int64_t all = plan.bytes_left;
    assert_int_equal(prune(&w, all - 1, &plan), 0);
    assert_int_equal(plan.cut[KEEL_RETAIN_TRACE].last, 1);
    assert_int_equal(plan.cut[KEEL_RETAIN_EVENTS].last, 0);
    assert_int_equal(first_left(&w, "trace"), plan.cut[KEEL_RETAIN_TRACE].to_seq + 1);
    assert_int_equal(ordered(&w, "trace"), plan.cut[KEEL_RETAIN_TRACE].to_seq);
    assert_int_equal(prune(&w, 1, &plan), 0);
    for (int i = 0; i < 2; i++) {
        keel_parts parts;
        keel_err err = {0};
        const char *name = i ? "trace" : "events";
        assert_int_equal(keel_parts_find(w.trail.fs, "/run", name, &parts, &err), 0);
        assert_int_equal(parts.count, 1);
        assert_int_equal(first_left(&w, name), ordered(&w, name) + 1);
    }
    /* an age that is not known is no age */
    keel_retain_rules rules = {{1, 1, 1, 1}, 0};
    keel_err err = {0};
    assert_int_equal(keel_retain_look(&w.trail, &rules, &plan, &err), 0);
    assert_int_equal(plan.bytes, 0);
    keel_simfs_free(w.disk);
}

/* Killed at each effect, by a machine that stops: another try ends it. [LOG-02.4] [LOG-08.1] */
static void stopped_anywhere_nothing_is_without_an_order(void **state) {
    (void)state;
    int kills = 0, found = 0;
    for (uint64_t at = 1; at < KILLS; at++) {
        world w;
        keel_retain_plan plan;
        keel_audit_report report;
        keel_err err = {0};
        begin(&w, at);
        keel_simfs_faults faults = {.kill_at = at};
        keel_simfs_set_faults(w.disk, &faults);
        (void)prune(&w, 1, &plan);
        int killed = keel_simfs_killed(w.disk);
        kills += killed;
        keel_simfs_crash(w.disk);
        for (int i = 0; i < 2; i++) {
            const char *name = i ? "trace" : "events";
            uint64_t first = first_left(&w, name);
            assert_true(first <= ordered(&w, name) + 1);
            found += first > 1;
        }
        keel_audit_entry e = {"me", "run_resumed", NULL, NULL, NULL};
        assert_int_equal(keel_audit_append(&w.trail, &e, &err), 0); /* mends what was being written */
        assert_int_equal(prune(&w, 1, &plan), 0);
        assert_int_equal(first_left(&w, "trace"), ordered(&w, "trace") + 1);
        assert_int_equal(first_left(&w, "events"), ordered(&w, "events") + 1);
        assert_int_equal(keel_audit_verify(&w.trail, NULL, &report, &err), 0);
        assert_int_equal(report.verdict, KEEL_AUDIT_GOOD);
        keel_simfs_free(w.disk);
        if (!killed) break;
    }
    assert_true(kills > 20 && kills < KILLS - 1);
    assert_true(found > 10);
}

static int make_empty(const world *w, const char *path) {
    const keel_fs *fs = w->trail.fs;
    int file = fs->open(fs->ctx, path, KEEL_FS_WRITE | KEEL_FS_CREATE);
    assert_true(file >= 0);
    return file;
}

/* Of a compacted journal nothing makes the events again. [LOG-02.4] */
static void events_of_a_compacted_journal_stay(void **state) {
    (void)state;
    world w;
    keel_retain_plan plan;
    keel_err err = {0};
    keel_journal_base base = {.segment = 2, .first_seq = 100};
    begin(&w, 3);
    const keel_fs *fs = w.trail.fs;
    assert_int_equal(fs->mkdir(fs->ctx, "/run/journal"), 0);
    fs->close(fs->ctx, make_empty(&w, "/run/journal/wal-engine-00000002.klw"));
    assert_int_equal(keel_journal_base_write(fs, "/run/journal", "engine", &base, &err), 0);
    assert_int_equal(prune(&w, 1, &plan), 0);
    assert_int_equal(plan.compacted, 1);
    assert_int_equal(plan.cut[KEEL_RETAIN_EVENTS].last, 0);
    assert_int_equal(first_left(&w, "events"), 1);
    assert_true(first_left(&w, "trace") > 1);
    keel_simfs_free(w.disk);
}

/* Opened between the look and the removal: nothing goes. [LOG-02.4] */
static void a_run_that_was_opened_since_keeps_its_parts(void **state) {
    (void)state;
    world w;
    keel_retain_plan plan;
    keel_retain_rules rules = {{0}, 1};
    keel_err err = {0};
    begin(&w, 4);
    const keel_fs *fs = w.trail.fs;
    assert_int_equal(fs->mkdir(fs->ctx, "/run/journal"), 0);
    int lock = make_empty(&w, "/run/journal/lock");
    assert_int_equal(keel_retain_look(&w.trail, &rules, &plan, &err), 0);
    assert_int_equal(fs->lock(fs->ctx, lock), 0);
    assert_int_equal(keel_retain_remove(&w.trail, &ME, &plan, &err), KEEL_E_GATE);
    assert_int_equal(first_left(&w, "trace"), 1);
    fs->close(fs->ctx, lock);
    memset(&err, 0, sizeof err);
    assert_int_equal(keel_retain_remove(&w.trail, &ME, &plan, &err), 0);
    assert_true(first_left(&w, "trace") > 1);
    keel_simfs_free(w.disk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(size_takes_the_trace_first_and_leaves_the_newest),
        cmocka_unit_test(events_of_a_compacted_journal_stay),
        cmocka_unit_test(a_run_that_was_opened_since_keeps_its_parts),
        cmocka_unit_test(stopped_anywhere_nothing_is_without_an_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The file that is written to: whole blocks past the memory of the system where there is such a thing, and the next
 * segment's file made beforehand; on simulated files of both kinds and on the machine's own. */
#include "journal_fixture.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/fs_real.h"

static int exists(const world *w, const char *path) {
    keel_fs_stat st;
    return w->fs->stat(w->fs->ctx, path, &st) == 0;
}

static void is_good(const world *w, const char *dir, uint64_t records) {
    keel_journal_where where = {w->fs, dir, "main", NULL, NULL};
    keel_journal_report r;
    keel_journal_reader *reader = NULL;
    keel_journal_record rec;
    keel_err err = {0};
    must(keel_journal_inspect(&where, 0, NULL, NULL, &r, &err), &err);
    assert_int_equal(r.verdict, KEEL_JOURNAL_GOOD);
    assert_int_equal(r.records, records);
    must(keel_journal_reader_open(&where, &reader, &err), &err);
    while (keel_journal_reader_next(reader, &rec, &err) == 1)
        assert_true(same_record(&rec, 5));
    keel_journal_reader_close(reader);
}

/* The next segment's file lies ready before it is needed, unless the file system has no such space; an orderly end
 * removes it, and what a stopped writer left is gone after the next start. [WAL-04.2] [T-112] */
static void the_next_file_is_made_beforehand(void **state) {
    (void)state;
    for (uint64_t seed = 2; seed <= 3; seed++) { /* 3: neither direct writes nor allocation */
        world w;
        world_init(&w, seed);
        w.options.segment_bytes = 1 << 17;
        must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
        int ready = 0;
        for (int i = 0; i < 3000 && !exists(&w, "/j/wal-main-00000003.klw"); i++) {
            ready |= exists(&w, "/j/wal-main-00000002.klw.new");
            must(append_some(w.j, 1, 5, &w.err), &w.err);
            must(keel_journal_commit(w.j, &w.err), &w.err);
        }
        assert_int_equal(ready, seed == 2);
        assert_true(exists(&w, "/j/wal-main-00000003.klw"));
        uint64_t records = keel_journal_durable_seq(w.j);
        keel_journal_abandon(w.j);
        w.j = NULL;
        is_good(&w, "/j", records);

        must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
        assert_false(exists(&w, "/j/wal-main-00000004.klw.new"));
        for (int i = 0; i < 200; i++) {
            must(append_some(w.j, 1, 5, &w.err), &w.err);
            must(keel_journal_commit(w.j, &w.err), &w.err);
        }
        assert_int_equal(exists(&w, "/j/wal-main-00000005.klw.new"), seed == 2);
        must(keel_journal_close(w.j, &w.err), &w.err);
        w.j = NULL;
        assert_false(exists(&w, "/j/wal-main-00000005.klw.new"));
        is_good(&w, "/j", records + 200);
        world_done(&w);
    }
}

/* Writes that were to be durable by themselves: what a commit in two parts has none of. */
static uint64_t durable_writes(const world *w) {
    keel_simfs_counts counts;
    keel_simfs_get_counts(w->sim, &counts);
    return counts.jobs;
}

static uint8_t *bytes_of(world *w, const char *path, size_t *ret_size) {
    keel_fs_stat st;
    assert_int_equal(w->fs->stat(w->fs->ctx, path, &st), 0);
    uint8_t *bytes = malloc((size_t)st.size);
    int file = w->fs->open(w->fs->ctx, path, 0);
    assert_non_null(bytes);
    assert_true(file >= 0);
    assert_int_equal(keel_fs_read_at(w->fs, file, bytes, (size_t)st.size, 0), (int64_t)st.size);
    w->fs->close(w->fs->ctx, file);
    *ret_size = (size_t)st.size;
    return bytes;
}

/* A commit that ends in a checkpoint is the same bytes whether it is written at once or its front while it is hashed,
 * wherever in a block it begins and ends. [WAL-02.1] */
static void a_commit_in_two_parts_is_the_same_bytes(void **state) {
    (void)state;
    uint64_t split = 0;
    for (uint64_t count = 1; count <= 120; count++) {
        uint8_t *bytes[2];
        size_t size[2];
        for (int parts = 0; parts < 2; parts++) {
            world w;
            world_init(&w, 4);
            w.options.segment_bytes = 1 << 18;
            w.options.checkpoint_bytes = 1500;
            w.options.front_bytes = parts ? 2000 : 1 << 20;
            must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
            uint64_t before = durable_writes(&w);
            for (int i = 0; i < 6; i++) {
                must(append_some(w.j, count, 5, &w.err), &w.err);
                must(keel_journal_commit(w.j, &w.err), &w.err);
            }
            split += parts ? before - durable_writes(&w) : durable_writes(&w) - before;
            must(keel_journal_close(w.j, &w.err), &w.err);
            w.j = NULL;
            is_good(&w, "/j", count * 6);
            bytes[parts] = bytes_of(&w, "/j/wal-main-00000001.klw", &size[parts]);
            world_done(&w);
        }
        assert_int_equal(size[0], size[1]);
        assert_memory_equal(bytes[0], bytes[1], size[0]);
        free(bytes[0]);
        free(bytes[1]);
    }
    assert_true(split > 300);
}

/* Files for which the disk has room, and whoever counts a user's files has not. */
static const keel_fs *counted;

static int beyond_the_quota(void *ctx, int file, int64_t size) {
    int rc = counted->allocate(ctx, file, size);
    return rc == -ENOSPC ? -EDQUOT : rc;
}

/* A file that could not be made beforehand is no failure: the journal says so when it needs one, and goes on when there
 * is room again. [WAL-02.2] */
static void goes_on_when_there_is_room(int of_quota) {
    world w;
    world_init(&w, 2);
    keel_fs fs = *w.fs;
    counted = w.fs;
    if (of_quota) fs.allocate = beyond_the_quota;
    w.options.fs = &fs;
    w.options.segment_bytes = 1 << 16;
    must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
    keel_simfs_set_faults(w.sim, &(keel_simfs_faults){.space_bytes = (1 << 16) + 8192});
    int rc = 0, full = 0;
    for (int i = 0; i < 3000 && rc == 0; i++) {
        must(append_some(w.j, 1, 5, &w.err), &w.err);
        rc = keel_journal_commit(w.j, &w.err);
        full += rc != 0;
    }
    assert_true(keel_journal_is_short(w.j));
    assert_int_equal(rc, KEEL_E_IO);
    assert_int_equal(full, 1);
    assert_non_null(strstr(w.err.text, "disk is full"));
    assert_false(keel_journal_failed(w.j));
    keel_simfs_set_faults(w.sim, &(keel_simfs_faults){0});
    must(append_some(w.j, 1, 5, &w.err), &w.err);
    must(keel_journal_commit(w.j, &w.err), &w.err);
    uint64_t records = keel_journal_durable_seq(w.j);
    must(keel_journal_close(w.j, &w.err), &w.err);
    w.j = NULL;
    is_good(&w, "/j", records);
    world_done(&w);
}

static void no_room_beforehand_is_no_failure(void **state) {
    (void)state;
    for (int of_quota = 0; of_quota <= 1; of_quota++)
        goes_on_when_there_is_room(of_quota);
}

/* A segment without zeros in advance, after large commits; then small ones, for which zeros are written ahead in the
 * background: they never come over what was committed meanwhile. [T-097] */
static void zeros_never_pass_a_commit(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        world w;
        world_init(&w, seed);
        w.options.segment_bytes = 4 << 20;
        w.options.checkpoint_bytes = 1 << 20;
        must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
        keel_simrandom dice;
        keel_simrandom_init(&dice, seed);
        while (!exists(&w, "/j/wal-main-00000003.klw")) {
            int small = exists(&w, "/j/wal-main-00000002.klw") && keel_simrandom_below(&dice, 20);
            uint64_t records = small ? 1 + keel_simrandom_below(&dice, 40) : 6000;
            must(append_some(w.j, records, 5, &w.err), &w.err);
            must(keel_journal_commit(w.j, &w.err), &w.err);
        }
        uint64_t records = keel_journal_durable_seq(w.j);
        if (seed % 2) {
            keel_journal_abandon(w.j);
        } else {
            must(keel_journal_close(w.j, &w.err), &w.err);
        }
        w.j = NULL;
        is_good(&w, "/j", records);
        world_done(&w);
    }
}

/* The cut of a sealed segment may be lost with the power: zeros behind the seal are no damage, anything else is. */
static void zeros_behind_a_seal(void **state) {
    (void)state;
    world w;
    world_init(&w, 1);
    must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
    for (int i = 0; i < 300; i++) {
        must(append_some(w.j, 2, 5, &w.err), &w.err);
        must(keel_journal_commit(w.j, &w.err), &w.err);
    }
    must(keel_journal_close(w.j, &w.err), &w.err);
    w.j = NULL;
    keel_journal_where where = world_where(&w);
    keel_journal_report r;
    int file = w.fs->open(w.fs->ctx, "/j/wal-main-00000001.klw", KEEL_FS_WRITE);
    assert_true(file >= 0 && exists(&w, "/j/wal-main-00000002.klw"));
    assert_int_equal(w.fs->truncate(w.fs->ctx, file, 40000), 0);
    is_good(&w, "/j", 600);
    must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err); /* and it is written on */
    must(append_some(w.j, 1, 5, &w.err), &w.err);
    must(keel_journal_close(w.j, &w.err), &w.err);
    w.j = NULL;
    is_good(&w, "/j", 601);
    assert_int_equal(w.fs->pwrite(w.fs->ctx, file, "x", 1, 39000), 1);
    must(keel_journal_inspect(&where, 0, NULL, NULL, &r, &w.err), &w.err);
    assert_int_equal(r.verdict, KEEL_JOURNAL_CORRUPT);
    assert_int_equal(r.bad_segment, 1);
    assert_int_equal(r.bad_offset, 39000);
    world_done(&w);
}

/* Cutting takes as long as many commits: a sealed segment with little room left stays as long as it was made, one with
 * much is cut. */
static void little_room_is_not_cut(void **state) {
    (void)state;
    for (int much = 0; much <= 1; much++) {
        world w;
        keel_fs_stat st;
        uint64_t records = 0;
        world_init(&w, 1);
        w.options.segment_bytes = 1 << 20;
        must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
        while (!exists(&w, "/j/wal-main-00000002.klw")) {
            uint64_t count = much ? 2500 : 10; /* 2500: three commits in a segment, and no fourth */
            must(append_some(w.j, count, 5, &w.err), &w.err);
            must(keel_journal_commit(w.j, &w.err), &w.err);
            records += count;
        }
        must(keel_journal_close(w.j, &w.err), &w.err);
        w.j = NULL;
        is_good(&w, "/j", records);
        assert_int_equal(w.fs->stat(w.fs->ctx, "/j/wal-main-00000001.klw", &st), 0);
        assert_int_equal((uint64_t)st.size < w.options.segment_bytes, much);
        must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err); /* and it is written on */
        must(append_some(w.j, 1, 5, &w.err), &w.err);
        must(keel_journal_close(w.j, &w.err), &w.err);
        w.j = NULL;
        is_good(&w, "/j", records + 1);
        world_done(&w);
    }
}

/* A folder that is there, in a parent that may be passed through but not read: it is opened, and made. [WAL-05.1] */
static void a_parent_that_cannot_be_read(void **state) {
    (void)state;
    world w;
    world_init(&w, 1);
    assert_int_equal(w.fs->mkdir(w.fs->ctx, "/p"), 0);
    w.options.dir = "/p/j";
    for (uint64_t session = 1; session <= 3; session++) {
        if (session == 2) assert_int_equal(keel_simfs_chmod(w.sim, "/p", 0311), 0);
        if (session == 3) w.options.dir = "/p/k";
        must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
        must(append_some(w.j, 3, 5, &w.err), &w.err);
        must(keel_journal_close(w.j, &w.err), &w.err);
        w.j = NULL;
        is_good(&w, w.options.dir, session == 3 ? 3 : session * 3);
    }
    world_done(&w);
}

/* Commits of one byte to several segments at once, on the machine's files; what is read meanwhile is what was written.
 * [T-097] [T-117] */
static void on_real_files(void **state) {
    (void)state;
    char base[] = "journal_segment_XXXXXX", dir[64], path[128];
    assert_non_null(mkdtemp(base));
    (void)snprintf(dir, sizeof dir, "%s/j", base);
    world w;
    world_init(&w, 1);
    w.fs = w.options.fs = keel_fs_real();
    w.options.dir = dir;
    (void)snprintf(path, sizeof path, "%s/probe", base);
    int probe = w.fs->open(w.fs->ctx, path, KEEL_FS_WRITE | KEEL_FS_CREATE | KEEL_FS_DIRECT);
    if (probe < 0) print_message("not on this machine: direct writes (%s)\n", strerror(-probe));
    if (probe >= 0) w.fs->close(w.fs->ctx, probe);
    (void)unlink(path); /* made or not */
    w.options.segment_bytes = 1 << 20;
    w.options.checkpoint_bytes = 1 << 18;
    keel_simrandom dice;
    keel_simrandom_init(&dice, 11);
    uint64_t total = 0;
    static uint8_t large[1 << 20];
    for (int session = 0; session < 3; session++) {
        must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
        for (int i = 0; i < 60; i++) {
            uint64_t most = (uint64_t)1 << keel_simrandom_below(&dice, 13);
            total += 1 + keel_simrandom_below(&dice, most);
            must(append_some(w.j, total - keel_journal_durable_seq(w.j), 5, &w.err), &w.err);
            must(keel_journal_commit(w.j, &w.err), &w.err);
            if (i % 20 == 0) is_good(&w, dir, total);
        }
        if (session == 1) {
            keel_journal_abandon(w.j);
        } else {
            must(keel_journal_close(w.j, &w.err), &w.err);
        }
        w.j = NULL;
        is_good(&w, dir, total);
    }
    /* one that is larger than a segment */
    must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
    keel_journal_record r = {7, 0, total + 1, 1700000000000, large, sizeof large};
    must(keel_journal_append(w.j, &r, 1, &w.err), &w.err);
    must(keel_journal_close(w.j, &w.err), &w.err);
    w.j = NULL;
    keel_journal_where where = {w.fs, dir, "main", NULL, NULL};
    keel_journal_report report;
    must(keel_journal_inspect(&where, 0, NULL, NULL, &report, &w.err), &w.err);
    assert_int_equal(report.verdict, KEEL_JOURNAL_GOOD);
    assert_int_equal(report.records, total + 1);
    for (uint64_t s = 1; s <= report.last_segment; s++) {
        struct stat st;
        (void)snprintf(path, sizeof path, "%s/wal-main-%08u.klw", dir, (unsigned)s);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(unlink(path), 0);
    }
    (void)snprintf(path, sizeof path, "%s/lock", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0); /* nothing else was left */
    assert_int_equal(rmdir(base), 0);
    world_done(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_file_is_made_beforehand), cmocka_unit_test(no_room_beforehand_is_no_failure),
        cmocka_unit_test(zeros_never_pass_a_commit),        cmocka_unit_test(zeros_behind_a_seal),
        cmocka_unit_test(little_room_is_not_cut),           cmocka_unit_test(a_commit_in_two_parts_is_the_same_bytes),
        cmocka_unit_test(a_parent_that_cannot_be_read),     cmocka_unit_test(on_real_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/unit/journal_snapshot.c: snapshots come back whole or not at all; compaction loses nothing that counts. */
#include "journal_fixture.h"

#include "journal/compact.h"
#include "journal/crc32c.h"
#include "journal/snapshot.h"

static keel_journal_report inspect(world *w) {
    keel_journal_where where = world_where(w);
    keel_journal_report r;
    must(keel_journal_inspect(&where, 0, NULL, NULL, &r, &w->err), &w->err);
    return r;
}

static void write_some(world *w, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        must(append_some(w->j, 2, 0, &w->err), &w->err);
        must(keel_journal_commit(w->j, &w->err), &w->err);
    }
}

/* A state that follows from its sequence number. */
static size_t state_of(uint64_t seq, uint8_t ret[2000]) {
    keel_simrandom r;
    keel_simrandom_init(&r, seq);
    size_t size = 500 + (size_t)keel_simrandom_below(&r, 1500);
    for (size_t i = 0; i < size; i++)
        ret[i] = (uint8_t)keel_simrandom_next(&r);
    return size;
}

static void snap(world *w) {
    uint8_t bytes[2000];
    uint64_t seq = keel_journal_next_seq(w->j) - 1;
    size_t size = state_of(seq, bytes);
    must(keel_journal_snapshot(w->j, seq * 31, bytes, size, &w->err), &w->err);
}

static int load(world *w, keel_snapshot *ret, uint32_t *ret_rejected) {
    keel_journal_where where = world_where(w);
    keel_journal_report r = inspect(w);
    uint8_t *bytes = NULL, want[2000];
    int rc = keel_snapshot_load(&where, &r, UINT64_MAX, ret, &bytes, ret_rejected, NULL, &w->err);
    if (rc == 0) {
        assert_int_equal(ret->size, state_of(ret->seq, want));
        assert_memory_equal(bytes, want, ret->size);
        assert_int_equal(ret->state_hash, ret->seq * 31); /* [T-115] */
    }
    free(bytes);
    return rc;
}

static void snap_path(uint64_t seq, char ret[KEEL_JOURNAL_FILE_MAX + 8]) {
    char file[KEEL_JOURNAL_FILE_MAX];
    keel_snapshot_file_name("main", seq, file);
    (void)snprintf(ret, KEEL_JOURNAL_FILE_MAX + 8, "/j/%s", file);
}

/* [T-103] [T-115] [T-126] [WAL-04.1] rolling snapshots, the newest whole one is taken, damage falls back to the one
 * before. */
static void newest_whole_snapshot(void **state) {
    (void)state;
    for (int encrypted = 0; encrypted < 2; encrypted++) {
        world w;
        world_init(&w, 21);
        if (encrypted) w.options.encrypt_key = KEY;
        must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
        keel_snapshot s;
        uint32_t rejected = 0;
        assert_int_equal(load(&w, &s, &rejected), KEEL_E_NOT_FOUND);
        for (int i = 0; i < 6; i++) {
            write_some(&w, 10);
            snap(&w);
            assert_int_equal(load(&w, &s, &rejected), 0);
            assert_int_equal(s.seq, 20 * (i + 1));
        }
        keel_journal_where where = world_where(&w);
        uint64_t *seqs = NULL;
        size_t count = 0;
        must(keel_snapshot_list(&where, "main", &seqs, &count, &w.err), &w.err);
        assert_int_equal(count, 3);
        assert_true(seqs[0] == 120 && seqs[2] == 80);
        free(seqs);
        char path[KEEL_JOURNAL_FILE_MAX + 8];
        snap_path(120, path);
        keel_fs_stat st;
        assert_int_equal(w.fs->stat(w.fs->ctx, path, &st), 0);
        assert_int_equal(st.mode, 0600);
        for (int64_t i = 0; i < st.size; i += i < 256 ? 1 : 37) {
            assert_int_equal(keel_simfs_rot(w.sim, path, i, 4), 0);
            assert_int_equal(load(&w, &s, &rejected), 0);
            assert_true(s.seq == 100 && rejected == 1);
            assert_int_equal(keel_simfs_rot(w.sim, path, i, 4), 0);
        }
        assert_int_equal(load(&w, &s, &rejected), 0);
        assert_true(s.seq == 120 && rejected == 0);
        world_done(&w);
    }
}

/* [WAL-05.3] a snapshot exchanged for another of the same number is not the one the journal speaks of; one of another
 * version is refused, and nothing older taken for it. */
static void exchanged_and_newer_snapshots(void **state) {
    (void)state;
    world w;
    world_init(&w, 22);
    must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
    write_some(&w, 10);
    snap(&w);
    write_some(&w, 10);
    snap(&w);
    char path[KEEL_JOURNAL_FILE_MAX + 8];
    uint8_t *bytes = NULL;
    size_t size = 0;
    keel_snapshot s;
    uint32_t rejected = 0;
    snap_path(40, path);
    must(keel_fs_read_whole(w.fs, path, 1 << 20, &bytes, &size, &w.err), &w.err);
    keel_put_u64(bytes + 80, 5); /* the state hash, with a checksum that fits */
    keel_put_u32(bytes + 252, keel_crc32c(0, bytes, 252));
    must(keel_fs_replace(w.fs, "/j", path + 3, bytes, size, &w.err), &w.err);
    assert_int_equal(load(&w, &s, &rejected), 0);
    assert_true(s.seq == 20 && rejected == 1);
    keel_put_u32(bytes + 8, KEEL_JOURNAL_VERSION + 1);
    keel_put_u32(bytes + 252, keel_crc32c(0, bytes, 252));
    must(keel_fs_replace(w.fs, "/j", path + 3, bytes, size, &w.err), &w.err);
    assert_int_equal(load(&w, &s, &rejected), KEEL_E_VERSION);
    assert_non_null(strstr(w.err.text, "newer"));
    free(bytes);
    world_done(&w);
}

static void all_from(world *w, uint64_t first, uint64_t last) {
    keel_journal_where where = world_where(w);
    keel_journal_reader *r = NULL;
    keel_journal_record rec;
    must(keel_journal_reader_open(&where, &r, &w->err), &w->err);
    for (uint64_t seq = first; seq <= last; seq++) {
        assert_int_equal(keel_journal_reader_next(r, &rec, &w->err), 1);
        assert_true(rec.seq == seq && same_record(&rec, 0));
    }
    assert_int_equal(keel_journal_reader_next(r, &rec, &w->err), 0);
    if (first > 1) assert_int_equal(keel_journal_reader_seek(r, 1, &w->err), KEEL_E_RANGE);
    keel_journal_reader_close(r);
}

/* [T-113] [WAL-04.2] segments before the oldest snapshot go, everything from there on stays; stopped at each effect it
 * is still a good journal, and done again it comes to its end. */
static void compaction_keeps_state(void **state) {
    (void)state;
    for (uint64_t kill = 0;; kill++) {
        world w;
        world_init(&w, 23 + kill);
        w.options.segment_bytes = 8192;
        must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
        for (int i = 0; i < 5; i++) {
            write_some(&w, 40);
            snap(&w);
        }
        write_some(&w, 5);
        keel_journal_where where = world_where(&w);
        keel_journal_compaction c;
        assert_int_equal(keel_journal_compact(&where, 0, NULL, &c, &w.err), KEEL_E_GATE); /* the writer is at work */
        must(keel_journal_close(w.j, &w.err), &w.err);
        w.j = NULL;
        uint64_t last = 410, stopped = 0;
        if (kill) {
            keel_simfs_faults faults = {.kill_at = kill};
            keel_simfs_set_faults(w.sim, &faults);
            int rc = keel_journal_compact(&where, (int)(kill % 2), NULL, &c, &w.err);
            stopped = (uint64_t)keel_simfs_killed(w.sim);
            assert_true(stopped || rc == 0);
            keel_simfs_crash(w.sim);
            assert_int_equal(inspect(&w).verdict, KEEL_JOURNAL_GOOD);
            assert_int_equal(inspect(&w).last_seq, last);
        }
        must(keel_journal_compact(&where, (int)(kill % 2), NULL, &c, &w.err), &w.err);
        assert_int_equal(c.snapshot_seq, 240);
        assert_true(c.first_segment > 2 && c.first_seq <= 241 && c.first_seq > 100);
        assert_int_equal(inspect(&w).verdict, KEEL_JOURNAL_GOOD);
        all_from(&w, c.first_seq, last);
        keel_snapshot s;
        assert_int_equal(load(&w, &s, NULL), 0);
        assert_int_equal(s.seq, 400);
        /* A writer goes on after it, and what was cut off cannot be cut off further unseen. */
        must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
        assert_int_equal(keel_journal_next_seq(w.j), last + 1);
        must(keel_journal_close(w.j, &w.err), &w.err);
        w.j = NULL;
        char path[64];
        (void)snprintf(path, sizeof path, "/j/wal-main-%08u.klw", (unsigned)c.first_segment);
        assert_int_equal(w.fs->unlink(w.fs->ctx, path), 0);
        assert_int_equal(inspect(&w).verdict, KEEL_JOURNAL_MISSING);
        world_done(&w);
        if (kill && !stopped) break;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newest_whole_snapshot),
        cmocka_unit_test(exchanged_and_newer_snapshots),
        cmocka_unit_test(compaction_keeps_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/unit/journal_verify.c: every kind of damage is called by its name and located; repair destroys nothing. */
#include "journal_fixture.h"

#include "journal/crc32c.h"

static keel_journal_report inspect(world *w) {
    keel_journal_where where = world_where(w);
    keel_journal_report r;
    must(keel_journal_inspect(&where, 0, NULL, NULL, &r, &w->err), &w->err);
    return r;
}

/* Some segments, closed in order. */
static uint64_t make(world *w, uint64_t seed, int encrypted, uint64_t commits, uint64_t checkpoint_bytes) {
    world_init(w, seed);
    w->options.checkpoint_bytes = checkpoint_bytes;
    if (encrypted) w->options.encrypt_key = KEY;
    w->options.segment_bytes = 8192;
    must(keel_journal_open(&w->options, &w->j, NULL, &w->err), &w->err);
    for (uint64_t c = 0; c < commits; c++) {
        must(append_some(w->j, 1 + c % 3, 0, &w->err), &w->err);
        must(keel_journal_commit(w->j, &w->err), &w->err);
    }
    uint64_t last = keel_journal_durable_seq(w->j);
    must(keel_journal_close(w->j, &w->err), &w->err);
    w->j = NULL;
    return last;
}

static void path_of(uint64_t segment, char ret[64]) {
    (void)snprintf(ret, 64, "/j/wal-main-%08u.klw", (unsigned)segment);
}

static int64_t size_of(world *w, uint64_t segment) {
    char path[64];
    keel_fs_stat st;
    path_of(segment, path);
    return w->fs->stat(w->fs->ctx, path, &st) == 0 ? st.size : -1;
}

static void flip(world *w, uint64_t segment, int64_t offset, uint8_t mask) {
    char path[64];
    path_of(segment, path);
    assert_int_equal(keel_simfs_rot(w->sim, path, offset, mask), 0);
}

/* Where each record of a segment begins; returns how many. */
static size_t record_starts(world *w, uint64_t segment, uint64_t starts[], size_t max) {
    char path[64];
    keel_journal_cursor c;
    keel_journal_record r;
    size_t count = 0;
    path_of(segment, path);
    must(keel_journal_cursor_open(&c, w->fs, path, w->options.encrypt_key, 0, &w->err), &w->err);
    uint64_t at = c.at;
    while (keel_journal_cursor_next(&c, &r, &w->err) == KEEL_CURSOR_RECORD) {
        if (c.at != at && count < max) starts[count++] = at;
        at = c.at;
    }
    keel_journal_cursor_close(&c);
    return count;
}

/* [T-114] [WAL-06] each bit of each byte of a journal that was closed in order: found, and located to the record. */
static void every_flip_is_located(void **state) {
    (void)state;
    for (int encrypted = 0; encrypted < 2; encrypted++) {
        world w;
        (void)make(&w, 11, encrypted, 45, 100000);
        assert_int_equal(inspect(&w).verdict, KEEL_JOURNAL_GOOD);
        uint64_t flips = 0, segments = inspect(&w).segments;
        assert_true(segments >= 2);
        for (uint64_t segment = 1; segment <= segments; segment++) {
            uint64_t starts[500];
            size_t count = record_starts(&w, segment, starts, 500), at = 0;
            int64_t size = size_of(&w, segment);
            for (int64_t i = 0; i < size; i += encrypted ? 5 : 1) {
                if (i >= 300 && i < KEEL_JOURNAL_HEADER_SIZE - 8 && i % 97) continue; /* reserved: a sample */
                while (at + 1 < count && starts[at + 1] <= (uint64_t)i)
                    at++;
                int64_t from = i < KEEL_JOURNAL_HEADER_SIZE ? 0 : (int64_t)starts[at];
                uint8_t mask = (uint8_t)(1u << (i % 8));
                flip(&w, segment, i, mask);
                keel_journal_report r = inspect(&w);
                if (r.verdict == KEEL_JOURNAL_GOOD || r.bad_segment != segment || r.bad_offset < from ||
                    r.bad_offset > i)
                    print_error("segment %u, byte %lld: verdict %d at %u:%lld: %s\n", (unsigned)segment, (long long)i,
                                (int)r.verdict, (unsigned)r.bad_segment, (long long)r.bad_offset, r.why);
                assert_true(r.verdict != KEEL_JOURNAL_GOOD);
                assert_int_equal(r.bad_segment, segment);
                assert_true(r.bad_offset >= from && r.bad_offset <= i);
                flip(&w, segment, i, mask);
                flips++;
            }
        }
        assert_int_equal(inspect(&w).verdict, KEEL_JOURNAL_GOOD);
        print_message("%llu flips\n", (unsigned long long)flips);
        world_done(&w);
    }
}

/* A byte behind the end of a journal that was not closed is found too. */
static void bytes_behind_the_end(void **state) {
    (void)state;
    world w;
    world_init(&w, 12);
    must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
    must(append_some(w.j, 5, 0, &w.err), &w.err);
    must(keel_journal_commit(w.j, &w.err), &w.err);
    keel_journal_report before = inspect(&w);
    assert_int_equal(before.verdict, KEEL_JOURNAL_GOOD);
    for (int64_t i = (int64_t)before.good_size; i < size_of(&w, 1); i += 211) {
        flip(&w, 1, i, 0x10);
        keel_journal_report r = inspect(&w);
        assert_int_equal(r.verdict, KEEL_JOURNAL_TORN);
        assert_true(r.bad_offset <= i && r.bad_offset >= (int64_t)before.good_size);
        assert_int_equal(r.last_seq, 5);
        flip(&w, 1, i, 0x10);
    }
    world_done(&w);
}

/* Rewrite one record of a segment with a checksum that fits: what somebody would do who wants to change the past. */
static void forge(world *w, uint64_t segment, size_t index) {
    char path[64];
    uint64_t starts[500];
    assert_true(record_starts(w, segment, starts, 500) > index);
    path_of(segment, path);
    uint8_t *bytes = NULL;
    size_t size = 0;
    must(keel_fs_read_whole(w->fs, path, 1 << 20, &bytes, &size, &w->err), &w->err);
    keel_journal_head head;
    int newer;
    assert_null(keel_journal_head_read(bytes, &head, &newer));
    uint8_t *record = bytes + starts[index];
    keel_journal_record r;
    keel_journal_record_peek(record, &r);
    r.ts_ms++;
    r.payload = record + KEEL_JOURNAL_RECORD_HEAD;
    keel_journal_record_write(&r, keel_journal_salt(head.id, head.segment), record);
    int file = w->fs->open(w->fs->ctx, path, KEEL_FS_WRITE);
    assert_true(file >= 0);
    assert_int_equal(keel_fs_write_at(w->fs, file, bytes, size, 0), 0);
    assert_int_equal(w->fs->sync(w->fs->ctx, file), 0);
    w->fs->close(w->fs->ctx, file);
    free(bytes);
}

/* [WAL-01] a record that was changed together with its checksum is found by the checkpoint that closed it, and a
 * checkpoint that was made anew by its signature. */
static void forged_records_are_found(void **state) {
    (void)state;
    for (size_t index = 0; index < 12; index++) {
        world w;
        (void)make(&w, 13, 0, 45, 1500);
        forge(&w, 1, index);
        keel_journal_report r = inspect(&w);
        assert_int_equal(r.verdict, KEEL_JOURNAL_TAMPERED);
        assert_int_equal(r.bad_segment, 1);
        assert_true(r.bad_offset <= 8192);
        keel_journal *j = NULL;
        assert_int_equal(keel_journal_open(&w.options, &j, NULL, &w.err), KEEL_E_PARITY);
        world_done(&w);
    }
    /* The whole journal written anew with another key: only who knows the true key can tell. */
    world w;
    (void)make(&w, 14, 0, 20, 1500);
    uint8_t public_key[KEEL_KEY_SIZE], other[KEEL_KEY_SIZE] = {77};
    keel_sign_public(SEED, public_key);
    keel_journal_where where = world_where(&w);
    keel_journal_report r;
    where.signer = public_key;
    must(keel_journal_inspect(&where, 0, NULL, NULL, &r, &w.err), &w.err);
    assert_int_equal(r.verdict, KEEL_JOURNAL_GOOD);
    where.signer = other;
    must(keel_journal_inspect(&where, 0, NULL, NULL, &r, &w.err), &w.err);
    assert_int_equal(r.verdict, KEEL_JOURNAL_FOREIGN);
    world_done(&w);
}

static void remove_file(world *w, const char *path) {
    assert_int_equal(w->fs->unlink(w->fs->ctx, path), 0);
    assert_int_equal(w->fs->sync_dir(w->fs->ctx, "/j"), 0);
}

/* [T-116] missing, foreign and newer are told apart. */
static void kinds_of_damage(void **state) {
    (void)state;
    world w;
    char path[64];
    (void)make(&w, 15, 0, 120, 1500);
    uint64_t segments = inspect(&w).segments;
    assert_true(segments >= 4);
    path_of(2, path);
    remove_file(&w, path);
    keel_journal_report r = inspect(&w);
    assert_int_equal(r.verdict, KEEL_JOURNAL_MISSING);
    assert_int_equal(r.bad_segment, 2);
    world_done(&w);

    (void)make(&w, 15, 0, 120, 1500);
    path_of(1, path);
    remove_file(&w, path);
    r = inspect(&w);
    assert_int_equal(r.verdict, KEEL_JOURNAL_MISSING);
    assert_int_equal(r.bad_segment, 1);
    keel_journal_where where = world_where(&w);
    keel_journal_recovery rec;
    assert_int_equal(keel_journal_repair(&where, &rec, &w.err),
                     KEEL_E_PARITY); /* cannot be mended from what is there */
    world_done(&w);

    /* A segment of another journal in the place of ours. */
    world other;
    (void)make(&w, 15, 0, 120, 1500);
    (void)make(&other, 16, 0, 120, 1500);
    path_of(2, path);
    uint8_t *bytes = NULL;
    size_t size = 0;
    must(keel_fs_read_whole(other.fs, path, 1 << 20, &bytes, &size, &w.err), &w.err);
    must(keel_fs_replace(w.fs, "/j", path + 3, bytes, size, &w.err), &w.err);
    r = inspect(&w);
    assert_int_equal(r.verdict, KEEL_JOURNAL_FOREIGN);
    assert_int_equal(r.bad_segment, 2);

    /* [WAL-01.3] a newer version is refused by a line of its own, whatever the policy. */
    keel_put_u32(bytes + 8, KEEL_JOURNAL_SEGMENT_VERSION + 1);
    keel_put_u32(bytes + KEEL_JOURNAL_HEADER_SIZE - 4, keel_crc32c(0, bytes, KEEL_JOURNAL_HEADER_SIZE - 4));
    must(keel_fs_replace(w.fs, "/j", path + 3, bytes, size, &w.err), &w.err);
    where = world_where(&w);
    assert_int_equal(keel_journal_inspect(&where, 0, NULL, NULL, &r, &w.err), KEEL_E_VERSION);
    assert_non_null(strstr(w.err.text, "newer"));
    keel_journal *j = NULL;
    w.options.on_damage = KEEL_JOURNAL_QUARANTINE;
    assert_int_equal(keel_journal_open(&w.options, &j, NULL, &w.err), KEEL_E_VERSION);
    free(bytes);
    world_done(&w);
    world_done(&other);
}

static int count_aside(void *data, const char *name) {
    (void)name;
    ++*(int *)data;
    return 0;
}

/* [T-099] [T-100] [WAL-05.1] repair keeps all bytes: those before the damage in their place, those behind it aside. */
static void repair_keeps_everything(void **state) {
    (void)state;
    for (int64_t byte = 0; byte < 8192; byte += 401) {
        world w;
        (void)make(&w, 17, 0, 120, 1500);
        keel_journal_report before = inspect(&w);
        int64_t sum = 0, left = 0;
        for (uint64_t s = 1; s <= before.segments; s++)
            sum += size_of(&w, s);
        if (byte >= size_of(&w, 2)) {
            world_done(&w);
            break;
        }
        flip(&w, 2, byte, 1);
        keel_journal_report found = inspect(&w);
        keel_journal_where where = world_where(&w);
        keel_journal_recovery rec;
        must(keel_journal_repair(&where, &rec, &w.err), &w.err);
        assert_int_equal(rec.found.bad_offset, found.bad_offset);
        assert_true(rec.safe_mode);
        keel_journal_report after = inspect(&w);
        assert_int_equal(after.verdict, KEEL_JOURNAL_GOOD);
        assert_int_equal(after.last_seq, found.verdict == KEEL_JOURNAL_TAMPERED ? after.last_seq : found.last_seq);
        for (uint64_t s = 1; s <= before.segments; s++)
            if (size_of(&w, s) > 0) left += size_of(&w, s);
        assert_int_equal(left + (int64_t)rec.dropped_bytes, sum);
        int files = 0;
        assert_int_equal(w.fs->list(w.fs->ctx, "/j/aside", count_aside, &files), 0);
        assert_int_equal(files, (int)(before.segments - 2) + 1);
        /* A second repair finds nothing to do, and a writer goes on. */
        must(keel_journal_repair(&where, &rec, &w.err), &w.err);
        assert_int_equal(rec.found.verdict, KEEL_JOURNAL_GOOD);
        assert_int_equal(rec.dropped_bytes, 0);
        must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
        assert_int_equal(keel_journal_next_seq(w.j), after.last_seq + 1);
        must(append_some(w.j, 9, 0, &w.err), &w.err);
        must(keel_journal_close(w.j, &w.err), &w.err);
        w.j = NULL;
        assert_int_equal(inspect(&w).last_seq, after.last_seq + 9);
        world_done(&w);
    }
}

/* [T-127] an empty file, and an empty folder, are a journal without records. */
static void empty_files(void **state) {
    (void)state;
    world w;
    world_init(&w, 18);
    assert_int_equal(w.fs->mkdir(w.fs->ctx, "/j"), 0);
    assert_int_equal(inspect(&w).verdict, KEEL_JOURNAL_GOOD);
    assert_int_equal(inspect(&w).records, 0);
    int file = w.fs->open(w.fs->ctx, "/j/wal-main-00000001.klw", KEEL_FS_WRITE | KEEL_FS_CREATE);
    assert_true(file >= 0);
    w.fs->close(w.fs->ctx, file);
    assert_int_equal(inspect(&w).verdict, KEEL_JOURNAL_TORN);
    keel_journal_recovery rec;
    must(keel_journal_open(&w.options, &w.j, &rec, &w.err), &w.err);
    assert_int_equal(rec.next_seq, 1);
    assert_false(rec.safe_mode);
    must(append_some(w.j, 3, 0, &w.err), &w.err);
    must(keel_journal_close(w.j, &w.err), &w.err);
    w.j = NULL;
    assert_int_equal(inspect(&w).records, 3);
    world_done(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flip_is_located),    cmocka_unit_test(bytes_behind_the_end),
        cmocka_unit_test(forged_records_are_found), cmocka_unit_test(kinds_of_damage),
        cmocka_unit_test(repair_keeps_everything),  cmocka_unit_test(empty_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

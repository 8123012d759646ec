/* tests/unit/journal_write.c: what is appended reads back, over segments, restarts, keys and sizes. */
#include "journal_fixture.h"

#include "journal/crc32c.h"
#include "port/fs_real.h"

static void known_answers(void **state) {
    (void)state;
    uint8_t zeros[32] = {0}, ones[32], up[32];
    memset(ones, 0xff, sizeof ones);
    for (int i = 0; i < 32; i++)
        up[i] = (uint8_t)i;
    /* RFC 3720, B.4 */
    assert_int_equal(keel_crc32c(0, zeros, 32), 0x8a9136aa);
    assert_int_equal(keel_crc32c(0, ones, 32), 0x62a8ab43);
    assert_int_equal(keel_crc32c(0, up, 32), 0x46dd794e);
    assert_int_equal(keel_crc32c(keel_crc32c(0, up, 5), up + 5, 27), 0x46dd794e);
    keel_simrandom r;
    keel_simrandom_init(&r, 7);
    for (int n = 0; n < 2000; n++) {
        uint8_t bytes[300];
        size_t size = (size_t)keel_simrandom_below(&r, sizeof bytes), from = (size_t)keel_simrandom_below(&r, size + 1);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)keel_simrandom_next(&r);
        assert_int_equal(keel_crc32c(5, bytes + from, size - from), keel_crc32c_table(5, bytes + from, size - from));
    }
    for (int n = 0; n < 2000; n++) { /* of several, each its own */
        uint8_t bytes[300];
        const uint8_t *at[KEEL_CRC32C_ABREAST];
        size_t size[KEEL_CRC32C_ABREAST];
        uint32_t got[KEEL_CRC32C_ABREAST];
        int count = 1 + (int)keel_simrandom_below(&r, KEEL_CRC32C_ABREAST);
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)keel_simrandom_next(&r);
        for (int i = 0; i < count; i++) {
            at[i] = bytes + keel_simrandom_below(&r, sizeof bytes);
            size[i] = (size_t)keel_simrandom_below(&r, (uint64_t)(bytes + sizeof bytes - at[i]) + 1);
        }
        keel_crc32c_each(9, at, size, count, got);
        for (int i = 0; i < count; i++)
            assert_int_equal(got[i], keel_crc32c_table(9, at[i], size[i]));
    }
    /* RFC 8032, 7.1, test 2: one byte 0x72. */
    uint8_t seed[32], public_key[32], signature[64], want[64];
    assert_true(keel_unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", seed, 32));
    keel_sign_public(seed, public_key);
    assert_true(keel_unhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", want, 32));
    assert_memory_equal(public_key, want, 32);
    keel_sign(seed, "\x72", 1, signature);
    assert_true(
        keel_unhex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                   "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
                   want, 64));
    assert_memory_equal(signature, want, 64);
    assert_true(keel_sign_check(public_key, "\x72", 1, signature));
    signature[3] ^= 1;
    assert_false(keel_sign_check(public_key, "\x72", 1, signature));
}

static void all_back(world *w, uint64_t first, uint64_t last, uint64_t salt) {
    keel_journal_where where = world_where(w);
    keel_journal_reader *r = NULL;
    keel_journal_record rec;
    must(keel_journal_reader_open(&where, &r, &w->err), &w->err);
    for (uint64_t seq = first; seq <= last; seq++) {
        int rc = keel_journal_reader_next(r, &rec, &w->err);
        if (rc != 1) print_error("record %llu: %s\n", (unsigned long long)seq, w->err.text);
        assert_int_equal(rc, 1);
        assert_int_equal(rec.seq, seq);
        assert_true(same_record(&rec, salt));
    }
    assert_int_equal(keel_journal_reader_next(r, &rec, &w->err), 0);
    for (uint64_t seq = first; seq <= last; seq += 37) {
        must(keel_journal_reader_seek(r, seq, &w->err), &w->err);
        assert_int_equal(keel_journal_reader_next(r, &rec, &w->err), 1);
        assert_int_equal(rec.seq, seq);
        assert_true(same_record(&rec, salt));
    }
    keel_journal_reader_close(r);
}

/* [T-097] [T-104] [T-118] [T-120] [T-127] [WAL-01.1] [WAL-01.4] */
static void appended_records_read_back(void **state) {
    (void)state;
    for (int encrypted = 0; encrypted < 2; encrypted++) {
        world w;
        world_init(&w, 3);
        if (encrypted) w.options.encrypt_key = KEY;
        uint64_t last = 0;
        for (int session = 0; session < 5; session++) {
            keel_journal_recovery rec;
            must(keel_journal_open(&w.options, &w.j, &rec, &w.err), &w.err);
            assert_int_equal(rec.found.verdict, KEEL_JOURNAL_GOOD);
            assert_int_equal(rec.found.records, last);
            assert_int_equal(rec.found.shut_down, session > 0);
            assert_int_equal(rec.next_seq, last + 1);
            keel_journal *second = NULL;
            assert_int_equal(keel_journal_open(&w.options, &second, NULL, &w.err), KEEL_E_GATE);
            assert_non_null(strstr(w.err.text, "another writer"));
            for (int commit = 0; commit < 20; commit++) {
                must(append_some(w.j, (uint64_t)(commit * 7 % 13 + 1), 0, &w.err), &w.err);
                assert_int_equal(keel_journal_durable_seq(w.j), last);
                must(keel_journal_commit(w.j, &w.err), &w.err);
                last = keel_journal_next_seq(w.j) - 1;
                assert_int_equal(keel_journal_durable_seq(w.j), last);
            }
            must(append_some(w.j, 3, 0, &w.err), &w.err); /* close commits what is pending */
            last += 3;
            must(keel_journal_close(w.j, &w.err), &w.err);
            w.j = NULL;
            all_back(&w, 1, last, 0);
        }
        world_done(&w);
    }
}

/* [T-117] [WAL-01.4] [SEC-02] files 0600, folders 0700, and wider ones are refused before anything is read. */
static void wide_permissions_are_refused(void **state) {
    (void)state;
    world w;
    world_init(&w, 4);
    must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
    must(append_some(w.j, 10, 0, &w.err), &w.err);
    must(keel_journal_close(w.j, &w.err), &w.err);
    w.j = NULL;
    static const char *const PATHS[] = {"/j", "/j/wal-main-00000001.klw", "/j/lock"};
    keel_journal_where where = world_where(&w);
    for (int i = 0; i < 3; i++) {
        keel_fs_stat st;
        assert_int_equal(w.fs->stat(w.fs->ctx, PATHS[i], &st), 0);
        assert_int_equal(st.mode, st.is_dir ? 0700 : 0600);
        assert_int_equal(keel_simfs_chmod(w.sim, PATHS[i], st.mode | 040), 0);
        keel_journal *j = NULL;
        assert_int_equal(keel_journal_open(&w.options, &j, NULL, &w.err), KEEL_E_GATE);
        assert_non_null(strstr(w.err.text, "too wide"));
        keel_journal_report report;
        if (i < 2) assert_int_equal(keel_journal_inspect(&where, 0, NULL, NULL, &report, &w.err), KEEL_E_GATE);
        assert_int_equal(keel_simfs_chmod(w.sim, PATHS[i], st.mode), 0);
    }
    must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
    world_done(&w);
}

/* [T-121] [WAL-01.3] payloads up to 16 MiB, and no further. */
static void large_records(void **state) {
    (void)state;
    world w;
    world_init(&w, 5);
    must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
    uint32_t sizes[] = {0, 1, 4095, 20000, 1 << 20, KEEL_JOURNAL_PAYLOAD_MAX};
    uint8_t *bytes = calloc(KEEL_JOURNAL_PAYLOAD_MAX + 1, 1);
    for (size_t i = 0; i < 6; i++) {
        if (sizes[i]) bytes[0] = bytes[sizes[i] - 1] = (uint8_t)(i + 1);
        keel_journal_record r = {7, 0, i + 1, (int64_t)i, bytes, sizes[i]};
        must(keel_journal_append(w.j, &r, 1, &w.err), &w.err);
        if (i % 2) must(keel_journal_commit(w.j, &w.err), &w.err);
    }
    keel_journal_record over = {7, 0, 7, 0, bytes, KEEL_JOURNAL_PAYLOAD_MAX + 1};
    assert_int_equal(keel_journal_append(w.j, &over, 1, &w.err), KEEL_E_RANGE);
    must(keel_journal_close(w.j, &w.err), &w.err);
    w.j = NULL;
    keel_journal_where where = world_where(&w);
    keel_journal_reader *r = NULL;
    keel_journal_record rec;
    must(keel_journal_reader_open(&where, &r, &w.err), &w.err);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(keel_journal_reader_next(r, &rec, &w.err), 1);
        assert_int_equal(rec.size, sizes[i]);
        if (sizes[i]) assert_true(rec.payload[sizes[i] - 1] == i + 1);
    }
    assert_int_equal(keel_journal_reader_next(r, &rec, &w.err), 0);
    keel_journal_reader_close(r);
    free(bytes);
    world_done(&w);
}

static void misuse_is_refused_whole(void **state) {
    (void)state;
    world w;
    world_init(&w, 6);
    must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
    uint8_t payload[4] = {0};
    keel_journal_record good = {1, 0, 1, 0, payload, 4}, gap = {1, 0, 3, 0, payload, 4};
    keel_journal_record own = {0xff00, 0, 1, 0, payload, 4}, none = {0, 0, 1, 0, payload, 4};
    keel_journal_record flagged = {1, 1, 1, 0, payload, 4}, pair[2] = {good, gap};
    assert_int_equal(keel_journal_append(w.j, &gap, 1, &w.err), KEEL_E_USAGE);
    assert_int_equal(keel_journal_append(w.j, &own, 1, &w.err), KEEL_E_USAGE);
    assert_int_equal(keel_journal_append(w.j, &none, 1, &w.err), KEEL_E_USAGE);
    assert_int_equal(keel_journal_append(w.j, &flagged, 1, &w.err), KEEL_E_USAGE);
    assert_int_equal(keel_journal_append(w.j, pair, 2, &w.err), KEEL_E_USAGE);
    assert_int_equal(keel_journal_next_seq(w.j), 1);
    must(keel_journal_append(w.j, &good, 1, &w.err), &w.err);
    assert_int_equal(keel_journal_append(w.j, &good, 1, &w.err), KEEL_E_USAGE); /* a repeat */
    world_done(&w);
}

/* [WAL-01.5] what is encrypted cannot be found in the files, and a wrong key is told from damage. */
static void encrypted_at_rest(void **state) {
    (void)state;
    world w;
    world_init(&w, 8);
    w.options.encrypt_key = KEY;
    must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
    static const char SECRET[] = "a line that nobody may read";
    keel_journal_record r = {5, 0, 1, 0, (const uint8_t *)SECRET, sizeof SECRET};
    must(keel_journal_append(w.j, &r, 1, &w.err), &w.err);
    must(keel_journal_close(w.j, &w.err), &w.err);
    w.j = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    must(keel_fs_read_whole(w.fs, "/j/wal-main-00000001.klw", 1 << 20, &bytes, &size, &w.err), &w.err);
    for (size_t i = 0; i + 8 <= size; i++)
        assert_true(memcmp(bytes + i, SECRET, 8) != 0);
    free(bytes);
    keel_journal_where where = world_where(&w);
    uint8_t other[KEEL_KEY_SIZE] = {0};
    keel_journal_report report;
    where.key = other;
    assert_int_equal(keel_journal_inspect(&where, 0, NULL, NULL, &report, &w.err), KEEL_E_GATE);
    assert_non_null(strstr(w.err.text, "encryption key is wrong"));
    where.key = NULL; /* without the key, its bytes can still be verified */
    must(keel_journal_inspect(&where, 0, NULL, NULL, &report, &w.err), &w.err);
    assert_int_equal(report.verdict, KEEL_JOURNAL_GOOD);
    assert_int_equal(report.records, 1);
    world_done(&w);
}

/* [WAL-04.2] a new segment at a new day of the records' own time. */
static void segments_follow_days(void **state) {
    (void)state;
    world w;
    world_init(&w, 9);
    w.options.rotate_ms = 0;
    must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
    static const int64_t TIMES[] = {86400000 - 1, 86400000, 86400001, 5, 2 * 86400000};
    for (uint64_t i = 0; i < 5; i++) {
        keel_journal_record r = {5, 0, i + 1, TIMES[i], NULL, 0};
        must(keel_journal_append(w.j, &r, 1, &w.err), &w.err);
        must(keel_journal_commit(w.j, &w.err), &w.err);
    }
    must(keel_journal_close(w.j, &w.err), &w.err);
    w.j = NULL;
    keel_journal_where where = world_where(&w);
    keel_journal_report report;
    must(keel_journal_inspect(&where, 0, NULL, NULL, &report, &w.err), &w.err);
    assert_int_equal(report.verdict, KEEL_JOURNAL_GOOD);
    assert_int_equal(report.segments, 3); /* a clock that went back begins none */
    world_done(&w);
}

/* By default a mebibyte is signed, unless the last signature is fresh; sixteen are in any case. [WAL-01.1] */
static void checkpoints_rest_between(void **state) {
    (void)state;
    enum { MIB = 1 << 20, COMMIT = 16000, COMMITS = 10 };
    world w;
    world_init(&w, 3);
    w.options.segment_bytes = 64 << 20;
    w.options.checkpoint_bytes = 0;
    must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
    for (int i = 0; i < 2 * COMMITS; i++) {
        keel_journal_report r = {0};
        keel_journal_where where = world_where(&w);
        int moves = i >= COMMITS;
        if (moves) w.clock.now_ns += 200000000;
        must(append_some(w.j, COMMIT, 5, &w.err), &w.err);
        must(keel_journal_commit(w.j, &w.err), &w.err);
        must(keel_journal_inspect(&where, 0, NULL, NULL, &r, &w.err), &w.err);
        assert_int_equal(r.verdict, KEEL_JOURNAL_GOOD);
        assert_in_range(r.bytes, (uint64_t)(i + 1) * 3 * MIB / 2, (uint64_t)(i + 1) * 2 * MIB); /* of all commits */
        assert_int_equal(r.checkpoints, moves ? i - COMMITS + 2 : r.bytes >= 16 * MIB);
        assert_in_range(r.unsigned_bytes, 0, moves ? 0 : 16 * MIB);
    }
    world_done(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(appended_records_read_back),
        cmocka_unit_test(wide_permissions_are_refused),
        cmocka_unit_test(large_records),
        cmocka_unit_test(misuse_is_refused_whole),
        cmocka_unit_test(encrypted_at_rest),
        cmocka_unit_test(segments_follow_days),
        cmocka_unit_test(checkpoints_rest_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

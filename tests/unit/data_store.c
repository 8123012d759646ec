/* The store: merge, revisions, partitions, cache, transactions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edge/data/partition.h"
#include "base/sql.h"
#include "edge/data/store_impl.h"
#include "edge/data/store_write.h"

static const int64_t START_MS = 1704067200000, MINUTE_MS = 60000; /* 2024-01-01 */

typedef struct fixture {
    char folder[200];
    keel_err err;
} fixture;

static int setup(void **state) {
    fixture *f = calloc(1, sizeof *f);
    if (!f) return -1;
    (void)snprintf(f->folder, sizeof f->folder, "%s/keel-store-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : ".");
    *state = f;
    return mkdtemp(f->folder) ? 0 : -1;
}

static void remove_tree(const char *folder) {
    char path[512];
    DIR *d = opendir(folder);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        (void)snprintf(path, sizeof path, "%s/%.200s", folder, e->d_name);
        if (unlink(path) != 0) remove_tree(path);
    }
    if (d) (void)closedir(d);
    (void)rmdir(folder);
}

static int teardown(void **state) {
    fixture *f = *state;
    remove_tree(f->folder);
    free(f);
    return 0;
}

static keel_store *open_store(fixture *f, int mode) {
    keel_store *s = NULL;
    if (keel_store_open(f->folder, mode, &s, &f->err) != 0) fail_msg("%s", f->err.text);
    return s;
}

/* Minute bars whose values follow from their index; `salt` restates them. */
static keel_columns bars(int64_t first, int64_t count, int64_t salt) {
    keel_columns c;
    keel_columns_init(&c, KEEL_CANDLE_COLUMNS);
    for (int64_t i = first; i < first + count; i++) {
        int64_t price = 5000000000 + (i * 7919) % 1000003 + salt;
        int64_t row[6] = {START_MS + i * MINUTE_MS,
                          price,
                          price + 9,
                          price - 9,
                          price + 3,
                          (int64_t)keel_bits_of_double((double)i * 0.25 + (double)salt)};
        assert_int_equal(keel_columns_push(&c, row, NULL), 0);
    }
    return c;
}

static keel_merge_counts put(fixture *f, const char *sha, keel_columns c) {
    keel_store *s = open_store(f, KEEL_STORE_WRITE);
    keel_series_info series;
    keel_import_record record;
    keel_merge_counts counts = {0, 0, 0};
    assert_int_equal(keel_store_begin(s, &f->err), 0);
    assert_int_equal(keel_store_series_make(s, KEEL_KIND_CANDLE, "v-perp", "perp", "AAA", MINUTE_MS, &series, &f->err),
                     0);
    assert_int_equal(keel_store_import_open(s, &series, "f.csv", sha, &record, &f->err), 0);
    assert_int_equal(keel_store_merge(s, &series, record.id, &c, &counts, &f->err), 0);
    assert_int_equal(keel_store_commit(s, &f->err), 0);
    keel_store_close(s);
    keel_columns_done(&c);
    return counts;
}

static keel_candles load(fixture *f, int64_t from_ms, int64_t to_ms) {
    keel_store *s = open_store(f, KEEL_STORE_READ);
    keel_candles c;
    if (keel_store_load_candles(s, "v-perp", "AAA", MINUTE_MS, from_ms, to_ms, &c, &f->err) != 0)
        fail_msg("%s", f->err.text);
    keel_store_close(s);
    return c;
}

static void hash_of(fixture *f, uint8_t ret[32]) {
    keel_store *s = open_store(f, KEEL_STORE_READ);
    assert_int_equal(keel_store_hash(s, ret, &f->err), 0);
    keel_store_close(s);
}

/* [DAT-03] [T-344] Months are partitions, reads see one series; any order of arrival ends in the same contents. */
static void test_merge_order_does_not_matter(void **state) {
    fixture *f = *state;
    uint8_t a[32], b[32];
    keel_merge_counts n = put(f, "a", bars(0, 100000, 0)); /* 70 days: three months */
    assert_int_equal(n.added, 100000);
    hash_of(f, a);
    remove_tree(f->folder);
    (void)put(f, "a", bars(60000, 40000, 0));
    (void)put(f, "b", bars(0, 30001, 0));
    n = put(f, "c", bars(20000, 50000, 0));
    assert_int_equal(n.added, 29999);
    assert_int_equal(n.same, 20001);
    assert_int_equal(n.restated, 0);
    hash_of(f, b);
    assert_memory_equal(a, b, 32);
    keel_candles c = load(f, INT64_MIN, INT64_MAX);
    assert_int_equal(c.count, 100000);
    for (int64_t i = 0; i < c.count; i++)
        assert_int_equal(c.ts_ms[i], START_MS + i * MINUTE_MS);
    assert_true(c.volume[7] == 1.75);
    keel_candles_done(&c);
}

/* Ranges are half open and equal a slice of the whole, at month edges too. */
static void test_ranges(void **state) {
    fixture *f = *state;
    (void)put(f, "a", bars(0, 100000, 0));
    static const int64_t edges[] = {-5, 0, 1, 44639, 44640, 44641, 86399, 86400, 99999, 100000, 100005};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        for (size_t j = 0; j < sizeof edges / sizeof *edges; j++) {
            int64_t from = edges[i], to = edges[j];
            keel_candles c = load(f, START_MS + from * MINUTE_MS, START_MS + to * MINUTE_MS);
            int64_t low = from < 0 ? 0 : from > 100000 ? 100000 : from, high = to < 0 ? 0 : to > 100000 ? 100000 : to;
            assert_int_equal(c.count, high > low ? high - low : 0);
            if (c.count) {
                assert_int_equal(c.ts_ms[0], START_MS + low * MINUTE_MS);
                assert_int_equal(c.ts_ms[c.count - 1], START_MS + (high - 1) * MINUTE_MS);
            }
            keel_candles_done(&c);
        }
}

static int64_t number(fixture *f, const char *sql) {
    keel_store *s = open_store(f, KEEL_STORE_READ);
    sqlite3_stmt *stmt;
    assert_int_equal(keel_sql_prepare(s->db, sql, &stmt, &f->err), 0);
    assert_int_equal(keel_sql_step(stmt, &f->err), 1);
    int64_t value = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    keel_store_close(s);
    return value;
}

/* Restated bars become current, the former values stay as revisions, and only then does the generation grow. */
static void test_revisions(void **state) {
    fixture *f = *state;
    (void)put(f, "a", bars(0, 1000, 0));
    assert_int_equal(number(f, "SELECT generation FROM series"), 1);
    keel_merge_counts n = put(f, "b", bars(0, 1000, 0));
    assert_int_equal(n.same, 1000);
    assert_int_equal(number(f, "SELECT generation FROM series"), 1);
    n = put(f, "c", bars(500, 3, 11));
    assert_int_equal(n.restated, 3);
    assert_int_equal(number(f, "SELECT generation FROM series"), 2);
    assert_int_equal(number(f, "SELECT count(*) FROM revision"), 3);
    keel_columns old = bars(500, 1, 0);
    char sql[160];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM revision WHERE ts_ms = %lld AND close_e8 = %lld",
                   (long long)old.column[0][0], (long long)old.column[4][0]);
    assert_int_equal(number(f, sql), 1);
    keel_candles c = load(f, old.column[0][0], old.column[0][0] + 1);
    assert_int_equal(c.close_e8[0], old.column[4][0] + 11);
    keel_candles_done(&c);
    keel_columns_done(&old);
}

static void cache_path(const fixture *f, char *path, size_t size) {
    (void)snprintf(path, size, "%s/cache/1.cols", f->folder);
}

/* A cache that is absent, cut, flipped in any part or of an older generation never changes what a load returns. */
static void test_cache_is_only_a_cache(void **state) {
    fixture *f = *state;
    char path[256];
    uint8_t want[32], got[32];
    (void)put(f, "a", bars(0, 50000, 0));
    keel_candles c = load(f, INT64_MIN, INT64_MAX);
    keel_candles_hash(&c, want);
    keel_candles_done(&c);
    cache_path(f, path, sizeof path);
    for (int damage = 0; damage < 60; damage++) {
        FILE *file = fopen(path, "r+b");
        assert_non_null(file);
        assert_int_equal(fseek(file, 0, SEEK_END), 0);
        long size = ftell(file), at = damage < 40 ? damage * 4 : size / 61 * damage;
        if (damage == 57) {
            assert_int_equal(ftruncate(fileno(file), size - 8), 0);
        } else if (damage == 58) {
            assert_int_equal(ftruncate(fileno(file), 0), 0);
        } else if (damage == 59) {
            assert_int_equal(unlink(path), 0);
        } else {
            assert_int_equal(fseek(file, at, SEEK_SET), 0);
            int byte = fgetc(file);
            assert_int_equal(fseek(file, at, SEEK_SET), 0);
            assert_int_not_equal(fputc(byte ^ 0x10, file), EOF);
        }
        assert_int_equal(fclose(file), 0);
        c = load(f, INT64_MIN, INT64_MAX);
        keel_candles_hash(&c, got);
        keel_candles_done(&c);
        assert_memory_equal(got, want, 32);
        assert_int_equal(access(path, R_OK), 0); /* rebuilt */
    }
    (void)put(f, "b", bars(50000, 10, 0)); /* the file now is of an older generation */
    c = load(f, INT64_MIN, INT64_MAX);
    assert_int_equal(c.count, 50010);
    keel_candles_done(&c);
}

/* A damaged partition is an integrity failure, never wrong bars. */
static void test_damaged_partition(void **state) {
    fixture *f = *state;
    (void)put(f, "a", bars(0, 5000, 0));
    keel_store *s = open_store(f, KEEL_STORE_WRITE);
    assert_int_equal(keel_sql_exec(s->db, "UPDATE partition SET bytes = zeroblob(length(bytes))", &f->err), 0);
    keel_store_close(s);
    keel_candles c;
    s = open_store(f, KEEL_STORE_READ);
    assert_int_equal(keel_store_load_candles(s, "v-perp", "AAA", MINUTE_MS, INT64_MIN, INT64_MAX, &c, &f->err),
                     KEEL_E_PARITY);
    keel_store_close(s);
}

/* A rolled back transaction leaves the contents as they were. */
static void test_rollback(void **state) {
    fixture *f = *state;
    uint8_t a[32], b[32];
    (void)put(f, "a", bars(0, 100, 0));
    hash_of(f, a);
    keel_store *s = open_store(f, KEEL_STORE_WRITE);
    keel_series_info series;
    keel_merge_counts n = {0, 0, 0};
    keel_columns c = bars(50, 500, 3);
    assert_int_equal(keel_store_begin(s, &f->err), 0);
    assert_int_equal(keel_store_series_make(s, KEEL_KIND_CANDLE, "v-perp", "perp", "AAA", MINUTE_MS, &series, &f->err),
                     0);
    assert_int_equal(keel_store_merge(s, &series, 1, &c, &n, &f->err), 0);
    keel_store_rollback(s);
    keel_store_close(s);
    keel_columns_done(&c);
    hash_of(f, b);
    assert_memory_equal(a, b, 32);
}

/* A full disk is an error in one line, and what was stored before stays as it was and readable. */
static void test_full_disk(void **state) {
    fixture *f = *state;
    uint8_t a[32], b[32];
    (void)put(f, "a", bars(0, 20000, 0));
    hash_of(f, a);
    for (int pages = 0; pages < 12; pages++) {
        char sql[64];
        keel_series_info series;
        keel_merge_counts n = {0, 0, 0};
        keel_columns c = bars(0, 100000, 5);
        keel_store *s = open_store(f, KEEL_STORE_WRITE);
        (void)snprintf(sql, sizeof sql, "PRAGMA max_page_count = %d", 1 + pages); /* at least what is used now */
        assert_int_equal(keel_sql_exec(s->db, sql, &f->err), 0);
        assert_int_equal(keel_store_begin(s, &f->err), 0);
        assert_int_equal(keel_store_series_make(s, 1, "v-perp", "perp", "AAA", MINUTE_MS, &series, &f->err), 0);
        assert_int_equal(keel_store_merge(s, &series, 1, &c, &n, &f->err), KEEL_E_IO);
        assert_non_null(strstr(f->err.text, "disk"));
        keel_store_rollback(s);
        keel_store_close(s);
        keel_columns_done(&c);
        hash_of(f, b);
        assert_memory_equal(a, b, 32);
    }
    keel_candles c = load(f, INT64_MIN, INT64_MAX);
    assert_int_equal(c.count, 20000);
    keel_candles_done(&c);
}

static void test_refusals(void **state) {
    fixture *f = *state;
    keel_store *s = NULL;
    keel_candles c;
    keel_series_info series;
    assert_int_equal(keel_store_open("/nonexistent/keel", KEEL_STORE_READ, &s, &f->err), KEEL_E_NOT_FOUND);
    (void)put(f, "a", bars(0, 10, 0));
    s = open_store(f, KEEL_STORE_WRITE);
    assert_int_equal(keel_store_load_candles(s, "v-perp", "BBB", MINUTE_MS, 0, 1, &c, &f->err), KEEL_E_NOT_FOUND);
    assert_non_null(strstr(f->err.text, "AAA"));
    assert_int_equal(keel_store_begin(s, &f->err), 0);
    assert_int_equal(keel_store_series_make(s, 1, "v-perp", "spot", "AAA", MINUTE_MS, &series, &f->err), KEEL_E_USAGE);
    assert_int_equal(keel_store_series_make(s, 1, "v perp", "perp", "AAA", MINUTE_MS, &series, &f->err), KEEL_E_USAGE);
    assert_int_equal(keel_store_series_make(s, 1, "v", "perp", "", MINUTE_MS, &series, &f->err), KEEL_E_USAGE);
    keel_store_rollback(s);
    assert_int_equal(keel_sql_exec(s->db, "PRAGMA user_version = 99", &f->err), 0);
    keel_store_close(s);
    assert_int_equal(keel_store_open(f->folder, KEEL_STORE_READ, &s, &f->err), KEEL_E_VERSION);
    assert_int_equal(keel_store_open(f->folder, KEEL_STORE_WRITE, &s, &f->err), KEEL_E_VERSION);
}

/* Rows of our own making never replace imported ones. */
static void test_put_respects_origin(void **state) {
    fixture *f = *state;
    keel_merge_counts n;
    (void)put(f, "a", bars(0, 10, 0));
    keel_candles c = load(f, INT64_MIN, INT64_MAX);
    keel_store *s = open_store(f, KEEL_STORE_WRITE);
    assert_int_equal(keel_store_put_candles(s, "v-perp", "perp", "AAA", "synth", &c, &n, &f->err), KEEL_E_USAGE);
    assert_int_equal(keel_store_put_candles(s, "w-perp", "perp", "AAA", "synth", &c, &n, &f->err), 0);
    assert_int_equal(n.added, 10);
    assert_int_equal(keel_store_put_candles(s, "w-perp", "perp", "AAA", "synth", &c, &n, &f->err), 0);
    assert_int_equal(n.added + n.same, 0);
    keel_store_close(s);
    keel_candles_done(&c);
}

/* Extremes survive the encoding; every cut and many flips of the bytes are noticed. */
static void test_partition_bytes(void **state) {
    fixture *f = *state;
    keel_columns c, back;
    void *bytes;
    size_t size;
    static const int64_t extremes[] = {1, INT64_MAX, INT64_MAX - 1, 100000000, 1, INT64_MAX};
    keel_columns_init(&c, KEEL_CANDLE_COLUMNS);
    for (int64_t i = 0; i < 6; i++) {
        int64_t e = extremes[i], row[6] = {i * 1000, e, INT64_MIN, -e, 0, (int64_t)keel_bits_of_double(1e300)};
        assert_int_equal(keel_columns_push(&c, row, &f->err), 0);
    }
    assert_int_equal(keel_partition_encode(&c, &bytes, &size, &f->err), 0);
    keel_columns_init(&back, KEEL_CANDLE_COLUMNS);
    assert_int_equal(keel_partition_decode(bytes, size, 6, &back, &f->err), 0);
    for (int i = 0; i < 6; i++)
        assert_memory_equal(c.column[i], back.column[i], 6 * sizeof(int64_t));
    assert_int_equal(keel_partition_decode(bytes, size, 5, &back, &f->err), KEEL_E_PARITY);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(keel_partition_decode(bytes, cut, 6, &back, &f->err), KEEL_E_PARITY);
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)bytes)[i] ^= 1;
        back.count = 0;
        /* A flip that the frame does not notice (an unused bit) must give the same rows. */
        if (keel_partition_decode(bytes, size, 6, &back, &f->err) == 0)
            for (int k = 0; k < 6; k++)
                assert_memory_equal(c.column[k], back.column[k], 6 * sizeof(int64_t));
        ((uint8_t *)bytes)[i] ^= 1;
    }
    free(bytes);
    keel_columns_done(&c);
    keel_columns_done(&back);
}

static void test_months(void **state) {
    (void)state;
    assert_int_equal(keel_month_of(0), 197001);
    assert_int_equal(keel_month_of(START_MS), 202401);
    assert_int_equal(keel_month_of(START_MS - 1), 202312);
    assert_int_equal(keel_month_of(1709251199999), 202402);
    assert_int_equal(keel_month_of(1709251200000), 202403);
    for (int32_t year = 1970; year < 2100; year++)
        for (int32_t month = 1; month <= 12; month++) {
            int64_t ms = keel_month_start_ms(year * 100 + month);
            assert_int_equal(keel_month_of(ms), year * 100 + month);
            if (ms) assert_int_not_equal(keel_month_of(ms - 1), year * 100 + month);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_merge_order_does_not_matter, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ranges, setup, teardown),
        cmocka_unit_test_setup_teardown(test_revisions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cache_is_only_a_cache, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_partition, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rollback, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_put_respects_origin, setup, teardown),
        cmocka_unit_test_setup_teardown(test_partition_bytes, setup, teardown),
        cmocka_unit_test(test_months),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

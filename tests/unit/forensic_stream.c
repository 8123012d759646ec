/* A stream of lines on simulated files: parts, going on from a remembered place, and every write that may fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the four above, which it needs */
#include <cmocka.h>

#include "ops/forensic/reader.h"
#include "ops/forensic/stream.h"
#include "port/simfs.h"

enum { LIMIT = 4000, LINES = 400, DAY_MS = 86400000, MINUTES_30 = 1800000 };

static size_t line_of(int i, char ret[64]) {
    return (size_t)snprintf(ret, 64, "{\"line\":%d,\"filler\":\"%.*s\"}\n", i, i % 20, "abcdefghijklmnopqrstuvwxyz");
}

static void put_lines(keel_stream *s, int from, int to) {
    char line[64];
    for (int i = from; i < to; i++) {
        size_t size = line_of(i, line);
        keel_stream_put(s, (int64_t)i * MINUTES_30, line, size);
    }
}

static void begin(keel_stream *s, keel_simfs *disk, const keel_stream_place *place) {
    keel_err err = {0};
    const keel_fs *fs = keel_simfs_port(disk);
    (void)fs->mkdir(fs->ctx, "/d"); /* it may be there */
    (void)fs->sync_dir(fs->ctx, "/");
    assert_int_equal(keel_stream_init(s, keel_simfs_port(disk), "/d", "events", LIMIT, &err), 0);
    if (place) s->place = *place;
}

/* Lines that are there, from 0 on without a gap. */
static int read_lines(keel_simfs *disk) {
    keel_log_lines *l = NULL;
    keel_err err = {0};
    const char *text;
    size_t size;
    char expected[64];
    int n = 0, rc;
    if (keel_log_lines_open(keel_simfs_port(disk), "/d", "events", &l, &err) != 0) return -1;
    while ((rc = keel_log_lines_next(l, &text, &size, &err)) == 1) {
        assert_int_equal(line_of(n, expected), size + 1);
        assert_memory_equal(text, expected, size);
        n++;
    }
    assert_int_equal(rc, 0);
    keel_log_lines_close(l);
    return n;
}

static uint64_t disk_sum(keel_simfs *disk) {
    uint64_t sum = 14695981039346656037u;
    const keel_fs *fs = keel_simfs_port(disk);
    for (int part = 0; part < 30; part++) {
        char path[64];
        uint8_t *bytes = NULL;
        size_t size = 0;
        keel_err err = {0};
        if (part)
            (void)snprintf(path, sizeof path, "/d/events.%06d.jsonl.zst", part);
        else
            (void)snprintf(path, sizeof path, "/d/events.jsonl");
        if (keel_fs_read_whole(fs, path, 1 << 20, &bytes, &size, &err) != 0) continue;
        for (size_t i = 0; i < size; i++)
            sum = (sum ^ bytes[i]) * 1099511628211u;
        sum = (sum ^ (uint64_t)part) * 1099511628211u;
        free(bytes);
    }
    return sum;
}

/* [LOG-02.4] [T-076] */
static void parts_are_closed_and_nothing_is_lost(void **state) {
    (void)state;
    keel_simfs *disk = keel_simfs_new(1);
    keel_stream s;
    keel_fs_stat st;
    begin(&s, disk, NULL);
    put_lines(&s, 0, LINES);
    assert_true(s.place.closed >= 4);
    assert_true(s.place.offset <= LIMIT);
    keel_stream_done(&s);
    assert_int_equal(read_lines(disk), LINES);
    const keel_fs *fs = keel_simfs_port(disk);
    assert_int_equal(fs->stat(fs->ctx, "/d/events.000001.jsonl.zst", &st), 0);
    assert_int_equal(st.mode, 0600);
    keel_simfs_free(disk);
}

/* Stopped anywhere, begun again at any remembered place before it: the same bytes as if it had never stopped. */
static void going_on_gives_the_same_bytes(void **state) {
    (void)state;
    keel_simfs *whole = keel_simfs_new(1);
    keel_stream s;
    begin(&s, whole, NULL);
    put_lines(&s, 0, LINES);
    keel_stream_done(&s);
    uint64_t expected = disk_sum(whole);
    keel_simfs_free(whole);
    for (int kept = 0; kept < LINES; kept += 23)
        for (int stopped = kept; stopped < LINES; stopped += 61) {
            keel_simfs *disk = keel_simfs_new(2);
            begin(&s, disk, NULL);
            put_lines(&s, 0, kept);
            keel_stream_flush(&s);
            keel_stream_place place = s.place;
            put_lines(&s, kept, stopped);
            keel_stream_done(&s);
            begin(&s, disk, &place);
            put_lines(&s, kept, LINES);
            assert_int_equal(s.failed, 0);
            keel_stream_done(&s);
            assert_int_equal(disk_sum(disk), expected);
            assert_int_equal(read_lines(disk), LINES);
            keel_simfs_free(disk);
        }
}

/* The part to go on with was removed: later ones are not glued to what is written now. */
static void a_part_that_was_removed_is_not_gone_on_with(void **state) {
    (void)state;
    keel_simfs *disk = keel_simfs_new(1);
    const keel_fs *fs = keel_simfs_port(disk);
    keel_stream s;
    begin(&s, disk, NULL);
    put_lines(&s, 0, 10);
    keel_stream_flush(&s);
    keel_stream_place place = s.place;
    put_lines(&s, 10, LINES);
    keel_stream_done(&s);
    assert_int_equal(fs->unlink(fs->ctx, "/d/events.000001.jsonl.zst"), 0);
    uint64_t left = disk_sum(disk);
    begin(&s, disk, &place);
    put_lines(&s, 10, LINES);
    keel_stream_flush(&s);
    assert_int_equal(s.failed, 1);
    assert_non_null(strstr(s.why.text, "parts were removed"));
    keel_stream_done(&s);
    assert_int_equal(disk_sum(disk), left);
    keel_simfs_free(disk);
}

/* What is made again waits: given up, the files are as they were; released, they are as if it had not waited. */
static void held_lines_touch_nothing_until_they_are_released(void **state) {
    (void)state;
    keel_simfs *disk = keel_simfs_new(1);
    keel_stream s;
    begin(&s, disk, NULL);
    put_lines(&s, 0, 100);
    keel_stream_flush(&s);
    keel_stream_place place = s.place;
    put_lines(&s, 100, LINES);
    keel_stream_done(&s);
    uint64_t whole = disk_sum(disk);
    for (int from_place = 0; from_place < 2; from_place++) {
        begin(&s, disk, from_place ? &place : NULL);
        keel_stream_hold(&s);
        put_lines(&s, from_place ? 100 : 0, 250);
        keel_stream_done(&s);
        assert_int_equal(disk_sum(disk), whole);
    }
    begin(&s, disk, &place);
    keel_stream_hold(&s);
    put_lines(&s, 100, 250);
    keel_stream_release(&s);
    put_lines(&s, 250, 300);
    keel_stream_done(&s);
    assert_int_equal(read_lines(disk), 300);
    begin(&s, disk, NULL);
    keel_stream_hold(&s);
    put_lines(&s, 0, LINES);
    keel_stream_release(&s);
    keel_stream_done(&s);
    assert_int_equal(disk_sum(disk), whole);
    keel_simfs_free(disk);
}

enum { FAT = 9000, FAT_LINES = 500, HELD_MOST = 1 << 20 };

/* Lines of some size, so that a few mebibytes of them wait. 1: no more than a mebibyte of it in memory. */
static int put_fat(keel_stream *s, int count) {
    static char line[FAT + 1];
    int small = 1;
    for (int i = 0; i < count; i++) {
        memset(line, 'a' + i % 26, FAT);
        (void)snprintf(line, 20, "%019d", i);
        line[19] = ' ';
        line[FAT - 1] = '\n';
        keel_stream_put(s, i, line, FAT);
        small &= s->held.size <= HELD_MOST;
    }
    return small;
}

static int is_beside(keel_simfs *disk) {
    keel_fs_stat st;
    const keel_fs *fs = keel_simfs_port(disk);
    return fs->stat(fs->ctx, "/d/events.jsonl.held", &st) == 0;
}

static void begin_fat(keel_stream *s, keel_simfs *disk) {
    keel_err err = {0};
    const keel_fs *fs = keel_simfs_port(disk);
    (void)fs->mkdir(fs->ctx, "/d"); /* it may be there */
    assert_int_equal(keel_stream_init(s, fs, "/d", "events", 16 << 20, &err), 0);
}

static uint64_t fat_sum(keel_simfs *disk) {
    uint64_t sum = 0;
    uint8_t *bytes = NULL;
    size_t size = 0;
    keel_err err = {0};
    if (keel_fs_read_whole(keel_simfs_port(disk), "/d/events.jsonl", 16 << 20, &bytes, &size, &err) != 0) return 0;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ bytes[i]) * 1099511628211u;
    free(bytes);
    return sum;
}

/* [T-128] However much waits: a mebibyte of it in memory, the rest beside, and the same bytes come of it; of what a
 * killed one left beside nothing does. Where the rest finds no room it is written at once, as without holding. */
static void what_waits_is_not_all_in_memory(void **state) {
    (void)state;
    keel_simfs *disk = keel_simfs_new(1);
    keel_stream s;
    begin_fat(&s, disk);
    (void)put_fat(&s, FAT_LINES);
    keel_stream_done(&s);
    uint64_t whole = fat_sum(disk);
    assert_true(whole != 0);
    begin_fat(&s, disk);
    keel_stream_hold(&s);
    assert_true(put_fat(&s, FAT_LINES / 2));
    assert_true(is_beside(disk) && fat_sum(disk) == whole);
    keel_stream_done(&s); /* forgotten */
    assert_true(!is_beside(disk) && fat_sum(disk) == whole);
    begin_fat(&s, disk);
    keel_stream_hold(&s);
    assert_true(put_fat(&s, FAT_LINES / 2));
    keel_simfs_restart(disk); /* killed */
    s.file = s.beside = -1;
    s.used = 0;
    keel_stream_done(&s);
    assert_true(is_beside(disk));
    begin_fat(&s, disk);
    keel_stream_hold(&s);
    assert_true(!is_beside(disk));
    assert_true(put_fat(&s, FAT_LINES) && is_beside(disk));
    keel_stream_release(&s);
    keel_stream_done(&s);
    assert_true(s.lost == 0 && !s.failed && !is_beside(disk));
    assert_true(fat_sum(disk) == whole);
    begin_fat(&s, disk);
    keel_stream_hold(&s);
    keel_simfs_faults faults = {.space_bytes = HELD_MOST / 2};
    keel_simfs_set_faults(disk, &faults);
    (void)put_fat(&s, FAT_LINES);
    assert_true(!s.holds && !is_beside(disk));
    keel_stream_done(&s);
    assert_true(s.lost > 0 && s.failed);
    keel_simfs_free(disk);
}

/* No room at any size: what is there is whole lines, what is not is counted, and the caller never hears of it. */
static void a_full_disk_costs_lines_and_says_how_many(void **state) {
    (void)state;
    for (int64_t room = 0; room < 9000; room += 377) {
        keel_simfs *disk = keel_simfs_new(3);
        keel_simfs_faults faults = {.space_bytes = room + 1};
        keel_stream s;
        keel_simfs_set_faults(disk, &faults);
        begin(&s, disk, NULL);
        for (int i = 0; i < LINES; i += 10) {
            put_lines(&s, i, i + 10);
            keel_stream_flush(&s);
        }
        uint64_t lost = s.lost;
        int failed = s.failed;
        assert_true(failed == (lost > 0));
        assert_true(!failed || s.why.text[0] != 0);
        assert_int_equal(s.place.lines, LINES);
        keel_stream_done(&s);
        int there = read_lines(disk);
        assert_true(there <= LINES && (there < 0 ? 0 : there) + (int)lost >= LINES);
        keel_simfs_free(disk);
    }
}

/* Killed between any two effects, gone on with from the start. */
static void killed_anywhere_it_goes_on(void **state) {
    (void)state;
    for (uint64_t at = 1; at < 60; at++) {
        keel_simfs *disk = keel_simfs_new(at);
        keel_simfs_faults faults = {.kill_at = at};
        keel_stream s;
        keel_simfs_set_faults(disk, &faults);
        begin(&s, disk, NULL);
        put_lines(&s, 0, LINES);
        keel_stream_done(&s);
        keel_simfs_crash(disk);
        begin(&s, disk, NULL);
        put_lines(&s, 0, LINES);
        assert_int_equal(s.failed, 0);
        keel_stream_done(&s);
        assert_int_equal(read_lines(disk), LINES);
        keel_simfs_free(disk);
    }
}

/* The same at a start from an early place, which unpacks one part and removes all behind it. */
static void killed_on_the_way_back_it_goes_on(void **state) {
    (void)state;
    for (uint64_t at = 1; at < 60; at++) {
        keel_simfs *disk = keel_simfs_new(at);
        keel_stream s;
        begin(&s, disk, NULL);
        put_lines(&s, 0, LINES / 4);
        keel_stream_flush(&s);
        const keel_stream_place place = s.place;
        put_lines(&s, LINES / 4, LINES);
        keel_stream_done(&s);
        keel_simfs_faults faults = {.kill_at = at};
        keel_simfs_set_faults(disk, &faults);
        begin(&s, disk, &place);
        put_lines(&s, LINES / 4, LINES / 3);
        keel_stream_done(&s);
        keel_simfs_crash(disk);
        begin(&s, disk, &place);
        put_lines(&s, LINES / 4, LINES);
        assert_int_equal(s.failed, 0);
        keel_stream_done(&s);
        assert_int_equal(read_lines(disk), LINES);
        keel_simfs_free(disk);
    }
}

/* [SEC-02] */
static void others_may_not_read_it(void **state) {
    (void)state;
    keel_simfs *disk = keel_simfs_new(1);
    keel_stream s;
    begin(&s, disk, NULL);
    put_lines(&s, 0, 3);
    keel_stream_done(&s);
    assert_int_equal(keel_simfs_chmod(disk, "/d/events.jsonl", 0644), 0);
    assert_int_equal(read_lines(disk), -1);
    begin(&s, disk, NULL);
    put_lines(&s, 0, 3);
    assert_int_equal(s.failed, 1);
    assert_int_equal(s.why.code, KEEL_E_GATE);
    assert_int_equal(s.lost, 3);
    keel_stream_done(&s);
    keel_simfs_free(disk);
}

static void damage_in_a_closed_part_is_an_error(void **state) {
    (void)state;
    keel_simfs *disk = keel_simfs_new(1);
    keel_stream s;
    keel_log_lines *l = NULL;
    keel_err err = {0};
    const char *text;
    size_t size;
    int rc;
    begin(&s, disk, NULL);
    put_lines(&s, 0, LINES);
    keel_stream_done(&s);
    assert_int_equal(keel_simfs_rot(disk, "/d/events.000002.jsonl.zst", 100, 0x10), 0);
    assert_int_equal(keel_log_lines_open(keel_simfs_port(disk), "/d", "events", &l, &err), 0);
    while ((rc = keel_log_lines_next(l, &text, &size, &err)) == 1)
        continue;
    assert_int_equal(rc, KEEL_E_DATA);
    assert_non_null(strstr(err.text, "events.000002"));
    keel_log_lines_close(l);
    keel_simfs_free(disk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_closed_and_nothing_is_lost),
        cmocka_unit_test(going_on_gives_the_same_bytes),
        cmocka_unit_test(a_part_that_was_removed_is_not_gone_on_with),
        cmocka_unit_test(held_lines_touch_nothing_until_they_are_released),
        cmocka_unit_test(what_waits_is_not_all_in_memory),
        cmocka_unit_test(a_full_disk_costs_lines_and_says_how_many),
        cmocka_unit_test(killed_anywhere_it_goes_on),
        cmocka_unit_test(killed_on_the_way_back_it_goes_on),
        cmocka_unit_test(others_may_not_read_it),
        cmocka_unit_test(damage_in_a_closed_part_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The audit trail: any byte changed, any record removed, moved or put in is found; a stop anywhere leaves it good.
 * [LOG-08.1]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the four above, which it needs */
#include <cmocka.h>

#include "ops/forensic/audit.h"
#include "port/simfs.h"

static const uint8_t SEED[KEEL_KEY_SIZE] = {1, 2, 3}, OTHER[KEEL_KEY_SIZE] = {9};

typedef struct world {
    keel_simfs *disk;
    keel_simclock clock;
    keel_audit trail;
} world;

static void begin(world *w, uint64_t seed, const uint8_t *key) {
    w->disk = keel_simfs_new(seed);
    keel_simclock_init(&w->clock, 1700000000000);
    const keel_fs *fs = keel_simfs_port(w->disk);
    assert_int_equal(fs->mkdir(fs->ctx, "/run"), 0);
    assert_int_equal(fs->sync_dir(fs->ctx, "/"), 0);
    w->trail = (keel_audit){.fs = fs, .clock = &w->clock.port, .dir = "/run", .run_id = "r1", .sign_seed = key};
}

static int add(world *w, int i) {
    char reason[32];
    keel_err err = {0};
    (void)snprintf(reason, sizeof reason, "reason %d", i);
    keel_audit_entry e = {"op (uid 1)", "pause", reason, "running", "close_only"};
    keel_simclock_advance(&w->clock, 1000000000);
    return keel_audit_append(&w->trail, &e, &err);
}

static keel_audit_report judge(const world *w, const uint8_t *key) {
    keel_audit_report r;
    keel_err err = {0};
    uint8_t public_key[KEEL_KEY_SIZE];
    if (key) keel_sign_public(key, public_key);
    assert_int_equal(keel_audit_verify(&w->trail, key ? public_key : NULL, &r, &err), 0);
    return r;
}

static uint8_t *trail_of(const world *w, size_t *size) {
    uint8_t *bytes = NULL;
    keel_err err = {0};
    assert_int_equal(keel_fs_read_whole(w->trail.fs, "/run/audit.jsonl", 1 << 20, &bytes, size, &err), 0);
    return bytes;
}

static size_t trail_size(const world *w) {
    size_t size;
    free(trail_of(w, &size));
    return size;
}

static void replace(const world *w, const void *bytes, size_t size) {
    keel_err err = {0};
    assert_int_equal(keel_fs_replace(w->trail.fs, "/run", "audit.jsonl", bytes, size, &err), 0);
}

static void what_was_written_is_good(void **state) {
    (void)state;
    world w;
    begin(&w, 1, SEED);
    for (int i = 0; i < 70; i++)
        assert_int_equal(add(&w, i), 0);
    keel_audit_report r = judge(&w, SEED);
    assert_int_equal(r.verdict, KEEL_AUDIT_GOOD);
    assert_int_equal(r.records, 71); /* and one anchor */
    assert_int_equal(r.signatures, 2);
    assert_int_equal(judge(&w, NULL).verdict, KEEL_AUDIT_GOOD);
    assert_int_equal(judge(&w, OTHER).verdict, KEEL_AUDIT_FORGED);
    keel_simfs_free(w.disk);
    begin(&w, 1, NULL);
    assert_int_equal(add(&w, 0), 0);
    assert_int_equal(judge(&w, NULL).verdict, KEEL_AUDIT_GOOD);
    assert_int_equal(judge(&w, SEED).verdict, KEEL_AUDIT_UNSIGNED);
    keel_simfs_free(w.disk);
}

/* Each byte, in two ways: found, and the record that holds it is named. */
static void every_changed_byte_is_located(void **state) {
    (void)state;
    world w;
    size_t size;
    begin(&w, 1, NULL);
    for (int i = 0; i < 4; i++)
        assert_int_equal(add(&w, i), 0);
    uint8_t *bytes = trail_of(&w, &size);
    uint64_t line = 1;
    for (size_t at = 0; at < size; at++) {
        for (int way = 0; way < 2; way++) {
            uint8_t mask = way ? 32 : 1;
            assert_int_equal(keel_simfs_rot(w.disk, "/run/audit.jsonl", (int64_t)at, mask), 0);
            keel_audit_report r = judge(&w, NULL);
            assert_int_not_equal(r.verdict, KEEL_AUDIT_GOOD);
            assert_int_equal(r.bad_record, line);
            assert_true(r.bad_offset <= (int64_t)at && (int64_t)at <= r.bad_offset + r.bad_size);
            assert_int_equal(keel_simfs_rot(w.disk, "/run/audit.jsonl", (int64_t)at, mask), 0);
        }
        line += bytes[at] == '\n';
    }
    assert_int_equal(judge(&w, NULL).verdict, KEEL_AUDIT_GOOD);
    free(bytes);
    keel_simfs_free(w.disk);
}

/* Whole lines removed, doubled, swapped: out of n lines made of `from` lines in the order that is given. */
static void arrange(const world *w, const uint8_t *bytes, const int *order, int count) {
    uint8_t out[8192];
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        const uint8_t *line = bytes;
        for (int k = 0; k < order[i]; k++)
            line = (const uint8_t *)strchr((const char *)line, '\n') + 1;
        size_t n = (size_t)(strchr((const char *)line, '\n') - (const char *)line) + 1;
        memcpy(out + size, line, n);
        size += n;
    }
    replace(w, out, size);
}

static void moved_removed_and_put_in_records_are_found(void **state) {
    (void)state;
    world w;
    size_t size;
    begin(&w, 1, NULL);
    for (int i = 0; i < 5; i++)
        assert_int_equal(add(&w, i), 0);
    uint8_t *bytes = trail_of(&w, &size);
    const struct {
        int order[6], count;
        keel_audit_verdict verdict;
        uint64_t bad;
    } cases[] = {
        {{1, 2, 3, 4}, 4, KEEL_AUDIT_BROKEN, 1},    {{0, 1, 3, 4}, 4, KEEL_AUDIT_BROKEN, 3},
        {{0, 2, 1, 3, 4}, 5, KEEL_AUDIT_BROKEN, 2}, {{0, 1, 1, 2, 3, 4}, 6, KEEL_AUDIT_BROKEN, 3},
        {{0, 1, 2, 3}, 4, KEEL_AUDIT_SHORT, 5},     {{0}, 1, KEEL_AUDIT_SHORT, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        arrange(&w, bytes, cases[i].order, cases[i].count);
        keel_audit_report r = judge(&w, NULL);
        assert_int_equal(r.verdict, cases[i].verdict);
        assert_int_equal(r.bad_record, cases[i].bad);
        if (cases[i].verdict == KEEL_AUDIT_SHORT) assert_int_equal(add(&w, 9), KEEL_E_PARITY);
    }
    replace(&w, bytes, size);
    assert_int_equal(judge(&w, NULL).verdict, KEEL_AUDIT_GOOD);
    assert_int_equal(w.trail.fs->unlink(w.trail.fs->ctx, "/run/audit.head"), 0);
    assert_int_equal(judge(&w, NULL).verdict, KEEL_AUDIT_HEADLESS);
    free(bytes);
    keel_simfs_free(w.disk);
}

/* Stopped between any two effects: what returned 0 is there afterwards, the trail is good and goes on. */
static void a_stop_anywhere_leaves_a_good_trail(void **state) {
    (void)state;
    for (uint64_t at = 1; at < 60; at++) {
        world w;
        begin(&w, at, SEED);
        keel_simfs_faults faults = {.kill_at = at};
        keel_simfs_set_faults(w.disk, &faults);
        uint64_t kept = 0;
        while (kept < 6 && add(&w, (int)kept) == 0)
            kept++;
        keel_simfs_crash(w.disk);
        assert_int_equal(add(&w, 7), 0);
        keel_audit_report r = judge(&w, SEED);
        assert_int_equal(r.verdict, KEEL_AUDIT_GOOD);
        assert_true(r.records >= kept + 1 && r.records <= kept + 2);
        keel_simfs_free(w.disk);
    }
}

static void keep_head(const world *w, uint8_t **ret, size_t *size) {
    keel_err err = {0};
    assert_int_equal(keel_fs_read_whole(w->trail.fs, "/run/audit.head", 4096, ret, size, &err), 0);
}

static void put_head(const world *w, const uint8_t *bytes, size_t size) {
    keel_err err = {0};
    assert_int_equal(keel_fs_replace(w->trail.fs, "/run", "audit.head", bytes, size, &err), 0);
}

/* A whole record, chained as it should be, put in behind the last one by somebody without the key; and text that is no
 * record: neither passes, and neither is signed by the next record. */
static void what_the_head_does_not_name_is_found_and_cut_off(void **state) {
    (void)state;
    const uint8_t *const keys[] = {NULL, SEED};
    for (int k = 0; k < 2; k++) {
        world w;
        uint8_t *head = NULL;
        size_t size, head_size;
        begin(&w, 1, keys[k]);
        for (int i = 0; i < 3; i++)
            assert_int_equal(add(&w, i), 0);
        keep_head(&w, &head, &head_size);
        size_t before = trail_size(&w);
        assert_int_equal(add(&w, 777), 0);
        uint8_t *bytes = trail_of(&w, &size);
        put_head(&w, head, head_size);
        for (int way = 0; way < 2; way++) {
            keel_audit_report r = judge(&w, keys[k]);
            assert_int_equal(r.verdict, KEEL_AUDIT_UNNAMED);
            assert_int_equal(r.records, 3);
            assert_int_equal(r.bad_record, 4);
            assert_int_equal(r.bad_offset, before);
            assert_int_equal(add(&w, 5), 0);
            r = judge(&w, keys[k]);
            assert_int_equal(r.verdict, KEEL_AUDIT_GOOD);
            assert_int_equal(r.records, 4);
            uint8_t *now = trail_of(&w, &size);
            assert_null(strstr((const char *)now, "reason 777"));
            assert_non_null(strstr((const char *)now, "reason 5"));
            free(now);
            memcpy(bytes + before, "no record", 9); /* the second way */
            replace(&w, bytes, before + 9);
            put_head(&w, head, head_size);
        }
        free(bytes);
        free(head);
        keel_simfs_free(w.disk);
    }
}

/* Two records more than the head knows: no program leaves that behind, and nothing is written on it. */
static void two_records_that_the_head_does_not_name_stop_the_trail(void **state) {
    (void)state;
    world w;
    uint8_t *head = NULL;
    size_t size;
    begin(&w, 1, SEED);
    assert_int_equal(add(&w, 0), 0);
    keep_head(&w, &head, &size);
    assert_int_equal(add(&w, 1), 0);
    assert_int_equal(add(&w, 2), 0);
    put_head(&w, head, size);
    keel_audit_report r = judge(&w, SEED);
    assert_int_equal(r.verdict, KEEL_AUDIT_UNNAMED);
    assert_int_equal(r.bad_record, 2);
    assert_int_equal(add(&w, 3), KEEL_E_PARITY);
    free(head);
    keel_simfs_free(w.disk);
}

/* Nobody without its key writes on a signed trail, and what was not signed does not become so in silence. */
static void a_signed_trail_goes_on_with_its_key_alone(void **state) {
    (void)state;
    world w;
    size_t size;
    begin(&w, 1, SEED);
    assert_int_equal(add(&w, 0), 0);
    w.trail.sign_seed = NULL;
    assert_int_equal(add(&w, 1), KEEL_E_GATE);
    w.trail.sign_seed = OTHER;
    assert_int_equal(add(&w, 1), KEEL_E_GATE);
    w.trail.sign_seed = SEED;
    assert_int_equal(add(&w, 1), 0);
    assert_int_equal(judge(&w, SEED).records, 2);
    assert_int_equal(judge(&w, SEED).verdict, KEEL_AUDIT_GOOD);
    keel_simfs_free(w.disk);
    begin(&w, 1, NULL);
    assert_int_equal(add(&w, 0), 0);
    w.trail.sign_seed = SEED;
    assert_int_equal(add(&w, 1), 0);
    assert_int_equal(judge(&w, SEED).records, 3);
    uint8_t *bytes = trail_of(&w, &size);
    assert_non_null(strstr((const char *)bytes, "\"action\":\"signing_began\""));
    free(bytes);
    keel_simfs_free(w.disk);
}

static size_t place_of(const uint8_t *bytes, size_t size, size_t from, const char *text) {
    size_t n = strlen(text);
    for (; from + n <= size; from++)
        if (memcmp(bytes + from, text, n) == 0) return from;
    return size;
}

/* Trail and head were removed: the run that goes on does not look as if it had begun now. */
static void a_trail_that_is_gone_is_told_by_the_next(void **state) {
    (void)state;
    world w;
    size_t size;
    begin(&w, 1, SEED);
    w.trail.has_begun = 1;
    assert_int_equal(add(&w, 0), 0);
    assert_int_equal(add(&w, 1), 0);
    uint8_t *bytes = trail_of(&w, &size);
    size_t told = place_of(bytes, size, 0, "trail_missing");
    assert_true(told < place_of(bytes, size, 0, "reason 0"));
    assert_int_equal(place_of(bytes, size, told + 1, "trail_missing"), size);
    assert_int_equal(judge(&w, SEED).records, 3);
    assert_int_equal(judge(&w, SEED).verdict, KEEL_AUDIT_GOOD);
    free(bytes);
    keel_simfs_free(w.disk);
}

/* Killed between its first record and its head: whoever writes the next one need not know the run. Not where that line
 * is no whole record, or is not the first. */
static void a_trail_without_its_first_head_takes_the_next_record(void **state) {
    (void)state;
    for (int how = 0; how < 4; how++) {
        world w;
        size_t size = 0;
        begin(&w, 30, how == 3 ? SEED : NULL);
        assert_int_equal(add(&w, 0), 0);
        if (how == 2) assert_int_equal(add(&w, 1), 0);
        uint8_t *bytes = trail_of(&w, &size);
        if (how == 1) bytes[size / 2] ^= 1;
        replace(&w, bytes, size);
        assert_int_equal(w.trail.fs->unlink(w.trail.fs->ctx, "/run/audit.head"), 0);
        w.trail.run_id = NULL;
        w.trail.has_begun = 1;
        int rc = add(&w, 2);
        assert_int_equal(rc, how == 1 ? KEEL_E_USAGE : how == 2 ? KEEL_E_PARITY : 0);
        if (rc == 0) {
            free(bytes);
            bytes = trail_of(&w, &size);
            keel_audit_report r = judge(&w, how == 3 ? SEED : NULL);
            assert_int_equal(r.verdict, KEEL_AUDIT_GOOD);
            assert_int_equal(r.records, 2);
            bytes[size - 1] = 0;
            const char *text = (const char *)bytes;
            assert_non_null(strstr(text, "\"run_id\":\"r1\",\"actor\":\"keel\",\"action\":\"trail_missing\""));
            assert_non_null(strstr(text, "\"run_id\":\"r1\",\"actor\":\"op (uid 1)\""));
        }
        free(bytes);
        keel_simfs_free(w.disk);
    }
}

static void others_may_not_read_it_and_secrets_are_not_in_it(void **state) {
    (void)state;
    world w;
    size_t size;
    keel_err err = {0};
    begin(&w, 1, NULL);
    keel_audit_entry e = {"me", "rotate", "api_secret=PLANTED\nforged", NULL, "token: PLANTED"};
    assert_int_equal(keel_audit_append(&w.trail, &e, &err), 0);
    uint8_t *bytes = trail_of(&w, &size);
    assert_null(strstr((const char *)bytes, "PLANTED"));
    assert_ptr_equal(memchr(bytes, '\n', size), bytes + size - 1);
    free(bytes);
    assert_int_equal(keel_simfs_chmod(w.disk, "/run/audit.jsonl", 0640), 0);
    assert_int_equal(add(&w, 1), KEEL_E_GATE);
    keel_audit_report r;
    assert_int_equal(keel_audit_verify(&w.trail, NULL, &r, &err), KEEL_E_GATE);
    keel_simfs_free(w.disk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_good),
        cmocka_unit_test(every_changed_byte_is_located),
        cmocka_unit_test(moved_removed_and_put_in_records_are_found),
        cmocka_unit_test(a_stop_anywhere_leaves_a_good_trail),
        cmocka_unit_test(what_the_head_does_not_name_is_found_and_cut_off),
        cmocka_unit_test(two_records_that_the_head_does_not_name_stop_the_trail),
        cmocka_unit_test(a_signed_trail_goes_on_with_its_key_alone),
        cmocka_unit_test(a_trail_that_is_gone_is_told_by_the_next),
        cmocka_unit_test(a_trail_without_its_first_head_takes_the_next_record),
        cmocka_unit_test(others_may_not_read_it_and_secrets_are_not_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

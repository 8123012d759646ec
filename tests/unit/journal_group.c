/* tests/unit/journal_group.c: several producers through one queue: every record once, in the order of its number. */
#include "journal_fixture.h"

#include <pthread.h>

#include "journal/group.h"

enum { PRODUCERS = 4, EACH = 3000 };

typedef struct producer {
    keel_journal_group *g;
    uint64_t id, *seqs; /* [EACH] */
    int failed;
} producer;

/* Every hundredth record is waited for, so that commits of all sizes come about. */
static void *produce(void *data) {
    producer *p = data;
    keel_err err = {0};
    for (uint64_t i = 0; i < EACH && !p->failed; i++) {
        uint8_t payload[16];
        keel_put_u64(payload, p->id);
        keel_put_u64(payload + 8, i);
        p->failed = keel_journal_group_submit(p->g, 7, (int64_t)i, payload, sizeof payload, &p->seqs[i], &err);
        if (!p->failed && i % 100 == 99) {
            p->failed = keel_journal_group_wait(p->g, p->seqs[i], &err);
            if (!p->failed && keel_journal_group_durable(p->g) < p->seqs[i]) p->failed = 1;
        }
    }
    return NULL;
}

/* [WAL-01.4] appends from several producers go through one queue. */
static void every_record_once(void **state) {
    (void)state;
    world w;
    world_init(&w, 31);
    w.options.segment_bytes = 65536;
    w.options.checkpoint_bytes = 20000;
    must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
    keel_journal_group *g = NULL;
    must(keel_journal_group_start(w.j, 4096, &g, &w.err), &w.err);
    static uint64_t seqs[PRODUCERS][EACH];
    producer p[PRODUCERS];
    pthread_t threads[PRODUCERS];
    for (uint64_t i = 0; i < PRODUCERS; i++) {
        p[i] = (producer){g, i, seqs[i], 0};
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &p[i]), 0);
    }
    for (int i = 0; i < PRODUCERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(p[i].failed, 0);
    }
    uint64_t seq = 0;
    uint8_t big[8192] = {0};
    assert_int_equal(keel_journal_group_submit(g, 7, 0, big, sizeof big, &seq, &w.err), KEEL_E_RANGE);
    assert_int_equal(keel_journal_group_submit(g, 0xff01, 0, NULL, 0, &seq, &w.err), KEEL_E_USAGE);
    keel_journal_group_counts counts;
    must(keel_journal_group_stop(g, &w.j, &counts, &w.err), &w.err);
    assert_int_equal(counts.records, PRODUCERS * EACH);
    assert_true(counts.commits > 0 && counts.commits <= counts.records);
    must(keel_journal_close(w.j, &w.err), &w.err);
    w.j = NULL;
    keel_journal_where where = world_where(&w);
    keel_journal_reader *r = NULL;
    keel_journal_record rec;
    must(keel_journal_reader_open(&where, &r, &w.err), &w.err);
    for (uint64_t n = 1; n <= PRODUCERS * EACH; n++) {
        assert_int_equal(keel_journal_reader_next(r, &rec, &w.err), 1);
        uint64_t id = keel_get_u64(rec.payload), i = keel_get_u64(rec.payload + 8);
        assert_true(rec.seq == n && id < PRODUCERS && i < EACH && seqs[id][i] == n);
        seqs[id][i] = 0; /* a second one would not fit */
    }
    assert_int_equal(keel_journal_reader_next(r, &rec, &w.err), 0);
    keel_journal_reader_close(r);
    world_done(&w);
}

/* A failed sync reaches everyone who waits, and everyone who comes later. */
static void failure_reaches_everyone(void **state) {
    (void)state;
    world w;
    world_init(&w, 32);
    must(keel_journal_open(&w.options, &w.j, NULL, &w.err), &w.err);
    keel_simfs_faults faults = {.fail_sync_at = 3};
    keel_simfs_set_faults(w.sim, &faults);
    keel_journal_group *g = NULL;
    must(keel_journal_group_start(w.j, 0, &g, &w.err), &w.err);
    int rc = 0;
    uint64_t seq = 0, good = 0;
    for (int i = 0; i < 10 && rc == 0; i++) {
        rc = keel_journal_group_submit(g, 7, 0, "x", 1, &seq, &w.err);
        if (rc == 0) rc = keel_journal_group_wait(g, seq, &w.err);
        if (rc == 0) good = seq;
    }
    assert_int_equal(rc, KEEL_E_IO);
    assert_int_equal(good, 2);
    assert_int_equal(keel_journal_group_submit(g, 7, 0, "x", 1, &seq, &w.err), KEEL_E_IO);
    assert_int_equal(keel_journal_group_wait(g, 3, &w.err), KEEL_E_IO);
    assert_int_equal(keel_journal_group_wait(g, 2, &w.err), 0);
    assert_int_equal(keel_journal_group_stop(g, &w.j, NULL, &w.err), KEEL_E_IO);
    assert_true(keel_journal_failed(w.j));
    world_done(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_once),
        cmocka_unit_test(failure_reaches_everyone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

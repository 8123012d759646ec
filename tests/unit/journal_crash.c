/* tests/unit/journal_crash.c: a writer that is stopped anywhere, thousands of times.
 *
 * The rule, whatever happened: what was acknowledged is there, nothing else than what was appended is there, and in
 * order. A failure names its seed; KEEL_CRASH_SEED=N runs that one episode alone. */
#include "journal_fixture.h"

enum { SEQ_MAX = 4000 };

typedef struct episode {
    world w;
    uint64_t seed, acked, before_last; /* acknowledged now, and before the last commit that was */
    uint64_t salt[SEQ_MAX + 1];        /* of what was last appended under this number */
    uint64_t highest, life;
    keel_simrandom draw;
} episode;

static episode e;
static uint64_t total_sessions, total_records, total_torn, total_damaged;

#define CHECK(cond)                                                                                               \
    do {                                                                                                          \
        if (!(cond)) {                                                                                            \
            print_error("seed %llu: " #cond " does not hold (%s:%d): %s\n", (unsigned long long)e.seed, __FILE__, \
                        __LINE__, e.w.err.text);                                                                  \
            fail();                                                                                               \
        }                                                                                                         \
    } while (0)

static uint64_t below(uint64_t bound) { return keel_simrandom_below(&e.draw, bound); }

static void begin(uint64_t seed) {
    memset(&e, 0, sizeof e);
    e.seed = seed;
    world_init(&e.w, seed);
    keel_simrandom_init(&e.draw, seed * 77 + 1);
    if (below(4) == 0) e.w.options.encrypt_key = KEY;
    if (below(5)) e.w.options.sign_seed = NULL;
    e.w.options.segment_bytes = 8192 + below(4) * 4096;
    e.w.options.checkpoint_bytes = 600 + below(3) * 2000;
    if (below(2)) e.w.options.front_bytes = 1 + below(3) * 2000; /* many commits in two parts */
}

static void end(void) { world_done(&e.w); }

/* One life of a writer: commits until it fails or has done enough. */
static void live(uint64_t commits) {
    e.life++;
    total_sessions++;
    if (keel_journal_open(&e.w.options, &e.w.j, NULL, &e.w.err) != 0) {
        e.w.j = NULL;
        return;
    }
    for (uint64_t c = 0; c < commits; c++) {
        uint64_t count = 1 + below(below(4) ? 3 : 25), first = keel_journal_next_seq(e.w.j);
        if (first + count > SEQ_MAX) break;
        for (uint64_t s = first; s < first + count; s++)
            e.salt[s] = e.life;
        if (append_some(e.w.j, count, e.life, &e.w.err) != 0) break;
        if (first + count - 1 > e.highest) e.highest = first + count - 1;
        if (keel_journal_commit(e.w.j, &e.w.err) != 0) {
            if (keel_journal_failed(e.w.j)) {
                /* A failed sync is final: everything is refused from here on. */
                uint8_t payload[PAYLOAD_MAX];
                keel_journal_record r = record_of(keel_journal_next_seq(e.w.j), 0, payload);
                CHECK(keel_journal_append(e.w.j, &r, 1, &e.w.err) == KEEL_E_IO);
                CHECK(keel_journal_commit(e.w.j, &e.w.err) == KEEL_E_IO);
                break;
            }
            continue;
        }
        e.before_last = e.acked;
        e.acked = first + count - 1;
        CHECK(keel_journal_durable_seq(e.w.j) == e.acked);
        total_records += count;
    }
    if (below(4) == 0) {
        if (keel_journal_close(e.w.j, &e.w.err) != 0) CHECK(e.w.err.code == KEEL_E_IO);
    } else {
        keel_journal_abandon(e.w.j);
    }
    e.w.j = NULL;
}

/* Every record up to `last` is the one that was appended, and there is none after it unless `or_bad`. */
static void read_back(uint64_t last) {
    keel_journal_where where = world_where(&e.w);
    keel_journal_reader *r = NULL;
    keel_journal_record rec;
    CHECK(keel_journal_reader_open(&where, &r, &e.w.err) == 0);
    for (uint64_t seq = 1; seq <= last; seq++) {
        CHECK(keel_journal_reader_next(r, &rec, &e.w.err) == 1);
        CHECK(rec.seq == seq && same_record(&rec, e.salt[seq]));
    }
    keel_journal_reader_close(r);
}

/* Honest hardware: the journal is good or its end is torn, and nothing acknowledged is lost. */
static void recovers(void) {
    keel_journal_recovery rec;
    int rc = keel_journal_open(&e.w.options, &e.w.j, &rec, &e.w.err);
    CHECK(rc == 0);
    CHECK(rec.found.verdict <= KEEL_JOURNAL_TORN);
    CHECK(rec.found.last_seq >= e.acked && rec.found.last_seq <= e.highest);
    CHECK(rec.next_seq == rec.found.last_seq + 1);
    total_torn += rec.found.verdict == KEEL_JOURNAL_TORN;
    read_back(rec.found.last_seq);
    e.acked = e.before_last = rec.found.last_seq;
    keel_journal_abandon(e.w.j);
    e.w.j = NULL;
}

static void crashes(uint64_t seed) {
    begin(seed);
    for (uint64_t round = 0, rounds = 1 + below(4); round < rounds; round++) {
        keel_simfs_faults faults = {.kill_at = 1 + below(below(2) ? 200 : 40), .choppy = below(3) == 0};
        if (below(4) == 0) faults = (keel_simfs_faults){.fail_sync_at = 1 + below(30)};
        if (below(8) == 0) faults.space_bytes = (int64_t)(10000 + below(60000));
        keel_simfs_set_faults(e.w.sim, &faults);
        live(1 + below(60));
        keel_simfs_crash(e.w.sim);
        if (below(3) == 0) { /* the recovery is stopped as well */
            keel_simfs_faults again = {.kill_at = 1 + below(30)};
            keel_simfs_set_faults(e.w.sim, &again);
            live(2);
            keel_simfs_crash(e.w.sim);
        }
        recovers();
    }
    end();
}

/* [T-099] [T-112] [T-116] [WAL-02.1] [WAL-05.1] [WAL-05.3] thousands of crashes: nothing acknowledged is lost, nothing
 * torn is taken for a record, order is kept. */
static void acknowledged_survives_crashes(void **state) {
    (void)state;
    const char *one = getenv("KEEL_CRASH_SEED");
    uint64_t from = one ? strtoull(one, NULL, 10) : 1, to = one ? from : 1500;
    for (uint64_t seed = from; seed <= to; seed++)
        crashes(seed);
    print_message("%llu episodes, %llu lives of a writer, %llu records acknowledged, %llu torn ends met\n",
                  (unsigned long long)(to - from + 1), (unsigned long long)total_sessions,
                  (unsigned long long)total_records, (unsigned long long)total_torn);
    if (!one) assert_true(total_torn > 100 && total_records > 10000);
}

/* [T-119] a short session, killed at each of its effects in turn, and its recovery killed at each of its effects. */
static void killed_at_every_effect(void **state) {
    (void)state;
    uint64_t stops = 0;
    for (uint64_t kill = 1, done = 0; !done; kill++) {
        for (uint64_t again = 0; again < 17; again += 4) {
            begin(1000000 + kill * 100 + again);
            e.w.options.segment_bytes = 8192;
            keel_simfs_faults faults = {.kill_at = kill};
            keel_simfs_set_faults(e.w.sim, &faults);
            live(12);
            done = !keel_simfs_killed(e.w.sim);
            keel_simfs_crash(e.w.sim);
            if (again) {
                keel_simfs_faults second = {.kill_at = again};
                keel_simfs_set_faults(e.w.sim, &second);
                live(1);
                keel_simfs_crash(e.w.sim);
            }
            recovers();
            end();
            stops++;
        }
    }
    print_message("%llu places to stop\n", (unsigned long long)stops);
    assert_true(stops > 200);
}

/* [T-100] [T-114] a disk that loses, misplaces or changes what it said it had kept: it is found, or what is gone is
 * the very last commit; what is given out is always what was written. */
static void dishonest_disks_are_found(void **state) {
    (void)state;
    uint64_t found = 0, tail_lost = 0, harmless = 0;
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        begin(5000000 + seed);
        keel_simfs_faults faults = {0};
        uint64_t kind = below(3);
        if (kind == 0) faults.lose_write_at = 1 + below(60);
        if (kind == 1) faults.stray_write_at = 1 + below(60);
        keel_simfs_set_faults(e.w.sim, &faults);
        live(5 + below(40));
        keel_simfs_crash(e.w.sim);
        if (kind == 2) {
            for (uint64_t n = 1 + below(3); n > 0; n--) {
                char path[64];
                keel_fs_stat st;
                (void)snprintf(path, sizeof path, "/j/wal-main-%08u.klw", (unsigned)(1 + below(4)));
                if (e.w.fs->stat(e.w.fs->ctx, path, &st) != 0) continue;
                CHECK(keel_simfs_rot(e.w.sim, path, (int64_t)below((uint64_t)st.size), (uint8_t)(1 + below(255))) == 0);
            }
        }
        keel_journal_where where = world_where(&e.w);
        keel_journal_report report;
        int rc = keel_journal_inspect(&where, 0, NULL, NULL, &report, &e.w.err);
        if (rc == KEEL_E_NOT_FOUND) { /* the folder never came to be */
            CHECK(e.acked == 0);
            end();
            continue;
        }
        CHECK(rc == 0);
        if (report.verdict <= KEEL_JOURNAL_TORN && report.last_seq < e.acked) {
            CHECK(report.last_seq >= e.before_last);
            tail_lost++;
        } else if (report.verdict > KEEL_JOURNAL_TORN) {
            found++;
            keel_journal *j = NULL;
            CHECK(keel_journal_open(&e.w.options, &j, NULL, &e.w.err) == KEEL_E_PARITY);
        } else {
            harmless++;
        }
        if (report.verdict != KEEL_JOURNAL_TAMPERED) read_back(report.last_seq);
        /* Quarantine opens, says so, and the journal is good again. */
        if (!(report.bad_segment && report.bad_segment < report.first_segment)) {
            keel_journal_recovery rec;
            e.w.options.on_damage = KEEL_JOURNAL_QUARANTINE;
            CHECK(keel_journal_open(&e.w.options, &e.w.j, &rec, &e.w.err) == 0);
            CHECK(rec.safe_mode == (report.verdict > KEEL_JOURNAL_TORN));
            keel_journal_abandon(e.w.j);
            e.w.j = NULL;
            CHECK(keel_journal_inspect(&where, 0, NULL, NULL, &report, &e.w.err) == 0);
            CHECK(report.verdict == KEEL_JOURNAL_GOOD);
            read_back(report.last_seq);
        }
        total_damaged += report.verdict > KEEL_JOURNAL_TORN;
        end();
    }
    print_message("%llu found, %llu lost the last commit only, %llu harmless\n", (unsigned long long)found,
                  (unsigned long long)tail_lost, (unsigned long long)harmless);
    assert_true(found > 150);
}

/* [WAL-02.2] a failing sync: what it should have kept is never acknowledged, and nothing is written afterwards. */
static void a_failed_sync_is_final(void **state) {
    (void)state;
    uint64_t failed = 0;
    for (uint64_t at = 1; at <= 40; at++) {
        begin(9000000 + at);
        keel_simfs_faults faults = {.fail_sync_at = at};
        keel_simfs_set_faults(e.w.sim, &faults);
        live(30);
        keel_simfs_counts counts;
        keel_simfs_get_counts(e.w.sim, &counts);
        failed += counts.failed_syncs;
        keel_simfs_crash(e.w.sim);
        recovers();
        end();
    }
    assert_true(failed > 30);
}

/* [WAL-02.2] no room for another segment: the batch is refused whole, and with room again writing goes on. */
static void a_full_disk_refuses_the_batch(void **state) {
    (void)state;
    begin(42);
    e.w.options.segment_bytes = 8192;
    e.w.options.encrypt_key = NULL;
    keel_simfs_faults faults = {.space_bytes = 20000};
    keel_simfs_set_faults(e.w.sim, &faults);
    must(keel_journal_open(&e.w.options, &e.w.j, NULL, &e.w.err), &e.w.err);
    int rc = 0;
    uint64_t last = 0;
    while (rc == 0) {
        must(append_some(e.w.j, 3, 0, &e.w.err), &e.w.err);
        rc = keel_journal_commit(e.w.j, &e.w.err);
        if (rc == 0) last += 3;
    }
    CHECK(rc == KEEL_E_IO && strstr(e.w.err.text, "disk is full"));
    CHECK(!keel_journal_failed(e.w.j) && keel_journal_durable_seq(e.w.j) == last && last > 30);
    CHECK(keel_journal_next_seq(e.w.j) == last + 1);
    must(append_some(e.w.j, 1, 0, &e.w.err), &e.w.err);
    CHECK(keel_journal_commit(e.w.j, &e.w.err) == KEEL_E_IO);
    faults.space_bytes = 0;
    keel_simfs_set_faults(e.w.sim, &faults);
    must(append_some(e.w.j, 5, 0, &e.w.err), &e.w.err);
    must(keel_journal_close(e.w.j, &e.w.err), &e.w.err);
    e.w.j = NULL;
    e.acked = e.highest = last + 5;
    recovers();
    end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acknowledged_survives_crashes), cmocka_unit_test(killed_at_every_effect),
        cmocka_unit_test(dishonest_disks_are_found),     cmocka_unit_test(a_failed_sync_is_final),
        cmocka_unit_test(a_full_disk_refuses_the_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

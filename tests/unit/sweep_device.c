/* Groups of configurations on an OpenCL device (PoCL where the tests run) against the processor, and what happens when
 * the device is short of memory, lost or wrong [SWP-02] [SWP-02.5] [SWP-06.1]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lane/kat.h"
#include "research/sweep/lane_deck.h"

enum { JOBS = 12 };

typedef struct market {
    int64_t *ints;
    double *doubles;
    keel_tape tape;
    keel_instrument rules[KEEL_KAT_SYMBOLS];
    keel_params params[JOBS];
    keel_group_run runs[JOBS];
    keel_stats_book books[JOBS];
    keel_group_task task;
    keel_lane_batch_room room;
} market;

static void renew(market *m) {
    int64_t end_ms = m->tape.start_ms + m->tape.bars * m->tape.interval_ms;
    for (int i = 0; i < JOBS; i++) {
        keel_stats_book_done(&m->books[i]);
        assert_int_equal(keel_stats_book_init(&m->books[i], m->tape.start_ms, end_ms, KEEL_KAT_CAPITAL_E8, NULL), 0);
        m->runs[i] = (keel_group_run){.params = &m->params[i], .capital_e8 = KEEL_KAT_CAPITAL_E8, .book = &m->books[i]};
    }
}

static market *market_new(int32_t strategy) {
    market *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->ints = calloc(KEEL_KAT_INTS, 8);
    m->doubles = calloc(KEEL_KAT_DOUBLES, 8);
    assert_true(m->ints && m->doubles);
    keel_kat_tape(3, m->ints, m->doubles, &m->tape);
    for (int32_t i = 0; i < KEEL_KAT_SYMBOLS; i++)
        keel_kat_rules(i, &m->rules[i]);
    for (int i = 0; i < JOBS; i++) {
        assert_true(keel_kat_params(strategy, &m->params[i]));
        m->params[i].slippage_bps += 1000 * i;
        if (strategy == KEEL_STRATEGY_EMA_CROSS) m->params[i].own[0] += i;
    }
    m->task = (keel_group_task){.kernel = &keel_kernel_builtin, .tape = &m->tape, .rules = m->rules, .close_at_end = 1};
    renew(m);
    return m;
}

static void market_free(market *m) {
    for (int i = 0; i < JOBS; i++)
        keel_stats_book_done(&m->books[i]);
    keel_lane_batch_room_done(&m->room);
    free(m->ints);
    free(m->doubles);
    free(m);
}

/* What m holds is what the processor's group gives. */
static void assert_right(market *m) {
    market *other = market_new(m->params[0].strategy);
    keel_group *g = NULL;
    keel_err err = {0};
    if (keel_group_go(&other->task, other->runs, JOBS, &g, &err) != 0) fail_msg("%s", err.text);
    for (int i = 0; i < JOBS; i++) {
        const keel_lane_result *a = &m->runs[i].result, *b = &other->runs[i].result;
        assert_int_equal(m->runs[i].code, 0);
        assert_int_equal(a->state_hash, b->state_hash);
        assert_int_equal(a->trade_count, b->trade_count);
        assert_int_equal(a->final_e8, b->final_e8);
        assert_memory_equal(a->tally, b->tally, sizeof *a->tally);
        assert_int_equal(m->books[i].tally.fees_e8, other->books[i].tally.fees_e8);
        assert_int_equal(m->books[i].tally.pnl_e8, other->books[i].tally.pnl_e8);
        assert_int_equal(m->books[i].trade_count, other->books[i].trade_count);
        assert_memory_equal(&m->books[i].drawdown, &other->books[i].drawdown, sizeof m->books[i].drawdown);
        assert_int_equal(m->books[i].days, other->books[i].days);
        assert_int_equal(m->books[i].last_e8, other->books[i].last_e8); /* the last day's, not closed yet */
        assert_memory_equal(m->books[i].day_e8, other->books[i].day_e8, (size_t)(m->books[i].days - 1) * 8);
    }
    assert_true(m->runs[0].result.state_hash != m->runs[JOBS - 1].result.state_hash);
    keel_group_free(g);
    market_free(other);
}

static keel_device *open_device(void) {
    keel_err err = {0};
    keel_device *device = NULL;
    if (keel_device_open(KEEL_DEVICE_OPENCL, -1, &device, &err) != 0) fail_msg("%s", err.text);
    return device;
}

static void test_equals_the_processor(void **state) {
    (void)state;
    static const int32_t strategies[] = {KEEL_STRATEGY_EMA_CROSS, KEEL_STRATEGY_TREND};
    keel_device *device = open_device();
    for (int s = 0; s < 2; s++) {
        market *m = market_new(strategies[s]);
        keel_lane_batch *b = keel_lane_batch_new(device, &m->tape, m->rules, 0);
        keel_err err = {0};
        b->trade_cap = keel_lane_trade_room(&m->tape) + 1; /* several launches until all trades fit */
        b->equity_cap = 3;
        if (keel_lane_batch_go(b, &m->task, m->runs, JOBS, &m->room, &err) != 0) fail_msg("%s", err.text);
        assert_right(m);
        keel_lane_batch_free(b);
        market_free(m);
    }
    keel_device_close(device);
}

/* ---- a device that fails ----------------------------------------------------------------------------------- */

/* Stands before the real driver. */
typedef struct faulty {
    keel_device base;
    keel_device *real;
    int64_t memory; /* bytes it has left */
    int runs_left;  /* kernels until it is lost */
    int allocs;
} faulty;

struct keel_device_memory {
    void *real; /* the real memory is opaque here */
    int64_t size;
};

static int build(keel_device *d, const char *text, size_t size, const char *const defines[], size_t n, keel_err *err) {
    return keel_device_build(((faulty *)d)->real, text, size, defines, n, err);
}

static int alloc(keel_device *d, int64_t size, keel_device_memory **ret, keel_err *err) {
    faulty *f = (faulty *)d;
    keel_device_memory *m = calloc(1, sizeof *m), *real = NULL;
    assert_non_null(m);
    f->allocs++;
    if (size > f->memory) {
        free(m);
        return keel_err_set(err, KEEL_E_NOMEM, "out of device memory: planted: none");
    }
    int rc = keel_device_alloc(f->real, size, &real, err);
    assert_int_equal(rc, 0);
    m->real = real;
    m->size = size;
    f->memory -= size;
    *ret = m;
    return 0;
}

static void release(keel_device *d, keel_device_memory *m) {
    faulty *f = (faulty *)d;
    f->memory += m->size;
    keel_device_release(f->real, m->real);
    free(m);
}

static int write_memory(keel_device *d, keel_device_memory *to, int64_t offset, const void *from, int64_t size,
                        keel_err *err) {
    return keel_device_write(((faulty *)d)->real, to->real, offset, from, size, err);
}

static int read_memory(keel_device *d, keel_device_memory *from, int64_t offset, void *to, int64_t size,
                       keel_err *err) {
    return keel_device_read(((faulty *)d)->real, from->real, offset, to, size, err);
}

static int run(keel_device *d, const char *kernel, keel_device_memory *const memories[], int32_t count, int64_t threads,
               keel_err *err) {
    faulty *f = (faulty *)d;
    keel_device_memory *real[KEEL_DEVICE_MEMORIES_MAX];
    if (f->runs_left-- <= 0) return keel_err_set(err, KEEL_E_IO, "the device failed: planted: lost");
    for (int32_t i = 0; i < count; i++)
        real[i] = memories[i]->real;
    return keel_device_run(f->real, kernel, real, count, threads, err);
}

static void close_device(keel_device *d) { keel_device_close(((faulty *)d)->real); }

static const keel_device_driver FAULTY = {.kind = KEEL_DEVICE_OPENCL,
                                          .build = build,
                                          .alloc = alloc,
                                          .release = release,
                                          .write = write_memory,
                                          .read = read_memory,
                                          .run = run,
                                          .close = close_device};

static faulty open_faulty(int64_t memory, int runs) {
    faulty f = {.real = open_device(), .memory = memory, .runs_left = runs};
    f.base.driver = &FAULTY;
    f.base.info = f.real->info;
    return f;
}

static void test_short_memory_makes_smaller_launches(void **state) {
    (void)state;
    faulty f = open_faulty(1 << 20, 1000);
    market *m = market_new(KEEL_STRATEGY_EMA_CROSS);
    keel_lane_batch *b = keel_lane_batch_new(&f.base, &m->tape, m->rules, 0);
    keel_err err = {0};
    if (keel_lane_batch_go(b, &m->task, m->runs, JOBS, &m->room, &err) != 0) fail_msg("%s", err.text);
    assert_true(b->fits > 0 && b->fits < JOBS);
    assert_right(m);
    keel_lane_batch_free(b);
    assert_int_equal(f.memory, 1 << 20); /* all of it was given back */
    close_device(&f.base);
    market_free(m);
}

static void test_no_memory_is_said(void **state) {
    (void)state;
    faulty f = open_faulty(64 << 10, 1000);
    market *m = market_new(KEEL_STRATEGY_EMA_CROSS);
    keel_lane_batch *b = keel_lane_batch_new(&f.base, &m->tape, m->rules, 0);
    keel_err err = {0};
    assert_int_equal(keel_lane_batch_go(b, &m->task, m->runs, JOBS, &m->room, &err), KEEL_E_NOMEM);
    assert_non_null(strstr(err.text, "planted"));
    keel_lane_batch_free(b);
    assert_int_equal(f.memory, 64 << 10);
    close_device(&f.base);
    market_free(m);
}

/* Lost before it is asked, while it is asked, and in the middle of its work; never a partial result that looks whole.
 */
static void test_a_lost_device_is_said(void **state) {
    (void)state;
    for (int runs = 0; runs < 3; runs++) {
        faulty f = open_faulty((int64_t)1 << 30, runs);
        market *m = market_new(KEEL_STRATEGY_EMA_CROSS);
        keel_lane_batch *b = keel_lane_batch_new(&f.base, &m->tape, m->rules, 0);
        keel_err err = {0};
        assert_int_equal(keel_lane_batch_go(b, &m->task, m->runs, JOBS, &m->room, &err), KEEL_E_IO);
        assert_non_null(strstr(err.text, "planted: lost"));
        keel_lane_batch_free(b);
        close_device(&f.base);
        market_free(m);
    }
}

/* ---- trust ------------------------------------------------------------------------------------------------- */

static void test_every_difference_is_seen(void **state) {
    (void)state;
    keel_trade trades[2][3];
    int64_t ts_ms[2][4] = {{1, 2, 3, 4}, {1, 2, 3, 4}}, equity[2][4] = {{5, 6, 7, 8}, {5, 6, 7, 8}};
    keel_lane_tally tally[2];
    keel_lane_result r[2];
    keel_err err = {0};
    memset(trades, 0, sizeof trades);
    memset(tally, 0, sizeof tally);
    memset(r, 0, sizeof r);
    for (int i = 0; i < 2; i++)
        r[i] = (keel_lane_result){.trades = trades[i],
                                  .trade_count = 3,
                                  .equity_ts_ms = ts_ms[i],
                                  .equity_e8 = equity[i],
                                  .equity_count = 4,
                                  .tally = &tally[i],
                                  .state_hash = 9};
    assert_int_equal(keel_lane_trust(&r[0], &r[1], "D", "a trial", &err), 0);
    trades[1][1].fees_e8 = 1;
    assert_int_equal(keel_lane_trust(&r[0], &r[1], "D", "a trial", &err), KEEL_E_PARITY);
    assert_non_null(strstr(err.text, "trade 2"));
    trades[1][1].fees_e8 = 0;
    r[1].trade_count = 2;
    assert_int_equal(keel_lane_trust(&r[0], &r[1], "D", "a trial", &err), KEEL_E_PARITY);
    assert_non_null(strstr(err.text, "trade 3"));
    r[1].trade_count = 3;
    equity[1][3]++;
    assert_int_equal(keel_lane_trust(&r[0], &r[1], "D", "a trial", &err), KEEL_E_PARITY);
    assert_non_null(strstr(err.text, "sample 4"));
    equity[1][3]--;
    tally[1].signals++;
    assert_int_equal(keel_lane_trust(&r[0], &r[1], "D", "a trial", &err), KEEL_E_PARITY);
    tally[1].signals--;
    r[1].state_hash++;
    assert_int_equal(keel_lane_trust(&r[0], &r[1], "D", "a trial", &err), KEEL_E_PARITY);
    r[1].state_hash--;
    r[1].open_funding_e8++;
    assert_int_equal(keel_lane_trust(&r[0], &r[1], "D", "a trial", &err), KEEL_E_PARITY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_difference_is_seen), cmocka_unit_test(test_equals_the_processor),
        cmocka_unit_test(test_short_memory_makes_smaller_launches), cmocka_unit_test(test_no_memory_is_said),
        cmocka_unit_test(test_a_lost_device_is_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

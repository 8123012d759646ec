/* Batches of configurations on an OpenCL device (PoCL in the test environment) against the processor [SWP-02]
 * [SWP-06.1]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lane/kat.h"
#include "research/sweep/lane_batch.h"

enum { JOBS = 12 };

typedef struct market {
    int64_t *ints;
    double *doubles;
    keel_tape tape;
    keel_instrument rules[KEEL_KAT_SYMBOLS];
} market;

static market make_market(void) {
    market m = {.ints = calloc(KEEL_KAT_INTS, 8), .doubles = calloc(KEEL_KAT_DOUBLES, 8)};
    assert_true(m.ints && m.doubles);
    keel_kat_tape(3, m.ints, m.doubles, &m.tape);
    for (int32_t i = 0; i < KEEL_KAT_SYMBOLS; i++)
        keel_kat_rules(i, &m.rules[i]);
    return m;
}

static void test_ema_cross(void **state) {
    (void)state;
    keel_err err = {0};
    keel_device *device = NULL;
    market m = make_market();
    if (keel_device_open(KEEL_DEVICE_OPENCL, -1, &device, &err) != 0) fail_msg("%s", err.text);
    keel_lane_batch_plan plan = {.device = device,
                                 .kernel = &keel_kernel_builtin,
                                 .tape = &m.tape,
                                 .rules = m.rules,
                                 .capital_e8 = KEEL_KAT_CAPITAL_E8,
                                 .close_at_end = 1};
    keel_lane_batch *b = keel_lane_batch_new(&plan);
    keel_params p[JOBS];
    keel_lane_job jobs[JOBS];
    keel_lane_result results[JOBS];
    int32_t ok[JOBS];
    keel_lane_batch_room room = {0};
    for (int i = 0; i < JOBS; i++) {
        assert_true(keel_kat_params(KEEL_STRATEGY_EMA_CROSS, &p[i]));
        p[i].own[0] = 3 + i;
        jobs[i] = (keel_lane_job){&p[i], &m.tape};
    }
    if (keel_lane_batch_go(b, jobs, JOBS, &room, results, ok, &err) != 0) fail_msg("%s", err.text);
    for (int i = 0; i < JOBS; i++) {
        keel_lane_result host;
        keel_lane_run *run = keel_lane_run_new(m.tape.bars - m.tape.trade_from, m.tape.symbol_count);
        keel_lane_task task = {.kernel = plan.kernel,
                               .params = &p[i],
                               .tape = &m.tape,
                               .rules = m.rules,
                               .capital_e8 = plan.capital_e8,
                               .close_at_end = 1,
                               .steps = 1};
        assert_int_equal(keel_lane_run_go(run, &task, &host, &err), 0);
        assert_true(ok[i]);
        if (keel_lane_trust(&host, &results[i], "device", "job", &err) != 0) fail_msg("%s", err.text);
        keel_lane_run_free(run);
    }
    keel_lane_batch_room_done(&room);
    keel_lane_batch_free(b);
    keel_device_close(device);
    free(m.ints);
    free(m.doubles);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ema_cross)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* [STR-01.2] [T-374] [T-381] [T-186] The proofs of `keel strategy check` find what they look for: a unit that knows
 * what comes, one that answers otherwise the second time, and neither where there is neither. The units are the
 * built-in one with a lane that is asked with other parameters when it should not be: no file of a user could be that
 * wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/cli/strategy_proof.h"

static int begun;       /* runs so far */
static keel_params low; /* sells and buys at other levels than what is asked for */

static int32_t count_runs(keel_lane *lane, keel_state *st, const keel_params *p, const keel_tape *tape,
                          int64_t capital_e8, int32_t close_at_end) {
    begun++;
    return keel_lane_init(lane, st, p, tape, capital_e8, close_at_end);
}

/* Knows how the market ends. */
static int32_t peek(keel_lane *lane, keel_state *st, const keel_params *p, const keel_tape *tape, keel_signal_set *sets,
                    keel_snapshot *snaps, const keel_window *window, keel_lane_out *out) {
    int rises = tape->sym[0].close_e8[tape->bars - 1] > tape->sym[0].close_e8[0];
    return keel_kernel_builtin.lane_advance(lane, st, rises ? p : &low, tape, sets, snaps, window, out);
}

static int32_t waver(keel_lane *lane, keel_state *st, const keel_params *p, const keel_tape *tape,
                     keel_signal_set *sets, keel_snapshot *snaps, const keel_window *window, keel_lane_out *out) {
    return keel_kernel_builtin.lane_advance(lane, st, begun % 2 ? p : &low, tape, sets, snaps, window, out);
}

/* What the proofs say of a unit with this lane. */
static keel_strategy_proof proof_of(int32_t (*advance)(keel_lane *, keel_state *, const keel_params *,
                                                       const keel_tape *, keel_signal_set *, keel_snapshot *,
                                                       const keel_window *, keel_lane_out *),
                                    int32_t strategy) {
    keel_kernel kernel = keel_kernel_builtin;
    keel_strategy_source source = {.kernel = &kernel, .id = strategy, .text = keel_strategy_describe(strategy)};
    keel_strategy_proof proof;
    keel_params p;
    keel_err err = {0};
    begun = 0;
    kernel.lane_init = count_runs;
    if (advance) kernel.lane_advance = advance;
    keel_params_default(&p);
    assert_int_equal(keel_strategy_select(&p, strategy), 1);
    low = p;
    low.own[1] = 15.0; /* lower: entries are rarer, so that whoever foresaw the others foresaw these */
    assert_int_equal(keel_strategy_prove(&source, &p, NULL, &proof, &err), 0);
    return proof;
}

static void a_sound_one_passes(void **state) {
    (void)state;
    keel_strategy_proof p = proof_of(NULL, KEEL_STRATEGY_RSI_REVERSION);
    assert_int_equal(p.deterministic, 1);
    assert_int_equal(p.future_ts_ms, 0);
    assert_int_equal(p.future_checks, 8);
    assert_true(p.decisions > 100 && p.future_decisions > p.decisions && p.history_decisions > 0);
    assert_true(p.settled_bars > 0);
}

/* The instant that is told lies before what was replaced. */
static void one_that_sees_the_future_is_found(void **state) {
    (void)state;
    keel_strategy_proof p = proof_of(peek, KEEL_STRATEGY_RSI_REVERSION);
    assert_int_equal(p.deterministic, 1);
    assert_true(p.future_ts_ms > 0);
}

static void one_that_wavers_is_found(void **state) {
    (void)state;
    keel_strategy_proof p = proof_of(waver, KEEL_STRATEGY_RSI_REVERSION);
    assert_int_equal(p.deterministic, 0);
    assert_int_equal(p.future_checks, 0); /* nothing else can be shown of it */
}

static void who_does_nothing_proves_nothing(void **state) {
    (void)state;
    keel_strategy_proof p = proof_of(NULL, KEEL_STRATEGY_NO_TRADE);
    assert_int_equal(p.decisions + p.future_decisions + p.history_decisions, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_one_passes),
        cmocka_unit_test(one_that_sees_the_future_is_found),
        cmocka_unit_test(one_that_wavers_is_found),
        cmocka_unit_test(who_does_nothing_proves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

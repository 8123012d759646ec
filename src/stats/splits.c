/* stats/splits.c: see splits.h. */
#include "stats/splits.h"

#include <stdlib.h>

#include "base/units.h"

/* Longer than any market, and sums of four still fit. */
static const int64_t LENGTH_MAX = (int64_t)1 << 60;

static int check(const keel_split_rule *r, int64_t step_ms, keel_err *err) {
    if (r->train_ms <= 0 || r->test_ms <= 0)
        return keel_err_set(err, KEEL_E_USAGE,
                            "windows: training and test must be longer than nothing: choose lengths");
    if (r->gap_ms < 0 || step_ms <= 0)
        return keel_err_set(err, KEEL_E_USAGE, "windows: the step must be longer than nothing, the gap not negative");
    if (r->train_ms > LENGTH_MAX || r->test_ms > LENGTH_MAX || r->gap_ms > LENGTH_MAX || step_ms > LENGTH_MAX)
        return keel_err_set(err, KEEL_E_USAGE, "windows: a length is beyond any market: choose shorter ones");
    if (step_ms < r->test_ms && !r->overlap)
        return keel_err_set(
            err, KEEL_E_USAGE,
            "windows: the step is shorter than the test, so bars would be tested twice: choose a longer "
            "step, or allow it with --overlap");
    return 0;
}

static int too_short(const keel_split_rule *r, int64_t start_ms, int64_t end_ms, keel_err *err) {
    char have[KEEL_DURATION_TEXT_MAX], want[KEEL_DURATION_TEXT_MAX];
    keel_duration_format(end_ms > start_ms ? end_ms - start_ms : 0, have);
    keel_duration_format(r->train_ms + r->gap_ms + r->test_ms, want);
    return keel_err_set(err, KEEL_E_RANGE,
                        "windows: the range covers %s, one window needs %s: choose shorter windows or more data", have,
                        want);
}

int keel_splits_make(const keel_split_rule *rule, int64_t start_ms, int64_t end_ms, keel_split **ret,
                     int32_t *ret_count, keel_err *reterr) {
    int64_t step_ms = rule->step_ms == 0 ? rule->test_ms : rule->step_ms;
    KEEL_TRY(check(rule, step_ms, reterr));
    int64_t whole_ms = rule->train_ms + rule->gap_ms + rule->test_ms;
    if (end_ms <= start_ms || end_ms - start_ms < whole_ms) return too_short(rule, start_ms, end_ms, reterr);
    int64_t count = (end_ms - start_ms - whole_ms) / step_ms + 1;
    if (count > KEEL_SPLITS_MAX)
        return keel_err_set(reterr, KEEL_E_RANGE,
                            "windows: there would be %lld, at most %d are made: choose longer steps", (long long)count,
                            KEEL_SPLITS_MAX);
    keel_split *all = calloc((size_t)count, sizeof *all);
    if (!all) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: windows: close other programs");
    for (int64_t i = 0; i < count; i++) {
        int64_t from = start_ms + i * step_ms;
        all[i].train_start_ms = rule->anchored ? start_ms : from;
        all[i].train_end_ms = from + rule->train_ms;
        all[i].test_start_ms = all[i].train_end_ms + rule->gap_ms;
        all[i].test_end_ms = all[i].test_start_ms + rule->test_ms;
    }
    *ret = all;
    *ret_count = (int32_t)count;
    return 0;
}

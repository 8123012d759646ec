/* States of a market: windows and thirds by hand, and what of a switching market is recognised. [BKT-05.4] */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stats/market_state.h"

enum { W = KEEL_MARKET_STATE_BARS, BARS = 60000, HOLE = 137 };

static const int64_t PX = 10000000000; /* 100 */

static int third_of(uint8_t state) { return state == KEEL_MARKET_UNKNOWN ? -1 : (state - 1) / 2; }
static int is_up(uint8_t state) { return state != KEEL_MARKET_UNKNOWN && (state - 1) % 2; }

/* Swings of 1, 2 and 3 per mille, a hundred bars each: the windows that lie whole in one of them are its third. */
static void thirds_by_hand(void **state) {
    (void)state;
    int64_t close[301];
    uint8_t got[301];
    close[0] = PX;
    for (int k = 1; k <= 300; k++) {
        double swing = 0.001 * (1 + (k - 1) / 100);
        close[k] = k % 2 ? PX + (int64_t)(swing * (double)PX) : PX;
    }
    assert_int_equal(keel_market_states(close, 301, 0, got, NULL), 0);
    for (int k = 0; k < W; k++)
        assert_int_equal(got[k], KEEL_MARKET_UNKNOWN);
    for (int k = W; k <= 100; k++)
        assert_int_equal(third_of(got[k]), 0);
    for (int k = 100 + W; k <= 200; k++)
        assert_int_equal(third_of(got[k]), 1);
    for (int k = 200 + W; k <= 300; k++)
        assert_int_equal(third_of(got[k]), 2);
}

/* The close 50 bars before decides the trend; equal is not down. */
static void trend_by_hand(void **state) {
    (void)state;
    int64_t close[3 * W];
    uint8_t got[3 * W];
    for (int k = 0; k < 3 * W; k++)
        close[k] = PX;
    close[W + 10] = PX - 1;
    assert_int_equal(keel_market_states(close, 3 * W, 0, got, NULL), 0);
    for (int k = W; k < 3 * W; k++)
        assert_int_equal(is_up(got[k]), k != W + 10);
}

/* A bar that is missing has the state of the one before and is counted by nobody: the others are as without it. */
static void holes_count_for_nothing(void **state) {
    (void)state;
    int64_t whole[4 * W], holed[4 * W + 1];
    uint8_t a[4 * W], b[4 * W + 1];
    for (int k = 0; k < 4 * W; k++)
        whole[k] = PX + (k * k) % 997 * 1000000;
    memcpy(holed, whole, HOLE * sizeof *whole);
    holed[HOLE] = 0;
    memcpy(holed + HOLE + 1, whole + HOLE, (4 * W - HOLE) * sizeof *whole);
    assert_int_equal(keel_market_states(whole, 4 * W, W, a, NULL), 0);
    assert_int_equal(keel_market_states(holed, 4 * W + 1, W, b, NULL), 0);
    assert_memory_equal(a, b, HOLE);
    assert_int_equal(b[HOLE], b[HOLE - 1]);
    assert_memory_equal(a + HOLE, b + HOLE + 1, 4 * W - HOLE);
}

/* Each window anew, from its definition; the thirds of the range alone, history without a say in them. */
static void windows_from_the_definition(void **state) {
    (void)state;
    enum { N = 900, FROM = 300 };
    static int64_t close[N];
    static double vol[N], in_range[N];
    static uint8_t got[N];
    uint64_t s = 9;
    close[0] = PX;
    for (int k = 1; k < N; k++) {
        s = s * 6364136223846793005u + 1442695040888963407u;
        int64_t most = k < FROM ? 900 : 20 + k % 7 * 10; /* a storm before the range */
        close[k] = close[k - 1] + close[k - 1] / 10000 * ((int64_t)(s >> 33) % (2 * most + 1) - most) / 10;
    }
    int n = 0;
    for (int k = W; k < N; k++) {
        double sum = 0.0;
        for (int i = k - W + 1; i <= k; i++)
            sum += pow((double)close[i] / (double)close[i - 1] - 1.0, 2);
        vol[k] = sqrt(sum / W);
        if (k >= FROM) in_range[n++] = vol[k];
    }
    assert_int_equal(keel_market_states(close, N, FROM, got, NULL), 0);
    int counts[3] = {0};
    for (int k = FROM; k < N; k++) {
        int below = 0;
        for (int i = 0; i < n; i++)
            below += in_range[i] < vol[k] * (1.0 - 1e-12);
        int want = below <= (n - 1) / 3 ? 0 : below <= 2 * (n - 1) / 3 ? 1 : 2;
        assert_int_equal(third_of(got[k]), want);
        assert_int_equal(is_up(got[k]), close[k] >= close[k - W]);
        counts[want]++;
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(counts[i], N / 5, N / 4);
}

/* ---- a market that switches ---- */

static double uniform(uint64_t *s) {
    *s += 0x9e3779b97f4a7c15u;
    uint64_t z = *s;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53;
}

/* Normal returns of 0.3 % or 0.9 % a bar; the market leaves a state with chance 1 in 250 at each bar, so that both
 * hold about half of the time. ret_true: 1 the wild one. */
static void switching(uint64_t seed, int64_t close[], int ret_true[]) {
    uint64_t s = seed;
    double px = 100.0;
    int wild = 0;
    for (int k = 0; k < BARS; k++) {
        if (uniform(&s) < 1.0 / 250.0) wild = !wild;
        double radius = sqrt(-2.0 * log(uniform(&s)));
        double normal = radius * cos(6.283185307179586 * uniform(&s)); /* Box, Muller, 1958 */
        px *= exp((wild ? 0.009 : 0.003) * normal - 0.5 * (wild ? 0.000081 : 0.000009));
        close[k] = (int64_t)(px * 1e8);
        ret_true[k] = wild;
    }
}

/* [T-239] Of what is called LOW at least 98 % of the bars are the calm state's, of what is called HIGH 94 % the wild
 * one's, in every one of twenty markets; what is wrong lies within a window after a switch. */
static void a_switching_market_is_recognised(void **state) {
    (void)state;
    static int64_t close[BARS];
    static int is_wild[BARS];
    static uint8_t got[BARS];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        int64_t calm_low = 0, low = 0, wild_high = 0, high = 0, late = 0, since = 0, wilds = 0;
        switching(seed, close, is_wild);
        assert_int_equal(keel_market_states(close, BARS, 0, got, NULL), 0);
        for (int k = W; k < BARS; k++) {
            since = is_wild[k] != is_wild[k - 1] ? 0 : since + 1;
            wilds += is_wild[k];
            if (third_of(got[k]) == 0) {
                low++;
                calm_low += !is_wild[k];
                late += is_wild[k] && since >= W;
            }
            if (third_of(got[k]) == 2) {
                high++;
                wild_high += is_wild[k];
                late += !is_wild[k] && since >= W;
            }
        }
        assert_in_range(wilds, BARS * 35 / 100, BARS * 65 / 100); /* else a third holds both states */
        assert_true((double)calm_low >= 0.98 * (double)low && low > BARS / 4);
        assert_true((double)wild_high >= 0.94 * (double)high && high > BARS / 4);
        assert_int_equal(late, 0);
        print_message("seed %d: LOW is calm %.1f %%, HIGH is wild %.1f %%\n", (int)seed,
                      100.0 * (double)calm_low / (double)low, 100.0 * (double)wild_high / (double)high);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thirds_by_hand),
        cmocka_unit_test(trend_by_hand),
        cmocka_unit_test(holes_count_for_nothing),
        cmocka_unit_test(windows_from_the_definition),
        cmocka_unit_test(a_switching_market_is_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

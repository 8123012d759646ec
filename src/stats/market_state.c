/* stats/market_state.c: see market_state.h. Squares of volatilities are compared: their order is that of the roots. */
#include "stats/market_state.h"

#include <inttypes.h>
#include <stdlib.h>

#include "num/find.h"

enum { BARS = KEEL_MARKET_STATE_BARS };

const char *const keel_market_state_names[KEEL_MARKET_STATES] = {"UNKNOWN", "LOW_DOWN",  "LOW_UP", "MID_DOWN",
                                                                 "MID_UP",  "HIGH_DOWN", "HIGH_UP"};

/* The windows over one series. A sum of a window is that of the end of one block of BARS and of the beginning of the
 * next: only additions, so that a storm leaves no rounding behind in a calm. */
typedef struct windows {
    double square[BARS]; /* of the block so far */
    double tail[BARS];   /* sums from here to the end of the block before */
    double head;         /* sum of the block so far */
    int64_t closes[BARS];
    int64_t count; /* closes so far */
} windows;

/* One more close. Returns 1 and the sum of the squares of the last BARS returns, and whether the close is below the
 * one BARS before; 0 while there are too few. */
static int add(windows *w, int64_t close_e8, double *ret_sum, int *ret_down) {
    int64_t place = w->count % BARS, at = w->count - 1;
    int64_t before_e8 = w->count > 0 ? w->closes[at % BARS] : 0, oldest_e8 = w->closes[place];
    w->closes[place] = close_e8;
    w->count++;
    if (at < 0) return 0;
    double change = (double)close_e8 / (double)before_e8 - 1.0;
    int64_t r = at % BARS;
    if (r == 0) w->head = 0.0;
    w->square[r] = change * change;
    w->head += w->square[r];
    *ret_sum = r == BARS - 1 ? w->head : w->head + w->tail[r + 1];
    *ret_down = close_e8 < oldest_e8;
    if (r == BARS - 1) {
        double sum = 0.0;
        for (int64_t i = BARS - 1; i >= 0; i--)
            w->tail[i] = sum += w->square[i];
    }
    return at >= BARS - 1;
}

/* What v[k] would be in ascending order. */
static double rank(double v[], int64_t count, int64_t k) {
    if (count == 0) return 0.0;
    keel_find(v, count, k);
    return v[k];
}

/* Sums of squares by bar, -1 where there is none; and the trend, in ret: 1 up, 0 down. */
static void measure(const int64_t close_e8[], int64_t n, double sum[], uint8_t ret[]) {
    windows w = {.head = 0.0, .count = 0};
    double last = -1.0;
    int down = 0;
    for (int64_t k = 0; k < n; k++) {
        if (close_e8[k] > 0 && !add(&w, close_e8[k], &last, &down)) last = -1.0;
        sum[k] = last;
        ret[k] = (uint8_t)!down;
    }
}

int keel_market_states(const int64_t close_e8[], int64_t n, int64_t from, uint8_t ret[], keel_err *reterr) {
    double *sum = malloc((size_t)(n > 0 ? n : 1) * sizeof *sum),
           *sorted = malloc((size_t)(n > 0 ? n : 1) * sizeof *sorted);
    int64_t known = 0;
    if (!sum || !sorted) {
        free(sum);
        free(sorted);
        return keel_err_set(reterr, KEEL_E_NOMEM, "report: no memory for %" PRId64 " bars: free some", n);
    }
    measure(close_e8, n, sum, ret);
    for (int64_t k = from; k < n; k++)
        if (sum[k] >= 0.0 && close_e8[k] > 0) sorted[known++] = sum[k];
    double low = rank(sorted, known, (known - 1) / 3);
    double mid = rank(sorted, known, 2 * (known - 1) / 3);
    for (int64_t k = 0; k < n; k++) {
        int third = sum[k] <= low ? 0 : sum[k] <= mid ? 1 : 2;
        ret[k] = (uint8_t)(sum[k] < 0.0 ? KEEL_MARKET_UNKNOWN : KEEL_MARKET_LOW_DOWN + 2 * third + ret[k]);
    }
    free(sum);
    free(sorted);
    return 0;
}

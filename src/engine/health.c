/* engine/health.c: see health.h. */
#include "engine/health.h"

#include <math.h>
#include <string.h>

#include "base/err.h"

/* ---- breaker ---------------------------------------------------------------------------------------------------- */

void keel_breaker_init(keel_breaker *b, const keel_breaker_limits *limits, int32_t state, int64_t now_ms) {
    memset(b, 0, sizeof *b);
    if (limits) b->limits = *limits;
    if (b->limits.window_ms == 0) b->limits.window_ms = 30000;
    if (b->limits.open_ms == 0) b->limits.open_ms = 30000;
    if (b->limits.calls_min == 0) b->limits.calls_min = 20;
    if (b->limits.failed_pct == 0) b->limits.failed_pct = 50;
    if (b->limits.failed_row == 0) b->limits.failed_row = 5;
    b->state = state;
    b->since_ms = now_ms;
}

static int become(keel_breaker *b, int32_t state, int64_t now_ms) {
    b->state = state;
    b->since_ms = now_ms;
    b->row = b->probes = 0;
    if (state == KEEL_BREAKER_CLOSED) { /* what failed before is no reason to open it again */
        memset(b->calls, 0, sizeof b->calls);
        memset(b->failed, 0, sizeof b->failed);
    }
    return 1;
}

static int64_t bucket_of(const keel_breaker *b, int64_t now_ms) {
    int64_t width_ms = b->limits.window_ms / KEEL_BREAKER_BUCKETS;
    return now_ms / (width_ms > 0 ? width_ms : 1);
}

static void count(keel_breaker *b, int64_t now_ms, int ok) {
    KEEL_ASSERT(now_ms >= 0);
    int64_t bucket = bucket_of(b, now_ms);
    size_t at = (size_t)(bucket % KEEL_BREAKER_BUCKETS);
    if (b->bucket[at] != bucket) {
        b->bucket[at] = bucket;
        b->calls[at] = b->failed[at] = 0;
    }
    b->calls[at]++;
    b->failed[at] += !ok;
}

static void counted(const keel_breaker *b, int64_t now_ms, int64_t *ret_calls, int64_t *ret_failed) {
    int64_t newest = bucket_of(b, now_ms);
    *ret_calls = *ret_failed = 0;
    for (int i = 0; i < KEEL_BREAKER_BUCKETS; i++) {
        if (b->bucket[i] > newest || newest - b->bucket[i] >= KEEL_BREAKER_BUCKETS) continue;
        *ret_calls += b->calls[i];
        *ret_failed += b->failed[i];
    }
}

int32_t keel_breaker_failed(const keel_breaker *b, int64_t now_ms) {
    int64_t calls, failed;
    counted(b, now_ms, &calls, &failed);
    return (int32_t)failed;
}

int keel_breaker_pass(keel_breaker *b, int64_t now_ms) {
    if (b->state != KEEL_BREAKER_OPEN || now_ms - b->since_ms < b->limits.open_ms) return 0;
    return become(b, KEEL_BREAKER_HALF_OPEN, now_ms);
}

int keel_breaker_saw(keel_breaker *b, int64_t now_ms, int ok) {
    int64_t calls, failed;
    count(b, now_ms, ok);
    b->row = ok ? 0 : b->row + 1;
    if (b->state == KEEL_BREAKER_OPEN) return 0; /* what was under way: time alone leads further */
    if (b->state == KEEL_BREAKER_HALF_OPEN) {
        if (!ok) return become(b, KEEL_BREAKER_OPEN, now_ms);
        return ++b->probes >= KEEL_BREAKER_PROBES ? become(b, KEEL_BREAKER_CLOSED, now_ms) : 0;
    }
    counted(b, now_ms, &calls, &failed);
    int rate = calls >= b->limits.calls_min && failed * 100 > calls * b->limits.failed_pct;
    return rate || b->row >= b->limits.failed_row ? become(b, KEEL_BREAKER_OPEN, now_ms) : 0;
}

/* ---- clock ------------------------------------------------------------------------------------------------------ */

int32_t keel_clock_judge(int64_t apart_ms, int64_t limit_ms) {
    double apart = fabs((double)apart_ms), limit = (double)(limit_ms > 0 ? limit_ms : KEEL_CLOCK_LIMIT_MS);
    return apart > 5.0 * limit ? KEEL_CLOCK_FAR : apart > limit ? KEEL_CLOCK_OFF : KEEL_CLOCK_GOOD;
}

/* ---- drift ------------------------------------------------------------------------------------------------------ */

double keel_drift_score(int64_t books_e8, int64_t venue_e8, int64_t px_e8, int64_t equity_e8) {
    double apart = fabs((double)books_e8 - (double)venue_e8) / 1e8;
    double equity = equity_e8 > 0 ? (double)equity_e8 / 1e8 : 0.0, unit = fmax(0.005 * equity, 10.0);
    if (books_e8 == venue_e8) return 0.0;
    return px_e8 > 0 ? apart * ((double)px_e8 / 1e8) / unit : 5.0;
}

int32_t keel_drift_judge(double score) {
    if (score < 1.0) return KEEL_DRIFT_NONE;
    return score < 2.0 ? KEEL_DRIFT_WARN : score < 5.0 ? KEEL_DRIFT_HALT : KEEL_DRIFT_CLOSE;
}

/* engine/health.h: is what an engine depends on as it should be? Three judges, each a record and arithmetic: a breaker
 * over calls to a venue, the distance of two clocks, and the difference between the books and what the venue holds.
 *
 * They read no clock: whoever calls says what time it is and what was seen. What they find reaches the engine as inputs
 * (engine.h), is journaled there, and is the same in a replay. */
#ifndef KEEL_ENGINE_HEALTH_H
#define KEEL_ENGINE_HEALTH_H

#include <stdint.h>

/* ---- breaker ---------------------------------------------------------------------------------------------------- */

enum {                            /* state of a breaker */
       KEEL_BREAKER_CLOSED = 0,   /* calls go through */
       KEEL_BREAKER_OPEN = 1,     /* too many failed: nothing that can wait is tried */
       KEEL_BREAKER_HALF_OPEN = 2 /* a few are tried */
};

enum { KEEL_BREAKER_BUCKETS = 30, KEEL_BREAKER_PROBES = 3 };

typedef struct keel_breaker_limits {
    int64_t window_ms;  /* that calls are counted over; 0: 30 s */
    int64_t open_ms;    /* before it is half open; 0: 30 s */
    int32_t calls_min;  /* fewer than these have no rate; 0: 20 */
    int32_t failed_pct; /* more than this share opens; 0: 50 */
    int32_t failed_row; /* so many one after the other open, whatever their rate; 0: 5 */
    int32_t reserved;
} keel_breaker_limits;

typedef struct keel_breaker {
    keel_breaker_limits limits;
    int32_t state;
    int32_t row;    /* failures one after the other */
    int32_t probes; /* that went well since it is half open */
    int32_t reserved;
    int64_t since_ms; /* of the present state */
    /* Calls and failures of a thirtieth of the window each, and which thirtieth since zero it is. */
    int64_t bucket[KEEL_BREAKER_BUCKETS];
    int32_t calls[KEEL_BREAKER_BUCKETS], failed[KEEL_BREAKER_BUCKETS];
} keel_breaker;

/* Nothing seen. `state`: what the record ends with; an open one has been open since now_ms. */
void keel_breaker_init(keel_breaker *b, const keel_breaker_limits *limits, int32_t state, int64_t now_ms);

/* A call came back at this time, by a clock that never goes back: ok 1, or 0: no answer, an answer that was none, or no
 * connection. Half open, three good ones in a row close it and the first bad one opens it. Returns 1 when the state is
 * another one. */
int keel_breaker_saw(keel_breaker *b, int64_t now_ms, int ok);

/* It is this late: an open one may be half open now. Returns 1 when the state is another one. */
int keel_breaker_pass(keel_breaker *b, int64_t now_ms);

/* Failures within the window. */
int32_t keel_breaker_failed(const keel_breaker *b, int64_t now_ms);

/* ---- clock ------------------------------------------------------------------------------------------------------ */

enum {                      /* how far the venue's clock and ours are apart */
       KEEL_CLOCK_GOOD = 0, /* no further than the limit */
       KEEL_CLOCK_OFF = 1,  /* further */
       KEEL_CLOCK_FAR = 2,  /* more than five times as far: what is new and what is old cannot be told apart */
       KEEL_CLOCK_LIMIT_MS = 500
};

int32_t keel_clock_judge(int64_t apart_ms, int64_t limit_ms); /* limit 0: KEEL_CLOCK_LIMIT_MS */

/* ---- drift ------------------------------------------------------------------------------------------------------ */

enum {                      /* severity of a difference, by its score */
       KEEL_DRIFT_NONE = 0, /* < 1 */
       KEEL_DRIFT_WARN = 1, /* < 2: told */
       KEEL_DRIFT_HALT = 2, /* < 5: safe mode */
       KEEL_DRIFT_CLOSE = 3 /* what is held of the symbol is closed, too */
};

/* The difference's worth in halves of a percent of equity, or in 10 USD where that is more. Quantities are signed,
 * 1e-8; equity below nothing counts as nothing. Without a price nobody knows what a difference is worth: 5. */
double keel_drift_score(int64_t books_e8, int64_t venue_e8, int64_t px_e8, int64_t equity_e8);
int32_t keel_drift_judge(double score);

#endif

/* port/clock.c: see clock.h. */
#include "port/clock.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

#include "base/err.h"

static int64_t read_ns(clockid_t which) {
    struct timespec t;
    KEEL_ASSERT(clock_gettime(which, &t) == 0);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t real_wall_ms(void *ctx) {
    (void)ctx;
    return read_ns(CLOCK_REALTIME) / 1000000;
}

static int64_t real_wall_ns(void *ctx) {
    (void)ctx;
    return read_ns(CLOCK_REALTIME);
}

static int64_t real_mono_ns(void *ctx) {
    (void)ctx;
    return read_ns(CLOCK_MONOTONIC);
}

static void real_wait_until(void *ctx, int64_t mono_ns) {
    (void)ctx;
    struct timespec t = {(time_t)(mono_ns / 1000000000), (long)(mono_ns % 1000000000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        continue;
}

const keel_clock *keel_clock_real(void) {
    static const keel_clock REAL = {NULL, real_wall_ms, real_mono_ns, real_wait_until, real_wall_ns};
    return &REAL;
}

static int64_t sim_wall_ms(void *ctx) {
    const keel_simclock *c = ctx;
    return c->now_ns / 1000000 + c->wall_ms_extra;
}

static int64_t sim_wall_ns(void *ctx) {
    const keel_simclock *c = ctx;
    return c->now_ns + c->wall_ms_extra * 1000000;
}

static int64_t sim_mono_ns(void *ctx) { return ((const keel_simclock *)ctx)->now_ns; }

static void sim_wait_until(void *ctx, int64_t mono_ns) {
    keel_simclock *c = ctx;
    if (mono_ns > c->now_ns) c->now_ns = mono_ns;
}

void keel_simclock_init(keel_simclock *c, int64_t wall_ms) {
    c->port = (keel_clock){c, sim_wall_ms, sim_mono_ns, sim_wait_until, sim_wall_ns};
    c->wall_ms_extra = wall_ms;
    c->now_ns = 0;
}

void keel_simclock_advance(keel_simclock *c, int64_t ns) {
    KEEL_ASSERT(ns >= 0);
    c->now_ns += ns;
}

void keel_simclock_jump(keel_simclock *c, int64_t ms) { c->wall_ms_extra += ms; }

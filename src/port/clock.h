/* port/clock.h: the seam to time.
 *
 * Two clocks, never mixed: wall time in milliseconds since 1970 UTC, which may jump either way, and monotonic time in
 * nanoseconds, which only moves forward. A timer is a wait until a monotonic instant. */
#ifndef KEEL_PORT_CLOCK_H
#define KEEL_PORT_CLOCK_H

#include <stdint.h>

typedef struct keel_clock {
    void *ctx;
    int64_t (*wall_ms)(void *ctx);
    int64_t (*mono_ns)(void *ctx);
    void (*wait_until)(void *ctx, int64_t mono_ns); /* returns at once when that is past */
    int64_t (*wall_ns)(void *ctx);                  /* wall time, finer */
} keel_clock;

/* The clock of the machine; static storage, any thread. */
const keel_clock *keel_clock_real(void);

/* Virtual time: moves when somebody waits, or is told to. */
typedef struct keel_simclock {
    keel_clock port;       /* port.ctx is this record */
    int64_t wall_ms_extra; /* wall time less monotonic time */
    int64_t now_ns;
} keel_simclock;

/* Starts at this wall time, monotonic zero. Holds no memory; must not be moved afterwards. */
void keel_simclock_init(keel_simclock *c, int64_t wall_ms);
void keel_simclock_advance(keel_simclock *c, int64_t ns); /* ns >= 0 */
void keel_simclock_jump(keel_simclock *c, int64_t ms);    /* wall time alone, either way: somebody set the clock */

#endif

/* engine/ring.h: a bounded ring between the thread that hears a market and the one that owns an engine.
 *
 * One producer, one consumer. Nothing is lost for want of room: the producer waits, and that is counted. The one thing
 * that may be put together is market data under a key (its symbol): the newest takes the place of an older one that
 * nobody has read yet, as long as nothing without a key came in between; that is counted, too. Bars, executions and
 * control have no key. Nobody spins: who waits sleeps. */
#ifndef KEEL_ENGINE_RING_H
#define KEEL_ENGINE_RING_H

#include "engine/engine.h"

enum { KEEL_RING_KEYS = KEEL_SYMBOLS_MAX, KEEL_RING_SLOTS_MAX = 1 << 20, KEEL_RING_NO_KEY = -1 };

typedef struct keel_engine_ring keel_engine_ring;

typedef struct keel_ring_counts {
    uint64_t put, taken, conflated; /* put = taken + conflated once it is empty */
    uint64_t waited;                /* so often the producer found it full */
} keel_ring_counts;

/* slots: a power of two up to KEEL_RING_SLOTS_MAX. KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_engine_ring_new(uint32_t slots, keel_engine_ring **ret, keel_err *reterr);
void keel_engine_ring_free(keel_engine_ring *r); /* both threads are out of it; NULL allowed */

/* Producer. 1: it is in, and *in has another's empty lists; 0: the ring is full, or (wait) the consumer is gone. */
KEEL_MUST_USE int keel_engine_ring_put(keel_engine_ring *r, keel_input *in, int32_t key);
KEEL_MUST_USE int keel_engine_ring_put_wait(keel_engine_ring *r, keel_input *in, int32_t key);
void keel_engine_ring_close(keel_engine_ring *r); /* nothing more will be put */

/* Consumer. take: 1, or 0: there is none now. wait: 1, or 0: it is empty and closed; wait_until: or KEEL_SOURCE_WAITS:
 * this instant of the machine's monotonic clock came. leave: the producer need not wait for room any more. */
KEEL_MUST_USE int keel_engine_ring_take(keel_engine_ring *r, keel_input *ret);
KEEL_MUST_USE int keel_engine_ring_wait(keel_engine_ring *r, keel_input *ret);
KEEL_MUST_USE int keel_engine_ring_wait_until(keel_engine_ring *r, keel_input *ret, int64_t mono_ns);
int keel_engine_ring_has(keel_engine_ring *r);
void keel_engine_ring_leave(keel_engine_ring *r);

/* Whole once both threads are out of it. */
keel_ring_counts keel_engine_ring_counts(const keel_engine_ring *r);

#endif

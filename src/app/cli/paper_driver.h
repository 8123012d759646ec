/* app/cli/paper_driver.h: what feeds a paper run's engine: its market, and the halt that the shadow ledger asks for, in
 * the total order of engine/merge.h. At real pace the market has a thread of its own, and a bounded ring between. */
#ifndef KEEL_APP_CLI_PAPER_DRIVER_H
#define KEEL_APP_CLI_PAPER_DRIVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/cli/paper_disk.h"
#include "app/cli/paper_feed.h"
#include "engine/merge.h"
#include "engine/ring.h"
#include "ops/shadow/shadow.h"

/* What is to be looked at every so often, in the engine's thread, between two inputs of the market. No part of the run:
 * nothing of it is journaled. */
typedef struct keel_paper_look {
    const keel_clock *clock;
    int64_t every_ms; /* by its monotonic time */
    void (*at)(void *data);
    void *data;
} keel_paper_look;

typedef struct keel_paper_driver {
    keel_engine_merge merge; /* merge.port is the engine's source */
    /* how it is made */
    keel_engine_source market, halts, room;
    keel_paper_feed *feed;
    const keel_shadow *shadow;
    int (*between)(void *data, keel_err *reterr); /* two turns of the engine; set before start, NULL: nobody */
    void *between_data;
    keel_paper_disk *disk;       /* set before start; NULL: nobody looks */
    const keel_paper_look *look; /* NULL: nothing */
    int64_t look_ns;             /* when it is due again */
    int halted;
    int64_t last_ms;        /* of the last input of the market that came */
    keel_engine_ring *ring; /* NULL: the market is asked in the engine's thread */
    pthread_t thread;
    keel_err err; /* of the feed's thread; read once the ring is closed */
    atomic_int left;
} keel_paper_driver;

/* Begin behind input `number` of time last_ms; the feed stands there, and is paced already when has_thread. Once
 * the shadow ledger has found a breach nothing more may leave that opens, and the order says what was found; NULL:
 * nobody looks. at_times NULL: nothing is looked at. Of d only between, between_data and disk are read. Everything is
 * borrowed; d must not be moved.
 * 0, KEEL_E_NOMEM or KEEL_E_ERROR (no thread). keel_paper_driver_stop also then. */
KEEL_MUST_USE int keel_paper_driver_start(keel_paper_driver *d, keel_paper_feed *feed, const keel_shadow *shadow,
                                          const keel_paper_look *at_times, int has_thread, uint64_t number,
                                          int64_t last_ms, keel_err *reterr);

/* Whoever waits is set free, the thread has ended afterwards. *ret_counts (may be NULL): of the ring. A zeroed driver
 * is stopped. */
void keel_paper_driver_stop(keel_paper_driver *d, keel_ring_counts *ret_counts);

#endif

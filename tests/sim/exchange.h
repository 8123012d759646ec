/* exchange.h: a venue that keeps its own books and is on the far side of simulated streams. Its record of orders and
 * executions is the truth that the checks compare with; what it says on the way may be lost, doubled or late. */
#ifndef KEEL_TESTS_SIM_EXCHANGE_H
#define KEEL_TESTS_SIM_EXCHANGE_H

#include "edge/venue/desk.h"
#include "kinds.h"
#include "port/simnet.h"

enum { SIM_SYMBOLS = 4 };

typedef struct sim_order {
    uint64_t run;
    uint64_t id;
    int32_t symbol, side, closes, state; /* KEEL_DESK_* */
    int64_t qty_e8, cum_e8;
    int64_t taken_ms, end_ms;
    int32_t busy_parts; /* executions that are still planned */
} sim_order;

typedef struct sim_fill {
    int32_t order; /* index */
    int32_t maker;
    int64_t qty_e8, px_e8, cum_e8, ts_ms;
} sim_fill; /* its id is its index + 1 */

/* Somebody who looks at what arrives. NULL: nobody. */
typedef struct sim_watch {
    void *data;
    void (*taken)(void *data, const keel_desk_msg *place, const sim_order *before); /* before: the same id, or NULL */
} sim_watch;

typedef struct sim_job sim_job;

typedef struct sim_exchange {
    keel_simnet *net;
    keel_simclock *clock;
    keel_simrandom random;
    int64_t start_ms; /* venue time at monotonic zero */
    int64_t (*price)(void *data, int32_t symbol, int64_t ts_ms);
    void *price_data;
    int64_t lot_e8[SIM_SYMBOLS];
    sim_watch watch;
    sim_mask kinds;        /* that happen now */
    int forgets;           /* 1: an id is known only while its order is open, */
    int64_t remembered_ms; /* and for so long after it */
    int stream;            /* that it speaks on, -1: none */
    keel_strbuf in;        /* of that stream, not whole yet */
    sim_order *order;
    int32_t order_count;
    size_t order_cap;
    sim_fill *fill;
    int32_t fill_count;
    size_t fill_cap;
    sim_job *job; /* what is planned; never removed */
    size_t job_count, job_cap;
    uint64_t cancelled;           /* orders that were called back in time */
    int64_t held_e8[SIM_SYMBOLS]; /* positions */
    int64_t minute;               /* of the limit of requests */
    int32_t in_minute;
    uint64_t counts[SIM_KIND_COUNT];
} sim_exchange;

void sim_exchange_init(sim_exchange *x, keel_simnet *net, keel_simclock *clock, int64_t start_ms, uint64_t seed);
void sim_exchange_done(sim_exchange *x);

int64_t sim_exchange_now_ms(const sim_exchange *x);
/* The newest order of this id, or NULL. */
sim_order *sim_exchange_find(const sim_exchange *x, uint64_t run, uint64_t id);

#endif

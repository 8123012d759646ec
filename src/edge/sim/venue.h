/* edge/sim/venue.h: the exchange as a model (market/bar_market.h) behind the venue port: paper trading.
 *
 * It sees the market through ticks, keeps one working order per symbol, and tells what becomes of it. What it
 * remembers lies in one record without pointers, so that it can be kept with a snapshot, and outlives an engine that
 * crashes when whoever holds it says so. The same orders and ticks give the same reports. */
#ifndef KEEL_EDGE_SIM_VENUE_H
#define KEEL_EDGE_SIM_VENUE_H

#include "market/bar_market.h"
#include "port/venue.h"

#ifndef KEEL_SIM_VENUE_SYMBOLS
#define KEEL_SIM_VENUE_SYMBOLS 256
#endif

enum { KEEL_SIM_VENUE_REPORTS = 6 }; /* REJECT of the one it replaces, ACK, two FILLs, the part that closes, REJECT */

/* How far the venue is from one that executes at once and whole; all zero: not at all. docs/models/fills.md says what
 * each does. */
typedef struct keel_sim_model {
    int64_t latency_ms;    /* an order is at the venue so long after it was sent */
    int64_t fill_share_e8; /* share of an order that the first execution gives, the rest at the next open; 0: whole */
    int64_t queue_every;   /* each so-many-th target finds others before it and executes at the next open; 0: none */
    int64_t reject_every;  /* each so-many-th order is refused; 0: none */
} keel_sim_model;

/* One symbol: the newest order, and everything that was told about it. */
typedef struct keel_sim_order {
    keel_market_order waiting; /* id 0: none */
    uint64_t order_id;         /* of the reports; 0: no order yet */
    uint64_t tick;             /* number of the last tick */
    int64_t px_e8, ts_ms;      /* of the last tick */
    int64_t due_ms;            /* the waiting order is at the venue from then on, */
    int64_t cancel_ms;         /* and that it is called back, from then on; INT64_MAX: it is not */
    int32_t parted;            /* 1: its first part was executed */
    int32_t said;              /* reports about the order so far */
    int32_t tick_kind, traded;
    int32_t count, told;
    keel_venue_report report[KEEL_SIM_VENUE_REPORTS];
} keel_sim_order;

/* What the venue remembers. */
typedef struct keel_sim_book {
    uint64_t fill_id; /* of the last fill */
    uint64_t orders;  /* taken, */
    uint64_t repeats; /* and handed in again, which changed nothing */
    uint64_t targets; /* of the orders, those at a profit level */
    keel_sim_order sym[KEEL_SIM_VENUE_SYMBOLS];
} keel_sim_book;

typedef struct keel_sim_venue {
    keel_venue port; /* port.ctx is this record: it must not be moved */
    int32_t symbol_count;
    int32_t overflow;             /* 1: a price did not fit; nothing was executed */
    const keel_instrument *rules; /* [symbol_count], borrowed */
    const int64_t *slippage_bps;  /* [symbol_count], as in keel_params, borrowed */
    keel_sim_model model;         /* zero after init */
    keel_sim_book book;
} keel_sim_venue;

/* An empty book. */
void keel_sim_venue_init(keel_sim_venue *v, int32_t symbol_count, const keel_instrument *rules,
                         const int64_t *slippage_bps);

#endif

/* model/event.h: what goes into the core. One record for every kind; unused fields are zero. */
#ifndef KEEL_MODEL_EVENT_H
#define KEEL_MODEL_EVENT_H

#include "num/port.h"

/* Times of events lie strictly between minus and plus this: year 10000. Differences of two then always fit. */
#define KEEL_TIME_END_MS ((int64_t)253402300800000)

#define KEEL_EVENT_SCHEMA 2 /* 1 knows no FUNDING, no close_fraction, no fee_role */

enum {                        /* kind */
       KEEL_EV_PRICE = 1,     /* what one symbol traded at since its previous event: a tick or a finer bar */
       KEEL_EV_BAR_CLOSE = 2, /* the same, and the main bar is closed: a snapshot comes with it */
       KEEL_EV_SIGNAL = 3,    /* a caller states the signal (intent-only mode) */
       KEEL_EV_FUNDING = 4,   /* settlement */
       KEEL_EV_FILL = 5,      /* the venue executed (part of) an order */
       KEEL_EV_REJECT = 6,    /* the venue refused or expired the rest of an order */
       KEEL_EV_DEPOSIT = 7,   /* capital in (price_e8 = amount at 1e-8) */
       KEEL_EV_BORROW = 8     /* interest on what a spot position borrowed, for the time since the last one */
};

enum { KEEL_NEUTRAL = 0, KEEL_BUY = 1, KEEL_SELL = 2, KEEL_CLOSE = 3, KEEL_PARTIAL_CLOSE = 4 }; /* signal */
enum { KEEL_TAKER = 0, KEEL_MAKER = 1 };                                                        /* fee_role */
enum { KEEL_CONF_LOW = 0, KEEL_CONF_MEDIUM = 1, KEEL_CONF_HIGH = 2 };

/* Tri-state context: 0 must mean unknown, because unknown never counts as favourable. */
enum { KEEL_UNKNOWN = 0, KEEL_FALSE = 1, KEEL_TRUE = 2 };

typedef struct keel_event {
    uint64_t seq;   /* strictly increasing, from 1 */
    int64_t ts_ms;  /* event time, UTC: for bars the time at which it was known, i.e. its close */
    int32_t schema; /* KEEL_EVENT_SCHEMA */
    int32_t kind;
    int32_t symbol; /* index into the run's instrument list */
    int32_t signal;
    int32_t fee_role;
    int32_t side;     /* FILL: +1 bought, -1 sold */
    int64_t price_e8; /* last price of the range; FILL: execution price; FUNDING: mark; DEPOSIT: amount */
    int64_t open_e8;  /* first price of the range (ticks: = price_e8) */
    int64_t high_e8;
    int64_t low_e8;
    int64_t qty_e8;      /* FILL: executed quantity > 0; read nowhere else */
    int64_t notional_e8; /* SIGNAL: caller's notional, 0 = sizing rule */
    int64_t ref_px_e8;   /* FILL: price before slippage (0 = price_e8) */
    int64_t rate_e16;    /* FUNDING: rate of this settlement, positive = longs pay; BORROW: rate of the period, >= 0 */
    uint64_t order_id;   /* FILL, REJECT: id of the command it answers; 0 = outside keel */
    uint64_t fill_id;    /* FILL: deduplication key; 0 = none */
    double close_fraction; /* SIGNAL CLOSE / PARTIAL_CLOSE: (0, 1]; 0 on CLOSE means 1 */
    double breadth;        /* BAR_CLOSE: share of the universe with fast above slow average; < 0 unknown */
    int32_t btc_bullish;   /* BAR_CLOSE: KEEL_UNKNOWN / FALSE / TRUE */
    int32_t regime_gate;   /* BAR_CLOSE: market-wide trend gate: UNKNOWN / FALSE / TRUE */
    int32_t regime;        /* BAR_CLOSE: label of the regime detector, for gates and reports */
    int32_t last_of_order; /* FILL: 1 = nothing of the order remains */
    int32_t reason;        /* SIGNAL CLOSE: exit reason, 0 = X_STRATEGY */
    int32_t reserved;
} keel_event;
KEEL_STATIC_ASSERT(sizeof(keel_event) == 160, event_is_160_bytes);

#endif

/* port/venue.h: the seam to whoever executes orders.
 *
 * Orders go out by send, and everything that becomes of them comes back by poll, as reports: never as a return value.
 * A report is told once; what was told is numbered per order, so that after a crash the venue can be asked to tell
 * again from where the engine's record ends. Whether an order ends because a newer one of its symbol is handed in is
 * the venue's: who wants that says cancel. A table serves one thread at a time. Every implementation passes
 * tests/unit/venue_conformance.c. */
#ifndef KEEL_PORT_VENUE_H
#define KEEL_PORT_VENUE_H

#include <stdint.h>

#include "base/err.h"
#include "model/command.h"
#include "model/event.h"

enum {                       /* kind of a report */
       KEEL_VENUE_ACK = 1,   /* the order is there; event is not meaningful */
       KEEL_VENUE_FILL = 2,  /* event is a KEEL_EV_FILL */
       KEEL_VENUE_REJECT = 3 /* event is a KEEL_EV_REJECT: what is left of the order will not be executed */
};

typedef struct keel_venue_report {
    int32_t kind;
    int32_t ordinal; /* among the reports of this order, from 1 */
    int32_t symbol;
    int32_t reserved;
    uint64_t order_id;
    keel_event event; /* seq 0: whoever takes it in numbers it */
} keel_venue_report;

enum {                       /* kind of a tick */
       KEEL_TICK_OPEN = 1,   /* a range begins: waiting orders execute at its first price, if anybody traded in it */
       KEEL_TICK_RANGE = 2,  /* the range that was traded since: a level inside it executes inside it */
       KEEL_TICK_EXPIRE = 3, /* the market ends: what waits is refused */
       KEEL_TICK_LAST = 4    /* from now on orders execute at once, at this price */
};

/* What happened at the market, for a venue that is a model and has no market of its own. */
typedef struct keel_venue_tick {
    uint64_t number; /* strictly ascending per symbol: a tick that is not above the last one was seen before */
    int32_t kind;
    int32_t symbol;
    int32_t traded; /* OPEN, RANGE: 0: nobody traded in this range */
    int32_t reserved;
    int64_t px_e8; /* OPEN, RANGE: first price of the range; LAST: the price */
    int64_t ts_ms; /* OPEN: open of the range; RANGE: its close; EXPIRE, LAST: now */
} keel_venue_tick;

typedef struct keel_venue {
    void *ctx;
    /* Hand in an order. The id is the caller's: the same id again is no second order. 0, or KEEL_E_* with the line set:
     * the venue did not take it. given_ms: the market's time when the core gave it; a venue may refuse one that is old.
     */
    int (*send)(void *ctx, const keel_command *order, int64_t given_ms, keel_err *reterr);
    /* The next report about this symbol: 1, 0 when there is none, or KEEL_E_* with the line set: what the venue says
     * cannot be about this run's orders, and nobody may go on. */
    int (*poll)(void *ctx, int32_t symbol, keel_venue_report *ret, keel_err *reterr);
    /* Is there this order, by its id? Its reports above ordinal `heard` are told again. 1; 0: it was never seen here,
     * and nothing of it is on its way; or KEEL_E_* with the line set: nobody can tell now. */
    int (*query)(void *ctx, const keel_command *order, int32_t heard, keel_err *reterr);
    /* What is left of this order is not to be executed any more. What became of it is told as a report: REJECT, or the
     * executions that came before. Said again, or of an order that is over or not known, it changes nothing. 0, or
     * KEEL_E_* with the line set. */
    int (*cancel)(void *ctx, const keel_command *order, keel_err *reterr);
    /* The account does not cover what this fill opens: execute closes_qty_e8 of it, 0 or more, and refuse the rest. May
     * be said again after a crash. */
    void (*uncovered)(void *ctx, const keel_event *fill, int64_t closes_qty_e8);
    /* NULL: the venue sees its market itself. */
    void (*tick)(void *ctx, const keel_venue_tick *tick);
} keel_venue;

#endif

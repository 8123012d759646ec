/* edge/venue/desk.h: orders at a venue that is far away, behind the venue port.
 *
 * What any venue gets wrong on the way is put right here, so that an adapter only translates messages: streams break
 * or fall silent, answers are slow, lost, doubled or overtaken by others, an order is refused for now, executions come
 * before the acknowledgement. Rules, in the terms of the seam:
 *
 *   - An order without an answer is asked about. It is placed again only after the venue said that it does not know it,
 *     at a venue time when nothing that was sent before can still be accepted (stamp + window), nor is hidden from
 *     reading by the venue's lag.
 *   - Executions are told in the order of the executed total, without gaps, each once; a gap is asked about.
 *   - ACK is an order's first report, implied by an execution; a refusal at the door is told without one.
 *   - An order is known at the venue by the run and its id. What the venue says of it must name its symbol, side and
 *     quantity: else the ids of two runs met, and nobody may go on.
 *   - An order that increases a position and could not be placed while it was young, or in places_max attempts, is
 *     refused here. One that closes is tried for ever, at delays that grow up to retry_max_ms.
 *   - An order that is called back is not placed any more. One that may be at the venue is called back there until the
 *     venue says that it is over, as one is asked about; one that it never saw is refused here.
 *   - Ordinals depend only on what the venue recorded: a restarted desk numbers alike.
 *   - After each connection, and slowly while all is well, every order without an end is asked about.
 *
 * Time passes only in `query`, which waits for an answer, and in keel_desk_wait. Everything else does what can be done
 * now; whoever waits for something else calls keel_desk_work no later than keel_desk_due_ns. The wall clock is not
 * read: the venue's time is its own messages' plus the monotonic clock. Thread: one. Seams: port/net.h, port/clock.h.
 */
#ifndef KEEL_EDGE_VENUE_DESK_H
#define KEEL_EDGE_VENUE_DESK_H

#include "base/strbuf.h"
#include "port/clock.h"
#include "port/net.h"
#include "port/venue.h"

enum { KEEL_DESK_ORDERS = 256, KEEL_DESK_BATCH = 16 };

typedef enum keel_desk_kind {
    KEEL_DESK_PLACE = 1,    /* to the venue: order_id, symbol, side, qty_e8, closes, stamp_ms, window_ms */
    KEEL_DESK_ASK = 2,      /* to the venue: order_id, symbol */
    KEEL_DESK_HELLO = 3,    /* the first word of a connection */
    KEEL_DESK_TAKEN = 4,    /* order_id */
    KEEL_DESK_BUSY = 5,     /* order_id, wait_ms: this attempt was not taken */
    KEEL_DESK_STATUS = 6,   /* order_id, state, qty_e8, cum_e8, ts_ms of the end; executions are told beside it */
    KEEL_DESK_EXECUTED = 7, /* order_id, symbol, side, fill_id, qty_e8, px_e8, cum_e8, ts_ms, maker */
    KEEL_DESK_ENDED = 8,    /* the same: the rest will not be executed */
    KEEL_DESK_CANCEL = 9    /* to the venue: order_id, symbol: execute no more of it; answered as ASK is */
} keel_desk_kind;

enum { /* state of an order; REFUSED: at the door, it never worked */
       KEEL_DESK_UNKNOWN = 0,
       KEEL_DESK_OPEN = 1,
       KEEL_DESK_OVER = 2,
       KEEL_DESK_REFUSED = 3
};

typedef struct keel_desk_msg {
    int32_t kind, symbol, side;
    int32_t closes; /* 1: may only make a position smaller */
    int32_t state, maker;
    uint64_t run, order_id; /* together the order's name at the venue */
    uint64_t fill_id;
    int64_t venue_ms; /* when the venue said it, by its clock; its messages all carry one */
    int64_t stamp_ms; /* PLACE: the venue's time as the desk knows it; accepted until stamp + window */
    int64_t window_ms, wait_ms;
    int64_t qty_e8, px_e8;
    int64_t cum_e8; /* executed of the order, this one included */
    int64_t ts_ms;  /* of the execution, or of the end */
} keel_desk_msg;

/* How messages look on the wire. */
typedef struct keel_desk_codec {
    void *ctx;
    /* Messages of one kind, as one batch where the venue has such, at the end of out. */
    void (*write)(void *ctx, const keel_desk_msg *msgs, int32_t count, keel_strbuf *out);
    /* The next message of [size] bytes: 1 and *ret_used; 0: not whole yet; -1: not of this protocol. */
    int (*read)(void *ctx, const char *bytes, size_t size, keel_desk_msg *ret, size_t *ret_used);
} keel_desk_codec;

typedef struct keel_desk_options {
    const keel_net *net;
    const keel_clock *clock;
    const char *host, *port;        /* borrowed */
    const keel_desk_codec *codec;   /* borrowed */
    uint64_t run;                   /* keel_desk_run: orders of other runs of the account have another; not 0 */
    int64_t lag_ms;                 /* the venue's reading is no further behind than this; 0: 5 s */
    int64_t entry_age_ms;           /* an order that increases is placed no later after it was given; 0: 60 s */
    int64_t window_ms;              /* an order is accepted no later; 0: 5 s */
    int64_t answer_ms;              /* without an answer for so long: asked about; 0: 3 s */
    int64_t silence_ms;             /* nothing heard for so long while something is awaited: connect anew; 0: 10 s */
    int64_t cadence_ms;             /* an open order is asked about this often; 0: 60 s */
    int64_t retry_ms, retry_max_ms; /* between attempts, doubled each time; 0: 200 ms, 10 s */
    int64_t query_ms;               /* a query gives up; 0: 120 s */
    int32_t places_max;             /* an order that increases is placed no more often; 0: 10 */
    int32_t reserved;
    /* How a call went: 1: an answer, or the venue greeted a new connection; 0: it is busy, no answer came in time, or
     * a connection failed. For engine/health.h. NULL: nobody wants to know. */
    void (*called)(void *data, int ok);
    void *called_data;
} keel_desk_options;

typedef struct keel_desk_counts {
    uint64_t connects, breaks, placed, placed_again, asked, busy, gaps, doubled, unmatched, uncovered, garbage;
    uint64_t cancels;   /* said to the venue, each time */
    uint64_t stale;     /* orders that were refused here for their age, */
    uint64_t exhausted; /* and because they had been placed too often */
} keel_desk_counts;

typedef struct keel_desk keel_desk;

/* A run's part of its orders' names at the venue, of its run id; never 0. */
uint64_t keel_desk_run(const char *run_id);

/* Nothing is connected yet. KEEL_E_USAGE (run 0), KEEL_E_NOMEM. keel_desk_free (NULL allowed). */
KEEL_MUST_USE int keel_desk_new(const keel_desk_options *options, keel_desk **ret, keel_err *reterr);
void keel_desk_free(keel_desk *d);

/* The port; borrowed. send: KEEL_E_RANGE when there are too many orders. query: KEEL_E_TIMEOUT. All:
 * KEEL_E_PARITY once the venue spoke of an order that is not this run's. */
const keel_venue *keel_desk_port(keel_desk *d);

void keel_desk_work(keel_desk *d);                   /* without waiting */
void keel_desk_wait(keel_desk *d, int64_t until_ns); /* let time pass up to this monotonic instant, and work */
int64_t keel_desk_due_ns(const keel_desk *d);        /* monotonic; INT64_MAX: only what arrives matters */
int32_t keel_desk_unresolved(const keel_desk *d);    /* orders that have not come to their end, or not told it */
keel_desk_counts keel_desk_counts_of(const keel_desk *d);

/* The venue's time now, as its messages say it: 1, or 0 before the first. A little late, by the way of a message. */
int keel_desk_venue_clock(const keel_desk *d, int64_t *ret_ms);

#endif

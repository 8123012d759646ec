/* edge/venue/desk_internal.h: what the files of the desk share. */
#ifndef KEEL_EDGE_VENUE_DESK_INTERNAL_H
#define KEEL_EDGE_VENUE_DESK_INTERNAL_H

#include "edge/venue/desk.h"

enum { KEEL_DESK_HELD = 64 }; /* executions of one order that wait to be told; one too many is asked for again */

typedef enum keel_desk_state {
    KEEL_DESK_FREE,     /* no order */
    KEEL_DESK_TO_PLACE, /* at due */
    KEEL_DESK_IN_DOUBT, /* sent, or asked about, without an answer: asked about at due */
    KEEL_DESK_WORKING   /* the venue has it */
} keel_desk_state;

typedef struct keel_desk_order {
    keel_desk_state state;
    int32_t attempts; /* of the present state */
    keel_command c;
    int64_t given_ms;    /* market's time when the core gave it */
    uint64_t age;        /* ascending */
    int64_t due_ns;      /* when something is to be done about it */
    int64_t safe_ms;     /* venue time behind which nothing of it is on its way; 0: not known yet */
    int32_t answer;      /* 1: the venue has it, -1: it has not, and will not; 0: not known */
    int32_t placed;      /* times */
    int32_t asked;       /* 1: only asked about */
    int32_t cancelled;   /* 1: called back */
    int32_t told;        /* reports */
    int32_t skip;        /* executions that were told in an earlier life */
    int64_t told_cum_e8; /* of the executions told or skipped */
    int32_t ended;       /* 1: the venue said that it is over, */
    int32_t taken;       /* 1: acknowledged or executed */
    int64_t end_cum_e8;  /* with so much executed, */
    int64_t end_ms;      /* then */
    int32_t held_count;
    keel_desk_msg held[KEEL_DESK_HELD]; /* executions above told_cum_e8, ascending by cum_e8 */
} keel_desk_order;

struct keel_desk {
    keel_venue port;
    keel_desk_options o;
    int conn;           /* -1: none */
    int greeted;        /* 1: the venue said HELLO on it */
    int32_t failures;   /* connections in a row that came to nothing */
    int64_t retry_ns;   /* no connection before */
    int64_t waiting_ns; /* since when an answer is awaited and nothing arrives; INT64_MAX: none is */
    int64_t offset_ms;  /* venue time less monotonic time, a little late */
    int64_t begun_ms;   /* venue time of the first HELLO: whatever a former life sent, it sent before; 0: none yet */
    uint64_t age;
    keel_strbuf in, out; /* out: [out_at, size) is still to be written */
    size_t out_at;
    keel_desk_order *order; /* [KEEL_DESK_ORDERS] */
    int32_t used;           /* places that were ever used */
    keel_desk_counts counts;
    keel_err wrong; /* code 0: nothing; else the desk says no more */
};

/* desk.c */
keel_desk_order *keel_desk_find(keel_desk *d, uint64_t id);
int64_t keel_desk_now_ns(const keel_desk *d);
/* The venue's time now, as far as it is known: once it has greeted. */
int64_t keel_desk_venue_ms(const keel_desk *d);
int64_t keel_desk_backoff_ns(const keel_desk *d, int32_t attempts);
void keel_desk_called(const keel_desk *d, int ok);

/* desk_hear.c: one message of the venue */
void keel_desk_hear(keel_desk *d, const keel_desk_msg *m);
/* An order that the venue has, or may have: when it is to be asked about next, if nothing is missing. */
int64_t keel_desk_next_ns(const keel_desk *d, const keel_desk_order *o);
/* It will not be placed any more: the next that is told of it is a refusal. Counted by whoever says so. */
void keel_desk_give_up(const keel_desk *d, keel_desk_order *o);
/* The next report about an order: 1, or 0. */
int keel_desk_tell(keel_desk_order *o, keel_venue_report *ret);

/* desk_line.c: the connection */
void keel_desk_line_work(keel_desk *d);
void keel_desk_line_drop(keel_desk *d);
int64_t keel_desk_silent_ns(const keel_desk *d); /* when the silence of the connection is too long */

#endif

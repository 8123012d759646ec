/* app/cli/control_call.h: one running keel (ops/control/desk.h) asked one thing, as far as it goes without waiting, so
 * that several are asked side by side. */
#ifndef KEEL_APP_CLI_CONTROL_CALL_H
#define KEEL_APP_CLI_CONTROL_CALL_H

#include "app/cli/control_client.h"
#include "base/strbuf.h"
#include "port/clock.h"
#include "port/local.h"

typedef enum keel_call_stage {
    KEEL_CALL_REACHES, /* it was not reached yet, and may be */
    KEEL_CALL_HEARS,   /* asked; the answer is on its way */
    KEEL_CALL_OVER     /* asked->code says how */
} keel_call_stage;

typedef struct keel_call {
    const keel_local *local;
    const keel_clock *clock;
    const keel_strbuf *request; /* borrowed */
    const char *lock;           /* in the folder: whoever has the run holds it; borrowed */
    keel_control_asked *asked;  /* borrowed; its folder is set, code, err and answer are filled */
    keel_call_stage stage;
    int is_expected; /* 1: it runs, by whom began it: while nobody listens, and before it answered, it is starting or
                      * ending */
    int is_missing;  /* 1: expected, and there was nobody the last time */
    int conn;        /* negative: none; after an answer it stays open */
    int64_t holder;  /* the process that has the run and does not listen, 0: none was seen */
    size_t sent;
    keel_strbuf line;
} keel_call;

#define KEEL_CALL_RUN_LOCK "journal/lock"
void keel_call_begin(keel_call *c, const keel_strbuf *request, const char *lock, keel_control_asked *asked);
void keel_call_done(keel_call *c); /* a zeroed one is done */

/* Reach, ask, hear. Over: KEEL_E_NOT_FOUND: no process runs it, or it ended before it answered; what it refuses has the
 * code that it says; KEEL_E_GATE, KEEL_E_RANGE (the path), KEEL_E_PARSE (no keel's answer), KEEL_E_IO. */
void keel_call_go_on(keel_call *c);

/* It is over as it is, with this code: 0 or, line set, KEEL_E_*. */
void keel_call_end(keel_call *c, int code);

/* The time is up: over with KEEL_E_TIMEOUT, unless it is already. */
void keel_call_give_up(keel_call *c, int64_t timeout_ms);

/* Behind the answer to a kill: until the stream ends, as it does when the process let go of the run. 0 or, line set in
 * asked->err, KEEL_E_TIMEOUT, KEEL_E_IO. await_holder: of one that still looks at its streams, and closes those that
 * are silent: then until the process that answered no longer holds its lock. */
int keel_call_await_end(keel_call *c, int64_t until_ns, int64_t timeout_ms);
int keel_call_await_holder(keel_call *c, int64_t until_ns, int64_t timeout_ms);

/* The process that has the run, by its lock, 0: none is seen; and the one that answered, 0: none did. */
int64_t keel_call_holder(const keel_call *c);
int64_t keel_call_process(const keel_tree *answer);

#endif

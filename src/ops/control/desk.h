/* ops/control/desk.h: where people reach a running keel: a name in the run's folder that only its user can open, and
 * the streams of those who came.
 *
 * Nothing here waits: whoever owns the engine looks in between two of its turns, and obeys in that call. Each stream
 * asks line by line, is answered in order, and is closed when it says nothing whole, or takes nothing, for too long.
 * Thread: one. Seams: port/local.h, port/clock.h, port/fs.h. */
#ifndef KEEL_OPS_CONTROL_DESK_H
#define KEEL_OPS_CONTROL_DESK_H

#include "ops/control/request.h"
#include "port/clock.h"
#include "port/fs.h"
#include "port/local.h"

enum { KEEL_CONTROL_CLIENTS = 8, KEEL_CONTROL_IDLE_MS = 5000 };

typedef struct keel_control_options {
    const keel_local *local;
    const keel_clock *clock;
    const keel_fs *fs;
    const char *dir; /* of the run, which the caller has for itself: what listened there before is gone */
    /* Do what is asked, then the answer, a line with its newline; what is left empty is answered with a refusal. */
    void (*serve)(void *data, const keel_control_request *request, const keel_local_peer *who, keel_strbuf *ret_line);
    void *data;
} keel_control_options;

typedef struct keel_control_counts {
    uint64_t came, strangers, asked, malformed, late;
} keel_control_counts;

typedef struct keel_control keel_control;

/* The folder is made (0700) where it is not there. KEEL_E_GATE: others may reach it; KEEL_E_IO, KEEL_E_RANGE (the
 * path), KEEL_E_NOMEM with the line set. */
KEEL_MUST_USE int keel_control_open(const keel_control_options *options, keel_control **ret, keel_err *reterr);

/* Whoever is there: heard, obeyed and answered as far as it goes now. */
void keel_control_look(keel_control *c);

/* The name is removed, while the run is still the caller's own: nobody comes any more. Those who came stay until
 * keel_control_close, which shows them that the run ended. NULL allowed. */
void keel_control_leave(keel_control *c);
void keel_control_close(keel_control *c);

/* In a process that was forked from the one that listens: its copies are closed; name and streams stay the other's. */
void keel_control_forget(keel_control *c);

keel_control_counts keel_control_counts_of(const keel_control *c);

#endif

/* ops/forensic/alert.h: somebody is told at once: a program of the user's gets each record that asks for attention.
 *
 * Records wait in a bounded queue; a thread of its own hands them over one by one. Whoever puts one never waits, and
 * nothing that the program does or fails to do reaches the run: what was not handed over is counted and told at the
 * end. Seams: port/program.h, port/clock.h. */
#ifndef KEEL_OPS_FORENSIC_ALERT_H
#define KEEL_OPS_FORENSIC_ALERT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "port/clock.h"
#include "port/program.h"

enum { KEEL_ALERTS_WAITING = 32, KEEL_ALERTS_TIMEOUT_MS = 5000 };

typedef struct keel_alerts_options {
    const keel_program *program;
    const keel_clock *clock;
    const char *path; /* of the program; borrowed */
    int timeout_ms;   /* of one record, and of all that wait at the end together; 0: KEEL_ALERTS_TIMEOUT_MS */
} keel_alerts_options;

typedef struct keel_alerts_result {
    uint64_t told, failed; /* records */
    uint64_t dropped;      /* that found the queue full, or no time left at the end */
    char why[300];         /* the first that failed */
} keel_alerts_result;

typedef struct keel_alerts keel_alerts;

/* 0, KEEL_E_NOMEM, KEEL_E_ERROR (no thread). */
KEEL_MUST_USE int keel_alerts_open(const keel_alerts_options *options, keel_alerts **ret, keel_err *reterr);

/* One record, with its newline; any thread. Fits the place of a callback: alerts NULL is nobody. */
void keel_alerts_put(void *alerts, const char *line, size_t size);

/* What waits is told for as long as one record may take, then let go. a may be NULL. */
void keel_alerts_close(keel_alerts *a, keel_alerts_result *ret);

#endif

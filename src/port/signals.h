/* port/signals.h: the seam to the signals that ask a program to end.
 *
 * The real side catches SIGINT and SIGTERM and only remembers that one came; whoever runs a loop asks. */
#ifndef KEEL_PORT_SIGNALS_H
#define KEEL_PORT_SIGNALS_H

typedef struct keel_signals {
    void *ctx;
    int (*asked_to_end)(void *ctx); /* the number of the first signal that came, 0 while none did */
} keel_signals;

/* Installs the handlers on the first call; a second signal of the same kind kills, as it would without them. */
const keel_signals *keel_signals_real(void);

/* The twin: the test sets `number`. */
typedef struct keel_simsignals {
    keel_signals port; /* port.ctx is this record */
    int number;
} keel_simsignals;

void keel_simsignals_init(keel_simsignals *s); /* must not be moved afterwards */

#endif

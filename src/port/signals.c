/* port/signals.c: see signals.h. */
#include "port/signals.h"

#include <signal.h>
#include <stddef.h>

#include "base/err.h"

static volatile sig_atomic_t came;

static void remember(int number) {
    if (!came) came = number;
}

static int real_asked(void *ctx) {
    (void)ctx;
    return (int)came;
}

const keel_signals *keel_signals_real(void) {
    static const keel_signals REAL = {NULL, real_asked};
    static int installed;
    if (!installed) {
        struct sigaction act = {0};
        act.sa_handler = remember;
        act.sa_flags = (int)SA_RESETHAND;
        KEEL_ASSERT(sigemptyset(&act.sa_mask) == 0);
        KEEL_ASSERT(sigaction(SIGINT, &act, NULL) == 0 && sigaction(SIGTERM, &act, NULL) == 0);
        installed = 1;
    }
    return &REAL;
}

static int sim_asked(void *ctx) { return ((const keel_simsignals *)ctx)->number; }

void keel_simsignals_init(keel_simsignals *s) {
    s->port = (keel_signals){s, sim_asked};
    s->number = 0;
}

/* port/program.h: the seam to other programs: one is run to its end with a text on its standard input. */
#ifndef KEEL_PORT_PROGRAM_H
#define KEEL_PORT_PROGRAM_H

#include <stddef.h>

#include "base/err.h"

enum { KEEL_PROGRAM_INPUT_MAX = 16384 };

typedef struct keel_program {
    void *ctx;
    /* Run the program at `path` without arguments, its output thrown away, for at most timeout_ms: then it and what it
     * began are killed. input has at most KEEL_PROGRAM_INPUT_MAX bytes; a program need not read them.
     * 0: it ended with status 0. KEEL_E_NOT_FOUND, KEEL_E_TIMEOUT, KEEL_E_IO (another status, a signal, no process). */
    int (*run)(void *ctx, const char *path, const void *input, size_t size, int timeout_ms, keel_err *reterr);
} keel_program;

/* Of the machine; static storage, any thread. No shell is between. */
const keel_program *keel_program_real(void);

/* Is there a program at `path`? 0 or KEEL_E_NOT_FOUND. */
KEEL_MUST_USE int keel_program_check(const char *path, keel_err *reterr);

#endif

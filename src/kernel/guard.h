/* kernel/guard.h: run a user's code where it can harm nothing but its own run: in a forked child with limits, without
 * system calls it does not need, its inputs read-only, its answer beside a page that nothing may touch, and watched.
 *
 * What it is for: mistakes. A crash, an endless loop, a write outside its memory and a nonsensical answer each end the
 * run with one line that says what happened at which bar. Watching counts processor time of the child, not hours, so a
 * busy machine does not end a slow run. */
#ifndef KEEL_KERNEL_GUARD_H
#define KEEL_KERNEL_GUARD_H

#include "base/err.h"
#include "base/strbuf.h"
#include "kernel/kernel.h"

typedef struct keel_guard_options {
    const keel_kernel *kernel; /* a user's unit */
    const char *name;          /* how messages call it */
    double stall_s;            /* processor seconds for one answer; 0: 10 */
    int (*interrupted)(void);  /* NULL: never */
    int opens_files;           /* 1: work keeps files of its own: the system calls are not filtered, the rest holds */
    /* Filled in the child while it works, when given; `take` is set there. The caller's own stays as it was. */
    keel_kernel_numbers *numbers;
} keel_guard_options;

/* What is done in the child: writes its result to out. Nothing else that it changes is seen by the caller, but files
 * that were open before; buffered ones it flushes itself. Returns 0 or a KEEL_E_* code with the line set. */
typedef int (*keel_guard_work)(void *data, keel_strbuf *out, keel_err *err);

/* Run work(data) in a child and wait.
 *   ret_out  out  what it wrote, initialised by the caller; whole, and only on success
 * Returns 0; what work returned, with its line; KEEL_E_ERROR when the strategy ended the run (line says how),
 * KEEL_E_NOMEM, KEEL_E_INTERRUPTED. The caller has one thread. */
KEEL_MUST_USE int keel_guard_run(const keel_guard_options *o, keel_guard_work work, void *data, keel_strbuf *ret_out,
                                 keel_err *reterr);

/* Zeroed memory with a page that nothing may touch on either side; NULL when there is none. */
void *keel_guard_alloc(size_t size);
void keel_guard_free(void *memory, size_t size);

#endif

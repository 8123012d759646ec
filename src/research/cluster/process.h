/* research/cluster/process.h: run a program with an argument array, no shell between, and take what it says. */
#ifndef KEEL_RESEARCH_CLUSTER_PROCESS_H
#define KEEL_RESEARCH_CLUSTER_PROCESS_H

#include "base/err.h"
#include "base/strbuf.h"

typedef struct keel_process {
    int status;            /* exit status; 128 + signal when one ended it */
    keel_strbuf out, says; /* standard output and standard error, each up to 16 MiB */
} keel_process;

/* Run argv (NULL at its end; argv[0] is looked for in PATH) with LC_ALL=C and no standard input, in a process group of
 * its own, so that Ctrl-C at the terminal is the caller's alone. It is killed after timeout_ms.
 * Returns 0 whatever its exit status, or KEEL_E_NOT_FOUND (no such program), KEEL_E_TIMEOUT, KEEL_E_IO, KEEL_E_NOMEM;
 * line set. keel_process_done in every case. */
KEEL_MUST_USE int keel_process_run(const char *const argv[], int timeout_ms, keel_process *ret, keel_err *reterr);
void keel_process_done(keel_process *p);

#endif

/* app/cli/sweep_worker.h: a process that runs the trials of a user's strategy for one thread of a sweep.
 *
 * Each such trial runs in a child of its own (kernel/guard.h). A process that has threads cannot fork safely: another
 * thread may hold the allocator's lock at that moment, and the child waits for it for ever. So the sweep forks its
 * workers before it starts threads; each worker has one thread only, and it is the one that forks. */
#ifndef KEEL_APP_CLI_SWEEP_WORKER_H
#define KEEL_APP_CLI_SWEEP_WORKER_H

#include "app/cli/sweep_trial.h"

typedef struct keel_sweep_worker keel_sweep_worker;

/* Fork a worker that runs trials on t; call it while the process has one thread.
 *   t       in  borrowed; from now on only the worker's copy of it is used
 *   shared  in  borrowed, as t has it
 *   ret     out keel_sweep_worker_stop
 * Returns 0, KEEL_E_NOMEM or KEEL_E_IO (no process or no socket to be had). */
KEEL_MUST_USE int keel_sweep_worker_start(keel_sweep_thread *t, const keel_sweep_shared *shared,
                                          keel_sweep_worker **ret, keel_err *reterr);

/* keel_sweep_trial_run in the worker; errors the same, and KEEL_E_ERROR when the worker itself ended. */
KEEL_MUST_USE int keel_sweep_worker_run(keel_sweep_worker *w, const keel_space_value point[], const keel_prune_bar *bar,
                                        keel_trial *ret, keel_err *reterr);

/* End the worker and wait for it; NULL allowed. */
void keel_sweep_worker_stop(keel_sweep_worker *w);

#endif

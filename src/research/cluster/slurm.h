/* research/cluster/slurm.h: the commands of Slurm: sbatch, squeue, scancel, scontrol. Each is run as a process with an
 * argument array, and what it prints is taken only in the one form that was asked for. Slurm 20.02 and later. */
#ifndef KEEL_RESEARCH_CLUSTER_SLURM_H
#define KEEL_RESEARCH_CLUSTER_SLURM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { KEEL_SLURM_NAME_MAX = 64, KEEL_SLURM_STATE_MAX = 32 };

/* One task of a job array, as it stands in the queue. */
typedef struct keel_slurm_task {
    int64_t job, index;
    char state[KEEL_SLURM_STATE_MAX]; /* PENDING, RUNNING, COMPLETING.. */
} keel_slurm_task;

/* Hand in a script.
 *   name     of the job; letters, digits, '-'
 *   tasks    "0-3,7%4"
 *   options  further arguments of sbatch, as given by the user
 * Returns 0 and the job's number, or KEEL_E_NOT_FOUND (no Slurm here), KEEL_E_TIMEOUT (no controller answers),
 * KEEL_E_USAGE (sbatch refuses: its words), KEEL_E_PARSE (it answers something else), KEEL_E_IO, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_slurm_submit(const char *name, const char *tasks, const char *const options[], size_t count,
                                    const char *script, int64_t *ret_job, keel_err *reterr);

/* The tasks of this user's jobs of a name that wait, run or end. *ret_tasks: free(). A job that the controller does
 * not know (any longer) is not among them. Errors as above. */
KEEL_MUST_USE int keel_slurm_queue(const char *name, keel_slurm_task **ret_tasks, size_t *ret_count, keel_err *reterr);

/* Cancel a job, its running tasks too. No error when it has ended. */
KEEL_MUST_USE int keel_slurm_cancel(int64_t job, keel_err *reterr);

/* What the controller remembers of a task: "NODE_FAIL on k2, exit 0:0"; "" when nothing. */
void keel_slurm_remember(int64_t job, int64_t index, char *ret_text, size_t size);

#endif

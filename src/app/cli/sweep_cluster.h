/* app/cli/sweep_cluster.h: a sweep as a job array of Slurm: hand in, watch, hand in again what got lost, and put the
 * shards together. And the other side: one shard, as a task of the array runs it.
 *
 * <sweeps>/<sweep_id>/shards is the folder of research/sweep/shard.h, job.sh the script, log/<shard>.log what its tasks
 * said. What was handed in is asked of Slurm by the job's name, which is the sweep's and the folder's own; nothing
 * about it is kept on disk, so that any of them may be lost. */
#ifndef KEEL_APP_CLI_SWEEP_CLUSTER_H
#define KEEL_APP_CLI_SWEEP_CLUSTER_H

#include "app/cli/sweep_folder.h"
#include "research/sweep/shard.h"

extern const keel_cli_opt keel_sweep_cluster_options[];

/* What the command line says of shards. */
typedef struct keel_sweep_spread {
    int slurm;               /* --cluster slurm */
    int sharded;             /* --shard K/N: this is one task */
    int64_t number, of;      /* K, N */
    int64_t nodes, shards;   /* 0: not said */
    int cancel;              /* --on-interrupt cancel */
    const char *expected_id; /* NULL, or the sweep that the task must be of */
} keel_sweep_spread;

/* Returns 0, KEEL_E_USAGE, KEEL_E_RANGE. */
KEEL_MUST_USE int keel_sweep_spread_read(keel_cli *cli, keel_sweep_spread *ret);

/* KEEL_E_USAGE when the sweep's trials depend on one another, so that it cannot be cut. */
KEEL_MUST_USE int keel_sweep_spread_check(keel_cli *cli, const keel_sweep_spread *s, const keel_sweep_asked *asked);

/* A sweep that is run in shards. Borrowed; sweep is <sweeps>/<sweep_id>. */
typedef struct keel_sweep_cluster {
    keel_cli *cli;
    const keel_sweep_spread *spread;
    const char *sweeps, *sweep, *sweep_id, *header, *trials_file;
    int64_t trials, threads;
    int resume, restart;
} keel_sweep_cluster;

/* See every shard complete and write the joined file to `path`: on Slurm with --cluster slurm, otherwise only if a
 * cluster, or somebody by hand, has run them.
 * Returns 1, 0 when there are no shards and none are asked for, or KEEL_E_USAGE (an interrupted run, without --resume),
 * KEEL_E_NOT_FOUND (no Slurm), KEEL_E_INTERRUPTED, KEEL_E_TIMEOUT, KEEL_E_ERROR (a shard that never becomes complete),
 * KEEL_E_IO.. */
KEEL_MUST_USE int keel_sweep_cluster_run(const keel_sweep_cluster *c, const char *path, keel_err *err);

/* The joined file has taken its place: what is left of the shards goes. */
void keel_sweep_cluster_clear(const keel_sweep_cluster *c);

/* Before a shard runs: where it stands and the part to resume. Returns 1, 0 when there is nothing to do, or an error.
 */
KEEL_MUST_USE int keel_sweep_shard_begin(const keel_sweep_cluster *c, keel_shard *ret_shard, char *ret_path,
                                         keel_err *err);

/* After it: rc as the run returned it. Publishes the shard. */
KEEL_MUST_USE int keel_sweep_shard_end(const keel_sweep_cluster *c, const char *path, int rc, keel_err *err);

#endif

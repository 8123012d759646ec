/* app/cli/sweep_shard.c: one shard, as a task of a job array runs it; see sweep_cluster.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cli/sweep_cluster.h"
#include "research/sweep/runner.h"

const keel_cli_opt keel_sweep_cluster_options[] = {
    {"cluster", "NAME", "slurm: run it as a job array; default none", 0},
    {"nodes", "N", "tasks of the array that run at once at most; default: no limit", 0},
    {"shards", "N", "pieces the sweep is cut into; default 4 per node, or 16", 0},
    {"sbatch", "OPTION", "a further option for sbatch: --sbatch=--partition=long", KEEL_CLI_REPEAT},
    {"on-interrupt", "WHAT", "Ctrl-C leaves the array running (leave, the default) or cancels it (cancel)", 0},
    {"shard", "K/N", "run one of N pieces only, 0 <= K < N, as the tasks of the array do", 0},
    {"sweep-id", "ID", "refuse to be another sweep", KEEL_CLI_HIDDEN},
    {0}};

/* ---- what is asked ----------------------------------------------------------------------------------------- */

static int read_shard(keel_cli *cli, keel_sweep_spread *s) {
    const char *text = keel_cli_option(cli, "shard");
    char again[64];
    if (!text) return 0;
    const char *slash = strchr(text, '/');
    s->number = strtoll(text, NULL, 10);
    s->of = slash ? strtoll(slash + 1, NULL, 10) : 0;
    (void)snprintf(again, sizeof again, "%" PRId64 "/%" PRId64, s->number, s->of);
    if (strcmp(again, text) != 0 || s->of < 1 || s->of > KEEL_SHARDS_MAX || s->number < 0 || s->number >= s->of)
        return keel_err_set(keel_cli_err(cli), KEEL_E_RANGE,
                            "'%.40s' is no shard: --shard: write K/N with 0 <= K < N <= %d", text, KEEL_SHARDS_MAX);
    s->sharded = 1;
    return 0;
}

static int read_sbatch(keel_cli *cli) {
    for (size_t i = 0; i < keel_cli_option_count(cli, "sbatch"); i++) {
        const char *text = keel_cli_option_at(cli, "sbatch", i);
        if (text[0] != '-' || text[1] == 0)
            return keel_err_set(
                keel_cli_err(cli), KEEL_E_USAGE,
                "'%.100s' is no option of sbatch: --sbatch: write it whole, as --sbatch=--partition=long", text);
    }
    return 0;
}

int keel_sweep_spread_read(keel_cli *cli, keel_sweep_spread *ret) {
    static const char *const CLUSTERS[] = {"none", "slurm"}, *const ENDS[] = {"leave", "cancel"};
    static const char *const ONLY[] = {"nodes", "shards", "sbatch", "on-interrupt"};
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(keel_cli_option_enum(cli, "cluster", CLUSTERS, 2, &ret->slurm));
    KEEL_TRY(keel_cli_option_enum(cli, "on-interrupt", ENDS, 2, &ret->cancel));
    KEEL_TRY(keel_cli_option_int(cli, "nodes", 1, KEEL_SHARDS_MAX, &ret->nodes));
    KEEL_TRY(keel_cli_option_int(cli, "shards", 1, KEEL_SHARDS_MAX, &ret->shards));
    KEEL_TRY(read_sbatch(cli));
    KEEL_TRY(read_shard(cli, ret));
    ret->expected_id = keel_cli_option(cli, "sweep-id");
    for (size_t i = 0; !ret->slurm && i < sizeof ONLY / sizeof *ONLY; i++)
        if (keel_cli_flag(cli, ONLY[i]))
            return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE, "--%s is for a cluster: %s: add --cluster slurm",
                                ONLY[i], keel_cli_name(cli));
    if (ret->slurm && ret->sharded)
        return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE,
                            "--shard and --cluster contradict each other: %s: leave one out", keel_cli_name(cli));
    if (ret->sharded && keel_cli_flag(cli, "restart"))
        return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE,
                            "a shard alone cannot begin anew: --restart: leave it out");
    return 0;
}

int keel_sweep_spread_check(keel_cli *cli, const keel_sweep_spread *s, const keel_sweep_asked *asked) {
    const char *what = s->slurm ? "--cluster" : "--shard";
    if (!s->slurm && !s->sharded) return 0;
    if (asked->sampler == KEEL_SAMPLER_TPE || asked->prune)
        return keel_err_set(
            keel_cli_err(cli), KEEL_E_USAGE,
            "%s needs what earlier trials gave, so the sweep cannot be cut into shards: %s: run it on one "
            "machine, or take %s",
            asked->prune ? "--pruner median" : "--sampler tpe", what,
            asked->prune ? "no pruner" : "grid, random or sobol");
    if (s->of <= asked->trials && s->shards <= asked->trials) return 0;
    return keel_err_set(keel_cli_err(cli), KEEL_E_RANGE, "more shards than the %" PRId64 " trials: %s: take fewer",
                        asked->trials, s->sharded ? "--shard" : "--shards");
}

/* ---- one shard --------------------------------------------------------------------------------------------- */

static int shards_of(const keel_sweep_cluster *c, char *folder, keel_shards *ret, keel_err *err) {
    int n = snprintf(folder, KEEL_SHARD_PATH_MAX, "%s/shards", c->sweep);
    if (n >= KEEL_SHARD_PATH_MAX)
        return keel_err_set(err, KEEL_E_RANGE, "path too long: --sweeps: choose a shorter one");
    *ret = (keel_shards){folder, c->sweep_id, c->header, c->trials, c->spread->of};
    return 0;
}

/* Was the sweep put together while, or before, this task ran? */
static int is_over(const keel_sweep_cluster *c, const char *folder) {
    int64_t planned = 0, rows = 0;
    return keel_shards_planned(folder, &planned, NULL) == 0 && planned == 0 &&
           keel_sweep_count_rows(c->trials_file, c->header, &rows, NULL) == 0 && rows == c->trials;
}

static int say(const keel_sweep_cluster *c, const char *what) {
    int n =
        printf("shard %" PRId64 "/%" PRId64 " of sweep %s: %s\n", c->spread->number, c->spread->of, c->sweep_id, what);
    return n > 0 && fflush(stdout) == 0
               ? 0
               : keel_err_set(keel_cli_err(c->cli), KEEL_E_IO, "cannot write: standard output: send it elsewhere");
}

int keel_sweep_shard_begin(const keel_sweep_cluster *c, keel_shard *ret_shard, char *ret_path, keel_err *err) {
    char folder[KEEL_SHARD_PATH_MAX];
    keel_shards s;
    int64_t rows = 0;
    if (c->spread->expected_id && strcmp(c->spread->expected_id, c->sweep_id) != 0)
        return keel_err_set(
            err, KEEL_E_PARITY,
            "this is sweep %s, not %.40s: the data, the configuration or the build is another one on this "
            "node: give all nodes the same store and the same program",
            c->sweep_id, c->spread->expected_id);
    KEEL_TRY(shards_of(c, folder, &s, err));
    if (is_over(c, folder)) {
        KEEL_TRY(say(c, "the sweep is complete, nothing to do"));
        return 0;
    }
    KEEL_TRY(keel_sweep_folder_make(c->sweeps, c->sweep_id, err));
    KEEL_TRY(keel_shards_open(&s, err));
    *ret_shard = keel_shard_at(&s, c->spread->number);
    KEEL_TRY(keel_shard_rows(&s, c->spread->number, &rows, err));
    if (rows == ret_shard->end - ret_shard->first) {
        KEEL_TRY(say(c, "it is complete, nothing to do"));
        return 0;
    }
    KEEL_TRY(keel_shard_begin(&s, c->spread->number, keel_entropy_real(), ret_path, err));
    return 1;
}

int keel_sweep_shard_end(const keel_sweep_cluster *c, const char *path, int rc, keel_err *err) {
    char folder[KEEL_SHARD_PATH_MAX];
    keel_shards s;
    keel_err late = {0};
    KEEL_TRY(shards_of(c, folder, &s, &late));
    if (rc == 0) rc = keel_shard_finish(&s, c->spread->number, path, err);
    if (rc == 0) return say(c, "complete");
    if (rc == KEEL_E_NOT_FOUND && is_over(c, folder)) return say(c, "the sweep is complete without it");
    return rc;
}

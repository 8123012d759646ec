/* research/sweep/shard.h: a sweep cut into pieces that several machines run, and put together again.
 *
 * Shard k of n holds the trials k*trials/n <= index < (k+1)*trials/n. All of it lies in one folder that every machine
 * sees:
 *   plan         "keel.shards 1\n<n>\n": into how many pieces the sweep is cut
 *   <k>.jsonl    a complete shard: the sweep's header and its rows, as they stand in the sweep's file
 *   <k>.<16 hex digits>.part   one execution of a shard, under way or given up; nobody else writes to it
 * A complete shard appears by one rename, and equal executions write equal bytes, so that it does not matter how often,
 * where, or how many times at once a shard runs. No locks: file systems of clusters often have none. Rows carry a check
 * (trial.h): of a file that was cut or damaged the rows before the damage are used and the others are run again. */
#ifndef KEEL_RESEARCH_SWEEP_SHARD_H
#define KEEL_RESEARCH_SWEEP_SHARD_H

#include <stdint.h>

#include "base/err.h"
#include "port/entropy.h"

enum { KEEL_SHARDS_MAX = 10000, KEEL_SHARD_PATH_MAX = 4096 };

/* One sweep's shards. Borrowed texts. */
typedef struct keel_shards {
    const char *folder;
    const char *sweep_id;
    const char *header; /* first line of the sweep's file, without '\n' */
    int64_t trials;
    int64_t count; /* 1..KEEL_SHARDS_MAX, <= trials */
} keel_shards;

typedef struct keel_shard {
    int64_t number, first, end;
} keel_shard;

keel_shard keel_shard_at(const keel_shards *s, int64_t number);

/* Make the folder and its plan, or find them.
 * Returns 0, KEEL_E_USAGE (it is cut into another number of pieces), KEEL_E_PARITY (no plan of ours), KEEL_E_IO. */
KEEL_MUST_USE int keel_shards_open(const keel_shards *s, keel_err *reterr);

/* The number of pieces of a folder's plan; 0: there is none. Returns 0, KEEL_E_PARITY, KEEL_E_IO. */
KEEL_MUST_USE int keel_shards_planned(const char *folder, int64_t *ret_count, keel_err *reterr);

/* Rows at the start of the shard's complete file that are whole, intact and in their place; a shard that is there has
 * all of them. 0 when there is no file. Returns 0 or KEEL_E_IO. */
KEEL_MUST_USE int keel_shard_rows(const keel_shards *s, int64_t number, int64_t *ret_rows, keel_err *reterr);

/* A part of its own for this execution, holding what the best file of the shard has so far, for keel_sweep_run with
 * resume. ret_path holds KEEL_SHARD_PATH_MAX. Returns 0 or KEEL_E_IO. */
KEEL_MUST_USE int keel_shard_begin(const keel_shards *s, int64_t number, const keel_entropy *entropy, char *ret_path,
                                   keel_err *reterr);

/* The part, synced and complete, becomes the shard. Returns 0 or KEEL_E_IO; KEEL_E_NOT_FOUND when the folder is gone:
 * somebody put the sweep together meanwhile. */
KEEL_MUST_USE int keel_shard_finish(const keel_shards *s, int64_t number, const char *part, keel_err *reterr);

/* Write header and rows of all shards, in order, to a new file, synced. Returns 0, KEEL_E_PARITY (a shard is not
 * complete), KEEL_E_IO. */
KEEL_MUST_USE int keel_shards_join(const keel_shards *s, const char *path, keel_err *reterr);

/* Remove every file above and the folder, as far as that goes. Files of others stay, and the folder with them. */
void keel_shards_remove(const char *folder);

#endif

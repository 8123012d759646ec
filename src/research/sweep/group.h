/* research/sweep/group.h: many configurations over one tape, side by side, on one thread.
 *
 * The tape is taken window by window, and each window by every configuration before the next one: signals are computed
 * once per distinct parameters (columns.h), and prices and columns stay in the cache. Each run gives the bits of the
 * same configuration alone (lane_run.h), in any company. What a run yields on its way goes to its own book at once. */
#ifndef KEEL_RESEARCH_SWEEP_GROUP_H
#define KEEL_RESEARCH_SWEEP_GROUP_H

#include "research/sweep/lane_run.h"
#include "stats/book.h"

/* One configuration of a group. */
typedef struct keel_group_run {
    const keel_params *params; /* borrowed */
    int32_t by_regime;         /* 1: params has a row for each label (lane/lane.h) */
    int32_t reserved;
    int64_t capital_e8;
    keel_stats_book *book; /* takes its trades and its samples of equity */
    /* out: */
    keel_lane_result result; /* without trades and equity; tally is the group's until keel_group_free */
    int code;                /* 0, or why the run failed: KEEL_E_USAGE, KEEL_E_RANGE, KEEL_E_PARITY */
    keel_err err;
} keel_group_run;

/* What all have in common. Borrowed. */
typedef struct keel_group_task {
    const keel_kernel *kernel;
    const keel_tape *tape;
    const keel_instrument *rules; /* [tape->symbol_count] */
    int32_t close_at_end;
    int32_t reserved;
    int (*interrupted)(void); /* NULL: never */
} keel_group_task;

typedef struct keel_group keel_group;

/* Run count configurations. The group holds what results point to; keel_group_free, NULL allowed.
 * Returns 0, also where single runs failed, or KEEL_E_NOMEM, KEEL_E_INTERRUPTED: no result is meaningful then. */
KEEL_MUST_USE int keel_group_go(const keel_group_task *task, keel_group_run runs[], int32_t count, keel_group **ret,
                                keel_err *reterr);
void keel_group_free(keel_group *g);

/* Put the trades and samples of a part of a run into its book; a trade whose parts do not add up makes the run's code
 * KEEL_E_PARITY. Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_group_keep(keel_group_run *r, const keel_lane_result *part, keel_err *err);

/* Bytes that it holds. */
int64_t keel_group_bytes(const keel_group *g);

#endif

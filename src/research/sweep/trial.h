/* research/sweep/trial.h: one row of a sweep's file: written, and read back.
 *
 * A row is one line of JSON; keys and their order are those of docs/formats/sweep.md. Its last key, row_check, holds
 * the first 16 hex digits of SHA-256 over the sweep's id and the bytes of the row before it, so that damage is seen. */
#ifndef KEEL_RESEARCH_SWEEP_TRIAL_H
#define KEEL_RESEARCH_SWEEP_TRIAL_H

#include "base/json.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "research/sweep/metric.h"
#include "research/sweep/prune.h"
#include "research/sweep/space.h"

typedef enum keel_trial_status { KEEL_TRIAL_OK = 0, KEEL_TRIAL_PRUNED, KEEL_TRIAL_FAILED } keel_trial_status;

extern const char *const keel_trial_status_names[3];

/* What running one point gave. */
typedef struct keel_trial {
    keel_trial_status status;
    char trial_hash[KEEL_SHA256_TEXT_MAX]; /* configuration and data */
    char config_id[KEEL_SHA256_TEXT_MAX];  /* "" when the configuration was refused */
    char error[300];                       /* of FAILED */
    uint64_t state_hash;                   /* of OK */
    keel_strbuf totals;                    /* of OK and PRUNED: a JSON object, the totals of the backtest document */
    double step_loss[KEEL_PRUNE_STEPS - 1];
    int32_t step_count; /* steps passed; 0 without a pruner */
    int32_t reserved;
    int64_t bars; /* of the tape that were run; not part of the row */
    /* filled from totals by keel_trial_judge */
    keel_score score;
    keel_stat sharpe, psr;
} keel_trial;

void keel_trial_init(keel_trial *t);
void keel_trial_done(keel_trial *t);
void keel_trial_clear(keel_trial *t);

/* Read the score of a trial from its totals. Returns 0, KEEL_E_PARSE or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_trial_judge(keel_trial *t, const keel_objective *objective, keel_err *reterr);

/* The trial's loss for samplers. */
double keel_trial_loss(const keel_trial *t, const keel_objective *objective);

/* Append the row and '\n'. */
void keel_trial_write(const keel_trial *t, int64_t index, const keel_space *space, const keel_space_value point[],
                      const char *sweep_id, keel_strbuf *out);

/* The params object of a point. */
void keel_trial_params_json(const keel_space *space, const keel_space_value point[], keel_json *j);

/* A row as read back. Texts are owned; keel_row_done. */
typedef struct keel_row {
    int64_t index;
    keel_trial trial;
    keel_tree *tree;         /* the whole row */
    const keel_tree *params; /* in tree */
    int intact;              /* row_check holds */
} keel_row;

/* Read a line of `size` bytes without '\n'; where: "trials.jsonl:12", for messages.
 * Returns 0, KEEL_E_PARITY (not a row of this format), KEEL_E_NOMEM. A row_check that does not hold is no error here.
 */
KEEL_MUST_USE int keel_row_read(const char *line, size_t size, const char *sweep_id, const char *where, keel_row *ret,
                                keel_err *reterr);
void keel_row_done(keel_row *r);

/* 1 when the line's row_check holds, so that it is a row of this sweep as it was written. Cheaper than reading it. */
int keel_row_is_intact(const char *line, size_t size, const char *sweep_id);

#endif
